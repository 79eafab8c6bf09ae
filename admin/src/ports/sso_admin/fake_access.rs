//! An instance in memory, whose operations take their time on a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kcaws::ports::clock::Clock;

use super::access::{
    AccessAdmin, Assignment, BoundaryPolicy, CreatedSet, OperationKind, OperationStatus, PolicyReference,
    Principal, Progress, RoleAction, RoleOperation, SetDescription, SetReceipt, SetWrite,
};
use crate::ports::aws_call::{AwsError, AwsPage};

const PAGE: usize = 100;

pub(crate) struct FakeAccessAdmin {
    clock: Arc<dyn Clock>,
    state: Mutex<FakeAccess>,
}

/// What is in the instance. Tests write to it directly.
pub(crate) struct FakeAccess {
    /// By ARN.
    pub(crate) sets: BTreeMap<String, FakeSet>,
    pub(crate) assignments: BTreeSet<Assignment>,
    /// The version of the set that the role in an account has.
    pub(crate) roles: BTreeMap<(String, String), u32>,
    pub(crate) operations: Vec<FakeOperation>,
    pub(crate) operation_time: Duration,
    pub(crate) most_outstanding: usize,
    /// Why operations in an account fail.
    pub(crate) broken_accounts: BTreeMap<String, String>,
    /// Whether assignments can be listed by principal.
    pub(crate) lists_by_principal: bool,
    /// The next requests of an operation are refused because of a conflict.
    pub(crate) conflicts: BTreeMap<&'static str, usize>,
    /// Requests by operation.
    pub(crate) requests: BTreeMap<&'static str, usize>,
    pub(crate) refused: usize,
    /// Operations in one account at one time, at the most.
    pub(crate) most_in_account: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct FakeSet {
    pub(crate) name: String,
    pub(crate) description: SetDescription,
    pub(crate) managed: BTreeSet<String>,
    pub(crate) customer: BTreeSet<PolicyReference>,
    pub(crate) inline: Option<String>,
    pub(crate) boundary: Option<BoundaryPolicy>,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) version: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct FakeOperation {
    pub(crate) operation: RoleOperation,
    pub(crate) ends: Duration,
    pub(crate) progress: Progress,
}

impl FakeAccessAdmin {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let state = FakeAccess {
            sets: BTreeMap::new(),
            assignments: BTreeSet::new(),
            roles: BTreeMap::new(),
            operations: Vec::new(),
            operation_time: Duration::from_secs(5),
            most_outstanding: 10,
            broken_accounts: BTreeMap::new(),
            lists_by_principal: true,
            conflicts: BTreeMap::new(),
            requests: BTreeMap::new(),
            refused: 0,
            most_in_account: 0,
        };
        Self { clock, state: Mutex::new(state) }
    }

    /// Returns the instance, to look at it or to change it.
    pub(crate) fn state(&self) -> MutexGuard<'_, FakeAccess> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.settle(self.clock.elapsed());
        state
    }

    fn ask(&self, operation: &'static str) -> Result<MutexGuard<'_, FakeAccess>, AwsError> {
        let mut state = self.state();
        *state.requests.entry(operation).or_default() += 1;
        if let Some(left) = state.conflicts.get_mut(operation).filter(|left| **left > 0) {
            *left -= 1;
            state.refused += 1;
            return Err(AwsError::Conflict { operation, message: "not spread yet".to_owned() });
        }
        Ok(state)
    }
}

impl FakeAccess {
    /// Adds a permission set and returns its ARN.
    pub(crate) fn add_set(&mut self, name: &str, tags: &[(&str, &str)]) -> String {
        let arn = format!("arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-{:016}", self.sets.len());
        let description = SetDescription { session: Some("PT1H".to_owned()), ..SetDescription::default() };
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let set = FakeSet { name: name.to_owned(), description, tags, ..FakeSet::default() };
        self.sets.insert(arn.clone(), set);
        arn
    }

    pub(crate) fn assign(&mut self, set: &str, account: &str, principal: Principal) {
        let version = self.sets.get(set).map(|set| set.version).unwrap_or_default();
        self.roles.entry((set.to_owned(), account.to_owned())).or_insert(version);
        let (set, account) = (set.to_owned(), account.to_owned());
        self.assignments.insert(Assignment { set, account, principal });
    }

    pub(crate) fn asked(&self) -> usize {
        self.requests.values().sum()
    }

    fn running(&self) -> impl Iterator<Item = &FakeOperation> {
        self.operations.iter().filter(|operation| operation.progress == Progress::Running)
    }

