//! What came of a sync, for people.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use serde_json::json;

use crate::cli::events::Event;
use crate::sync::apply::{Failure, FailureReason, Halt, Outcome};

pub(in crate::cli) fn tell_failures(outcome: &Outcome, ui: &mut Ui) {
    for failure in &outcome.failures {
        ui.marked("!", Colour::Red, &failed(failure));
    }
}

/// Reports failures, for `--log json`.
pub(in crate::cli) fn report_failures(outcome: &Outcome) {
    for failure in &outcome.failures {
        Event::Failed.warn(&json!({
            "action": failure.action, "kind": failure.kind, "name": failure.name, "why": why(failure),
        }));
    }
}

fn failed(failure: &Failure) -> String {
    format!("{} {}: {}", failure.kind.title(), failure.name, why(failure))
}

fn why(failure: &Failure) -> String {
    match &failure.reason {
        FailureReason::Changed => "somebody else changed it since the plan was made".to_owned(),
        FailureReason::Gone => "it does not exist any more".to_owned(),
        FailureReason::ForeignObject { id } => format!("{id} has the name and is not from this realm"),
        FailureReason::Kept { members } => {
            format!("still has {}, who did not get into all new groups", members.join(", "))
        }
        FailureReason::Refused { message } | FailureReason::Unavailable { message } => message.clone(),
    }
}

/// Returns an error unless everything was done.
pub(in crate::cli) fn check_outcome(outcome: &Outcome) -> Result<(), CommandError> {
    let error = |exit, code, message: &str| CommandError::new(exit, code, message);
    let again = "run the same command again: it does the rest";
    match &outcome.halted {
        Some(Halt::Denied(why)) => {
            let failure =
                error(Exit::LoginNeeded, ErrorCode::Scim, "Identity Center denied a write").because(why);
            return Err(failure
                .hint("`kcaws admin token status` shows the SCIM token; then run the same command again"));
        }
        Some(Halt::Unavailable(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::ServerError, "Identity Center does not answer").because(why);
            return Err(failure.hint(again));
        }
        Some(Halt::Audit(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::OutputFile, "the audit file cannot be written").because(why);
            return Err(failure
                .hint("make room for it, or name another with --audit; then run the same command again"));
        }
        Some(Halt::Stopped) => return Err(CommandError::interrupted()),
        Some(Halt::Refused) => {
            return Err(error(Exit::Unsafe, ErrorCode::Refused, "refused for safety: nothing was written")
                .hint(again));
        }
        None => {}
    }
    if outcome.failures.is_empty() {
        return Ok(());
    }
    let message = format!("{} changes failed, all others are done", outcome.failures.len());
    Err(error(Exit::Failed, ErrorCode::SomeFailed, &message).hint(again))
}
