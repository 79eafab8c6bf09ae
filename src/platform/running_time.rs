//! Time limits that only count the time during which this process ran.
//!
//! A process is stopped by Ctrl-Z, `docker pause`, a freezer or the lid of a laptop, and its timers go on. What arrived
//! in the meantime is in the socket when it runs again, but a usual time limit is checked first: it would discard the
//! one response that contains a rotated refresh token.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

/// How often the clocks are checked.
const TICK: Duration = Duration::from_millis(100);
/// If a tick took this long, the process did not run.
const STOPPED: Duration = Duration::from_secs(1);
/// Turns of the runtime after the limit, in which a response that has arrived gets through its layers.
const LAST_TURNS: u32 = 5;
const TURN: Duration = Duration::from_millis(10);

/// The result of waiting.
pub struct Watched<T> {
    /// `None` if nothing came within the limit.
    pub value: Option<T>,
    /// How long the process was stopped.
    pub stopped_for: Duration,
    /// How much of the limit was used.
    pub ran: Duration,
}

/// Waits for `future` while this process runs for `limit`, and checks once more after that.
pub async fn within<F: Future>(limit: Duration, future: F) -> Watched<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut watch = Watch::start();
    while watch.ran < limit {
        let tick = TICK.min(limit.saturating_sub(watch.ran));
        tokio::select! {
            biased;
            value = &mut future => return watch.ended(Some(value)),
            () = tokio::time::sleep(tick) => watch.look(),
        }
    }
    for _ in 0..LAST_TURNS {
        tokio::select! {
            biased;
            value = &mut future => return watch.ended(Some(value)),
            () = tokio::time::sleep(TURN) => watch.look(),
        }
    }
    watch.ended(None)
}

struct Watch {
    ran: Duration,
    stopped_for: Duration,
    monotonic: Instant,
    /// Goes on in a suspended machine, where the other clock stops.
    wall: SystemTime,
}

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn start() -> Self {
        Self {
            ran: Duration::ZERO,
            stopped_for: Duration::ZERO,
            monotonic: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the port")]
    fn look(&mut self) {
        let (monotonic, wall) = (Instant::now(), SystemTime::now());
        let by_monotonic = monotonic.saturating_duration_since(self.monotonic);
        // A wall clock that was set back has no meaning.
        let by_wall = wall.duration_since(self.wall).unwrap_or_default();
        (self.monotonic, self.wall) = (monotonic, wall);
        self.passed(by_monotonic, by_wall);
    }

    /// Counts one tick, as two clocks measured it.
    fn passed(&mut self, by_monotonic: Duration, by_wall: Duration) {
        let longest = by_monotonic.max(by_wall);
        if longest < STOPPED {
            self.ran += by_monotonic;
        } else {
            self.ran += TICK;
            self.stopped_for += longest;
        }
    }

    fn ended<T>(mut self, value: Option<T>) -> Watched<T> {
        self.look();
        Watched { value, stopped_for: self.stopped_for, ran: self.ran }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::runtime::Runtime;

    const SECOND: Duration = Duration::from_secs(1);

    fn watched(ticks: &[(Duration, Duration)]) -> (Duration, Duration) {
        let mut watch = Watch::start();
        for (by_monotonic, by_wall) in ticks {
            watch.passed(*by_monotonic, *by_wall);
        }
        (watch.ran, watch.stopped_for)
    }

    #[test]
    fn a_stop_does_not_count_whichever_clock_shows_it() {
        let slow = Duration::from_millis(900);
        assert_eq!(watched(&[(TICK, TICK), (slow, slow)]), (TICK + slow, Duration::ZERO));
        let hour = 3600 * SECOND;
        assert_eq!(watched(&[(TICK, TICK), (hour, hour)]), (2 * TICK, hour), "stopped");
        assert_eq!(watched(&[(TICK, hour), (TICK, TICK)]), (2 * TICK, hour), "suspended");
        assert_eq!(watched(&[(TICK, Duration::ZERO)]), (TICK, Duration::ZERO), "the wall clock was set back");
    }

    #[test]
    fn what_never_comes_ends_at_the_limit() {
        let runtime = Runtime::new().expect("a runtime");
        let outcome = runtime.block_on(within(Duration::from_millis(20), std::future::pending::<()>()));
        assert!(outcome.value.is_none());
    }

    /// Sends a value like a response in the socket: a task of the runtime passes it on after the limit has passed.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the process does nothing meanwhile, as if it were stopped"
    )]
    fn what_has_come_while_the_process_stood_still_is_taken_after_the_limit() {
        let runtime = Runtime::new().expect("a runtime");
        let outcome = runtime.block_on(async {
            // Both begin when the wait has begun.
            tokio::spawn(async { std::thread::sleep(Duration::from_millis(1200)) });
            let answer = tokio::spawn(async {
                tokio::time::sleep(Duration::from_millis(5)).await;
                "answer"
            });
            within(Duration::from_millis(10), answer).await
        });
        assert_eq!(outcome.value.expect("taken").expect("no panic"), "answer");
        assert!(outcome.stopped_for >= SECOND);
    }
}
