//! Which assignments the access file wants.

use std::collections::BTreeMap;

use super::{AccessPlanError, PlanNotes};
use crate::access::accounts::{AccountInventory, select};
use crate::access::read::{GroupDirectory, RealmGroups, ResolvedGroup};
use crate::access::settings::{AccessSettings, GroupReference};

/// A permission set by name, for a group in an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WantedAssignment {
    pub(super) set: String,
    pub(super) account: String,
    pub(super) group: GroupReference,
}

/// What is wanted, with the groups in Identity Center.
pub(super) type Wanted = BTreeMap<WantedAssignment, ResolvedGroup>;

pub(super) fn assignments(
    settings: &AccessSettings,
    inventory: &AccountInventory,
    groups: &GroupDirectory,
    realm: Option<&RealmGroups<'_>>,
    notes: &mut PlanNotes,
) -> Result<Wanted, AccessPlanError> {
    let mut resolved: BTreeMap<&GroupReference, ResolvedGroup> = BTreeMap::new();
    // A group that the file names in two ways is one group.
    let mut first: BTreeMap<String, &GroupReference> = BTreeMap::new();
    let mut wanted = Wanted::new();
    for assign in &settings.assign {
        let selection = select(&assign.accounts, &settings.accounts, inventory, assign.allow_empty)
            .map_err(|source| AccessPlanError::Selection { assign: assign.place.clone(), source })?;
        notes.selected.extend(selection.counts);
        notes.without_management_account |= selection.without_management;
        let unusable = selection.unusable.into_iter();
        notes.unusable_accounts.extend(unusable.map(|(id, state)| (id, state.to_string())));
        for group in &assign.groups {
            if !resolved.contains_key(group) {
                resolved.insert(
                    group,
                    groups.resolve(group, realm).map_err(AccessPlanError::of_group(&assign.place))?,
                );
            }
            let found = &resolved[group];
            let group = match found {
                ResolvedGroup::Present(id) => *first.entry(id.clone()).or_insert(group),
                ResolvedGroup::Planned(_) | ResolvedGroup::NotYet => group,
            };
            for account in &selection.accounts {
                let assignment = WantedAssignment {
                    set: assign.set.clone(),
                    account: account.clone(),
                    group: group.clone(),
                };
                wanted.insert(assignment, found.clone());
            }
        }
    }
    Ok(wanted)
}
