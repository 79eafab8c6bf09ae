//! Leaves out of a plan what was not asked for with `--only`.

use std::collections::BTreeMap;

use super::{AssignmentChange, Blocker, PlanInput, Provisioning, SetChange, SetChangeKind};
use crate::access::entitlements::name_of;
use crate::access::entitlements::plan::{EntitlementChange, EntitlementPlan};
use crate::access::read::{AccessReadError, GroupDirectory, ObservedSet, RealmGroups};
use crate::only::{Only, OnlyKind, Selector};
use crate::ports::sso_admin::access::Principal;

/// The part of the plan that is meant.
pub(super) struct Part<'a> {
    only: &'a Only,
    groups: &'a GroupDirectory,
    /// Paths in the realm, by ID; read only if groups are selected.
    paths: BTreeMap<String, String>,
    pub(super) left_out: usize,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        only: &'a Only,
        groups: &'a GroupDirectory,
        realm: Option<&RealmGroups<'_>>,
    ) -> Result<Self, AccessReadError> {
        let realm = realm.filter(|_| only.names(OnlyKind::Group));
        let paths = realm.map(RealmGroups::paths).transpose()?.unwrap_or_default();
        Ok(Self { only, groups, paths, left_out: 0 })
    }

    /// Returns whether the assignment is meant, and counts it if not.
    pub(super) fn takes(&mut self, change: &AssignmentChange) -> bool {
        let is_meant = self.means(change);
        self.left_out += usize::from(!is_meant);
        is_meant
    }

    pub(super) fn means(&self, change: &AssignmentChange) -> bool {
        self.only.relation(&[
            (OnlyKind::PermissionSet, &[&change.permission_set]),
            (OnlyKind::Account, &[&change.account_id, &change.account_name]),
            (OnlyKind::Group, &self.names(&change.principal, change.of.as_ref())),
        ])
    }

    fn means_role(&self, change: &EntitlementChange) -> bool {
        self.only.relation(&[
            (OnlyKind::PermissionSet, &[&change.role_arn, name_of(&change.role_arn)]),
            (OnlyKind::Account, &[&change.account_id, &change.account_name]),
            (OnlyKind::Group, &self.names(&change.principal, change.of.as_ref())),
        ])
    }

    /// Returns the names of a principal: as the access file has it, in Identity Center, and its path in the realm.
    fn names<'n>(&'n self, written: &'n str, of: Option<&Principal>) -> Vec<&'n str> {
        let mut names = vec![written];
        if let Some(Principal::Group(id)) = of {
            names.extend(self.groups.name(id));
            names.extend(self.groups.realm_id(id).and_then(|(_, id)| self.paths.get(id)).map(String::as_str));
        }
        names
    }

    /// Keeps the assignments of IAM roles that are meant.
    pub(super) fn keep_entitlements(&mut self, plan: &mut EntitlementPlan) {
        for changes in [&mut plan.additions, &mut plan.removals, &mut plan.waiting] {
            let before = changes.len();
            changes.retain(|change| self.means_role(change));
            self.left_out += before - changes.len();
        }
        plan.unlisted.retain(|change| self.means_role(change));
    }

    pub(super) fn takes_role(&mut self, role: &Provisioning) -> bool {
        let is_meant = self.only.is_everything()
            || !self.only.names(OnlyKind::Group)
                && self.only.relation(&[
                    (OnlyKind::PermissionSet, &[&role.permission_set]),
                    (OnlyKind::Account, &[&role.account_id, &role.account_name]),
                ]);
        self.left_out += usize::from(!is_meant);
        is_meant
    }

    /// Keeps the changes of selected permission sets, and new ones until their assignments are known.
    pub(super) fn keep_sets(&mut self, changes: &mut Vec<SetChange>, blockers: &mut Vec<Blocker>) {
        self.retain(changes, |part, change| {
            change.kind == SetChangeKind::Create || part.means_set(&change.name)
        });
        blockers.retain(|blocker| match blocker {
            Blocker::NotOwned { permission_set } | Blocker::OtherOwner { permission_set, .. } => {
                self.means_set(permission_set)
            }
            _ => true,
        });
    }

    /// Keeps the new permission sets that are selected, or that selected assignments need.
    pub(super) fn keep_new_sets(&mut self, changes: &mut Vec<SetChange>, assignments: &[&AssignmentChange]) {
        let is_needed = |name: &str| assignments.iter().any(|change| change.permission_set == name);
        self.retain(changes, |part, change| part.means_set(&change.name) || is_needed(&change.name));
    }

    /// Returns whether the permission set is meant as a whole, in all accounts.
    fn means_set(&self, name: &str) -> bool {
        let is_narrowed = self.only.names(OnlyKind::Account) || self.only.names(OnlyKind::Group);
        !is_narrowed && self.only.object(OnlyKind::PermissionSet, &[name])
    }

    /// Returns the selectors that name nothing.
    pub(super) fn unmatched(
        &self,
        input: &PlanInput<'_>,
        observed: &BTreeMap<String, ObservedSet>,
    ) -> Vec<Selector> {
        let written: Vec<String> = input.settings.groups().map(ToString::to_string).collect();
        self.only.unmatched(|kind| match kind {
            OnlyKind::User => Vec::new(),
            OnlyKind::Group => {
                let in_aws = self.groups.ids().filter_map(|id| self.groups.name(id));
                written.iter().chain(self.paths.values()).map(String::as_str).chain(in_aws).collect()
            }
            OnlyKind::PermissionSet => {
                let roles = input.settings.roles.iter().map(|assign| assign.role_arn.as_str());
                let roles = roles.flat_map(|arn| [arn, name_of(arn)]);
                input.wanted_sets.keys().chain(observed.keys()).map(String::as_str).chain(roles).collect()
            }
            OnlyKind::Account => {
                let accounts = input.inventory.accounts().map(|known| &known.account);
                accounts.flat_map(|account| [account.id.as_str(), account.name.as_str()]).collect()
            }
        })
    }

    fn retain(&mut self, changes: &mut Vec<SetChange>, is_kept: impl Fn(&Self, &SetChange) -> bool) {
        let before = changes.len();
        changes.retain(|change| is_kept(self, change));
        self.left_out += before - changes.len();
    }
}
