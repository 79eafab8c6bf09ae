//! What has to change, and what must not happen unasked.

mod blockers;
mod file;
mod make;
mod options;
mod part;
mod sets;
mod wanted;
mod within;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub(crate) use self::blockers::{Allowance, Blocker};
pub(crate) use self::file::{SavedAccessPlan, SavedAccessPlanError};
pub(crate) use self::make::{OUTSTANDING, PlanInput, make};
pub(crate) use self::options::{Acting, PlanOptions};
pub(crate) use self::sets::{SetChange, SetChangeKind, description};
pub(crate) use self::within::{Bound, Excess};
use super::accounts::SelectionError;
use super::entitlements::plan::EntitlementPlan;
use super::read::{AccessReadError, Coverage, GroupError};
use super::settings::AssignPlace;
use crate::only::Selector;
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::{Principal, RoleAction, RoleOperation};

/// The tag that marks a permission set as made from an access file; its value names the file's realm.
pub(crate) const OWNER_TAG: &str = "kcaws:owner";

/// Where the keys of tags begin that only AWS's services set.
pub(crate) const TAGS_OF_AWS: &str = "aws:";

/// Returns the tag's value for a realm: its URL, with what a tag cannot have replaced.
pub(crate) fn owner_tag(realm_url: &str) -> String {
    let is_taken = |letter: char| letter.is_alphanumeric() || " _.:/=+-@".contains(letter);
    realm_url.chars().map(|letter| if is_taken(letter) { letter } else { '_' }).take(256).collect()
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AccessPlanError {
    #[error(transparent)]
    Read(#[from] AccessReadError),
    #[error("{assign}: {source}")]
    Selection { assign: AssignPlace, source: SelectionError },
    #[error("{assign}: {source}")]
    Group { assign: AssignPlace, source: GroupError },
    #[error("permission sets are switched off in this instance, and the access file has some")]
    NoPermissionSets,
    #[error("the account of {role_arn} is not in the organization")]
    ForeignRole { role_arn: String },
    #[error("{set} is `existing` in the access file, and Identity Center has no such permission set")]
    NoSuchSet { set: String },
}

impl AccessPlanError {
    /// Returns the line of the access file that is to be corrected, if it is known.
    pub(crate) fn line(&self) -> Option<usize> {
        match self {
            Self::Selection { assign, .. } | Self::Group { assign, .. } => assign.line,
            _ => None,
        }
    }

    /// Returns a closure for `map_err` that names the `[[assign]]`, unless the realm itself does not answer.
    pub(crate) fn of_group(assign: &AssignPlace) -> impl Fn(GroupError) -> Self + '_ {
        |source| match source {
            GroupError::Keycloak(_) => Self::Read(source.into()),
            _ => Self::Group { assign: assign.clone(), source },
        }
    }
}

impl From<AwsError> for AccessPlanError {
    fn from(error: AwsError) -> Self {
        Self::Read(error.into())
    }
}

impl From<GroupError> for AccessPlanError {
    fn from(error: GroupError) -> Self {
        Self::Read(error.into())
    }
}

/// Everything that `apply` does, in this order but for removals, which come last.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct AccessPlan {
    pub(crate) permission_sets: Vec<SetChange>,
    pub(crate) additions: Vec<AssignmentChange>,
    /// Roles that have an earlier version of their permission set, or will have.
    pub(crate) provisioning: Vec<Provisioning>,
    pub(crate) removals: Vec<AssignmentChange>,
    /// Assignments of groups that are not in Identity Center yet. Until they are, other groups keep the same.
    pub(crate) waiting: Vec<AssignmentChange>,
    /// What is there and not in the file, and stays.
    pub(crate) unlisted: Vec<AssignmentChange>,
    /// Names of permission sets that an earlier version of the file made, and that stay.
    pub(crate) unlisted_sets: Vec<String>,
    /// IAM roles that account access manager assigns.
    pub(crate) entitlements: EntitlementPlan,
    /// Why it is not applied as it is.
    pub(crate) blockers: Vec<Blocker>,
    pub(crate) notes: PlanNotes,
    /// Changes that were not asked for.
    pub(crate) left_out: usize,
    /// Selectors that name nothing in AWS, in the realm or in the access file, such as one with a typo.
    #[serde(skip)]
    pub(crate) unmatched: Vec<Selector>,
    pub(crate) cost: PlanCost,
    /// ARNs of the permission sets that are there, by name.
    #[serde(skip)]
    pub(crate) set_arns: BTreeMap<String, String>,
}

/// An assignment, with the names that people know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct AssignmentChange {
    pub(crate) permission_set: String,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
    /// As the access file writes it; else the ID of the principal.
    pub(crate) principal: String,
    /// `None` while the group is not in Identity Center. One that a sync creates first is an addition all the same.
    #[serde(skip)]
    pub(crate) of: Option<Principal>,
    /// The ID in the realm of a group that a sync creates first.
    #[serde(skip)]
    pub(crate) planned: Option<String>,
    /// Whether the role in the account goes with it, and its ARN for ever.
    pub(crate) removes_role: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Provisioning {
    pub(crate) permission_set: String,
    pub(crate) account_id: String,
    pub(crate) account_name: String,
}

/// What a reader of the plan should know beside the changes.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PlanNotes {
    /// How many accounts each pattern selects.
    pub(crate) selected: BTreeMap<String, usize>,
    /// Accounts that are left out, with their states.
    pub(crate) unusable_accounts: BTreeMap<String, String>,
    /// Accounts with assignments that Organizations does not name as active: nothing is removed there.
    pub(crate) untouched_accounts: BTreeSet<String>,
    pub(crate) without_management_account: bool,
    /// Permission sets with more policies than IAM takes by default.
    pub(crate) many_policies: BTreeMap<String, usize>,
    /// Assignments of single users and of deleted groups were not read.
    pub(crate) groups_only: bool,
    /// The instance has account access manager only.
    pub(crate) permission_sets_off: bool,
    /// Permission sets of the file that are as it says, and not owned.
    pub(crate) not_owned: BTreeSet<String>,
}

/// What reading took, and what applying will take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PlanCost {
    pub(crate) requests_read: u64,
    pub(crate) requests_to_apply: usize,
    /// With five seconds for each change of a role.
    pub(crate) seconds_to_apply: u64,
}

impl AccessPlan {
    pub(crate) fn is_empty(&self) -> bool {
        self.permission_sets.is_empty()
            && self.additions.is_empty()
            && self.provisioning.is_empty()
            && self.removals.is_empty()
            && self.waiting.is_empty()
            && self.entitlements.is_empty()
    }

    /// Returns whether AWS changes roles in the account.
    pub(crate) fn is_usable(&self, account: &str) -> bool {
        !self.notes.unusable_accounts.contains_key(account)
    }
}

impl AssignmentChange {
    /// Returns the operation; `None` while the group is not in Identity Center.
    pub(crate) fn operation(
        &self,
        set: &str,
        action: impl FnOnce(Principal) -> RoleAction,
    ) -> Option<RoleOperation> {
        let action = action(self.of.clone()?);
        Some(RoleOperation { set: set.to_owned(), account: self.account_id.clone(), action })
    }
}

impl PlanNotes {
    fn covers(&mut self, coverage: Coverage) {
        self.groups_only = coverage == Coverage::GroupsOnly;
    }
}
