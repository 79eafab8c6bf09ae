//! Compares the people of the realm with the users of Identity Center.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::matching::{Draft, existing_user, shown_user};
use super::notes::{BadValue, Blocked, Note, ObjectKind, ProtectedObject};
use super::{
    Adoption, Deactivation, Deletion, Departure, Refusal, UserChange, UserUpdate, ValueChange, renames,
};
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::record::{Attribute, ValueFault};
use crate::sync::scope::Leavers;
use crate::sync::source::Person;
use crate::sync::target::User;

impl<'a> Draft<'a> {
    pub(crate) fn compare_people(&mut self, now: DateTime<Utc>) {
        let shared = self.shared_values();
        let people = (0..).zip(&self.realm.people).filter(|(_, person)| person.enabled);
        for (at, person) in people {
            let own = person.unusable.as_ref().map(|unusable| unusable.faults.clone());
            let mut faults = own.unwrap_or_default();
            faults.extend(shared.get(&at).into_iter().flatten().cloned());
            self.compare_person(at, person, &faults);
        }
        self.settle_user_claims();
        // Renames free the names that new users may need.
        let is_new = |change: &UserChange| matches!(change, UserChange::Create { .. });
        let (new, known) = std::mem::take(&mut self.plan.users).into_iter().partition(is_new);
        self.plan.users = renames::sorted(known, renames::split_user);
        self.plan.users.extend::<Vec<UserChange>>(new);
        self.compare_leavers(now);
    }

    /// Returns the faults of people who have a user name or e-mail address in common: AWS takes each once.
    fn shared_values(&self) -> HashMap<u32, Vec<(Attribute, ValueFault)>> {
        let mut faults: HashMap<u32, Vec<(Attribute, ValueFault)>> = HashMap::new();
        for &(attribute, one, another) in &self.lookups.shared {
            for (at, other) in [(one, another), (another, one)] {
                let other = &self.realm.people[other as usize];
                // The names in AWS may be what they have in common.
                let user = self.lookups.name(&other.id).map_or_else(|| other.id.to_string(), str::to_owned);
                faults.entry(at).or_default().push((attribute, ValueFault::SharedWith { user }));
            }
        }
        faults
    }

    fn compare_person(&mut self, at: u32, person: &'a Person, faults: &[(Attribute, ValueFault)]) {
        if !faults.is_empty() {
            let bad = |(attribute, fault): &(Attribute, ValueFault)| BadValue {
                attribute: *attribute,
                fault: fault.clone(),
            };
            self.plan.blocked.push(Blocked::BadValues {
                subject: person.id.to_string(),
                user: shown_user(person),
                faults: faults.iter().map(bad).collect(),
            });
        }
        match self.matching.users.get(&person.id) {
            Some(user) => {
                let user = &self.directory.users[user];
                if self.is_protected(user.record.user_name()) || self.is_protected(person.record.user_name())
                {
                    self.leave_memberships(at);
                } else if faults.is_empty() {
                    self.update(person, user, None);
                } else if !user.active {
                    self.leave_memberships(at);
                }
            }
            None if faults.is_empty() => {
                if !self.settle_new_person(person) {
                    self.without_user.insert(at);
                }
            }
            None => {
                self.without_user.insert(at);
            }
        }
    }

    /// Changes no membership of somebody whose user is protected, or stays inactive.
    pub(crate) fn leave_memberships(&mut self, at: u32) {
        self.without_user.insert(at);
        self.keeping.insert(&self.realm.people[at as usize].id);
    }

    /// Plans a user for somebody who has none. Returns whether there will be one.
    fn settle_new_person(&mut self, person: &'a Person) -> bool {
        let name = person.record.user_name();
        if self.is_protected(name) {
            return false;
        }
        if let Err(fault) = ExternalId::new(&self.realm.realm, &person.id) {
            let (subject, name) = (person.id.to_string(), name.to_owned());
            self.plan.blocked.push(Blocked::BadId { kind: ObjectKind::User, subject, name, fault });
            return false;
        }
        let Some(holder_at) = self.matching.user_names.get(name) else {
            self.create(person);
            return true;
        };
        let holder = &self.directory.users[holder_at];
        match &holder.owner {
            // The holder gets another name in this same plan, or gives way.
            Owner::ThisRealm(other) if self.gives_user_name_up(other, name) => {
                self.create(person);
                true
            }
            Owner::OtherRealm(_) => false,
            _ if self.options.adopt => {
                self.adopted.insert(holder_at, &person.id);
                self.adopted_by.insert(&person.id, holder_at);
                let previous = self.previous_id(&holder.owner);
                self.update(person, holder, Some(Adoption { previous }));
                true
            }
            // Two users of the realm have the name: the claim will be in vain.
            Owner::ThisRealm(other) if !self.lookups.is_deleted(other) => {
                self.create(person);
                true
            }
            Owner::ThisRealm(_) => {
                let (subject, name) = (person.id.to_string(), name.to_owned());
                self.plan.blocked.push(Blocked::NameOfDeparted { kind: ObjectKind::User, subject, name });
                false
            }
            Owner::Another(_) | Owner::Nobody => {
                let (id, existing) = (holder.id.to_string(), holder.record.user_name());
                self.refuse_foreign(ObjectKind::User, name, existing, id);
                false
            }
        }
    }

