//! Holds a plan that was made again to the one that was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{AccessPlan, AssignmentChange, SetChange};
use crate::access::entitlements::plan::EntitlementChange;
use crate::ports::sso_admin::access::Principal;

/// A plan that does nothing that was not shown.
#[derive(Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) plan: AccessPlan,
    /// Assignments that were shown, and whose groups the sync failed to create or take over.
    pub(crate) without_group: Vec<AssignmentChange>,
    /// The same of IAM roles.
    pub(crate) roles_without_group: Vec<EntitlementChange>,
}

/// What a plan contains beyond the one that was shown; never empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excess(Vec<String>);

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.first().map(String::as_str).unwrap_or_default())?;
        match self.0.len() {
            0 | 1 => Ok(()),
            count => write!(f, ", and {} more", count - 1),
        }
    }
}

/// An assignment, without what changes from one plan to the next.
type Key<'a> = (&'a str, &'a str, &'a str);

fn key(change: &AssignmentChange) -> Key<'_> {
    (&change.permission_set, &change.account_id, &change.principal)
}

impl AccessPlan {
    /// Returns the plan, which was made again after a sync, if it stays within the one that was shown. `group` returns the
    /// ID of a group that the sync has created, by its ID in the realm.
    ///
    /// A role that was to be kept is still to be kept: whether it can be is looked at when it is taken away.
    pub(crate) fn within(
        mut self,
        shown: &Self,
        group: impl Fn(&str) -> Option<String>,
    ) -> Result<Bound, Excess> {
        let mut excess: Vec<String> = self.blockers.iter().map(ToString::to_string).collect();
        let sets: BTreeMap<&str, &SetChange> =
            shown.permission_sets.iter().map(|change| (change.name.as_str(), change)).collect();
        let is_new =
            |change: &&SetChange| sets.get(change.name.as_str()).is_none_or(|shown| !change.is_within(shown));
        let new = self.permission_sets.iter().filter(is_new);
        excess.extend(new.map(|change| format!("permission set {}", change.name)));

        let principal = |change: &AssignmentChange| match &change.planned {
            Some(realm_id) => group(realm_id).map(Principal::Group),
            None => change.of.clone(),
        };
        let additions: BTreeMap<Key<'_>, &AssignmentChange> =
            shown.additions.iter().map(|change| (key(change), change)).collect();
        let is_new = |change: &&AssignmentChange| {
            additions.get(&key(change)).is_none_or(|shown| principal(shown) != change.of)
        };
        excess.extend(self.additions.iter().filter(is_new).map(|change| format!("assignment of {change}")));

        // A new assignment would have brought the role up to date.
        let roles: BTreeSet<(&str, &str)> = shown
            .provisioning
            .iter()
            .map(|role| (role.permission_set.as_str(), role.account_id.as_str()))
            .chain(shown.additions.iter().map(|one| (one.permission_set.as_str(), one.account_id.as_str())))
            .collect();
        let new = self
            .provisioning
            .iter()
            .filter(|role| !roles.contains(&(role.permission_set.as_str(), role.account_id.as_str())));
        excess.extend(
            new.map(|role| format!("update of the role of {} in {}", role.permission_set, role.account_id)),
        );

        for change in &mut self.removals {
            let is_same = |shown: &&AssignmentChange| {
                (&shown.permission_set, &shown.account_id, &shown.of)
                    == (&change.permission_set, &change.account_id, &change.of)
            };
            match shown.removals.iter().find(is_same) {
                Some(shown) => change.removes_role = shown.removes_role,
                None => excess.push(format!("removal of {change}")),
            }
        }
        excess.extend(self.entitlements.excess(&shown.entitlements, &group));
        if !excess.is_empty() {
            return Err(Excess(excess));
        }
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (without_group, waiting) = waiting.partition(|change| additions.contains_key(&key(change)));
        self.waiting = waiting;
        let roles_without_group = self.entitlements.take_without_group(&shown.entitlements);
        Ok(Bound { plan: self, without_group, roles_without_group })
    }
}

impl SetChange {
    fn is_within(&self, shown: &Self) -> bool {
        self.kind == shown.kind
            && self.created_with == shown.created_with
            && self.writes.iter().all(|write| shown.writes.contains(write))
    }
}

impl fmt::Display for AssignmentChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { permission_set, account_id, account_name, principal, .. } = self;
        write!(f, "{permission_set} in {account_id} ({account_name}): {principal}")
    }
}
