//! Finds the rate that a service allows.
//!
//! It starts at what AWS is known to allow and doubles after each second without a refusal, until the first refusal
//! shows the limit. Then it returns to the last good rate and rarely tries a little more. Repeated refusals at a good
//! rate halve it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const START: f64 = 20.0;
/// Ten requests in flight cannot use more.
const MOST: f64 = 640.0;
const LEAST: f64 = 1.0;
const CLEAN: Duration = Duration::from_secs(1);
const MOST_CLEAN: Duration = Duration::from_secs(16);
/// The pause after a refusal.
///
/// It gives the service room for requests in flight, and allows for a network that delivers them in bursts.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest pause that a service may request.
pub(in crate::credentials) const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The factor tried above a good rate, once the limit is known.
const A_LITTLE: f64 = 1.1;
/// This many refusals within a second mean that the rate was too high.
const STRIKES: u32 = 3;

/// All times are those of one clock, which the owner chooses.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Rate {
    per_second: f64,
    /// The rate before the last increase.
    good: Option<f64>,
    raise_by: f64,
    raise_after: Duration,
    changed_at: Duration,
    next_at: Duration,
    /// Counts the refusals that changed the rate: requests in flight at that time carry no new information.
    turn: u64,
    strikes: u32,
    refused_at: Duration,
}

impl Rate {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            per_second: START,
            good: None,
            raise_by: 2.0,
            raise_after: CLEAN,
            changed_at: now,
            next_at: now,
            turn: 0,
            strikes: 0,
            refused_at: now,
        }
    }

    /// Returns when the next request may be sent.
    pub(super) fn next_at(&self) -> Duration {
        self.next_at
    }

    /// Takes a turn if one is due, or returns the time until the next.
    pub(super) fn take(&mut self, now: Duration) -> Result<u64, Duration> {
        if now < self.next_at {
            return Err(self.next_at.saturating_sub(now));
        }
        if now.saturating_sub(self.changed_at) >= self.raise_after && self.per_second < MOST {
            self.good = Some(self.per_second);
            self.per_second = (self.per_second * self.raise_by).clamp(LEAST, MOST);
            self.changed_at = now;
        }
        // A late request does not delay the others.
        let interval = Duration::try_from_secs_f64(1.0 / self.per_second).unwrap_or(CLEAN);
        self.next_at = self.next_at.saturating_add(interval).max(now);
        Ok(self.turn)
    }

    /// Records that the request of this turn was refused. `pause` is what the service asks for.
    pub(super) fn refused(&mut self, turn: u64, now: Duration, pause: Option<Duration>) {
        if turn != self.turn {
            return;
        }
        self.turn = self.turn.wrapping_add(1);
        let is_old = now.saturating_sub(self.refused_at) >= CLEAN;
        self.strikes = if is_old { 1 } else { self.strikes.saturating_add(1) };
        self.refused_at = now;
        if let Some(good) = self.good.take() {
            self.per_second = good;
            self.raise_after = self.raise_after.saturating_mul(2).min(MOST_CLEAN);
        } else if self.strikes >= STRIKES {
            self.per_second = (self.per_second / 2.0).max(LEAST);
            self.raise_after = CLEAN;
            self.strikes = 0;
        }
        self.raise_by = A_LITTLE;
        self.changed_at = now;
        self.next_at = now.saturating_add(pause.unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE));
    }

    /// Returns whether the numbers could have been written by this code: a file may contain anything.
    pub(super) fn is_sane(&self) -> bool {
        let within = |rate: f64| (LEAST..=MOST).contains(&rate);
        within(self.per_second)
            && self.good.is_none_or(within)
            && (1.0..=2.0).contains(&self.raise_by)
            && (CLEAN..=MOST_CLEAN).contains(&self.raise_after)
    }
}
