//! Stores that may hold a copy of a session's tokens besides the one that the status file names.
//!
//! A store is noted before a copy is made, until the copy is removed: a forgotten one would be a second way in.

use super::files::SessionFile;
use super::{status, token_store};
use crate::ports::keyring::{KeyringError, StoreKind};
use crate::ports::lock_wait;
use crate::ports::state_folder::{StateError, StateFolder};
use crate::profile::SsoSession;
use crate::session::store_selection::StoreOpener;

/// Adds stores to the note; for everything here, the caller holds the session's lock.
pub fn note(session: &SsoSession, state: &dyn StateFolder, kinds: &[StoreKind]) -> Result<(), StateError> {
    let mut noted = noted(session, state)?;
    noted.extend(kinds);
    write(session, state, noted)
}

/// Removes all copies except the one in `keep`.
///
/// Those that could not be removed stay noted, and are returned.
pub fn forget(
    session: &SsoSession,
    state: &dyn StateFolder,
    keep: Option<StoreKind>,
    open: StoreOpener<'_>,
) -> Result<Vec<(StoreKind, KeyringError)>, StateError> {
    let key = token_store::item_key(session);
    let mut left = Vec::new();
    for kind in noted(session, state)? {
        if Some(kind) != keep
            && let Err(error) = open(kind).and_then(|store| store.delete(&key))
        {
            left.push((kind, error));
        }
    }
    write(session, state, left.iter().map(|(kind, _)| *kind).collect())?;
    Ok(left)
}

/// Removes what an interrupted move left in stores other than the current one.
///
/// A move that is still running cleans up by itself.
pub fn tidy(
    session: &SsoSession,
    state: &dyn StateFolder,
    open: StoreOpener<'_>,
) -> Result<Vec<(StoreKind, KeyringError)>, StateError> {
    if noted(session, state)?.is_empty() {
        return Ok(Vec::new());
    }
    let _lock = token_store::lock(session, state, lock_wait::FOR_CLEANING_UP)?;
    let in_use = status::read(state, session)?.map(|status| status.store);
    forget(session, state, in_use, open)
}

/// Returns the noted stores; a note that cannot be parsed counts as none.
fn noted(session: &SsoSession, state: &dyn StateFolder) -> Result<Vec<StoreKind>, StateError> {
    let bytes = state.read(&SessionFile::StaleCopies.of(session))?;
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

fn write(session: &SsoSession, state: &dyn StateFolder, kinds: Vec<StoreKind>) -> Result<(), StateError> {
    let mut each: Vec<StoreKind> = Vec::new();
    for kind in kinds {
        if !each.contains(&kind) {
            each.push(kind);
        }
    }
    if each.is_empty() {
        return state.remove(&SessionFile::StaleCopies.of(session)).map(|_| ());
    }
    let text = serde_json::to_vec(&each).expect("names serialize");
    state.write(&SessionFile::StaleCopies.of(session), &text)
}
