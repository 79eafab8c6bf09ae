//! What came of a sync, for people.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use serde_json::json;

use crate::cli::access::render::counted;
use crate::cli::error::of_call;
use crate::cli::events::Event;
use crate::sync::apply::{Failure, FailureReason, Halt, Outcome};

/// What to do about a SCIM endpoint of another instance.
pub(in crate::cli) const OTHER_ENDPOINT: &str = "copy the SCIM endpoint of this instance from the console into scim_endpoint of the access file, then `kcaws admin token set`";

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
        FailureReason::NotGivenUp { id, name } => {
            format!("still the name of {name} ({id}), whose change failed")
        }
        FailureReason::Kept { members } => {
            format!("still has {}, who did not get into all new groups", members.join(", "))
        }
        FailureReason::MembersGone { members } => {
            format!("{} do not exist any more in Identity Center, all others are in it", members.join(", "))
        }
        FailureReason::Refused { message }
        | FailureReason::Conflict { message }
        | FailureReason::QuotaExceeded { message }
        | FailureReason::Unavailable { message } => message.clone(),
    }
}

/// Returns an error unless everything was done.
pub(in crate::cli) fn check_outcome(outcome: Outcome) -> Result<(), CommandError> {
    let error = |exit, code, message: &str| CommandError::new(exit, code, message);
    let again = "run the same command again: it does the rest";
    match outcome.halted {
        Some(Halt::Denied(error)) => return Err(of_call("Identity Center denied access", error)),
        Some(Halt::Unavailable(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::ServerError, "Identity Center does not answer").because(why);
            return Err(failure.hint(again));
        }
        Some(Halt::Elsewhere(why)) => {
            let message = "refused for safety: the SCIM endpoint belongs to another Identity Center";
            return Err(error(Exit::Unsafe, ErrorCode::Unsafe, message).because(why).hint(OTHER_ENDPOINT));
        }
        Some(Halt::Audit(why)) => {
            let failure =
                error(Exit::Failed, ErrorCode::OutputFile, "the audit file cannot be written").because(why);
            return Err(failure
                .hint("make room for it, or name another with --audit; then run the same command again"));
        }
        Some(Halt::Stopped) => return Err(CommandError::interrupted()),
        Some(Halt::Refused) => {
            return Err(error(Exit::Unsafe, ErrorCode::Unsafe, "refused for safety: nothing was written")
                .hint("`kcaws admin sync plan` shows the reason"));
        }
        None => {}
    }
    if outcome.failures.is_empty() {
        return Ok(());
    }
    let failed = counted(outcome.failures.len(), "change failed", "changes failed");
    let message = format!("{failed}, all others are done");
    Err(error(Exit::Failed, ErrorCode::SomeFailed, &message)
        .hint(next_step(&outcome.failures).unwrap_or(again)))
}

/// Returns what has to be done before the same command can do the rest.
fn next_step(failures: &[Failure]) -> Option<&'static str> {
    let any = |is: fn(&FailureReason) -> bool| failures.iter().any(|failure| is(&failure.reason));
    if any(|reason| matches!(reason, FailureReason::ForeignObject { .. })) {
        Some("`kcaws admin sync plan --adopt` shows what taking over the objects of these names would change")
    } else if any(|reason| matches!(reason, FailureReason::Refused { .. })) {
        Some("correct in Keycloak what was refused, see above; then run the same command again")
    } else if any(|reason| matches!(reason, FailureReason::QuotaExceeded { .. })) {
        Some(
            "Service Quotas in the AWS console shows the quota and raises it; then run the same command again",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use kcaws::cli::error::Situation;

    use super::*;
    use crate::ports::aws_call::AwsError;
    use crate::ports::scim::ScimError;
    use crate::sync::apply::Action;
    use crate::sync::call::CallError;
    use crate::sync::plan::ObjectKind;

    fn outcome(reasons: Vec<FailureReason>) -> Outcome {
        let failure = |reason| Failure {
            action: Action::Rename,
            kind: ObjectKind::Group,
            name: "Dev".to_owned(),
            reason,
        };
        Outcome { failures: reasons.into_iter().map(failure).collect(), ..Outcome::default() }
    }

    #[test]
    fn the_hint_is_to_run_it_again_only_if_that_helps() {
        let message = || "for a test".to_owned();
        let kept = || FailureReason::Kept { members: vec!["alice".to_owned()] };
        let hint = |reasons| {
            let error = check_outcome(outcome(reasons)).expect_err("something failed");
            format!("{}: {:?}", error.message, error.hint_in(Situation::default()))
        };
        let late = hint(vec![FailureReason::Unavailable { message: message() }]);
        assert!(
            late.starts_with("1 change failed, all others are done") && late.contains("does the rest"),
            "{late}"
        );
        let refused = hint(vec![FailureReason::Refused { message: message() }, kept()]);
        assert!(
            refused.starts_with("2 changes failed") && refused.contains("correct in Keycloak"),
            "{refused}"
        );
        let conflict = hint(vec![FailureReason::Conflict { message: message() }, kept()]);
        assert!(conflict.contains("does the rest"), "{conflict}");
        let quota = hint(vec![FailureReason::QuotaExceeded { message: message() }]);
        assert!(quota.contains("Service Quotas"), "{quota}");
        let not_given_up = || FailureReason::NotGivenUp { id: "u-1".to_owned(), name: "bob".to_owned() };
        let of_the_cause = hint(vec![FailureReason::Refused { message: message() }, not_given_up()]);
        assert!(of_the_cause.contains("correct in Keycloak"), "{of_the_cause}");
        let foreign = hint(vec![FailureReason::ForeignObject { id: "g-1".to_owned() }]);
        assert!(foreign.contains("--adopt"), "{foreign}");
    }

    #[test]
    fn who_denied_access_decides_what_to_do() {
        let operation = "DescribeUser";
        let message = || "for a test".to_owned();
        let aws: [AwsError; 2] = [
            AwsError::NotAuthenticated { operation, message: message() },
            AwsError::Denied { operation, message: message() },
        ];
        let [expired, lacking] = aws.map(|error| CallError::Denied(error.into()));
        let token = CallError::Denied(ScimError::TokenRefused.into());
        for (error, exit, code, hint) in [
            (expired, 4, ErrorCode::AwsCredentials, "get fresh credentials"),
            (lacking, 1, ErrorCode::AwsDenied, "`kcaws admin policy aws`"),
            (token, 4, ErrorCode::Scim, "`kcaws admin token rotate`"),
        ] {
            let halted = Outcome { halted: Some(Halt::Denied(error)), ..Outcome::default() };
            let error = check_outcome(halted).expect_err("the run ended");
            let shown = format!("{:?}", error.hint_in(Situation::default()));
            assert_eq!((error.exit_code(), error.code()), (exit, code), "{}", error.message);
            assert!(shown.contains(hint), "{shown}");
        }
    }
}
