//! Requests to the realm and to Identity Center: how they fail, at what rate they are sent, and when again.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kcaws::ports::clock::Clock;

use crate::pacing::{MOST_FAILURES, MOST_REFUSALS, Pace};

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
    /// The service takes no more of these objects (402).
    #[error("a quota is used up: {reason}")]
    QuotaExceeded { reason: String },
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
            Self::Conflict { .. } | Self::Rejected { .. } | Self::QuotaExceeded { .. } | Self::Missing => {
                false
            }
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

/// Requests a second to a Keycloak, which is the company's own and is asked with a few requests at a time.
pub(crate) const REALM_RATE: f64 = 200.0;

/// Sends all requests of a run to one service, from any number of threads, at one rate.
pub(crate) struct Calls<'a> {
    pace: Arc<Pace<'a>>,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, per_second: f64) -> Self {
        Self::paced(Arc::new(Pace::new(clock, per_second)))
    }

    /// Returns calls that share their rate with other requests.
    pub(crate) fn paced(pace: Arc<Pace<'a>>) -> Self {
        Self { pace }
    }

    /// Returns how many requests were sent.
    #[cfg(test)]
    pub(crate) fn sent(&self) -> u64 {
        self.pace.sent()
    }

    /// Returns the rate that is never exceeded.
    pub(crate) fn highest_rate(&self) -> f64 {
        self.pace.highest_rate()
    }

    pub(crate) fn clock(&self) -> &'a dyn Clock {
        self.pace.clock()
    }

    /// Waits for its turn, sends a request, and sends it again while the service throttles or fails.
    pub(crate) fn ask<T>(&self, call: impl Fn() -> Result<T, CallError>) -> Result<T, CallError> {
        let (mut refusals, mut failures) = (0, 0);
        loop {
            let turn = self.pace.next();
            let error = match call() {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match &error {
                CallError::Throttled { retry_after } if refusals < MOST_REFUSALS => {
                    refusals += 1;
                    self.pace.rest(turn, *retry_after, refusals, &error.in_full());
                }
                CallError::Unavailable(_) if failures < MOST_FAILURES => {
                    failures += 1;
                    self.pace.wait_after_failure(failures, &error.in_full());
                }
                CallError::Conflict { .. } => {
                    self.pace.slow_down(turn);
                    return Err(error);
                }
                _ => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

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