    fn settle(&mut self, now: Duration) {
        for at in 0..self.operations.len() {
            let operation = &self.operations[at];
            if operation.progress != Progress::Running || operation.ends > now {
                continue;
            }
            let broken = match operation.operation.account_id() {
                Some(account) => self.broken_accounts.get(account),
                None => self.broken_accounts.values().next(),
            };
            let progress = if let Some(reason) = broken {
                Progress::Failed(reason.clone())
            } else {
                self.finish(&self.operations[at].operation.clone());
                Progress::Succeeded
            };
            self.operations[at].progress = progress;
        }
    }

    fn finish(&mut self, operation: &RoleOperation) {
        let RoleOperation { set, account, action } = operation;
        let role = (set.clone(), account.clone());
        let version = self.sets.get(set).map(|set| set.version).unwrap_or_default();
        let assignment = |principal: &Principal| Assignment {
            set: set.clone(),
            account: account.clone(),
            principal: principal.clone(),
        };
        match action {
            RoleAction::Assign(principal) => {
                self.roles.insert(role, version);
                self.assignments.insert(assignment(principal));
            }
            RoleAction::Unassign(principal) => {
                self.assignments.remove(&assignment(principal));
                if !self.assignments.iter().any(|one| one.set == *set && one.account == *account) {
                    self.roles.remove(&role);
                }
            }
            RoleAction::Provision => {
                self.roles.insert(role, version);
            }
            RoleAction::ProvisionEverywhere => {
                let roles = self.roles.iter_mut().filter(|((known, _), _)| known == set);
                roles.for_each(|(_, known)| *known = version);
            }
        }
    }

    fn receipt(&self) -> SetReceipt {
        SetReceipt { request_id: Some(format!("req-{}", self.asked())) }
    }

    fn set(&mut self, operation: &'static str, arn: &str) -> Result<&mut FakeSet, AwsError> {
        let message = "Permission set not found".to_owned();
        self.sets.get_mut(arn).ok_or(AwsError::NotFound { operation, message })
    }
}

/// Returns a page of a list; the cursor is the place of its first item.
fn page<T>(operation: &'static str, items: impl Iterator<Item = T>, cursor: Option<&str>) -> AwsPage<T> {
    let first = cursor.map_or(0, |cursor| cursor.parse().expect("our own cursor"));
    let mut items: Vec<T> = items.skip(first).take(PAGE + 1).collect();
    let next = (items.len() > PAGE).then(|| (first + PAGE).to_string());
    items.truncate(PAGE);
    AwsPage { items, next, operation }
}

impl AccessAdmin for FakeAccessAdmin {
    fn permission_sets(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListPermissionSets";
        Ok(page(operation, self.ask(operation)?.sets.keys().cloned(), cursor))
    }

    fn permission_set(&self, set: &str) -> Result<(String, SetDescription), AwsError> {
        let operation = "DescribePermissionSet";
        let mut state = self.ask(operation)?;
        let set = state.set(operation, set)?;
        Ok((set.name.clone(), set.description.clone()))
    }

    fn managed_policies(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListManagedPoliciesInPermissionSet";
        Ok(page(operation, self.ask(operation)?.set(operation, set)?.managed.iter().cloned(), cursor))
    }

