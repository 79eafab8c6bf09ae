//! Text and errors of the stores that use files.

use std::io::ErrorKind;

use zeroize::{Zeroize as _, Zeroizing};

use super::{KeyringError, StoreKind};
use crate::ports::state_folder::StateError;
use crate::secret::Secret;

/// Converts bytes to text. On failure the bytes are wiped, not shown.
pub(super) fn text(store: StoreKind, mut bytes: Zeroizing<Vec<u8>>) -> Result<Secret<String>, KeyringError> {
    String::from_utf8(std::mem::take(&mut *bytes)).map(Secret::new).map_err(|error| {
        error.into_bytes().zeroize();
        KeyringError::Damaged { store, what: "it is not text".to_owned() }
    })
}

/// Converts an error of the state folder to one of the store.
///
/// On some file systems a read can meet another process's rename: NFS reports a stale file, Windows a file in use.
pub(super) fn state_failed(store: StoreKind, error: StateError) -> KeyringError {
    let meets_a_write = |source: &std::io::Error| {
        matches!(source.kind(), ErrorKind::StaleNetworkFileHandle | ErrorKind::ResourceBusy)
            // ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION, ERROR_DELETE_PENDING
            || (cfg!(windows) && matches!(source.raw_os_error(), Some(32 | 33 | 303)))
    };
    let is_changing = matches!(&error, StateError::Io { source, .. } if meets_a_write(source));
    let source = Box::new(error);
    if is_changing {
        KeyringError::Changing { store, source }
    } else {
        KeyringError::Failed { store, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_that_meets_a_rename_is_made_again() {
        let of_kind = |kind: ErrorKind| {
            let error = StateError::Io { what: "read", path: "x".into(), source: kind.into() };
            state_failed(StoreKind::File, error)
        };
        assert!(matches!(of_kind(ErrorKind::StaleNetworkFileHandle), KeyringError::Changing { .. }));
        assert!(matches!(of_kind(ErrorKind::PermissionDenied), KeyringError::Failed { .. }));
    }
}
