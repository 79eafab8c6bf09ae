//! Users and groups that left, and have a name or address that another one gets.
//!
//! They keep everything else. They get the new name that the realm has for them, or one that is always free.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::claims::Claim;
use super::matching::{Draft, existing_user};
use super::notes::{Note, ObjectKind};
use super::renames::{temporary_name, temporary_value};
use super::{Existing, GroupChange, UserChange, UserUpdate, ValueChange};
use crate::sync::index::Index;
use crate::sync::owner::Owner;
use crate::sync::record::{Attribute, check_group_name};

impl<'a> Draft<'a> {
    /// Returns the changes of users who give up these values.
    pub(crate) fn leavers_giving_way(&mut self, given: &[Claim]) -> Vec<UserChange> {
        let mut wanted: BTreeMap<usize, Vec<&Claim>> = BTreeMap::new();
        for claim in given {
            wanted.entry(claim.holder).or_default().push(claim);
        }
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut unavailable = UnavailableValues::default();
        wanted
            .into_iter()
            .filter_map(|(at, claims)| self.leaver_giving_way(at, &claims, &mut unavailable))
            .collect()
    }

    fn leaver_giving_way(
        &mut self,
        at: usize,
        claims: &[&Claim],
        unavailable: &mut UnavailableValues<'a>,
    ) -> Option<UserChange> {
        let user = &self.directory.users[at];
        let Owner::ThisRealm(subject) = &user.owner else { return None };
        let mut values = Vec::with_capacity(claims.len());
        for claim in claims {
            let (attribute, from) = (claim.attribute, user.record.get(claim.attribute).map(str::to_owned));
            let to = Some(self.value_of_leaver(subject, attribute, unavailable));
            values.push(ValueChange { attribute, from, to });
            let taker = match &self.plan.users[claim.change] {
                UserChange::Create { .. } => None,
                UserChange::GiveWay(update) | UserChange::Update(update) => Some(update.user.name.clone()),
            };
            let name = user.record.user_name().to_owned();
            self.note(Note::GivesUp { kind: ObjectKind::User, name, taker });
        }
        values.sort_by_key(|value| value.attribute);
        let mut existing = existing_user(user, subject);
        // To be set inactive in the same run changes the revision.
        existing.revision = existing.revision.filter(|_| !user.active);
        Some(UserChange::Update(UserUpdate { user: existing, adoption: None, activate: false, values }))
    }

    fn value_of_leaver(
        &self,
        subject: &str,
        attribute: Attribute,
        unavailable: &mut UnavailableValues<'a>,
    ) -> String {
        let realm = self.realm;
        let new = self.lookups.new_value(subject, attribute, self.settings).filter(|new| {
            let wanted = unavailable.wanted.entry(attribute).or_insert_with(|| {
                let people = realm.people.iter().filter(|person| person.enabled);
                Index::of_any_case(
                    people.filter_map(|person| person.record.get(attribute)).map(|text| (text, 0)),
                )
            });
            !self.holders(attribute).contains(new)
                && !wanted.contains(new)
                && unavailable.by_leavers.insert((attribute, new.to_lowercase()))
        });
        new.unwrap_or_else(|| temporary_value(attribute, subject))
    }

    /// Returns the changes of groups that give up these names.
    pub(crate) fn groups_giving_way(&mut self, given: &[Claim]) -> Vec<GroupChange> {
        let mut new_names = HashSet::new();
        let mut changes = Vec::new();
        for claim in given {
            let group = &self.directory.groups[claim.holder];
            let Owner::ThisRealm(subject) = &group.owner else { continue };
            let in_realm = self.realm.tree.find(subject).map(|at| self.realm.tree.name(at, self.settings));
            let is_free = |name: &String| {
                let is_wanted =
                    || self.realm.groups.iter().any(|one| one.name.to_lowercase() == name.to_lowercase());
                check_group_name(name).is_ok() && !self.matching.group_names.contains(name) && !is_wanted()
            };
            let name = in_realm.filter(is_free).filter(|name| new_names.insert(name.to_lowercase()));
            let name = name.unwrap_or_else(|| temporary_name(subject));
            let existing = Existing {
                id: group.id.to_string(),
                name: group.name.to_string(),
                subject: subject.to_string(),
                revision: group.revision.as_deref().map(str::to_owned),
            };
            let taker = match &self.plan.groups[claim.change] {
                GroupChange::Create { .. } => None,
                GroupChange::GiveWay { group, .. } | GroupChange::Update { group, .. } => {
                    Some(group.name.clone())
                }
            };
            let (kind, old) = (ObjectKind::Group, existing.name.clone());
            self.note(Note::GivesUp { kind, name: old, taker });
            changes.push(GroupChange::Update { group: existing, name, adoption: None });
        }
        changes
    }
}

/// Values that a leaver cannot get.
#[derive(Default)]
struct UnavailableValues<'a> {
    /// What people in scope are to have.
    wanted: HashMap<Attribute, Index<'a>>,
    /// What other leavers get, in lower case.
    by_leavers: HashSet<(Attribute, String)>,
}
