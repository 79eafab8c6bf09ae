//! Adapts `keyring-core`'s traits to [`SecretStore`], for the stores of macOS and Windows.

use std::time::Duration;

use keyring_core::{Entry, Error};
use zeroize::{Zeroize as _, Zeroizing};

use super::text::text;
use super::{ItemKey, KeyringError, Prompting, SecretStore, StoreKind, single_line};
use crate::secret::Secret;

/// Errors that `keyring-core` has no variant for, carried inside its platform errors.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    #[error("locked")]
    Locked,
    #[error("the user refused")]
    Refused,
    #[error("another process is writing")]
    Changing(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("not available")]
    Absent(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        Self::NoStorageAccess(Box::new(error))
    }
}

/// The differences between the stores.
pub trait Backend {
    const KIND: StoreKind;
    /// Returns an entry; `part` is empty, or names a piece of a value that the platform cannot keep whole.
    fn entry(&self, key: &ItemKey, part: &str) -> keyring_core::Result<Entry>;
    fn unlock(&self, patience: Duration) -> keyring_core::Result<()>;
    fn attend(&self, _prompting: Prompting) {}
    /// Interprets a platform's own error numbers.
    fn interpret(_error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<BackendError> {
        None
    }
}

pub(super) fn read<B: Backend>(
    backend: &B,
    key: &ItemKey,
    part: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    match backend.entry(key, part).and_then(|entry| entry.get_secret()) {
        Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(explain::<B>(error)),
    }
}

pub(super) fn write<B: Backend>(
    backend: &B,
    key: &ItemKey,
    part: &str,
    value: &[u8],
) -> Result<(), KeyringError> {
    backend.entry(key, part).and_then(|entry| entry.set_secret(value)).map_err(explain::<B>)
}

pub(super) fn remove<B: Backend>(backend: &B, key: &ItemKey, part: &str) -> Result<bool, KeyringError> {
    match backend.entry(key, part).and_then(|entry| entry.delete_credential()) {
        Ok(()) => Ok(true),
        Err(Error::NoEntry) => Ok(false),
        Err(error) => Err(explain::<B>(error)),
    }
}

pub(super) fn unlock<B: Backend>(backend: &B, patience: Duration) -> Result<(), KeyringError> {
    backend.unlock(patience).map_err(explain::<B>)
}

fn explain<B: Backend>(error: Error) -> KeyringError {
    let store = B::KIND;
    match error {
        Error::NoStorageAccess(source) => match own::<B>(source) {
            Ok(error) => name(store, error),
            Err(source) => KeyringError::Absent { store, source },
        },
        Error::PlatformFailure(source) => match own::<B>(source) {
            Ok(error) => name(store, error),
            Err(source) => KeyringError::Failed { store, source },
        },
        // These two contain what was read, which must not be part of an error.
        Error::BadEncoding(mut bytes) | Error::BadDataFormat(mut bytes, _) => {
            bytes.zeroize();
            KeyringError::Damaged { store, what: "it is not text".to_owned() }
        }
        Error::BadStoreFormat(what) => KeyringError::Damaged { store, what },
        other => KeyringError::Failed { store, source: Box::new(other) },
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

fn own<B: Backend>(source: Source) -> Result<BackendError, Source> {
    match source.downcast::<BackendError>() {
        Ok(error) => Ok(*error),
        Err(source) => B::interpret(source.as_ref()).ok_or(source),
    }
}

fn name(store: StoreKind, error: BackendError) -> KeyringError {
    match error {
        BackendError::Locked => KeyringError::Locked(store),
        BackendError::Refused => KeyringError::Refused(store),
        BackendError::Changing(source) => KeyringError::Changing { store, source },
        BackendError::Absent(source) => KeyringError::Absent { store, source },
    }
}

/// A store in which one value fits into one entry.
pub struct CoreStore<B>(pub(super) B);

impl<B: Backend> SecretStore for CoreStore<B> {
    fn kind(&self) -> StoreKind {
        B::KIND
    }

    fn get(&self, key: &ItemKey) -> Result<Option<Secret<String>>, KeyringError> {
        read(&self.0, key, "")?.map(|bytes| text(B::KIND, bytes)).transpose()
    }

    fn set(&self, key: &ItemKey, value: &Secret<String>) -> Result<(), KeyringError> {
        single_line(B::KIND, value)?;
        write(&self.0, key, "", value.expose().as_bytes())
    }

    fn delete(&self, key: &ItemKey) -> Result<bool, KeyringError> {
        remove(&self.0, key, "")
    }

    fn unlock(&self, _key: &ItemKey, patience: Duration) -> Result<(), KeyringError> {
        unlock(&self.0, patience)
    }

    fn attend(&self, prompting: Prompting) {
        self.0.attend(prompting);
    }
}
