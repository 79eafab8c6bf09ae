//! Requests to the realm and to Identity Center: how they fail, at what rate they are sent, and when again.

use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kcaws::ports::clock::Clock;

/// A request that was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The service asks for fewer requests (429).
    #[error("too many requests")]
    Throttled { retry_after: Option<Duration> },
    /// Another object has the same unique value, or an earlier write has not spread yet (409).
    #[error("the service reported a conflict: {reason}")]
    Conflict { reason: String },
    /// The values were not accepted (400).
    #[error("the service refused the values: {reason}")]
    Rejected { reason: String },
    /// The object to be written does not exist (404).
    #[error("there is no such object")]
    Missing,
    /// The credentials are not valid, or not sufficient (401, 403).
    #[error("access was denied")]
    Denied(#[source] Box<dyn Error + Send + Sync>),
    /// The service or the network failed; the same request may succeed later.
    #[error("the request failed")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The answer was not one that this service gives, or a request could not be built.
    #[error("the request failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl CallError {
    /// Returns whether other requests will fail in the same way.
    pub(crate) fn is_general(&self) -> bool {
        match self {
            Self::Denied(_) | Self::Unavailable(_) | Self::Failed(_) | Self::Throttled { .. } => true,
            Self::Conflict { .. } | Self::Rejected { .. } | Self::Missing => false,
        }
    }

    /// Returns the message with its causes, on one line.
    pub(crate) fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text = format!("{text}: {cause}");
            next = cause.source();
        }
        text
    }
}

/// Requests a second, unless `KCAWS_ADMIN_RATE` says otherwise: what AWS documents for Identity Center's APIs.
pub(crate) const DEFAULT_RATE: f64 = 20.0;
/// The same of a Keycloak, which is the company's own and is asked with a few requests at a time.
pub(crate) const REALM_RATE: f64 = 200.0;
const LEAST_RATE: f64 = 0.5;
/// After this long without a refusal, a rate that was halved is doubled again.
const CLEAN: Duration = Duration::from_secs(20);
/// The longest pause that a service may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// With the pauses between them, about four minutes.
const MOST_REFUSALS: u32 = 12;
const MOST_FAILURES: u32 = 4;

/// Sends all requests of a run to one service, from any number of threads, at one rate.
pub(crate) struct Calls<'a> {
    clock: &'a dyn Clock,
    rate: Mutex<Rate>,
    sent: AtomicU64,
}

struct Rate {
    most: f64,
    per_second: f64,
    next_at: Duration,
    changed_at: Duration,
    /// Counts the refusals that changed the rate: requests in flight at that time say nothing new.
    turn: u64,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, per_second: f64) -> Self {
        let most = if per_second.is_finite() { per_second.max(LEAST_RATE) } else { DEFAULT_RATE };
        let now = clock.elapsed();
        let rate = Rate { most, per_second: most, next_at: now, changed_at: now, turn: 0 };
        Self { clock, rate: Mutex::new(rate), sent: AtomicU64::new(0) }
    }

    /// Returns how many requests were sent.
    #[cfg(test)]
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns the rate that is never exceeded.
    pub(crate) fn highest_rate(&self) -> f64 {
        self.rate.lock().unwrap_or_else(PoisonError::into_inner).most
    }

    pub(crate) fn clock(&self) -> &'a dyn Clock {
        self.clock
    }

    /// Waits for its turn, sends a request, and sends it again while the service throttles or fails.
    pub(crate) fn ask<T>(&self, call: impl Fn() -> Result<T, CallError>) -> Result<T, CallError> {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let turn = self.wait();
            self.sent.fetch_add(1, Ordering::Relaxed);
            let error = match call() {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match &error {
                CallError::Throttled { retry_after } if refusals < MOST_REFUSALS => {
                    refusals += 1;
                    let pause = retry_after.unwrap_or(back_off(refusals)).min(LONGEST_PAUSE);
                    tell_wait(&error, pause);
                    self.slow_down(turn, Some(pause));
                }
                CallError::Unavailable(_) if failures < MOST_FAILURES => {
                    failures += 1;
                    tell_wait(&error, back_off(failures));
                    self.clock.sleep(back_off(failures));
                }
                CallError::Conflict { .. } => {
                    self.slow_down(turn, None);
                    return Err(error);
                }
                _ => return Err(error),
            }
        }
    }

    /// Waits for the next turn. Those who come later wait for the lock meanwhile.
    fn wait(&self) -> u64 {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let mut now = self.clock.elapsed();
        if now < rate.next_at {
            self.clock.sleep(rate.next_at.saturating_sub(now));
            now = self.clock.elapsed().max(rate.next_at);
        }
        if rate.per_second < rate.most && now.saturating_sub(rate.changed_at) >= CLEAN {
            rate.per_second = (rate.per_second * 2.0).min(rate.most);
            rate.changed_at = now;
        }
        // A late request does not delay the others, and does not let them catch up either.
        let interval = Duration::from_secs_f64(1.0 / rate.per_second);
        rate.next_at = rate.next_at.max(now.saturating_sub(interval)).saturating_add(interval);
        rate.turn
    }

    /// Halves the rate, once for all requests that were in flight, and lets the service rest.
    fn slow_down(&self, turn: u64, pause: Option<Duration>) {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        if let Some(pause) = pause {
            rate.next_at = rate.next_at.max(now.saturating_add(pause));
        }
        if rate.turn == turn {
            rate.turn = rate.turn.wrapping_add(1);
            rate.per_second = (rate.per_second / 2.0).max(LEAST_RATE);
            rate.changed_at = now;
        }
    }
}

