//! Records in files that a killed process wrote completely and did not put in place.

use super::KeyringError;
use crate::ports::state_folder::{StateError, StateFolder};

/// Finishes the newest complete record and removes the others.
///
/// The caller holds the record's lock, and reads the record after this.
///
/// A record is complete if `is_whole`, and is only used if it is no older than the record in place. Without a record in
/// place nothing is finished: it was removed by a logout, or never existed.
pub(super) fn take_up(
    state: &dyn StateFolder,
    name: &str,
    is_whole: impl Fn(&[u8]) -> Result<bool, KeyringError>,
    failed: fn(StateError) -> KeyringError,
) -> Result<bool, KeyringError> {
    let left = state.left_overs(name).map_err(failed)?;
    if left.is_empty() {
        return Ok(false);
    }
    let mut finished = false;
    for one in left {
        if one.is_newer && is_whole(&one.contents)? {
            state.finish(&one, name).map_err(failed)?;
            finished = true;
            break;
        }
    }
    state.sweep(name).map_err(failed)?;
    Ok(finished)
}
