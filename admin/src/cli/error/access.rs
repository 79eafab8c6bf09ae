//! Errors of permission sets and assignments.

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::access::apply::ApplyError;
use crate::access::entitlements::application::ApplicationError;
use crate::access::plan::{AccessPlanError, SavedAccessPlanError};
use crate::access::read::{AccessReadError, GroupError};
use crate::access::settings::InlineFileError;

impl From<AccessPlanError> for CommandError {
    fn from(error: AccessPlanError) -> Self {
        let message = error.to_string();
        let wrong_file =
            |hint| Self::new(Exit::Configuration, ErrorCode::AccessFile, message.clone()).hint(hint);
        match error {
            AccessPlanError::Read(error) => error.into(),
            AccessPlanError::Selection { .. } => wrong_file(
                "correct the selector; `allow_empty = true` in that [[assign]] allows it to select nothing",
            ),
            AccessPlanError::Group { source, .. } => {
                let mut error = Self::from(source);
                error.message = message;
                error
            }
            AccessPlanError::NoPermissionSets => wrong_file(
                "assign IAM roles instead, `role = \"arn:…\"`, or switch permission sets on in the console of IAM Identity Center",
            ),
            AccessPlanError::ForeignRole { .. } => wrong_file(
                "correct the account in the ARN; roles outside the organization cannot be assigned",
            ),
            AccessPlanError::NoSuchSet { .. } => {
                wrong_file("correct the name, or remove `existing = true` to have it created")
            }
        }
    }
}

impl From<ApplicationError> for CommandError {
    fn from(error: ApplicationError) -> Self {
        let message = error.to_string();
        match error {
            ApplicationError::Aws(error) => error.into(),
            ApplicationError::NotSetUp { instance_arn } => {
                Self::new(Exit::Configuration, ErrorCode::NotFound, message).hint(format!(
                    "set it up in this Region: `aws account-access create-application --identity-source identityCenter={{instanceArn={instance_arn}}}`, or in the console of IAM"
                ))
            }
            ApplicationError::NotActive { reason, .. } => {
                let failure = Self::new(Exit::Failed, ErrorCode::Busy, message)
                    .hint("wait until it is ACTIVE, or see the console; then run the same command again");
                match reason {
                    Some(reason) => failure.because(reason),
                    None => failure,
                }
            }
            ApplicationError::Several { .. } => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("delete one of them in the console: which one is meant cannot be known"),
        }
    }
}

impl From<AccessReadError> for CommandError {
    fn from(error: AccessReadError) -> Self {
        let message = error.to_string();
        match error {
            AccessReadError::Aws(error) => error.into(),
            AccessReadError::Group(error) => error.into(),
            AccessReadError::NotUnderstood { .. } => {
                Self::new(Exit::Failed, ErrorCode::NotUnderstood, message)
                    .hint("look at it in the console; `existing = true` leaves it alone")
            }
            AccessReadError::TwoOfOneName { .. } => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("delete one of them in the console: which one is meant cannot be known"),
        }
    }
}

impl From<GroupError> for CommandError {
    fn from(error: GroupError) -> Self {
        let message = error.to_string();
        let wrong_file = |hint| Self::new(Exit::Configuration, ErrorCode::AccessFile, message).hint(hint);
        match error {
            GroupError::Keycloak(error) => error.into(),
            GroupError::NotInRealm { .. } | GroupError::NoRealm { .. } => wrong_file(
                "write the path as the admin console shows it, in the same letters; idc:NAME is a group of Identity Center alone",
            ),
            GroupError::NotInIdentityCenter { .. } => {
                wrong_file("write the name as the console shows it, in the same letters")
            }
        }
    }
}

impl From<InlineFileError> for CommandError {
    fn from(error: InlineFileError) -> Self {
        let cause = chain(&error);
        let hint = match &error {
            InlineFileError::Unreadable { .. } => "the path is relative to the folder of the access file",
            InlineFileError::Refused { .. } => "shorten or correct the policy; nothing was sent",
        };
        let failure = Self::new(Exit::Configuration, ErrorCode::AccessFile, error.to_string());
        failure.hint(hint).because_of(cause)
    }
}

impl From<ApplyError> for CommandError {
    fn from(error: ApplyError) -> Self {
        let (message, cause) = (error.to_string(), chain(&error));
        match error {
            ApplyError::Aws(error) => error.into(),
            ApplyError::Audit(_) => Self::new(Exit::Failed, ErrorCode::OutputFile, message)
                .hint("make room for it, or name another with --audit; then run the same command again")
                .because_of(cause),
        }
    }
}

impl From<SavedAccessPlanError> for CommandError {
    fn from(error: SavedAccessPlanError) -> Self {
        let message = error.to_string();
        let cause = chain(&error);
        let failure = match error {
            SavedAccessPlanError::Unreadable(_) => Self::new(Exit::Usage, ErrorCode::NotUnderstood, message)
                .hint("`kcaws admin access plan --out plan.json` writes one"),
            SavedAccessPlanError::OtherChain { .. } => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("name the access file that the plan was made with: --file PATH"),
            SavedAccessPlanError::TooOld { .. }
            | SavedAccessPlanError::OfTheFuture { .. }
            | SavedAccessPlanError::Changed(_) => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("nothing was written; make a new plan: `kcaws admin access plan --out plan.json`"),
        };
        failure.because_of(cause)
    }
}
