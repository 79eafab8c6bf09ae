//! Carries out a plan.
//!
//! Additions come first and removals last, so that nobody is without access in between. What fails is reported, and
//! the rest goes on; the next run finds what is left.

mod audit;
mod entitlements;
mod permission_set;
mod scheduler;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::Serialize;
use serde_json::Value;

pub(crate) use self::audit::{AccessAction, AccessAudit, AccessRecord};
pub(crate) use self::scheduler::EarlierOperations;
use self::scheduler::{OperationEnd, OperationWatch, run};
use super::plan::{AccessPlan, AssignmentChange, SetChange, SetChangeKind};
use super::read::InstanceAccess;
use crate::ports::account_access::AccountAccess;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{Principal, RoleAction, RoleOperation};

/// Why applying ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error(transparent)]
    Aws(#[from] AwsError),
    #[error("the audit file cannot be written")]
    Audit(#[from] io::Error),
}

/// Who applies, and where that is recorded.
pub(crate) struct Recording<'a> {
    pub(crate) audit: &'a dyn AccessAudit,
    pub(crate) actor: &'a str,
    /// Gets the number of what is done.
    pub(crate) progress: &'a mut dyn FnMut(usize),
}

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

/// Does everything that the plan contains, and returns what was done and why that was not all.
pub(crate) fn apply(
    plan: &AccessPlan,
    earlier: &EarlierOperations,
    at: InstanceAccess<'_>,
    account_access: Option<&dyn AccountAccess>,
    recording: Recording<'_>,
) -> (AccessOutcome, Result<(), ApplyError>) {
    let waiting = plan.waiting.len() + plan.entitlements.waiting.len();
    let outcome = AccessOutcome { waiting, ..AccessOutcome::default() };
    let arns = plan.set_arns.clone();
    let (names, everywhere, kept) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    let mut applier =
        Applier { at, account_access, earlier, outcome, arns, names, everywhere, kept, recording };
    let end = applier.all(plan);
    let mut outcome = applier.outcome;
    if end.is_err() {
        let of_roles = plan.additions.len() + plan.provisioning.len() + plan.removals.len();
        let all = plan.permission_sets.len() + of_roles + plan.entitlements.requests();
        outcome.left = all.saturating_sub(outcome.done + outcome.failures.len());
    }
    (outcome, end)
}

struct Applier<'a, 'b> {
    at: InstanceAccess<'a>,
    /// `None` if the access file lists no IAM roles.
    account_access: Option<&'a dyn AccountAccess>,
    earlier: &'a EarlierOperations,
    outcome: AccessOutcome,
    /// By name. A permission set that failed is not among them.
    arns: BTreeMap<String, String>,
    /// What each operation is, for people.
    names: BTreeMap<RoleOperation, String>,
    /// In how many accounts the roles of a permission set, by ARN, are being updated at once.
    everywhere: BTreeMap<String, usize>,
    /// ARNs of permission sets that keep an assignment, because its removal failed.
    kept: BTreeSet<String>,
    recording: Recording<'b>,
}

impl Applier<'_, '_> {
    fn all(&mut self, plan: &AccessPlan) -> Result<(), ApplyError> {
        let is_deletion = |change: &&SetChange| change.kind == SetChangeKind::Delete;
        let mut changed = BTreeSet::new();
        for change in plan.permission_sets.iter().filter(|change| !is_deletion(change)) {
            if self.set(change)? && change.changes_roles() {
                changed.insert(change.name.clone());
            }
        }
        self.assignments(&plan.additions, RoleAction::Assign, "assign")?;
        self.entitle(&plan.entitlements)?;
        self.provision(plan, &changed)?;
        self.assignments(&plan.removals, RoleAction::Unassign, "remove")?;
        self.withdraw(&plan.entitlements)?;
        for change in plan.permission_sets.iter().filter(is_deletion) {
            if change.arn.as_ref().is_some_and(|arn| self.kept.contains(arn)) {
                let why = "an assignment of it could not be removed".to_owned();
                self.failed(format!("permission set {}", change.name), why);
            } else {
                self.set(change)?;
            }
        }
        Ok(())
    }

