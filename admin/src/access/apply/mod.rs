//! Carries out a plan.
//!
//! Additions come first and removals last, so that nobody is without access in between. What fails is reported, and
//! the rest goes on; the next run finds what is left.

mod audit;
mod entitlements;
mod held;
mod outcome;
mod permission_set;
mod reasons;
mod scheduler;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

pub(crate) use self::audit::{AccessAction, AccessAudit, AccessRecord};
use self::held::Missing;
use self::outcome::{ASSIGN, REMOVE, described, described_role};
pub(crate) use self::outcome::{AccessFailure, AccessOutcome};
use self::permission_set::AnsweredWrite;
use self::reasons::{is_general, meaning};
pub(crate) use self::scheduler::EarlierOperations;
use self::scheduler::{OperationEnd, OperationWatch, run};
use super::entitlements::plan::EntitlementChange;
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

/// Does everything that the plan contains, and returns what was done and why that was not all.
pub(crate) fn apply(
    plan: &AccessPlan,
    earlier: &EarlierOperations,
    at: InstanceAccess<'_>,
    account_access: Option<&dyn AccountAccess>,
    recording: Recording<'_>,
) -> (AccessOutcome, Result<(), ApplyError>) {
    let mut applier = AccessApplier::new(plan, earlier, at, account_access, recording);
    let end = applier.additions().and_then(|()| applier.removals()).and_then(|()| applier.deletions());
    (applier.end(end.is_ok()), end)
}

/// A plan being applied: [`AccessApplier::additions`], [`AccessApplier::removals`] and [`AccessApplier::deletions`], in
/// this order, until one of them fails.
pub(crate) struct AccessApplier<'a, 'b> {
    plan: &'a AccessPlan,
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
    /// Assignments that there are by now.
    made: BTreeSet<RoleOperation>,
    /// What could not be assigned.
    missing: Vec<Missing>,
    /// Groups, by ID, without some of their new members.
    incomplete: BTreeSet<String>,
    /// How many failures are about groups that there are not: no change of this plan.
    without_group: usize,
    recording: Recording<'b>,
}

impl<'a, 'b> AccessApplier<'a, 'b> {
    pub(crate) fn new(
        plan: &'a AccessPlan,
        earlier: &'a EarlierOperations,
        at: InstanceAccess<'a>,
        account_access: Option<&'a dyn AccountAccess>,
        recording: Recording<'b>,
    ) -> Self {
        let waiting = plan.waiting.len() + plan.entitlements.waiting.len();
        Self {
            plan,
            at,
            account_access,
            earlier,
            outcome: AccessOutcome { waiting, ..AccessOutcome::default() },
            arns: plan.set_arns.clone(),
            names: BTreeMap::new(),
            everywhere: BTreeMap::new(),
            kept: BTreeSet::new(),
            made: BTreeSet::new(),
            missing: Vec::new(),
            incomplete: BTreeSet::new(),
            without_group: 0,
            recording,
        }
    }

    /// Takes over what the sync before it did not bring about: assignments whose groups were not created or taken over,
    /// and groups, by ID, without some of their new members.
    pub(crate) fn after_sync(
        &mut self,
        without_group: &[AssignmentChange],
        roles_without_group: &[EntitlementChange],
        incomplete: BTreeSet<String>,
    ) {
        let why = |group: &str| format!("the group {group} was not created or taken over");
        for change in without_group {
            self.failed(described(change, ASSIGN), why(&change.principal));
        }
        for change in roles_without_group {
            self.failed(described_role(change, ASSIGN), why(&change.principal));
        }
        self.incomplete = incomplete;
        self.without_group = self.outcome.failures.len();
    }

    /// Creates and changes permission sets, adds assignments, and brings roles up to date.
    pub(crate) fn additions(&mut self) -> Result<(), ApplyError> {
        let plan = self.plan;
        let mut changed = BTreeSet::new();
        for change in plan.permission_sets.iter().filter(|change| !is_deletion(change)) {
            if self.set(change)? && change.changes_roles() {
                changed.insert(change.name.clone());
            }
        }
        self.assignments(&plan.additions, RoleAction::Assign, ASSIGN)?;
        self.entitle(&plan.entitlements)?;
        self.provision(&changed)
    }

    /// Removes assignments, but for those that wait for what was to replace them.
    pub(crate) fn removals(&mut self) -> Result<(), ApplyError> {
        let removals = self.without_held()?;
        self.assignments(&removals, RoleAction::Unassign, REMOVE)?;
        self.withdraw(&self.plan.entitlements)
    }

    /// Deletes permission sets.
    pub(crate) fn deletions(&mut self) -> Result<(), ApplyError> {
        for change in self.plan.permission_sets.iter().filter(|change| is_deletion(change)) {
            if change.arn.as_ref().is_some_and(|arn| self.kept.contains(arn)) {
                let why = "an assignment of it could not be removed".to_owned();
                self.failed(format!("permission set {}", change.name), why);
            } else {
                self.set(change)?;
            }
        }
        Ok(())
    }

    pub(crate) fn end(self, is_whole: bool) -> AccessOutcome {
        let (plan, mut outcome) = (self.plan, self.outcome);
        if !is_whole {
            let of_roles = plan.additions.len() + plan.provisioning.len() + plan.removals.len();
            let all = plan.permission_sets.len() + of_roles + plan.entitlements.requests();
            outcome.left = all.saturating_sub(outcome.done + outcome.failures.len() - self.without_group);
        }
        outcome
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
        let mut record = |write: &AnsweredWrite<'_>| {
            self.record(write.action, &write.what, Some(write.arn), None, Ok(write.request_id))
        };
        match permission_set::write(self.at, change, &mut record) {
            Ok(arn) => {
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
            let permission_set = &change.permission_set;
            let what = described(change, verb);
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
    fn provision(&mut self, changed: &BTreeSet<String>) -> Result<(), ApplyError> {
        let InstanceAccess { admin, requests } = self.at;
        let plan = self.plan;
        let planned = plan.provisioning.iter();
        let mut roles: BTreeSet<(String, String)> = planned
            .filter(|role| !changed.contains(&role.permission_set))
            .map(|role| (role.permission_set.clone(), role.account_id.clone()))
            .collect();
        let mut outdated = BTreeSet::new();
        for name in changed {
            let Some(arn) = self.arns.get(name).cloned() else { continue };
            match requests.settled_pages(|cursor| admin.lagging_accounts_of(&arn, cursor)) {
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
            match requests.settled_pages(|cursor| admin.lagging_accounts_of(&arn, cursor)) {
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

impl OperationWatch for AccessApplier<'_, '_> {
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
            OperationEnd::Succeeded => {
                if matches!(operation.action, RoleAction::Assign(_)) {
                    self.made.insert(operation.clone());
                }
                self.done(1);
            }
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

fn is_deletion(change: &SetChange) -> bool {
    change.kind == SetChangeKind::Delete
}
