//! Time: what the wall says, how long something took, and waiting.

use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};

pub trait Clock: Send + Sync {
    /// The wall clock, to the second: nothing on the wire or in our files is finer.
    fn now(&self) -> DateTime<Utc>;
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
        assert_eq!(clock.now().timestamp_subsec_nanos(), 0);
    }

    #[test]
    fn both_clocks_keep_the_contract() {
        contract(&SystemClock::new());
        contract(&FakeClock::at("2026-11-24T08:00:00Z"));
    }
}
