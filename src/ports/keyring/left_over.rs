//! Records in files that a killed process wrote whole and did not put in their place.

use super::KeyringError;
use crate::ports::state_folder::{StateError, StateFolder};

/// Finishes the newest one of the record `name` that `is_whole` and no older than the record; removes the others. With
/// the record's lock held, before it is read.
///
/// Without a record nothing is finished: it was removed by a logout, or never there.
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
