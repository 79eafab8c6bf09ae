//! What came of applying a plan.

use serde::Serialize;
use serde_json::Value;

use crate::access::entitlements::plan::EntitlementChange;
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
    /// What the trust policies of IAM roles need, if AWS refused one of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trust_statement: Option<Value>,
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

/// Returns what is done with an assignment of an IAM role, for people.
pub(super) fn described_role(change: &EntitlementChange, verb: &str) -> String {
    format!("{verb} {}: {}", change.role_arn, change.principal)
}

/// Returns what is done with an assignment, for people.
pub(super) fn described(change: &AssignmentChange, verb: &str) -> String {
    let AssignmentChange { permission_set, account_id, principal, .. } = change;
    format!("{verb} {permission_set} in {account_id}: {principal}")
}
