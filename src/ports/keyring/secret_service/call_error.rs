//! The service by its name on the bus, and how a call to it fails.

use zbus::fdo;

use super::super::core_store::Trouble;

pub(super) const NAME: &str = "org.freedesktop.secrets";

#[derive(Debug)]
pub(super) enum CallError {
    Trouble(Trouble),
    /// The service was there and is gone: worth one more try.
    Died(zbus::Error),
    Failed(zbus::Error),
}

impl From<Trouble> for CallError {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<CallError> for keyring_core::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Trouble(trouble) => trouble.into(),
            CallError::Died(error) | CallError::Failed(error) => Self::PlatformFailure(Box::new(error)),
        }
    }
}

/// How an error reads once the service has answered something.
impl From<zbus::Error> for CallError {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, ..) => match name.as_str() {
                "org.freedesktop.Secret.Error.IsLocked" => Self::Trouble(Trouble::Locked),
                // Our session, or the item just found, is unknown: another daemon has taken over,
                // or another process replaced the item.
                "org.freedesktop.Secret.Error.NoSession" | "org.freedesktop.Secret.Error.NoSuchObject" => {
                    Self::Died(error)
                }
                _ => Self::Failed(error),
            },
            zbus::Error::InputOutput(_) => Self::Died(error),
            zbus::Error::FDO(answer) => match answer.as_ref() {
                fdo::Error::NoReply(_)
                | fdo::Error::ServiceUnknown(_)
                | fdo::Error::NameHasNoOwner(_)
                | fdo::Error::UnknownObject(_)
                | fdo::Error::UnknownMethod(_)
                | fdo::Error::Disconnected(_) => Self::Died(error),
                _ => Self::Failed(error),
            },
            _ => Self::Failed(error),
        }
    }
}
