//! Time: what the wall says, how long something took, and waiting.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

pub trait Clock: Send + Sync {
    /// The wall clock, to the second: nothing on the wire or in our files is finer.
    fn now(&self) -> DateTime<Utc>;
    /// Returns the wall clock in full, as time since 1970: for what several processes agree on. Zero before that.
    fn since_epoch(&self) -> Duration;
    /// Time since some fixed point, never stepping back: for deadlines.
    fn elapsed(&self) -> Duration;
    fn sleep(&self, span: Duration);
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
        Utc::now().trunc_subsecs(0)
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

/// A clock that stands still until somebody sleeps on it or moves it.
pub struct FakeClock {
    start: DateTime<Utc>,
    passed: std::sync::Mutex<Duration>,
    naps: std::sync::Mutex<Vec<Duration>>,
}

impl FakeClock {
    /// `start` in RFC 3339.
    pub fn at(start: &str) -> Self {
        let start = DateTime::parse_from_rfc3339(start).expect("an RFC 3339 time in a test").to_utc();
        Self { start, passed: Duration::ZERO.into(), naps: Vec::new().into() }
    }

    pub fn advance(&self, span: Duration) {
        *self.passed.lock().expect("no test panics while holding it") += span;
    }

    /// The spans slept so far.
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
    fn both_clocks_keep_the_contract() {
        contract(&SystemClock::new());
        contract(&FakeClock::at("2026-11-24T08:00:00Z"));
    }
}
