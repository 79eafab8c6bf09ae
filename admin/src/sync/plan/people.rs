//! Compares the people of the realm with the users of Identity Center.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::matching::{Draft, existing_user, shown_user};
use super::notes::{BadValue, Blocked, Note, ObjectKind, ProtectedObject};
use super::{
    Adoption, Deactivation, Deletion, Departure, Refusal, UserChange, UserUpdate, ValueChange, renames,
};
use crate::sync::index::Index;
use crate::sync::owner::{ExternalId, Owner};
use crate::sync::record::{Attribute, ValueFault};
use crate::sync::scope::Leavers;
use crate::sync::source::Person;
use crate::sync::target::User;

impl Draft<'_> {
    pub(crate) fn compare_people(&mut self, now: DateTime<Utc>) {
        let shared = self.shared_values();
        let people = (0..).zip(&self.realm.people).filter(|(_, person)| person.enabled);
        for (at, person) in people {
            let own = person.unusable.as_ref().map(|unusable| unusable.faults.clone());
            let mut faults = own.unwrap_or_default();
            faults.extend(shared.get(&at).into_iter().flatten().cloned());
            self.compare_person(at, person, &faults);
        }
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
        for attribute in [Attribute::UserName, Attribute::Email] {
            let people = self.realm.people.iter().zip(0..).filter(|(person, _)| person.enabled);
            let values = people.filter_map(|(person, at)| Some((person.record.get(attribute)?, at)));
            for (one, another) in Index::of_any_case(values).shared() {
                for (at, other) in [(one, another), (another, one)] {
                    let user = self.realm.people[other as usize].id.to_string();
                    faults.entry(at).or_default().push((attribute, ValueFault::SharedWith { user }));
                }
            }
        }
        faults
    }

    fn compare_person(&mut self, at: u32, person: &Person, faults: &[(Attribute, ValueFault)]) {
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
                    self.without_user.insert(at);
                } else if faults.is_empty() {
                    self.update(person, user, None);
                } else if !user.active {
                    self.without_user.insert(at);
                }
            }
            None if faults.is_empty() => {
                if !self.settle_new_person(at, person) {
                    self.without_user.insert(at);
                }
            }
            None => {
                self.without_user.insert(at);
            }
        }
    }

    /// Plans a user for somebody who has none. Returns whether there will be one.
    fn settle_new_person(&mut self, at: u32, person: &Person) -> bool {
        let name = person.record.user_name();
        if self.is_protected(name) {
            return false;
        }
        let Some(holder_at) = self.matching.user_names.get(name) else {
            return self.create(person);
        };
        let holder = &self.directory.users[holder_at];
        if holder.record.user_name() != name {
            let existing = holder.record.user_name().to_owned();
            let (kind, name) = (ObjectKind::User, name.to_owned());
            self.plan.refusals.push(Refusal::DiffersInCase { kind, name, existing });
            return false;
        }
        match &holder.owner {
            // The holder gets another name in this same plan.
            Owner::ThisRealm(other) if self.matching.wanted.contains(other) => self.create(person),
            _ if self.options.adopt && !matches!(holder.owner, Owner::OtherRealm(_)) => {
                let subject: &str = &self.realm.people[at as usize].id;
                self.adopted.insert(holder_at, subject);
                self.adopted_by.insert(subject, holder_at);
                let previous = match &holder.owner {
                    Owner::ThisRealm(id) => {
                        ExternalId::new(&self.realm.realm, id).ok().map(|id| id.to_string())
                    }
                    Owner::Another(text) => Some(text.to_string()),
                    Owner::OtherRealm(_) | Owner::Nobody => None,
                };
                self.update(person, holder, Some(Adoption { previous }));
                true
            }
            Owner::ThisRealm(_) => {
                let (subject, name) = (person.id.to_string(), name.to_owned());
                self.plan.blocked.push(Blocked::NameOfDeparted { kind: ObjectKind::User, subject, name });
                false
            }
            Owner::OtherRealm(_) => false,
            Owner::Another(_) | Owner::Nobody => {
                let (name, id) = (name.to_owned(), holder.id.to_string());
                self.plan.refusals.push(Refusal::ForeignObject { kind: ObjectKind::User, name, id });
                false
            }
        }
    }

    fn create(&mut self, person: &Person) -> bool {
        if self.refuses_email(person, None) {
            return false;
        }
        let (subject, record) = (person.id.to_string(), person.record.clone());
        self.plan.users.push(UserChange::Create { subject, record });
        true
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
        let has_new = |attribute| values.iter().any(|value| value.attribute == attribute);
        if has_new(Attribute::UserName) && self.refuses_name(person, user)
            || has_new(Attribute::Email) && self.refuses_email(person, Some(user))
        {
            return;
        }
        let user = existing_user(user, &person.id);
        self.plan.users.push(UserChange::Update(UserUpdate { user, adoption, activate, values }));
    }

    /// Refuses the plan if the new name of a user is that of another owner's user.
    fn refuses_name(&mut self, person: &Person, user: &User) -> bool {
        let name = person.record.user_name();
        let holder = self.matching.user_names.get(name).map(|at| &self.directory.users[at]);
        let Some(holder) = holder.filter(|holder| holder.id != user.id && is_foreign(&holder.owner)) else {
            return false;
        };
        let (name, id) = (name.to_owned(), holder.id.to_string());
        self.plan.refusals.push(Refusal::ForeignObject { kind: ObjectKind::User, name, id });
        true
    }

    /// Refuses the plan if an address is that of another owner's user.
    fn refuses_email(&mut self, person: &Person, user: Option<&User>) -> bool {
        let email = person.record.get(Attribute::Email).unwrap_or_default();
        let holder = self.matching.emails.get(email).map(|at| &self.directory.users[at]);
        let is_other = |holder: &&User| user.is_none_or(|user| user.id != holder.id);
        let Some(holder) = holder.filter(is_other).filter(|holder| is_foreign(&holder.owner)) else {
            return false;
        };
        let (user, email, id) = (shown_user(person), email.to_owned(), holder.id.to_string());
        self.plan.refusals.push(Refusal::ForeignEmail { user, email, id });
        true
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
            self.plan.notes.push(Note::Caller { user: name.to_owned() });
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
            let note = Note::Protected(ProtectedObject { kind: ObjectKind::User, name: name.to_owned() });
            if !self.plan.notes.contains(&note) {
                self.plan.notes.push(note);
            }
        }
        is_protected
    }
}

fn is_foreign(owner: &Owner) -> bool {
    matches!(owner, Owner::Another(_) | Owner::Nobody)
}
