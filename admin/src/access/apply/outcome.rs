//! What came of applying a plan.

use serde::Serialize;

use crate::access::plan::AssignmentChange;

pub(super) const ASSIGN: &str = "assign";
pub(super) const REMOVE: &str = "remove";

/// What was done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AccessOutcome {
    /// Changed permission sets and finished operations.
    pub(crate) done: usize,
    pub(crate) failures: Vec<AccessFailure>,
    /// Changes that were not begun, or whose end was not seen, because the run ended early.
    pub(crate) left: usize,
    /// Assignments of groups that are not in Identity Center yet.
    pub(crate) waiting: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AccessFailure {
    /// What should have been done.
    pub(crate) what: String,
    /// AWS's reason.
    pub(crate) why: String,
    /// What it usually means.
    pub(crate) meaning: Option<&'static str>,
}

impl AccessOutcome {
    /// Adds failures of assignments whose groups were not created or taken over.
    pub(crate) fn without_group(&mut self, changes: &[AssignmentChange]) {
        self.failures.extend(changes.iter().map(|change| AccessFailure {
            what: described(change, ASSIGN),
            why: format!("the group {} was not created or taken over", change.principal),
            meaning: None,
        }));
    }
}

/// Returns what is done with an assignment, for people.
pub(super) fn described(change: &AssignmentChange, verb: &str) -> String {
    let AssignmentChange { permission_set, account_id, principal, .. } = change;
    format!("{verb} {permission_set} in {account_id}: {principal}")
}
