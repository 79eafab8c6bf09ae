//! What a store keeps, as text.

use zeroize::{Zeroize as _, Zeroizing};

use super::{KeyringError, StoreKind};
use crate::secret::Secret;

/// Bytes to text. The bytes of a failure are wiped, not shown.
pub(super) fn text(store: StoreKind, mut bytes: Zeroizing<Vec<u8>>) -> Result<Secret<String>, KeyringError> {
    String::from_utf8(std::mem::take(&mut *bytes)).map(Secret::new).map_err(|error| {
        error.into_bytes().zeroize();
        KeyringError::Damaged { store, what: "it is not text".to_owned() }
    })
}
