//! Errors of the administrator's secrets.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, Situation, chain};

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
            SecretError::Keyring(error) => or_files(error.into()),
            SecretError::Store(error) => or_files(error.into()),
            SecretError::State(error) => error.into(),
            SecretError::Settings(error) => error.into(),
        }
    }
}

/// Adds that a machine needs no keyring.
fn or_files(error: CommandError) -> CommandError {
    let [client, token] = [SecretKind::KeycloakClient, SecretKind::ScimToken].map(SecretKind::variable);
    let files = format!("a machine needs no keyring: {client} and {token} name files that hold the secrets");
    match error.hint_in(Situation::default()) {
        Some(hint) => error.hint(format!("{hint}; {files}")),
        None => error.hint(files),
    }
}

#[cfg(test)]
mod tests {
    use kcaws::ports::keyring::{KeyringError, StoreKind};

    use super::*;

    #[test]
    fn where_there_is_no_keyring_the_files_are_named() {
        let error: CommandError = SecretError::Keyring(KeyringError::Locked(StoreKind::SecretService)).into();
        assert_eq!(error.exit_code(), Exit::Keyring as u8);
        let hint = error.hint_in(Situation::default()).unwrap_or_default();
        for kind in [SecretKind::KeycloakClient, SecretKind::ScimToken] {
            assert!(hint.contains(kind.variable()), "{hint}");
        }
    }
}
