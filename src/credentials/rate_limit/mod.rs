//! Limits requests to a service that allows some 20 per second and token and refuses the rest with 429.
//!
//! [`RateLimit`] is for one process and its listing, [`shared`] for all processes while AWS refuses. Both follow a
//! [`Rate`].

mod rate;
pub(super) mod shared;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use self::rate::Rate;
use crate::ports::clock::Clock;
use crate::ports::identity_center::ServiceError;

const MOST_FAILURES: u32 = 3;
const MOST_REFUSALS: u32 = 100;

pub(super) struct RateLimit<'a> {
    clock: &'a dyn Clock,
    rate: Mutex<Rate>,
}

impl<'a> RateLimit<'a> {
    pub(super) fn new(clock: &'a dyn Clock) -> Self {
        Self { clock, rate: Mutex::new(Rate::new(clock.elapsed())) }
    }

    /// Waits for its turn, and retries what the service throttled or failed.
    pub(super) fn ask<T>(&self, call: impl Fn() -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let turn = self.wait();
            match call() {
                Err(ServiceError::Throttled) if refusals < MOST_REFUSALS => {
                    refusals += 1;
                    self.rate().refused(turn, self.clock.elapsed(), None);
                }
                Err(error) if error.is_transient() && failures < MOST_FAILURES => {
                    failures += 1;
                    self.clock.sleep(Duration::from_millis(500) * failures);
                }
                answer => return answer,
            }
        }
    }

    /// Waits for the next turn.
    ///
    /// No turn is reserved ahead, so that a refusal delays all who wait.
    fn wait(&self) -> u64 {
        loop {
            let taken = self.rate().take(self.clock.elapsed());
            match taken {
                Ok(turn) => return turn,
                Err(left) => self.clock.sleep(left),
            }
        }
    }

    fn rate(&self) -> std::sync::MutexGuard<'_, Rate> {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::ports::clock::FakeClock;

    /// Runs requests through a token bucket like the service's.
    ///
    /// Returns the seconds it took and how many were refused.
    fn through_a_bucket(requests: u32, per_second: f64, burst: f64) -> (f64, u32) {
        let clock = FakeClock::at("2026-11-24T08:00:00Z");
        let (tokens, filled_at, refused) = (Cell::new(burst), Cell::new(Duration::ZERO), Cell::new(0));
        let pace = RateLimit::new(&clock);
        let call = || {
            let now = clock.elapsed();
            let gained = now.saturating_sub(filled_at.get()).as_secs_f64() * per_second;
            filled_at.set(now);
            let there = (tokens.get() + gained).min(burst);
            if there < 1.0 {
                tokens.set(there);
                refused.set(refused.get() + 1);
                return Err(ServiceError::Throttled);
            }
            tokens.set(there - 1.0);
            Ok(())
        };
        for _ in 0..requests {
            pace.ask(call).expect("in the end");
        }
        (clock.elapsed().as_secs_f64(), refused.get())
    }

    #[test]
    fn the_limit_is_used_and_hardly_ever_hit() {
        for (per_second, burst) in [(20.0, 10.0), (20.0, 1.0), (20.0, 40.0), (50.0, 10.0)] {
            let (took, refused) = through_a_bucket(1000, per_second, burst);
            let limit = (1000.0 - burst) / per_second;
            assert!(refused < 30, "{per_second}/{burst}: {refused} of 1000 refused");
            assert!(took < limit * 1.1, "{per_second}/{burst}: {took} s, the limit allows {limit} s");
        }
        let (took, refused) = through_a_bucket(1000, 20.0, 10.0);
        assert!(took <= 1.03 * 49.5 && refused < 30, "{took} s, {refused} refused");
    }

    #[test]
    fn a_tighter_limit_is_found_too() {
        let (took, refused) = through_a_bucket(300, 5.0, 5.0);
        assert!(took < 300.0 / 5.0 * 1.1 && refused < 40, "{took} s, {refused} refused");
    }

    #[test]
    fn without_a_limit_it_soon_waits_for_nothing() {
        let (took, refused) = through_a_bucket(1000, 1e9, 1e9);
        assert!(took < 6.0 && refused == 0, "{took} s");
    }

    #[test]
    fn trouble_is_tried_again_and_an_end_is_an_end() {
        let clock = FakeClock::at("2026-11-24T08:00:00Z");
        let calls = Cell::new(0);
        let pace = RateLimit::new(&clock);
        let server_error = |until| {
            calls.set(calls.get() + 1);
            let error = || ServiceError::ServerError { host: "h".into(), status: 503 };
            if calls.get() < until { Err(error()) } else { Ok(()) }
        };
        pace.ask(|| server_error(4)).expect("the fourth");
        calls.set(0);
        assert!(pace.ask(|| server_error(99)).is_err() && calls.get() == 4);
        calls.set(0);
        let forbidden = pace.ask(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>(ServiceError::Forbidden)
        });
        assert!(forbidden.is_err() && calls.get() == 1);
    }
}
