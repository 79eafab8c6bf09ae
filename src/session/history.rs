//! The history of a session, which outlives a logout: [`super::pin`] and [`super::last_session`].
//!
//! Names and times, no secret; one small file beside the status file.

use serde::{Deserialize, Serialize};

use super::files::SessionFile;
use super::last_session::LastSession;
use super::pin::Pin;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;

const SCHEMA: u32 = 1;

#[derive(Deserialize, Serialize)]
pub(super) struct History {
    schema: u32,
    session: String,
    start_url: String,
    #[serde(default)]
    pub(super) pin: Option<Pin>,
    #[serde(default)]
    pub(super) last_session: Option<LastSession>,
    /// The user of the last login, if STS was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_user: Option<String>,
}

/// Returns the history; `None` also if it cannot be parsed.
pub(super) fn read(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<History>, StateError> {
    let bytes = state.read(&SessionFile::History.of(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Changes the history; the caller holds the session's lock.
pub(super) fn change(
    state: &dyn StateFolder,
    session: &SsoSession,
    how: impl FnOnce(&mut History),
) -> Result<(), StateError> {
    let mut history = read(state, session)?.unwrap_or_else(|| History {
        schema: SCHEMA,
        session: session.name.clone(),
        start_url: session.start_url.clone(),
        pin: None,
        last_session: None,
        last_user: None,
    });
    how(&mut history);
    let text = serde_json::to_vec_pretty(&history).expect("names and times serialize");
    state.write(&SessionFile::History.of(session), &text)
}
