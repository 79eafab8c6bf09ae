//! Time: the wall clock, elapsed time, and waiting.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

pub trait Clock: Send + Sync {
    /// Returns the wall clock, to the second: nothing on the wire or in our files is finer.
    fn now(&self) -> DateTime<Utc>;
    /// Returns the full wall clock as time since 1970, for processes that must agree on it. Zero before that.
    fn since_epoch(&self) -> Duration;
    /// Returns the time since some fixed point, which never goes back: for deadlines.
    fn elapsed(&self) -> Duration;
    fn sleep(&self, span: Duration);
}

/// How far a service's clock is ahead of this machine's, in seconds.
///
/// All arithmetic with it saturates, since the number comes from the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skew(i64);

impl Skew {
    pub const NONE: Self = Self(0);
    /// 9999-12-31T23:59:59Z: no clock shows a later time.
    const LAST_SECOND: i64 = 253_402_300_799;

    pub const fn of_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns `None` if `there` is a time that no clock shows.
    pub fn between(there: DateTime<Utc>, here: DateTime<Utc>) -> Option<Self> {
        let there = there.timestamp();
        (0..=Self::LAST_SECOND).contains(&there).then(|| Self(there.saturating_sub(here.timestamp())))
    }

    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Returns what the service's clock shows when ours shows `here`.
    pub fn there(self, here: DateTime<Utc>) -> DateTime<Utc> {
        DateTime::from_timestamp(here.timestamp().saturating_add(self.0), 0).unwrap_or(here)
    }

    pub fn differs_from(self, other: Self, by_at_least: TimeDelta) -> bool {
        self.0.abs_diff(other.0) >= by_at_least.num_seconds().unsigned_abs()
    }
}

pub struct SystemClock(std::time::Instant);

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    pub fn new() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn now(&self) -> DateTime<Utc> {
        wall(SystemTime::now())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn since_epoch(&self) -> Duration {
        let now = std::time::SystemTime::now();
        now.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn sleep(&self, span: Duration) {
        std::thread::sleep(span);
    }
}

/// Returns the time to the second.
///
/// chrono's own conversion panics before 1970, which is what a machine with an empty clock battery shows.
fn wall(time: SystemTime) -> DateTime<Utc> {
    let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX).saturating_neg(),
    };
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// A clock that only moves when a test sleeps on it or sets it.
pub struct FakeClock {
    start: DateTime<Utc>,
    passed: std::sync::Mutex<Duration>,
    naps: std::sync::Mutex<Vec<Duration>>,
}

impl FakeClock {
    /// Creates a clock that starts at `start`, in RFC 3339.
    pub fn at(start: &str) -> Self {
        let start = DateTime::parse_from_rfc3339(start).expect("an RFC 3339 time in a test").to_utc();
        Self { start, passed: Duration::ZERO.into(), naps: Vec::new().into() }
    }

    pub fn advance(&self, span: Duration) {
        *self.passed.lock().expect("no test panics while holding it") += span;
    }

    /// Returns the spans slept so far.
    pub fn naps(&self) -> Vec<Duration> {
        self.naps.lock().expect("no test panics while holding it").clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        (self.start + self.elapsed()).trunc_subsecs(0)
    }

    fn since_epoch(&self) -> Duration {
        (self.start + self.elapsed()).signed_duration_since(DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.lock().expect("no test panics while holding it")
    }

    fn sleep(&self, span: Duration) {
        self.naps.lock().expect("no test panics while holding it").push(span);
        self.advance(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(clock: &dyn Clock) {
        let (wall, passed) = (clock.now(), clock.elapsed());
        clock.sleep(Duration::from_millis(5));
        assert!(clock.elapsed() >= passed + Duration::from_millis(5));
        assert!(clock.now() >= wall);
        let seconds = clock.since_epoch().as_secs().cast_signed();
        assert!((seconds - clock.now().timestamp()).abs() <= 1, "both are the wall clock");
        assert_eq!(clock.now().timestamp_subsec_nanos(), 0);
    }

    #[test]
    fn a_clock_before_1970_is_read_like_any_other() {
        let day = Duration::from_hours(24);
        assert_eq!(wall(SystemTime::UNIX_EPOCH - day).timestamp(), -86_400);
        assert_eq!(wall(SystemTime::UNIX_EPOCH + day).timestamp(), 86_400);
    }

    #[test]
    fn a_skew_is_between_times_that_clocks_show_and_never_overflows() {
        let here = wall(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
        let skew = |text: &str| {
            let there = DateTime::parse_from_rfc2822(text).expect("a date").to_utc();
            Skew::between(there, here)
        };
        assert_eq!(skew("Wed, 18 Nov 2026 11:08:10 GMT"), Some(Skew::of_seconds(90)));
        assert_eq!(skew("31 Dec 262142 23:59:59 GMT"), None);
        assert_eq!(skew("31 Dec 1969 23:59:59 GMT"), None);
        for seconds in [i64::MIN, i64::MAX] {
            assert_eq!(Skew::of_seconds(seconds).there(here), here);
        }
        assert!(Skew::of_seconds(-60).differs_from(Skew::NONE, TimeDelta::minutes(1)));
        assert!(!Skew::of_seconds(i64::MIN).differs_from(Skew::of_seconds(i64::MIN), TimeDelta::minutes(1)));
    }

    #[test]
    fn both_clocks_keep_the_contract() {
        contract(&SystemClock::new());
        contract(&FakeClock::at("2026-11-24T08:00:00Z"));
    }
}