    /// Returns whether a user of this realm is to have another user name, as far as the realm goes. One who is deleted
    /// may be the same person as the one with the name now.
    fn gives_user_name_up(&self, subject: &str, name: &str) -> bool {
        self.matching.wanted.contains(subject)
            || !self.lookups.is_deleted(subject)
                && self.lookups.has_lost(subject, Attribute::UserName, name, self.settings)
    }

    /// Returns the externalId that an object has before it is taken over.
    pub(crate) fn previous_id(&self, owner: &Owner) -> Option<String> {
        match owner {
            Owner::ThisRealm(id) => ExternalId::new(&self.realm.realm, id).ok().map(|id| id.to_string()),
            Owner::Another(text) => Some(text.to_string()),
            Owner::OtherRealm(_) | Owner::Nobody => None,
        }
    }

    /// Refuses the plan because another owner's object has the name, and could be taken over.
    pub(crate) fn refuse_foreign(&mut self, kind: ObjectKind, name: &str, existing: &str, id: String) {
        let is_same = existing == name;
        let (name, existing) = (name.to_owned(), existing.to_owned());
        self.plan.refusals.push(if is_same {
            Refusal::ForeignObject { kind, name, id, adoptable: true }
        } else {
            Refusal::DiffersInCase { kind, name, existing }
        });
    }

    fn create(&mut self, person: &Person) {
        let (subject, record) = (person.id.to_string(), person.record.clone());
        self.plan.users.push(UserChange::Create { subject, record });
    }

    fn update(&mut self, person: &Person, user: &User, adoption: Option<Adoption>) {
        let value = |attribute| ValueChange {
            attribute,
            from: user.record.get(attribute).map(str::to_owned),
            to: person.record.get(attribute).map(str::to_owned),
        };
        let values: Vec<ValueChange> = user.record.differences(&person.record).map(value).collect();
        let activate = !user.active;
        if values.is_empty() && !activate && adoption.is_none() {
            return;
        }
        let user = existing_user(user, &person.id);
        self.plan.users.push(UserChange::Update(UserUpdate { user, adoption, activate, values }));
    }

    fn compare_leavers(&mut self, now: DateTime<Utc>) {
        let owned = (0..self.directory.users.len()).filter_map(|at| match &self.directory.users[at].owner {
            Owner::ThisRealm(subject) if !self.adopted.contains_key(&at) => Some((at, &**subject)),
            _ => None,
        });
        let owned: Vec<(usize, &str)> = owned.collect();
        let active = owned.iter().filter(|(at, _)| self.directory.users[*at].active).count();
        self.removals.users.existing = active;
        self.removals.deletions.existing = owned.len();
        for (at, subject) in owned {
            if !self.matching.wanted.contains(subject) {
                self.settle_leaver(&self.directory.users[at], subject, now);
            }
        }
    }

    fn settle_leaver(&mut self, user: &User, subject: &str, now: DateTime<Utc>) {
        let name = user.record.user_name();
        if self.is_protected(name) {
            return;
        }
        if self.is_caller(name) {
            self.note(Note::Caller { user: name.to_owned() });
            return;
        }
        let (user, is_active, updated_at) = (existing_user(user, subject), user.active, user.updated_at);
        let departure = Departure::Unconfirmed;
        match self.settings.leavers {
            Leavers::Disable | Leavers::Delete { .. } if is_active => {
                self.plan.deactivations.push(Deactivation { user, departure });
            }
            Leavers::Disable | Leavers::LeaveGroups => {}
            Leavers::Delete { after } => {
                let after = TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
                if let Some(inactive_since) =
                    updated_at.filter(|since| now.signed_duration_since(since) >= after)
                {
                    self.plan.deletions.push(Deletion { user, departure, inactive_since });
                }
            }
        }
    }

    /// Returns whether a user is protected, and notes it.
    fn is_protected(&mut self, name: &str) -> bool {
        let is_protected = self.settings.protects(name);
        if is_protected {
            self.note(Note::Protected(ProtectedObject { kind: ObjectKind::User, name: name.to_owned() }));
        }
        is_protected
    }
}
