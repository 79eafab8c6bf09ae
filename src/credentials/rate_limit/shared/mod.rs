//! One rate for all processes of a session while AWS refuses their requests.
//!
//! As long as no request is refused, there is no file and each is sent at once. The first refusal creates the file.
//! From then on every process, also a new one, waits for a turn of the [`Rate`] in it. No turn is reserved ahead: a
//! process that is killed or stopped takes none with it. The file counts as long as turns are taken; the next call
//! removes an idle one.
//!
//! Times are those of the wall clock, which all processes share. If it jumps, the file is out of date and ignored: at
//! worst AWS refuses once more. If no file can be written, each process backs off by itself.

use std::time::Duration;

pub(in crate::credentials) use super::rate::LONGEST_PAUSE;
use super::rate::Rate;
use crate::ports::clock::Clock;
use crate::ports::lock_wait;
use crate::ports::state_folder::{StateError, StateFolder, hashed_name};
use crate::profile::SsoSession;

/// How long the rate applies after the last turn.
const IDLE: Duration = Duration::from_secs(3);
/// The longest and the shortest time between two looks of a waiting process, depending on the time left.
const SPREAD: Duration = Duration::from_millis(400);
const LEAST_SPREAD: Duration = Duration::from_millis(40);
/// The time that counts as a whole call.
const WHOLE_CALL: Duration = Duration::from_secs(15);

pub(in crate::credentials) struct SharedRate<'a> {
    clock: &'a dyn Clock,
    state: &'a dyn StateFolder,
    name: String,
}

/// A turn that was taken; `None` if no rate applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::credentials) struct Turn(Option<u64>);

/// The result of a look at the shared rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Go(Turn),
    /// No turn is due for this long.
    Wait(Duration),
}

impl<'a> SharedRate<'a> {
    pub(in crate::credentials) fn of(
        session: &SsoSession,
        clock: &'a dyn Clock,
        state: &'a dyn StateFolder,
    ) -> Self {
        let stem = hashed_name(&[session.name.as_bytes(), session.start_url.as_bytes()]);
        Self { clock, state, name: format!("pace/{stem}") }
    }

    /// Waits for a turn until `deadline`, in the clock's elapsed time. Returns `None` if there was none.
    pub(in crate::credentials) fn wait(&self, deadline: Duration) -> Option<Turn> {
        loop {
            let wait = match self.look() {
                Look::Go(turn) => return Some(turn),
                Look::Wait(wait) => wait,
            };
            let left = deadline.saturating_sub(self.clock.elapsed());
            if wait >= left {
                return None;
            }
            self.clock.sleep(wait.saturating_add(spread(left)).min(left));
        }
    }

    /// Takes a turn if one is due.
    fn look(&self) -> Look {
        let now = self.clock.since_epoch();
        // Usually this decides, without the lock.
        match self.read(now) {
            Ok(None) => return Look::Go(Turn(None)),
            Ok(Some(rate)) if rate.next_at() > now => return Look::Wait(rate.next_at().saturating_sub(now)),
            Ok(Some(_)) => {}
            Err(Stale) => {
                let _ = self.state.remove(&self.name);
                return Look::Go(Turn(None));
            }
        }
        let lock = self.state.lock(&self.lock_name(), lock_wait::FOR_A_RATE);
        if matches!(lock, Err(StateError::Busy { .. })) {
            return Look::Wait(Duration::ZERO);
        }
        let now = self.clock.since_epoch();
        let Ok(Some(mut rate)) = self.read(now) else { return Look::Go(Turn(None)) };
        match rate.take(now) {
            Ok(turn) => {
                self.write(&rate);
                Look::Go(Turn(Some(turn)))
            }
            Err(wait) => Look::Wait(wait),
        }
    }

    /// Records a refusal and returns whether a rate applies now. `pause` is what the service asks for.
    pub(in crate::credentials) fn refused(&self, turn: Turn, pause: Option<Duration>) -> bool {
        // A request that was sent before there was a rate carries no information about it.
        if turn.0.is_none() && matches!(self.read(self.clock.since_epoch()), Ok(Some(_))) {
            return true;
        }
        let Ok(_lock) = self.state.lock(&self.lock_name(), lock_wait::FOR_A_RATE) else { return false };
        let now = self.clock.since_epoch();
        let rate = match (self.read(now), turn.0) {
            (Ok(Some(_)), None) => return true,
            (Ok(Some(mut rate)), Some(turn)) => {
                rate.refused(turn, now, pause);
                rate
            }
            (Ok(None) | Err(Stale), _) => {
                let mut rate = Rate::new(now);
                rate.refused(0, now, pause);
                rate
            }
        };
        tracing::info!(target: "kcaws::pace", "AWS refuses: all calls of this session wait for a turn");
        self.write(&rate)
    }

    /// Returns the rate, or `Ok(None)` if none applies, as with an unreadable file.
    fn read(&self, now: Duration) -> Result<Option<Rate>, Stale> {
        let Some(bytes) = self.state.read(&self.name).ok().flatten() else { return Ok(None) };
        let rate: Rate = serde_json::from_slice(&bytes).map_err(|_| Stale)?;
        let next = rate.next_at();
        let is_of_now = now.saturating_sub(next) < IDLE && next.saturating_sub(now) <= LONGEST_PAUSE + IDLE;
        if is_of_now && rate.is_sane() { Ok(Some(rate)) } else { Err(Stale) }
    }

    fn write(&self, rate: &Rate) -> bool {
        let text = serde_json::to_vec(rate).expect("numbers serialize");
        self.state.write_cached(&self.name, &text).is_ok()
    }

    fn lock_name(&self) -> String {
        format!("{}.lock", self.name)
    }
}

/// The file is out of date, or was not written by kcaws.
#[derive(Debug)]
struct Stale;

/// Returns a random part of the time until the next look, so that processes do not look at once.
///
/// It is shorter with less time left, so that roughly the first to come is served first.
fn spread(left: Duration) -> Duration {
    let part = (left.as_secs_f64() / WHOLE_CALL.as_secs_f64()).min(1.0);
    SPREAD.mul_f64(part).max(LEAST_SPREAD).mul_f64(chance())
}

/// Returns how long to back off before the next try: twice as long each time, up to two seconds, half of it at random.
pub(in crate::credentials) fn back_off(tries: u32) -> Duration {
    let whole = Duration::from_millis(200).saturating_mul(1 << tries.min(10)).min(Duration::from_secs(2));
    whole.mul_f64(0.5 + chance() / 2.0)
}

/// Returns a random number from 0 to 1, or a constant if the system provides none.
fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or(u32::MAX / 2)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
