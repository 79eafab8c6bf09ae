//! What is left behind when a renewal fails: others need not try at once, and `status` can tell of an assignment
//! that is gone. Names and times, no secret.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::state_folder::{StateError, StateFolder};

/// How long nobody tries again.
const REST: TimeDelta = TimeDelta::seconds(60);
const FOLDER: &str = "warm";
pub(super) const SUFFIX: &str = ".tried";

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct FailedRenewal {
    pub at: DateTime<Utc>,
    pub session: String,
    pub account_id: String,
    pub role_name: String,
    /// The portal said 403: what is still warm is the last of it.
    pub gone: bool,
    /// When the warm credentials end.
    pub until: DateTime<Utc>,
}

impl FailedRenewal {
    /// A mark from the future says nothing.
    pub(super) fn is_recent(&self, now: DateTime<Utc>) -> bool {
        self.at <= now && now - self.at < REST
    }

    pub(super) fn read(state: &dyn StateFolder, name: &str) -> Option<Self> {
        serde_json::from_slice(&state.read(name).ok()??).ok()
    }

    /// Best effort: without a mark the next call tries again.
    pub(super) fn write(&self, state: &dyn StateFolder, name: &str) {
        let text = serde_json::to_vec(self).expect("names and times serialize");
        let _ = state.write_cached(name, &text);
    }
}

/// Whether the one whose note lies at `note` is among them.
pub fn is_gone(state: &dyn StateFolder, note: &str) -> bool {
    let mark = note.strip_suffix(super::expiry_note::SUFFIX).map(|entry| format!("{entry}{SUFFIX}"));
    mark.and_then(|mark| FailedRenewal::read(state, &mark)).is_some_and(|mark| mark.gone)
}

/// Permission sets that were taken away while credentials of theirs are still good.
pub fn gone(
    state: &dyn StateFolder,
    session: &str,
    now: DateTime<Utc>,
) -> Result<Vec<FailedRenewal>, StateError> {
    let names = state.list(FOLDER)?;
    let marks = names.iter().filter(|name| name.ends_with(SUFFIX));
    let marks = marks.filter_map(|name| FailedRenewal::read(state, &format!("{FOLDER}/{name}")));
    Ok(marks.filter(|mark| mark.gone && mark.session == session && mark.until > now).collect())
}
