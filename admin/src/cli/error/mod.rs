//! Maps every error of the administrator's side to message, cause, hint and exit code.
//!
//! The matches are exhaustive: a new error does not compile until it has a hint.

mod access;
mod aws;
mod keycloak;
mod offboard;
mod realm;
mod rollout;
mod scim;
mod secret;
mod sync;

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

pub(super) use self::sync::of_call;

use crate::access_file::AccessFileError;
use crate::app::AdminError;
use crate::identity_center::instance::InstanceError;

impl From<AdminError> for CommandError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Timeout { variable, .. } => {
                Self::new(Exit::Configuration, ErrorCode::Settings, error.to_string())
                    .hint(format!("unset {variable} for 30"))
            }
            AdminError::AccessFile(error) => error.into(),
            AdminError::Base(error) => (*error).into(),
            AdminError::Setup(error) => error.into(),
            AdminError::Secret(error) => error.into(),
            AdminError::AwsSetup(error) => error.into(),
            AdminError::Aws(error) => error.into(),
            AdminError::Keycloak(error) => error.into(),
            AdminError::Scim(error) => error.into(),
            AdminError::Instance(error) => error.into(),
            AdminError::Plan(error) => error.into(),
            AdminError::SavedPlan(error) => error.into(),
        }
    }
}

impl From<InstanceError> for CommandError {
    fn from(error: InstanceError) -> Self {
        let message = error.to_string();
        match error {
            InstanceError::Aws(error) => error.into(),
            InstanceError::NotSeen { wanted, seen } => {
                let cause = if seen.is_empty() {
                    "they see no instance at all in this Region".to_owned()
                } else {
                    format!("they see {}", seen.join(", "))
                };
                Self::new(Exit::Unsafe, ErrorCode::OtherInstance, message).because(cause).hint(format!(
                    "use credentials of the management account or of a delegated administrator of {wanted}, in its primary Region"
                ))
            }
        }
    }
}

impl From<AccessFileError> for CommandError {
    fn from(error: AccessFileError) -> Self {
        let failure = Self::new(Exit::Configuration, ErrorCode::AccessFile, error.to_string());
        let hint = match &error {
            AccessFileError::Unreadable { .. } if error.is_absent() => {
                "`kcaws admin init` writes it; --file or KCAWS_ADMIN_FILE names another"
            }
            AccessFileError::Unreadable { .. } => "check the permissions of the file",
            AccessFileError::Yaml { .. } => {
                "write it in TOML, as `kcaws admin init` does, or in JSON (access.json)"
            }
            AccessFileError::Mistake { .. } => "fix that line; `docs/admin.md` has the list of keys",
            AccessFileError::MistakeInJson { .. } => "fix it; `docs/admin.md` has the list of keys",
        };
        let cause = chain(&error);
        failure.hint(hint).because_of(cause)
    }
}
