//! The pace of requests to one service: so many a second, fewer after a refusal, and the pauses before a request is
//! sent again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kcaws::ports::clock::Clock;

/// Requests a second, unless `KCAWS_ADMIN_RATE` says otherwise: AWS's limit for all of IAM Identity Center.
pub(crate) const DEFAULT_RATE: f64 = 20.0;
const LEAST_RATE: f64 = 0.5;
/// After this long without a refusal, a rate that was halved is doubled again.
const CLEAN: Duration = Duration::from_secs(20);
/// The longest pause that a service may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// With the pauses between them, about four minutes.
pub(crate) const MOST_REFUSALS: u32 = 12;
pub(crate) const MOST_FAILURES: u32 = 4;

/// Keeps the requests of a run, from any number of threads, at one rate.
pub(crate) struct Pace<'a> {
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

/// Says before which changes of the rate a request was sent.
#[derive(Clone, Copy)]
pub(crate) struct Turn(u64);

impl<'a> Pace<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, per_second: f64) -> Self {
        let most = if per_second.is_finite() { per_second.max(LEAST_RATE) } else { DEFAULT_RATE };
        let now = clock.elapsed();
        let rate = Rate { most, per_second: most, next_at: now, changed_at: now, turn: 0 };
        Self { clock, rate: Mutex::new(rate), sent: AtomicU64::new(0) }
    }

    /// Returns how many requests were sent.
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

    /// Waits until the next request may be sent, and counts it. Those who come later wait for the lock meanwhile.
    pub(crate) fn next(&self) -> Turn {
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
        self.sent.fetch_add(1, Ordering::Relaxed);
        Turn(rate.turn)
    }

    /// Halves the rate, once for all requests that were in flight.
    pub(crate) fn slow_down(&self, turn: Turn) {
        self.refused(turn, None);
    }

    /// Halves the rate in the same way, and lets the service rest: as long as it asks for, else longer with each
    /// refusal of the request.
    pub(crate) fn rest(&self, turn: Turn, asked: Option<Duration>, refusals: u32, why: &str) {
        let pause = asked.unwrap_or(back_off(refusals)).min(LONGEST_PAUSE);
        tell_wait(pause, why);
        self.refused(turn, Some(pause));
    }

    /// Waits before a request that failed is sent again. The others go on.
    pub(crate) fn wait_after_failure(&self, failures: u32, why: &str) {
        tell_wait(back_off(failures), why);
        self.clock.sleep(back_off(failures));
    }

    fn refused(&self, turn: Turn, pause: Option<Duration>) {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.elapsed();
        if let Some(pause) = pause {
            rate.next_at = rate.next_at.max(now.saturating_add(pause));
        }
        if rate.turn == turn.0 {
            rate.turn = rate.turn.wrapping_add(1);
            rate.per_second = (rate.per_second / 2.0).max(LEAST_RATE);
            rate.changed_at = now;
        }
    }
}

/// Logs a pause: in `--log json` it is the event `wait`.
fn tell_wait(pause: Duration, why: &str) {
    let seconds = pause.as_secs_f64();
    tracing::info!(target: "kcaws::wait", seconds, why);
}

fn back_off(attempt: u32) -> Duration {
    Duration::from_millis(500).saturating_mul(2_u32.saturating_pow(attempt.min(6)))
}
