//! What takes its time: assignments are made and removed, and permission sets provisioned, on the simulator's clock.

use std::time::SystemTime;

use super::permission_set::{CustomerPolicy, PermissionSet};
use super::{iam, principal};
use crate::aws_json::{Refusal, Request};
use crate::clock;
use crate::directory::{Directory, PrincipalId};
use crate::organizations::Organization;
use crate::secret;
use crate::settings::Settings;
use crate::switches::{AccountState, SameAccount};

/// Every operation since the start.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    all: Vec<Operation>,
    /// Places in `all`.
    running: Vec<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) work: Work,
    /// Of the permission set, which may be gone by now.
    pub(super) permission_set_arn: String,
    permission_set: String,
    /// Why IAM will refuse the caller, if so.
    refusal: Option<String>,
    pub(super) created: SystemTime,
    ends: SystemTime,
    pub(super) progress: Progress,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Assign { account: String, principal: PrincipalId },
    Unassign { account: String, principal: PrincipalId },
    Provision(Target),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Account(String),
    AllProvisionedAccounts(Vec<String>),
}

/// The three kinds of operations, each with statuses of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Creation,
    Deletion,
    Provisioning,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Running,
    Succeeded,
    /// With the reason.
    Failed(String),
}

impl Work {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Assign { .. } => Kind::Creation,
            Self::Unassign { .. } => Kind::Deletion,
            Self::Provision(_) => Kind::Provisioning,
        }
    }

    /// The accounts whose role it updates.
    pub(super) fn accounts(&self) -> &[String] {
        match self {
            Self::Assign { account, .. }
            | Self::Unassign { account, .. }
            | Self::Provision(Target::Account(account)) => std::slice::from_ref(account),
            Self::Provision(Target::AllProvisionedAccounts(accounts)) => accounts,
        }
    }
}

impl Operations {
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Operation> {
        self.all.iter().filter(move |operation| operation.work.kind() == kind)
    }

    pub(crate) fn running_count(&self) -> usize {
        self.running.len()
    }

    /// Whether anything runs for a permission set.
    pub(super) fn is_busy(&self, permission_set: &str) -> bool {
        self.running.iter().any(|at| self.all[*at].permission_set == permission_set)
    }

    /// Returns when the roles in these accounts are free: one role is updated at a time in an account.
    fn free_at(&self, accounts: &[String], now: SystemTime) -> SystemTime {
        let running = self.running.iter().map(|at| &self.all[*at]);
        let same = running
            .filter(|operation| operation.work.accounts().iter().any(|known| accounts.contains(known)));
        same.map(|operation| operation.ends).fold(now, SystemTime::max)
    }

    /// Whether it undoes what runs: an assignment that is being removed cannot be made
    /// (aws-samples/iam-identity-center-team#513), nor the other way round.
    fn contradicts(&self, work: &Work, permission_set: &str) -> bool {
        let running = self.running.iter().map(|at| &self.all[*at]);
        running.filter(|operation| operation.permission_set == permission_set).any(|operation| {
            match (&operation.work, work) {
                (Work::Assign { account, principal }, Work::Unassign { account: at, principal: of })
                | (Work::Unassign { account, principal }, Work::Assign { account: at, principal: of }) => {
                    account == at && principal == of
                }
                _ => false,
            }
        })
    }

    /// Ends what is due, in the order of the ends.
    pub(crate) fn settle(
        &mut self,
        directory: &mut Directory,
        organization: &Organization,
        settings: &Settings,
        now: SystemTime,
    ) {
        let mut due: Vec<usize> =
            self.running.iter().copied().filter(|at| self.all[*at].ends <= now).collect();
        if due.is_empty() {
            return;
        }
        self.running.retain(|at| !due.contains(at));
        due.sort_by_key(|at| self.all[*at].ends);
        for at in due {
            let operation = &mut self.all[at];
            operation.progress = match finish(operation, directory, organization, settings) {
                Ok(()) => Progress::Succeeded,
                Err(reason) => Progress::Failed(reason),
            };
        }
    }
}

/// Starts an operation, or refuses it where too many are outstanding.
pub(super) fn start(
    request: &mut Request<'_>,
    set: &PermissionSet,
    permission_set_arn: String,
    work: Work,
) -> Result<Operation, Refusal> {
    let settings = &request.sim.settings;
    let operations = &mut request.state.operations;
    if operations.running.len() >= settings.outstanding_operations {
        // The words: aws-samples/aws-iam-identity-center-extensions#87.
        let text = "There are too many requests processing. Please try again later.";
        return Err(Refusal::of("ThrottlingException", text));
    }
    let starts = operations.free_at(work.accounts(), request.now);
    let is_taken = settings.same_account == SameAccount::Conflict && starts > request.now;
    if is_taken || operations.contradicts(&work, &set.name) {
        return Err(Refusal::conflict("There is a conflicting operation in process in the account."));
    }
    let operation = Operation {
        id: secret::uuid(),
        permission_set_arn,
        permission_set: set.name.clone(),
        refusal: iam::refusal(request.caller, &work, settings),
        created: clock::full_second(request.now),
        ends: starts + settings.operation_time,
        progress: Progress::Running,
        work,
    };
    operations.all.push(operation.clone());
    operations.running.push(operations.all.len() - 1);
    Ok(operation)
}

fn finish(
    operation: &Operation,
    directory: &mut Directory,
    organization: &Organization,
    settings: &Settings,
) -> Result<(), String> {
    let set = &operation.permission_set;
    if let Some(refusal) = &operation.refusal {
        return Err(refusal.clone());
    }
    match &operation.work {
        Work::Unassign { account, principal } => directory.unassign(principal.clone(), account, set),
        Work::Assign { account, principal } => {
            check_role(directory, organization, settings, account, set)?;
            if !principal::exists(directory, principal) {
                return Err("Received a 404 status error: the principal was not found.".to_owned());
            }
            directory.provision(account, set);
            directory.assign(principal.clone(), account, set);
        }
        Work::Provision(_) => {
            for account in operation.work.accounts() {
                // cloudposse/terraform-aws-sso#66.
                if directory.provisioned_version(account, set).is_none() {
                    return Err(format!(
                        "Received a 404 status error: Permission set provision not found in AWS account {account}."
                    ));
                }
                check_role(directory, organization, settings, account, set)?;
                directory.provision(account, set);
            }
        }
    }
    Ok(())
}

/// Checks what IAM checks in the account when it makes or changes the role of a permission set.
fn check_role(
    directory: &Directory,
    organization: &Organization,
    settings: &Settings,
    account: &str,
    set: &str,
) -> Result<(), String> {
    if organization.state(account) != AccountState::Active {
        return Err(format!("Received a 403 status error: account {account} is not active."));
    }
    let set = directory
        .permission_set(set)
        .ok_or("Received a 404 status error: the permission set was not found.")?;
    let missing = |name: &String| settings.missing_policies.contains(&(account.to_owned(), name.clone()));
    if let Some(name) = set.policies.customer_managed().map(CustomerPolicy::full_name).find(missing) {
        return Err(format!(
            "Received a 404 status error: Not supported policy arn:aws:iam::{account}:policy{name}."
        ));
    }
    if set.policies.attached() > settings.policies_per_role {
        let quota = settings.policies_per_role;
        return Err(format!("Received a 409 status error: Cannot exceed quota for PoliciesPerRole: {quota}"));
    }
    Ok(())
}
