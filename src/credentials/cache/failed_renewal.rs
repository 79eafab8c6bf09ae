//! The mark that a failed renewal leaves, with names and times and no secret.
//!
//! Other processes need not try again at once, and `status` can report a permission set that is no longer assigned.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::RoleName;

/// How long no process tries again.
const REST: TimeDelta = TimeDelta::seconds(60);
const FOLDER: &str = "warm";
pub(super) const SUFFIX: &str = ".tried";

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct FailedRenewal {
    pub at: DateTime<Utc>,
    pub session: String,
    pub account_id: String,
    pub role_name: RoleName,
    /// The portal answered 403: the permission set is no longer assigned, and the cached credentials are the last.
    pub gone: bool,
    /// When the cached credentials expire.
    pub until: DateTime<Utc>,
}

impl FailedRenewal {
    /// Ignores marks dated in the future (the clock was set back).
    pub(super) fn is_recent(&self, now: DateTime<Utc>) -> bool {
        self.at <= now && now - self.at < REST
    }

    pub(super) fn read(state: &dyn StateFolder, name: &str) -> Option<Self> {
        serde_json::from_slice(&state.read(name).ok()??).ok()
    }

    /// Writes the mark, as a best effort: without it the next call tries again.
    pub(super) fn write(&self, state: &dyn StateFolder, name: &str) {
        let text = serde_json::to_vec(self).expect("names and times serialize");
        let _ = state.write_cached(name, &text);
    }
}

/// Returns whether the permission set whose expiry note is at `note` is no longer assigned.
pub fn is_gone(state: &dyn StateFolder, note: &str) -> bool {
    let mark = note.strip_suffix(super::expiry_note::SUFFIX).map(|entry| format!("{entry}{SUFFIX}"));
    mark.and_then(|mark| FailedRenewal::read(state, &mark)).is_some_and(|mark| mark.gone)
}

/// Returns the permission sets that are no longer assigned while their credentials are still valid.
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