    fn done(&mut self, changes: usize) {
        self.outcome.done += changes;
        (self.recording.progress)(self.outcome.done);
    }

    fn record(
        &self,
        action: AccessAction,
        what: &str,
        arn: Option<&str>,
        account: Option<&str>,
        answer: Result<Option<&str>, &str>,
    ) -> io::Result<()> {
        self.recording.audit.record(&AccessRecord {
            at: self.at.requests.clock().now(),
            actor: self.recording.actor,
            action,
            what,
            permission_set_arn: arn,
            role_arn: None,
            account_id: account,
            request_id: answer.ok().flatten(),
            error: answer.err(),
        })
    }

    fn failed(&mut self, what: String, why: String) {
        let meaning = meaning(&why);
        self.outcome.failures.push(AccessFailure { what, why, meaning });
    }

    /// Creates, changes or deletes a permission set; false if that failed.
    fn set(&mut self, change: &SetChange) -> Result<bool, ApplyError> {
        let what = format!("permission set {}", change.name);
        let action = match change.kind {
            SetChangeKind::Create => AccessAction::CreatePermissionSet,
            SetChangeKind::Update | SetChangeKind::Adopt => AccessAction::ChangePermissionSet,
            SetChangeKind::Delete => AccessAction::DeletePermissionSet,
        };
        match permission_set::write(self.at, change) {
            Ok(arn) => {
                self.record(action, &what, Some(&arn), None, Ok(None))?;
                self.arns.insert(change.name.clone(), arn);
                self.done(1);
                Ok(true)
            }
            Err(error) => {
                let why = error.general()?.to_string();
                self.record(action, &what, change.arn.as_deref(), None, Err(&why))?;
                self.arns.remove(&change.name);
                self.failed(what, why);
                Ok(false)
            }
        }
    }

    fn assignments(
        &mut self,
        changes: &[AssignmentChange],
        action: fn(Principal) -> RoleAction,
        verb: &str,
    ) -> Result<(), ApplyError> {
        let mut operations = Vec::new();
        for change in changes {
            let AssignmentChange { permission_set, account_id, principal, .. } = change;
            let what = format!("{verb} {permission_set} in {account_id}: {principal}");
            match self.arns.get(permission_set).and_then(|arn| change.operation(arn, action)) {
                Some(operation) => {
                    self.names.insert(operation.clone(), what);
                    operations.push(operation);
                }
                None => self.failed(what, format!("the permission set {permission_set} failed")),
            }
        }
        run(self.at, operations, self.earlier, &BTreeSet::new(), self)
    }

