//! The ways in which a call to the service fails.

use std::time::Duration;

use zbus::fdo;

use super::KIND;
use crate::ports::keyring::KeyringError;

#[derive(Debug)]
pub(super) enum CallError {
    Keyring(KeyringError),
    /// The service disappeared during the call: worth one more try.
    Died(zbus::Error),
    /// The item just found is gone: another process replaced or removed it.
    Changing(zbus::Error),
    Failed(zbus::Error),
}

impl CallError {
    pub(super) fn absent(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Keyring(KeyringError::Absent { store: KIND, source: why.into() })
    }

    pub(super) fn too_slow(after: Duration) -> Self {
        Self::Keyring(KeyringError::TooSlow { store: KIND, after })
    }

    /// Returns whether the item is locked, or the service reports it as such.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Keyring(KeyringError::Locked(_)))
    }
}

impl From<KeyringError> for CallError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(error)
    }
}

impl From<CallError> for KeyringError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Keyring(error) => error,
            CallError::Changing(error) => Self::Changing { store: KIND, source: Box::new(error) },
            CallError::Died(error) | CallError::Failed(error) => {
                Self::Failed { store: KIND, source: Box::new(error) }
            }
        }
    }
}

/// Interprets the service's error.
impl From<zbus::Error> for CallError {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, ..) => match name.as_str() {
                "org.freedesktop.Secret.Error.IsLocked" => Self::Keyring(KeyringError::Locked(KIND)),
                "org.freedesktop.Secret.Error.NoSuchObject" => Self::Changing(error),
                // Our session is unknown: another daemon has taken over.
                "org.freedesktop.Secret.Error.NoSession" => Self::Died(error),
                _ => Self::Failed(error),
            },
            zbus::Error::InputOutput(_) => Self::Died(error),
            zbus::Error::FDO(answer) => match answer.as_ref() {
                fdo::Error::UnknownObject(_) | fdo::Error::UnknownMethod(_) => Self::Changing(error),
                fdo::Error::NoReply(_)
                | fdo::Error::ServiceUnknown(_)
                | fdo::Error::NameHasNoOwner(_)
                | fdo::Error::Disconnected(_) => Self::Died(error),
                _ => Self::Failed(error),
            },
            _ => Self::Failed(error),
        }
    }
}
