//! Why a plan is not applied as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::options::{Acting, PlanOptions};
use super::{AccessPlan, AssignmentChange};
use crate::access::entitlements::name_of;

/// What is only done if it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Allowance {
    /// Removing the last assignment of a permission set in an account, which destroys the role.
    RoleRemoval,
    /// Removing the access by which kcaws itself is running.
    OwnAccess,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub(crate) enum Blocker {
    /// The permission set differs from the file, and was made by somebody else.
    NotOwned {
        permission_set: String,
    },
    /// It belongs to another access file.
    OtherOwner {
        permission_set: String,
        owner: String,
    },
    RoleRemoval {
        permission_set: String,
        account_id: String,
        account_name: String,
    },
    OwnAccess {
        permission_set: String,
        account_id: String,
    },
    /// The same by account access manager.
    OwnRole {
        role_arn: String,
    },
    TooManyRemovals {
        removals: usize,
        most: usize,
        all: usize,
    },
    /// A delegated administrator may not change access to the management account.
    ManagementAccount {
        permission_set: String,
        account_id: String,
    },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwned { permission_set } => {
                write!(f, "{permission_set} was not made from this file, and differs from it")
            }
            Self::OtherOwner { permission_set, owner } => {
                write!(f, "{permission_set} belongs to the access file of {owner}, and differs from this one")
            }
            Self::RoleRemoval { permission_set, account_id, account_name } => write!(
                f,
                "the role of {permission_set} in {account_id} ({account_name}) would be destroyed with its ARN"
            ),
            Self::OwnAccess { permission_set, account_id } => {
                write!(f, "you are using {permission_set} in {account_id}, which would be removed")
            }
            Self::OwnRole { role_arn } => {
                write!(f, "you are using {role_arn}, an assignment of which would be removed")
            }
            Self::TooManyRemovals { removals, most, all } => {
                write!(f, "{removals} of {all} assignments would be removed; {most} are allowed")
            }
            Self::ManagementAccount { permission_set, account_id } => write!(
                f,
                "{permission_set} has to change in the management account {account_id}, which a delegated administrator may not do"
            ),
        }
    }
}

impl Blocker {
    /// Returns what would let it pass; `None` if nothing does.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::NotOwned { .. } => "--adopt takes it over; `existing = true` leaves it as it is",
            Self::OtherOwner { .. } => "change it there, or set `existing = true` here",
            Self::RoleRemoval { .. } => {
                "keep an assignment, or pass --allow role-removal: policies of keys, buckets and clusters that name the role stop working"
            }
            Self::OwnAccess { .. } | Self::OwnRole { .. } => {
                "use other credentials, or pass --allow own-access"
            }
            Self::TooManyRemovals { .. } => "pass --max-removals if that is right",
            Self::ManagementAccount { .. } => {
                "use credentials of the management account, and a permission set of its own there"
            }
        }
    }
}

/// Returns what keeps the assignments of the plan from being applied.
pub(super) fn of_assignments(
    plan: &AccessPlan,
    existing: usize,
    acting: &Acting,
    options: &PlanOptions,
) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    let most = options.max_removals.of(existing);
    let removals = plan.removals.len() + plan.entitlements.removals.len();
    if removals > most {
        blockers.push(Blocker::TooManyRemovals { removals, most, all: existing });
    }
    if !options.allowed.contains(&Allowance::RoleRemoval) {
        let pairs: BTreeMap<_, _> = plan
            .removals
            .iter()
            .filter(|removal| removal.removes_role)
            .map(|removal| ((&removal.permission_set, &removal.account_id), &removal.account_name))
            .collect();
        blockers.extend(pairs.into_iter().map(|((set, account), name)| Blocker::RoleRemoval {
            permission_set: set.clone(),
            account_id: account.clone(),
            account_name: name.clone(),
        }));
    }
    if !options.allowed.contains(&Allowance::OwnAccess) {
        let is_own = |removal: &&AssignmentChange| {
            removal.account_id == acting.account
                && acting.permission_set.as_ref() == Some(&removal.permission_set)
        };
        blockers.extend(plan.removals.iter().find(is_own).map(|removal| Blocker::OwnAccess {
            permission_set: removal.permission_set.clone(),
            account_id: removal.account_id.clone(),
        }));
        blockers.extend(of_own_role(plan, acting));
    }
    if acting.is_delegate {
        blockers.extend(of_delegate(plan, acting));
    }
    blockers
}

/// STS leaves the path of a role out: one of the same name in the account is taken for the caller's.
fn of_own_role(plan: &AccessPlan, acting: &Acting) -> Option<Blocker> {
    let mut removals = plan.entitlements.removals.iter();
    let own = removals.find(|removal| {
        removal.account_id == acting.account && acting.role.as_deref() == Some(name_of(&removal.role_arn))
    });
    own.map(|removal| Blocker::OwnRole { role_arn: removal.role_arn.clone() })
}

/// AWS would refuse these, in the middle of applying.
fn of_delegate(plan: &AccessPlan, acting: &Acting) -> impl Iterator<Item = Blocker> {
    let assignments = plan.additions.iter().chain(&plan.removals);
    let assignments = assignments.map(|change| (&change.permission_set, &change.account_id));
    let roles = plan.provisioning.iter().map(|role| (&role.permission_set, &role.account_id));
    let refused: BTreeSet<&String> = assignments
        .chain(roles)
        .filter(|(_, account)| **account == acting.management)
        .map(|(set, _)| set)
        .collect();
    refused.into_iter().map(|set| Blocker::ManagementAccount {
        permission_set: set.clone(),
        account_id: acting.management.clone(),
    })
}