    /// Brings roles up to date: those of the plan, and those that lag behind after the changes.
    fn provision(&mut self, plan: &AccessPlan, changed: &BTreeSet<String>) -> Result<(), ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        let planned = plan.provisioning.iter();
        let mut roles: BTreeSet<(String, String)> = planned
            .filter(|role| !changed.contains(&role.permission_set))
            .map(|role| (role.permission_set.clone(), role.account_id.clone()))
            .collect();
        let mut outdated = BTreeSet::new();
        for name in changed {
            let Some(arn) = self.arns.get(name).cloned() else { continue };
            match requests.pages(|cursor| admin.lagging_accounts_of(&arn, cursor)) {
                Ok(lagging) => {
                    let usable: Vec<String> =
                        lagging.iter().filter(|one| plan.is_usable(one)).cloned().collect();
                    if usable.len() > 1 && usable.len() == lagging.len() {
                        self.everywhere.insert(arn.clone(), usable.len());
                    } else {
                        roles.extend(usable.into_iter().map(|account| (name.clone(), account)));
                    }
                }
                Err(error) if is_general(&error) => return Err(error.into()),
                Err(error) => self.failed(format!("update the roles of {name}"), error.to_string()),
            }
            outdated.insert(arn);
        }
        roles.extend(self.provision_everywhere(&outdated)?);
        let mut operations = Vec::new();
        for (name, account) in roles {
            if let Some(set) = self.arns.get(&name).cloned() {
                let what = format!("update the role of {name} in {account}");
                let operation = RoleOperation { set, account, action: RoleAction::Provision };
                self.names.insert(operation.clone(), what);
                operations.push(operation);
            }
        }
        run(self.at, operations, self.earlier, &outdated, self)
    }

    /// Updates all roles of each changed permission set at once. Returns those that still lag behind: AWS gives one
    /// reason for all, and an account that fails is found by itself.
    fn provision_everywhere(
        &mut self,
        outdated: &BTreeSet<String>,
    ) -> Result<Vec<(String, String)>, ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        let operations: Vec<_> = self.everywhere.keys().map(|arn| RoleOperation::everywhere(arn)).collect();
        let names: BTreeMap<String, String> =
            self.arns.iter().map(|(name, arn)| (arn.clone(), name.clone())).collect();
        for operation in &operations {
            let name = names.get(&operation.set).map(String::as_str).unwrap_or_default();
            self.names.insert(operation.clone(), format!("update all roles of {name}"));
        }
        run(self.at, operations, self.earlier, outdated, self)?;
        let mut roles = Vec::new();
        for (arn, count) in std::mem::take(&mut self.everywhere) {
            let name = names.get(&arn).cloned().unwrap_or_default();
            match requests.pages(|cursor| admin.lagging_accounts_of(&arn, cursor)) {
                Ok(lagging) => {
                    self.done(count.saturating_sub(lagging.len()));
                    roles.extend(lagging.into_iter().map(|account| (name.clone(), account)));
                }
                Err(error) if is_general(&error) => return Err(error.into()),
                Err(error) => self.failed(format!("update the roles of {name}"), error.to_string()),
            }
        }
        Ok(roles)
    }

    fn record_operation(
        &self,
        operation: &RoleOperation,
        answer: Result<Option<&str>, &str>,
    ) -> io::Result<()> {
        let action = match operation.action {
            RoleAction::Assign(_) => AccessAction::Assign,
            RoleAction::Unassign(_) => AccessAction::Unassign,
            RoleAction::Provision | RoleAction::ProvisionEverywhere => AccessAction::Provision,
        };
        let what = self.names.get(operation).map(String::as_str).unwrap_or_default();
        self.record(action, what, Some(&operation.set), operation.account_id(), answer)
    }
}

impl OperationWatch for Applier<'_, '_> {
    fn started(&mut self, operation: &RoleOperation, id: &str) -> io::Result<()> {
        self.record_operation(operation, Ok(Some(id)))
    }

    fn ended(&mut self, operation: &RoleOperation, end: OperationEnd) -> io::Result<()> {
        let is_everywhere = operation.action == RoleAction::ProvisionEverywhere;
        match end {
            OperationEnd::Succeeded if is_everywhere => {
                let roles = self.everywhere.remove(&operation.set);
                self.done(roles.unwrap_or_default());
            }
            OperationEnd::Succeeded => self.done(1),
            OperationEnd::Failed(why) => {
                self.record_operation(operation, Err(&why))?;
                if matches!(operation.action, RoleAction::Unassign(_)) {
                    self.kept.insert(operation.set.clone());
                }
                // The roles are updated one by one.
                if !is_everywhere {
                    self.failed(self.names.get(operation).cloned().unwrap_or_default(), why);
                }
            }
        }
        Ok(())
    }
}

/// Returns whether every other request would fail in the same way.
fn is_general(error: &AwsError) -> bool {
    matches!(
        error,
        AwsError::NoCredentials { .. }
            | AwsError::NotAuthenticated { .. }
            | AwsError::Unreachable { .. }
            | AwsError::NotAws { .. }
            | AwsError::Throttled { .. }
    )
}

/// Returns what a reason of AWS usually means. AWS has no codes for these, only texts that go back to IAM's errors.
fn meaning(why: &str) -> Option<&'static str> {
    if why.contains("PoliciesPerRole") {
        return Some("the role has more policies than IAM allows in that account: raise the quota there");
    }
    if why.contains("policy") && (why.contains("404") || why.contains("Not supported")) {
        return Some(
            "a customer managed policy or the boundary is missing in that account: create it there, by that name and path",
        );
    }
    if why.contains("403") {
        return Some(
            "Identity Center may not work in that account: it may be suspended, or a policy denies it",
        );
    }
    None
}
