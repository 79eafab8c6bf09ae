//! Carries out a plan.
//!
//! Additions come first and removals last, so that nobody is without access in between. What fails is reported, and
//! the rest goes on; the next run finds what is left.

mod scheduler;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::scheduler::{OperationEnd, run};
use super::plan::{AccessPlan, AssignmentChange, SetChange, SetChangeKind};
use super::read::InstanceAccess;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{RoleAction, RoleOperation, SetWrite};

/// What was done.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct AccessOutcome {
    /// Changed permission sets and finished operations.
    pub(crate) done: usize,
    pub(crate) failures: Vec<AccessFailure>,
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

/// Does everything that the plan contains. `progress` gets the number of what is done.
pub(crate) fn apply(
    plan: &AccessPlan,
    at: InstanceAccess<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<AccessOutcome, AwsError> {
    let outcome = AccessOutcome { waiting: plan.waiting.len(), ..AccessOutcome::default() };
    let mut applier = Applier { at, outcome, arns: plan.set_arns.clone(), progress };
    let mut changed = BTreeSet::new();
    for change in plan.permission_sets.iter().filter(|change| change.kind != SetChangeKind::Delete) {
        if applier.set(change)? && change.changes_roles() {
            changed.insert(change.name.clone());
        }
    }
    applier.assignments(&plan.additions, RoleAction::Assign, "assign")?;
    applier.provision(plan, &changed)?;
    applier.assignments(&plan.removals, RoleAction::Unassign, "remove")?;
    for change in plan.permission_sets.iter().filter(|change| change.kind == SetChangeKind::Delete) {
        applier.set(change)?;
    }
    Ok(applier.outcome)
}

struct Applier<'a> {
    at: InstanceAccess<'a>,
    outcome: AccessOutcome,
    /// By name. A permission set that failed is not among them.
    arns: BTreeMap<String, String>,
    progress: &'a mut dyn FnMut(usize),
}

impl Applier<'_> {
    fn done(&mut self) {
        self.outcome.done += 1;
        (self.progress)(self.outcome.done);
    }

    fn failed(&mut self, what: String, why: String) {
        let meaning = meaning(&why);
        self.outcome.failures.push(AccessFailure { what, why, meaning });
    }

    /// Creates or changes a permission set; false if that failed.
    fn set(&mut self, change: &SetChange) -> Result<bool, AwsError> {
        match self.write_set(change) {
            Ok(arn) => {
                self.arns.insert(change.name.clone(), arn);
                self.done();
                Ok(true)
            }
            Err(error) if is_general(&error) => Err(error),
            Err(error) => {
                self.arns.remove(&change.name);
                self.failed(format!("permission set {}", change.name), error.to_string());
                Ok(false)
            }
        }
    }

    fn write_set(&self, change: &SetChange) -> Result<String, AwsError> {
        let InstanceAccess { admin, requests } = self.at;
        let arn = match (&change.arn, &change.created_with) {
            (Some(arn), _) => arn.clone(),
            (None, Some((description, tags))) => {
                requests.ask(|| admin.create(&change.name, description, tags))?
            }
            (None, None) => return Err(AwsError::Incomplete { operation: "the plan", member: "ARN" }),
        };
        for write in &change.writes {
            match requests.ask(|| admin.write(&arn, write)) {
                // Somebody else was faster.
                Err(AwsError::NotFound { .. }) if *write == SetWrite::Delete => {}
                result => result?,
            }
        }
        Ok(arn)
    }

    fn assignments(
        &mut self,
        changes: &[AssignmentChange],
        action: fn(crate::ports::sso_admin::access::Principal) -> RoleAction,
        verb: &str,
    ) -> Result<(), AwsError> {
        let mut operations = Vec::new();
        let mut names = BTreeMap::new();
        for change in changes {
            let AssignmentChange { permission_set, account_id, principal, .. } = change;
            let what = format!("{verb} {permission_set} in {account_id}: {principal}");
            let operation = self.arns.get(permission_set).and_then(|arn| change.operation(arn, action));
            match operation {
                Some(operation) => {
                    names.insert(operation.clone(), what);
                    operations.push(operation);
                }
                None => self.failed(what, format!("the permission set {permission_set} failed")),
            }
        }
        self.operations(operations, &names)
    }

    /// Brings roles up to date: those of the plan, and those that lag behind after the changes.
    fn provision(&mut self, plan: &AccessPlan, changed: &BTreeSet<String>) -> Result<(), AwsError> {
        let InstanceAccess { admin, requests } = self.at;
        let planned = plan.provisioning.iter();
        let mut roles: BTreeSet<(String, String)> = planned
            .filter(|role| !changed.contains(&role.permission_set))
            .map(|role| (role.permission_set.clone(), role.account_id.clone()))
            .collect();
        for name in changed {
            let Some(arn) = self.arns.get(name) else { continue };
            let lagging = requests.pages(|cursor| admin.lagging_accounts_of(arn, cursor))?;
            roles.extend(lagging.into_iter().map(|account| (name.clone(), account)));
        }
        let mut names = BTreeMap::new();
        for (name, account) in roles {
            if let Some(arn) = self.arns.get(&name) {
                let what = format!("update the role of {name} in {account}");
                let (set, action) = (arn.clone(), RoleAction::Provision);
                names.insert(RoleOperation { set, account, action }, what);
            }
        }
        self.operations(names.keys().cloned().collect(), &names)
    }

    fn operations(
        &mut self,
        operations: Vec<RoleOperation>,
        names: &BTreeMap<RoleOperation, String>,
    ) -> Result<(), AwsError> {
        let at = self.at;
        run(at, operations, &mut |operation, end| match end {
            OperationEnd::Succeeded => self.done(),
            OperationEnd::Failed(why) => {
                self.failed(names.get(&operation).cloned().unwrap_or_default(), why);
            }
        })
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
