//! What came of applying, for people.

use kcaws::cli::error::{CommandError, ErrorCode, Exit};
use kcaws::cli::ui::{Colour, Ui};
use serde_json::json;

use super::entitlements;
use super::render::counted;
use crate::access::apply::{AccessFailure, AccessOutcome};
use crate::cli::events::Event;

/// Reports failures, for `--log json`.
pub(in crate::cli) fn report_failures(outcome: &AccessOutcome) {
    for AccessFailure { what, why, .. } in &outcome.failures {
        Event::Failed.warn(&json!({ "name": what, "why": why }));
    }
}

pub(in crate::cli) fn tell_failures(outcome: &AccessOutcome, ui: &mut Ui) {
    for AccessFailure { what, why, meaning } in &outcome.failures {
        ui.marked("!", Colour::Red, &format!("{what}: {why}"));
        if let Some(meaning) = meaning {
            ui.data(&format!("    {meaning}"));
        }
    }
    if let Some(statement) = &outcome.trust_statement {
        entitlements::trust_statement(statement, ui);
    }
}

/// Says what an early end has left.
pub(in crate::cli) fn tell_rest(outcome: &AccessOutcome, ui: &mut Ui) {
    if outcome.left > 0 {
        let left = counted(outcome.left, "change", "changes");
        ui.data(&format!("{left} not done, or still running: the next run does the rest"));
    }
}

/// Returns an error unless everything was done. `hint` says what brings groups that are waited for.
pub(in crate::cli) fn check_outcome(outcome: &AccessOutcome, hint: &str) -> Result<(), CommandError> {
    let failed = outcome.failures.len();
    if failed > 0 {
        let message = format!("{}, all others are done", counted(failed, "change failed", "changes failed"));
        return Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message)
            .hint("the reasons are above; then run the same command again: it does the rest"));
    }
    if outcome.waiting > 0 {
        let what = counted(outcome.waiting, "assignment waits", "assignments wait");
        let message = format!("{what} for groups that are not in Identity Center yet");
        return Err(CommandError::new(Exit::Failed, ErrorCode::SomeFailed, message).hint(hint));
    }
    Ok(())
}
