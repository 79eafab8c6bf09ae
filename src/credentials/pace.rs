//! Many requests at one service that allows some 20 a second per token and answers the rest with 429.
//!
//! Starts at that rate and doubles it each clean second, until the first refusal tells where the end is. Then it goes
//! back to the rate that was good, and tries a little more now and then, ever more rarely. Refusals in a row at a rate
//! that was good so far halve it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::ports::clock::Clock;
use crate::ports::identity_center::ServiceError;

const START: f64 = 20.0;
/// Ten in flight cannot use more.
const MOST: f64 = 640.0;
const LEAST: f64 = 1.0;
const CLEAN: Duration = Duration::from_secs(1);
const MOST_CLEAN: Duration = Duration::from_secs(16);
/// After a refusal: the service gathers room for the requests that are still under way, and for a network that brings
/// them in bunches.
const PAUSE: Duration = Duration::from_millis(200);
/// What is tried above a rate that is good, once the end has been seen.
const A_LITTLE: f64 = 1.1;
/// So many refusals within a second of each other, and the rate was not good.
const STRIKES: u32 = 3;
const MOST_FAILURES: u32 = 3;
const MOST_REFUSALS: u32 = 100;

pub(super) struct Pace<'a> {
    clock: &'a dyn Clock,
    state: Mutex<State>,
}

struct State {
    /// Requests a second.
    rate: f64,
    /// The rate before the last raise.
    good: Option<f64>,
    raise_by: f64,
    raise_after: Duration,
    changed_at: Duration,
    next_at: Duration,
    /// Counts the refusals that changed the rate: requests under way at that moment say nothing new.
    turn: u64,
    strikes: u32,
    refused_at: Duration,
}

impl<'a> Pace<'a> {
    pub(super) fn new(clock: &'a dyn Clock) -> Self {
        let now = clock.elapsed();
        let state = State {
            rate: START,
            good: None,
            raise_by: 2.0,
            raise_after: CLEAN,
            changed_at: now,
            next_at: now,
            turn: 0,
            strikes: 0,
            refused_at: now,
        };
        Self { clock, state: Mutex::new(state) }
    }

    /// Waits for its turn, and tries again what the service refused for now or had trouble with.
    pub(super) fn ask<T>(&self, call: impl Fn() -> Result<T, ServiceError>) -> Result<T, ServiceError> {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let turn = self.wait();
            match call() {
                Err(ServiceError::Throttled) if refusals < MOST_REFUSALS => {
                    refusals += 1;
                    self.refused(turn);
                }
                Err(error) if error.is_transient() && failures < MOST_FAILURES => {
                    failures += 1;
                    self.clock.sleep(Duration::from_millis(500) * failures);
                }
                answer => return answer,
            }
        }
    }

    /// Nobody holds a place further on: a refusal moves all who wait.
    fn wait(&self) -> u64 {
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.clock.elapsed();
            if now >= state.next_at {
                if now.saturating_sub(state.changed_at) >= state.raise_after && state.rate < MOST {
                    state.good = Some(state.rate);
                    state.rate = (state.rate * state.raise_by).min(MOST);
                    state.changed_at = now;
                }
                // Whoever wakes late does not slow the others down.
                state.next_at = (state.next_at + Duration::from_secs_f64(1.0 / state.rate)).max(now);
                return state.turn;
            }
            let until = state.next_at.saturating_sub(now);
            drop(state);
            self.clock.sleep(until);
        }
    }

    fn refused(&self, turn: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if turn != state.turn {
            return;
        }
        let now = self.clock.elapsed();
        state.turn += 1;
        let is_old = now.saturating_sub(state.refused_at) >= CLEAN;
        state.strikes = if is_old { 1 } else { state.strikes + 1 };
        state.refused_at = now;
        if let Some(good) = state.good.take() {
            state.rate = good;
            state.raise_after = (state.raise_after * 2).min(MOST_CLEAN);
        } else if state.strikes >= STRIKES {
            state.rate = (state.rate / 2.0).max(LEAST);
            state.raise_after = CLEAN;
            state.strikes = 0;
        }
        state.raise_by = A_LITTLE;
        state.changed_at = now;
        state.next_at = now + PAUSE;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::ports::clock::FakeClock;

    /// A token bucket, as the service has one. Returns the seconds it took and how many were refused.
    fn through_a_bucket(requests: u32, per_second: f64, burst: f64) -> (f64, u32) {
        let clock = FakeClock::at("2026-11-24T08:00:00Z");
        let (tokens, filled_at, refused) = (Cell::new(burst), Cell::new(Duration::ZERO), Cell::new(0));
        let pace = Pace::new(&clock);
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
        let pace = Pace::new(&clock);
        let trouble = |until| {
            calls.set(calls.get() + 1);
            let error = || ServiceError::ServerTrouble { host: "h".into(), status: 503 };
            if calls.get() < until { Err(error()) } else { Ok(()) }
        };
        pace.ask(|| trouble(4)).expect("the fourth");
        calls.set(0);
        assert!(pace.ask(|| trouble(99)).is_err() && calls.get() == 4);
        calls.set(0);
        let forbidden = pace.ask(|| {
            calls.set(calls.get() + 1);
            Err::<(), _>(ServiceError::Forbidden)
        });
        assert!(forbidden.is_err() && calls.get() == 1);
    }
}
