//! Errors of `kcaws admin offboard`.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::offboard::OffboardError;
use crate::offboard::deny_policy::DenyPolicyError;

impl From<OffboardError> for CommandError {
    fn from(error: OffboardError) -> Self {
        let message = error.to_string();
        let unsafe_to = |hint: &str| Self::new(Exit::Unsafe, ErrorCode::Unsafe, message.clone()).hint(hint);
        match error {
            OffboardError::NoSuchUser { .. } => Self::new(Exit::Failed, ErrorCode::NotFound, message)
                .hint("give the exact user name or e-mail address, as Keycloak or Identity Center shows it"),
            OffboardError::Ambiguous { .. } => {
                unsafe_to("nothing was written; give a user name or an address that only one of them has")
            }
            OffboardError::Protected { .. } => {
                unsafe_to("nothing was written; a pattern of `protect` in [directory] matches the name")
            }
            OffboardError::Caller { .. } => {
                unsafe_to("nothing was written; ask another administrator to end your access")
            }
        }
    }
}

impl From<DenyPolicyError> for CommandError {
    fn from(error: DenyPolicyError) -> Self {
        let hint = match &error {
            DenyPolicyError::NotAPolicy(_) => "nothing was written; give the document of a policy, in JSON",
            DenyPolicyError::NoList => {
                "nothing was written; `kcaws admin offboard USER` prints the statement to begin with"
            }
            DenyPolicyError::SeveralLists(_) => "nothing was written; keep all users in one statement",
            DenyPolicyError::TooLong { .. } => {
                "nothing was written; remove users whose role credentials have ended, or begin a second policy"
            }
        };
        let failure = Self::new(Exit::Configuration, ErrorCode::NotUnderstood, error.to_string()).hint(hint);
        failure.because_of(chain(&error))
    }
}
