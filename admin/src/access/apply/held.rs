//! Removals that wait: what was to replace the access is missing.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::{REMOVE, described};
use super::{AccessApplier, ApplyError};
use crate::access::entitlements::plan::EntitlementChange;
use crate::access::plan::AssignmentChange;
use crate::access::read::{Pairs, exactly};
use crate::ports::sso_admin::access::{Principal, RoleAction};

const NOT_REPLACED: &str = "what replaces it could not be assigned: it stays until then";
const NOT_COMPLETE: &str =
    "a group that has the same is without some of its new members: it stays until then";
const LOST_ROLE: &str = "it is the last one there, and the role with its ARN would go with it: what was to keep the role is missing";

/// Why the removals of a permission set in an account wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The role would go with the last assignment, although that is not what was planned.
    LostRole,
    /// A group that has the same is without some of its new members.
    NotComplete,
}

impl Wait {
    fn text(self) -> &'static str {
        match self {
            Self::LostRole => LOST_ROLE,
            Self::NotComplete => NOT_COMPLETE,
        }
    }
}

/// A permission set or an IAM role that a group or user should have got, and did not.
pub(super) struct Missing {
    account_id: String,
    /// The name of the permission set, or the ARN of the role.
    grants: String,
    of: Option<Principal>,
}

impl Missing {
    pub(super) fn assignment(change: &AssignmentChange) -> Self {
        let AssignmentChange { account_id, permission_set, of, .. } = change;
        Self { account_id: account_id.clone(), grants: permission_set.clone(), of: of.clone() }
    }

    pub(super) fn entitlement(change: &EntitlementChange) -> Self {
        let EntitlementChange { account_id, role_arn, of, .. } = change;
        Self { account_id: account_id.clone(), grants: role_arn.clone(), of: of.clone() }
    }

    /// Returns whether this was to replace another one in its account: it grants the same, or has the same principal.
    fn replaces(&self, other: &Self) -> bool {
        self.account_id == other.account_id
            && (self.grants == other.grants || (self.of.is_some() && self.of == other.of))
    }
}

impl AccessApplier<'_, '_> {
    /// Returns the removals that are made, and reports the others.
    pub(super) fn without_held(&mut self) -> Result<Vec<AssignmentChange>, ApplyError> {
        let plan = self.plan;
        let missing = plan.additions.iter().filter(|change| !self.is_made(change)).map(Missing::assignment);
        let missing: Vec<Missing> = missing.collect();
        self.missing.extend(missing);
        let held = self.held_pairs()?;
        let mut made = Vec::new();
        for removal in &plan.removals {
            let why = match self.pair(removal).and_then(|pair| held.get(&pair)) {
                _ if self.is_missed(&Missing::assignment(removal)) => NOT_REPLACED,
                Some(wait) if *wait != Wait::LostRole || !removal.removes_role => wait.text(),
                _ => {
                    made.push(removal.clone());
                    continue;
                }
            };
            self.kept.extend(self.arns.get(&removal.permission_set).cloned());
            self.failed(described(removal, REMOVE), why.to_owned());
        }
        Ok(made)
    }

    /// Returns why a removal of the assignment of an IAM role waits.
    pub(super) fn held_role(&self, removal: &EntitlementChange) -> Option<&'static str> {
        self.is_missed(&Missing::entitlement(removal)).then_some(NOT_REPLACED)
    }

    fn is_missed(&self, removal: &Missing) -> bool {
        self.missing.iter().any(|missing| missing.replaces(removal))
    }

    /// Returns whether there is an assignment by now, of a group that has all of its members.
    fn is_made(&self, change: &AssignmentChange) -> bool {
        let operation =
            self.arns.get(&change.permission_set).and_then(|arn| change.operation(arn, RoleAction::Assign));
        operation.is_some_and(|operation| self.made.contains(&operation))
            && !change.of.as_ref().is_some_and(|of| self.is_incomplete(of))
    }

    pub(super) fn is_incomplete(&self, principal: &Principal) -> bool {
        matches!(principal, Principal::Group(id) if self.incomplete.contains(id))
    }

    /// Returns the ARN of the permission set and the account of an assignment.
    fn pair(&self, change: &AssignmentChange) -> Option<(String, String)> {
        Some((self.arns.get(&change.permission_set)?.clone(), change.account_id.clone()))
    }

    /// Returns the permission sets and accounts in which removals wait: those that would take the last assignment,
    /// although that is not what was planned, and those of groups that are incomplete.
    fn held_pairs(&self) -> Result<BTreeMap<(String, String), Wait>, ApplyError> {
        let added: Pairs =
            self.made.iter().map(|operation| (operation.set.clone(), operation.account.clone())).collect();
        let is_in_question = |removal: &&AssignmentChange, pair: &(String, String)| {
            !self.incomplete.is_empty() || !(removal.removes_role || added.contains(pair))
        };
        let of_removals =
            self.plan.removals.iter().filter_map(|removal| Some((removal, self.pair(removal)?)));
        let pairs = of_removals.filter(|(removal, pair)| is_in_question(removal, pair)).map(|(_, pair)| pair);
        let before = exactly(self.at, &pairs.collect())?;
        let mut left = before.clone();
        for removal in &self.plan.removals {
            if let (Some(there), Some(of)) =
                (self.pair(removal).and_then(|pair| left.get_mut(&pair)), &removal.of)
            {
                there.remove(of);
            }
        }
        let why = |(pair, left): (&(String, String), &BTreeSet<Principal>)| {
            // Where nobody is left already, nothing is lost.
            if left.is_empty() && !before[pair].is_empty() {
                return Some((pair.clone(), Wait::LostRole));
            }
            left.iter().any(|of| self.is_incomplete(of)).then(|| (pair.clone(), Wait::NotComplete))
        };
        Ok(left.iter().filter_map(why).collect())
    }
}