/// Logs a pause: in `--log json` it is the event `wait`.
fn tell_wait(error: &CallError, pause: Duration) {
    let (seconds, why) = (pause.as_secs_f64(), error.in_full());
    tracing::info!(target: "kcaws::wait", seconds, why = why.as_str());
}

fn back_off(attempt: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(attempt.min(6)))
}

#[cfg(test)]
mod tests {
    use kcaws::ports::clock::FakeClock;

    use super::*;

    fn throttled(seconds: Option<u64>) -> CallError {
        CallError::Throttled { retry_after: seconds.map(Duration::from_secs) }
    }

    #[test]
    fn requests_are_sent_at_the_rate() {
        let clock = FakeClock::at("2026-11-29T08:00:00Z");
        let calls = Calls::new(&clock, 20.0);
        for _ in 0..=100 {
            calls.ask(|| Ok(())).expect("an answer");
        }
        let took = clock.elapsed();
        assert!(took >= Duration::from_secs(5) && took < Duration::from_millis(5_010), "{took:?}");
        assert_eq!(calls.sent(), 101);
    }

    #[test]
    fn a_refusal_halves_the_rate_and_what_the_service_asks_for_is_waited() {
        let clock = FakeClock::at("2026-11-29T08:00:00Z");
        let calls = Calls::new(&clock, 20.0);
        let refused = std::sync::atomic::AtomicBool::new(false);
        let call = || if refused.swap(true, Ordering::Relaxed) { Ok(()) } else { Err(throttled(Some(7))) };
        calls.ask(call).expect("an answer after the pause");
        assert_eq!(clock.elapsed(), Duration::from_secs(7));
        for _ in 0..10 {
            calls.ask(|| Ok(())).expect("an answer");
        }
        let took = clock.elapsed().saturating_sub(Duration::from_secs(7));
        assert!(took >= Duration::from_millis(990) && took <= Duration::from_millis(1_010), "10/s: {took:?}");
    }

    #[test]
    fn a_conflict_slows_down_and_is_the_callers_to_judge() {
        let clock = FakeClock::at("2026-11-29T08:00:00Z");
        let calls = Calls::new(&clock, 20.0);
        let conflict = || Err::<(), _>(CallError::Conflict { reason: "duplicate".to_owned() });
        assert!(matches!(calls.ask(conflict), Err(CallError::Conflict { .. })));
        assert_eq!(calls.sent(), 1);
        for _ in 0..11 {
            calls.ask(|| Ok(())).expect("an answer");
        }
        assert!(clock.elapsed() >= Duration::from_secs(1), "{:?}", clock.elapsed());
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        let clock = FakeClock::at("2026-11-29T08:00:00Z");
        let calls = Calls::new(&clock, 20.0);
        assert!(matches!(calls.ask(|| Err::<(), _>(throttled(None))), Err(CallError::Throttled { .. })));
        let failed = || Err::<(), _>(CallError::Unavailable("503".into()));
        assert!(matches!(calls.ask(failed), Err(CallError::Unavailable(_))));
        let denied = || Err::<(), _>(CallError::Denied("401".into()));
        let before = calls.sent();
        assert!(matches!(calls.ask(denied), Err(CallError::Denied(_))));
        assert_eq!(calls.sent(), before + 1, "asked once");
    }
}
