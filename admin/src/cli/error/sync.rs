//! Errors of `kcaws admin sync`.

use std::error::Error;

use kcaws::cli::error::{CommandError, ErrorCode, Exit, chain};

use crate::ports::aws_call::AwsError;
use crate::ports::keycloak::KeycloakError;
use crate::ports::scim::ScimError;
use crate::sync::call::CallError;
use crate::sync::plan::SavedPlanError;
use crate::sync::read_fault::{PlanError, ReadFault, ScopeFault};

impl From<PlanError> for CommandError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Read(error) => error.into(),
            PlanError::Scope(error) => error.into(),
        }
    }
}

impl From<ScopeFault> for CommandError {
    fn from(error: ScopeFault) -> Self {
        let hint = match &error {
            ScopeFault::MatchesNothing { .. } => {
                "correct the pattern in [directory] of the access file, or remove it"
            }
            ScopeFault::SameName(_) => {
                "set `group_name = \"{path}\"` in [directory], or exclude one with `!`"
            }
            ScopeFault::SameButForCase(_) => "rename one of the groups in Keycloak, or exclude it with `!`",
        };
        Self::new(Exit::Configuration, ErrorCode::AccessFile, error.to_string()).hint(hint)
    }
}

impl From<ReadFault> for CommandError {
    fn from(error: ReadFault) -> Self {
        let message = error.to_string();
        let unsafe_to = |hint: &str| Self::new(Exit::Unsafe, ErrorCode::Unsafe, message.clone()).hint(hint);
        match error {
            ReadFault::Call { source, .. } => of_call(&message, source),
            ReadFault::Short { .. } => {
                unsafe_to("give the service account the role `view-users` of the client `realm-management`")
            }
            ReadFault::Changed { .. }
            | ReadFault::Surplus { .. }
            | ReadFault::Twice { .. }
            | ReadFault::UnknownParent { .. }
            | ReadFault::UnknownMember { .. }
            | ReadFault::UnknownGroup { .. }
            | ReadFault::StillThere { .. }
            | ReadFault::StillMember { .. } => {
                unsafe_to("nothing was written; run the same command again while nobody changes the realm")
            }
            ReadFault::CursorTwice { .. } | ReadFault::Endless { .. } => {
                unsafe_to("nothing was written; run the same command again in a minute")
            }
            ReadFault::UnusableRealm(_) => {
                unsafe_to("the realm's id must be one word without a colon, as Keycloak makes it")
            }
        }
    }
}

/// Returns the error of the port that failed, or one with this message.
pub(in crate::cli) fn of_call(message: &str, error: CallError) -> CommandError {
    let failed = |code, why: String| CommandError::new(Exit::Failed, code, message).because(why);
    let again = "nothing was written; run the same command again in a minute";
    match error {
        CallError::Throttled { .. } => failed(ErrorCode::Throttled, error.to_string())
            .hint("set KCAWS_ADMIN_RATE to fewer requests a second"),
        CallError::Denied(source) | CallError::Unavailable(source) | CallError::Failed(source) => {
            of_port(source, message)
        }
        CallError::Conflict { .. }
        | CallError::Rejected { .. }
        | CallError::QuotaExceeded { .. }
        | CallError::Missing => failed(ErrorCode::Refused, error.in_full()).hint(again),
    }
}

fn of_port(source: Box<dyn Error + Send + Sync>, message: &str) -> CommandError {
    let source = match source.downcast::<KeycloakError>() {
        Ok(error) => return (*error).into(),
        Err(other) => other,
    };
    let source = match source.downcast::<AwsError>() {
        Ok(error) => return (*error).into(),
        Err(other) => other,
    };
    match source.downcast::<ScimError>() {
        Ok(error) => (*error).into(),
        Err(other) => CommandError::new(Exit::Failed, ErrorCode::Refused, message)
            .because(other.to_string())
            .hint("run the same command again in a minute"),
    }
}

impl From<SavedPlanError> for CommandError {
    fn from(error: SavedPlanError) -> Self {
        let message = error.to_string();
        let cause = chain(&error);
        let failure = match error {
            SavedPlanError::Unreadable(_) => Self::new(Exit::Usage, ErrorCode::NotUnderstood, message)
                .hint("`kcaws admin sync plan --out plan.json` writes one"),
            SavedPlanError::OtherChain { .. } => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("name the access file that the plan was made with: --file PATH"),
            SavedPlanError::TooOld { .. }
            | SavedPlanError::OfTheFuture { .. }
            | SavedPlanError::Changed(_) => Self::new(Exit::Unsafe, ErrorCode::Unsafe, message)
                .hint("nothing was written; make a new plan: `kcaws admin sync plan --out plan.json`"),
        };
        failure.because_of(cause)
    }
}
