//! Errors of the administrator's secrets.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::app::{SecretError, SecretKind};

impl From<SecretError> for CommandError {
    fn from(error: SecretError) -> Self {
        let message = error.to_string();
        let cause = chain(&error);
        let missing = |kind: SecretKind| {
            let store = match kind {
                SecretKind::KeycloakClient => "`kcaws admin init` stores it",
                SecretKind::ScimToken => "`kcaws admin token set` stores it",
            };
            format!("{store}; for a machine, {} names a file that holds it", kind.variable())
        };
        match error {
            SecretError::Missing(secret) => {
                Self::new(Exit::LoginNeeded, ErrorCode::NoSecret, message).hint(missing(secret.kind))
            }
            SecretError::DamagedRecord(kind) => {
                Self::new(Exit::Failed, ErrorCode::NoSecret, message).hint(missing(kind))
            }
            SecretError::UnreadableFile { .. } | SecretError::NotALine { .. } => {
                let failure = Self::new(Exit::Configuration, ErrorCode::NoSecret, message);
                failure.hint("the file holds the secret alone, in its first line; `/dev/fd/3` is an open descriptor").because_of(cause)
            }
            SecretError::Keyring(error) => error.into(),
            SecretError::Store(error) => error.into(),
            SecretError::State(error) => error.into(),
            SecretError::Settings(error) => error.into(),
        }
    }
}
