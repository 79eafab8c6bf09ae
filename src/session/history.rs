//! What is noted of a session beyond its present login, and outlives a logout: [`super::pin`] and
//! [`super::last_session`]. Names and times, no secret; one small file beside the status file.

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
    /// Who had the last login, as far as STS was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_user: Option<String>,
}

/// Returns what is noted; `None` also where it cannot be understood.
pub(super) fn read(state: &dyn StateFolder, session: &SsoSession) -> Result<Option<History>, StateError> {
    let bytes = state.read(&SessionFile::History.of(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// Changes the note, with the session's lock held.
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