    fn customer_policies(
        &self,
        set: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<PolicyReference>, AwsError> {
        let operation = "ListCustomerManagedPolicyReferencesInPermissionSet";
        Ok(page(operation, self.ask(operation)?.set(operation, set)?.customer.iter().cloned(), cursor))
    }

    fn inline_policy(&self, set: &str) -> Result<Option<String>, AwsError> {
        let operation = "GetInlinePolicyForPermissionSet";
        Ok(self.ask(operation)?.set(operation, set)?.inline.clone())
    }

    fn boundary(&self, set: &str) -> Result<Option<BoundaryPolicy>, AwsError> {
        let operation = "GetPermissionsBoundaryForPermissionSet";
        Ok(self.ask(operation)?.set(operation, set)?.boundary.clone())
    }

    fn set_tags(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError> {
        let operation = "ListTagsForResource";
        Ok(page(operation, self.ask(operation)?.set(operation, set)?.tags.clone().into_iter(), cursor))
    }

    fn accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListAccountsForProvisionedPermissionSet";
        let state = self.ask(operation)?;
        let roles = state.roles.keys().filter(|(known, _)| known == set);
        Ok(page(operation, roles.map(|(_, account)| account.clone()), cursor))
    }

    fn lagging_accounts_of(&self, set: &str, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListAccountsForProvisionedPermissionSet";
        let mut state = self.ask(operation)?;
        let latest = state.set(operation, set)?.version;
        let roles = state.roles.iter().filter(|((known, _), version)| known == set && **version < latest);
        Ok(page(operation, roles.map(|((_, account), _)| account.clone()), cursor))
    }

    fn assignments_in(
        &self,
        set: &str,
        account: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Assignment>, AwsError> {
        let operation = "ListAccountAssignments";
        let state = self.ask(operation)?;
        let here = state.assignments.iter().filter(|one| one.set == set && one.account == account);
        Ok(page(operation, here.cloned(), cursor))
    }

    fn assignments_of(&self, of: &Principal, cursor: Option<&str>) -> Result<AwsPage<Assignment>, AwsError> {
        let operation = "ListAccountAssignmentsForPrincipal";
        let state = self.ask(operation)?;
        if !state.lists_by_principal {
            let message = "This action must be called from the management account.".to_owned();
            return Err(AwsError::Denied { operation, message });
        }
        Ok(page(operation, state.assignments.iter().filter(|one| one.principal == *of).cloned(), cursor))
    }

    fn create(
        &self,
        name: &str,
        description: &SetDescription,
        tags: &BTreeMap<String, String>,
    ) -> Result<CreatedSet, AwsError> {
        let operation = "CreatePermissionSet";
        let mut state = self.ask(operation)?;
        if state.sets.values().any(|set| set.name == name) {
            let message = format!("{name} exists");
            return Err(AwsError::Conflict { operation, message });
        }
        let arn = state.add_set(name, &[]);
        let set = state.set(operation, &arn)?;
        (set.description, set.tags) = (description.clone(), tags.clone());
        Ok(CreatedSet { arn, receipt: state.receipt() })
    }

    fn write(&self, set: &str, write: &SetWrite) -> Result<SetReceipt, AwsError> {
        let operation = "UpdatePermissionSet";
        let mut state = self.ask(operation)?;
        if *write == SetWrite::Delete {
            if state.roles.keys().any(|(known, _)| known == set) {
                let message = "the permission set is in use".to_owned();
                return Err(AwsError::Conflict { operation, message });
            }
            state.sets.remove(set);
            return Ok(state.receipt());
        }
        let receipt = state.receipt();
        let set = state.set(operation, set)?;
        let is_of_role = !matches!(write, SetWrite::Tag(_) | SetWrite::Untag(_));
        set.version += u32::from(is_of_role);
        match write.clone() {
            SetWrite::Describe(description) => set.description = description,
            SetWrite::AttachManaged(arn) => drop(set.managed.insert(arn)),
            SetWrite::DetachManaged(arn) => drop(set.managed.remove(&arn)),
            SetWrite::AttachCustomer(policy) => drop(set.customer.insert(policy)),
            SetWrite::DetachCustomer(policy) => drop(set.customer.remove(&policy)),
            SetWrite::PutInline(text) => set.inline = Some(text),
            SetWrite::DeleteInline => set.inline = None,
            SetWrite::PutBoundary(boundary) => set.boundary = Some(boundary),
            SetWrite::DeleteBoundary => set.boundary = None,
            SetWrite::Tag(tags) => set.tags.extend(tags),
            SetWrite::Untag(keys) => set.tags.retain(|key, _| !keys.contains(key)),
            SetWrite::Delete => {}
        }
        Ok(receipt)
    }

    fn start(&self, operation: &RoleOperation) -> Result<OperationStatus, AwsError> {
        let name = match operation.action.kind() {
            OperationKind::Creation => "CreateAccountAssignment",
            OperationKind::Deletion => "DeleteAccountAssignment",
            OperationKind::Provisioning => "ProvisionPermissionSet",
        };
        let mut state = self.ask(name)?;
        if state.running().count() >= state.most_outstanding {
            state.refused += 1;
            return Err(AwsError::Throttled { operation: name, retry_after: None });
        }
        let within = state.running().filter(|one| one.operation.account == operation.account);
        state.most_in_account = state.most_in_account.max(within.count() + 1);
        let ends = self.clock.elapsed() + state.operation_time;
        let operation = operation.clone();
        state.operations.push(FakeOperation {
            operation: operation.clone(),
            ends,
            progress: Progress::Running,
        });
        let id = (state.operations.len() - 1).to_string();
        Ok(OperationStatus { id, progress: Progress::Running, operation })
    }

    fn running(&self, kind: OperationKind, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListAccountAssignmentCreationStatus";
        let state = self.ask(operation)?;
        let all = state.operations.iter().enumerate();
        let running =
            all.filter(|(_, one)| one.progress == Progress::Running && one.operation.action.kind() == kind);
        Ok(page(operation, running.map(|(at, _)| at.to_string()), cursor))
    }

    fn status(&self, kind: OperationKind, id: &str) -> Result<OperationStatus, AwsError> {
        let operation = "DescribeAccountAssignmentCreationStatus";
        let state = self.ask(operation)?;
        let found = id.parse().ok().and_then(|at: usize| state.operations.get(at));
        let found = found.filter(|found| found.operation.action.kind() == kind);
        let message = "no such request".to_owned();
        let found = found.ok_or(AwsError::NotFound { operation, message })?;
        let (progress, operation) = (found.progress.clone(), found.operation.clone());
        Ok(OperationStatus { id: id.to_owned(), progress, operation })
    }
}
