//! Repeats a request to the portal while AWS throttles or fails.
//!
//! It does so as long as the call's time allows, at a rate shared by all processes.

use std::time::Duration;

use super::rate_limit::shared::{LONGEST_PAUSE, SharedRate, back_off};
use crate::ports::identity_center::ServiceError;
use crate::session::Session;

/// The time kept for the last try.
const LAST_TRY: Duration = Duration::from_millis(500);
/// How often a failed connection is retried; each failure is slow.
const MOST_LOST: u32 = 1;

impl Session<'_> {
    /// Sends a request at the shared rate.
    ///
    /// Without time for more (see [`Session::retry_until`]) it asks once, and not at all if others are waiting.
    pub(super) fn at_the_pace<T>(
        &self,
        call: impl Fn() -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let pace = SharedRate::of(self.config, self.clock, self.state);
        let last_start = self.retry_until.saturating_sub(LAST_TRY);
        let (mut tries, mut lost) = (0, 0);
        loop {
            let Some(turn) = pace.wait(last_start) else { return Err(ServiceError::Throttled) };
            let error = match call() {
                Err(error) if error.is_transient() => error,
                answer => return answer,
            };
            let asked_for = self.center.retry_after();
            let pause = match &error {
                ServiceError::Throttled | ServiceError::SlowDown if pace.refused(turn, asked_for) => {
                    Duration::ZERO
                }
                ServiceError::Unreachable { .. } | ServiceError::TimedOut { .. } if lost >= MOST_LOST => {
                    return Err(error);
                }
                ServiceError::Unreachable { .. } | ServiceError::TimedOut { .. } => {
                    lost += 1;
                    back_off(lost)
                }
                _ => back_off(tries).max(asked_for.unwrap_or_default().min(LONGEST_PAUSE)),
            };
            tries += 1;
            if self.clock.elapsed().saturating_add(pause) >= last_start {
                return Err(error);
            }
            tracing::info!(target: "kcaws::pace", %error, ?pause, "asked again");
            self.clock.sleep(pause);
        }
    }
}

#[cfg(test)]
mod tests;
