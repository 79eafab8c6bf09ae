//! What the realm has of people whose name or address somebody else gets, too.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::matching::Matching;
use crate::sync::call::Calls;
use crate::sync::index::Index;
use crate::sync::owner::Owner;
use crate::sync::parallel::for_each;
use crate::sync::read_fault::{ReadFault, Reading};
use crate::sync::record::Attribute;
use crate::sync::scope::DirectorySettings;
use crate::sync::source::{Realm, RealmSnapshot, RealmUser};
use crate::sync::target::DirectorySnapshot;

/// What AWS has once among users.
pub(crate) const UNIQUE: [Attribute; 2] = [Attribute::UserName, Attribute::Email];

/// Two enabled people, by their places, who have a value in common that AWS takes once.
pub(crate) type Shared = (Attribute, u32, u32);

pub(crate) struct Lookups {
    pub(crate) shared: Vec<Shared>,
    /// To be looked up, by ID in the realm.
    subjects: BTreeSet<String>,
    /// `None` for who is deleted.
    users: HashMap<String, Option<RealmUser>>,
}

impl Lookups {
    /// Collects who has to be looked up: nobody, in most runs.
    pub(crate) fn new(realm: &RealmSnapshot, directory: &DirectorySnapshot, matching: &Matching<'_>) -> Self {
        let (mut shared, mut subjects) = (Vec::new(), BTreeSet::new());
        for attribute in UNIQUE {
            let people = realm.people.iter().zip(0..).filter(|(person, _)| person.enabled);
            let values: Vec<(&str, u32)> =
                people.filter_map(|(person, at)| Some((person.record.get(attribute)?, at))).collect();
            let holders =
                if attribute == Attribute::UserName { &matching.user_names } else { &matching.emails };
            for (value, _) in &values {
                let owner = holders.get(value).map(|holder| &directory.users[holder].owner);
                if let Some(Owner::ThisRealm(subject)) = owner
                    && !matching.wanted.contains(subject)
                {
                    subjects.insert(subject.to_string());
                }
            }
            for (one, another) in Index::of_any_case(values).shared() {
                shared.push((attribute, one, another));
                subjects.extend([one, another].map(|at| realm.people[at as usize].id.to_string()));
            }
        }
        Self { shared, subjects, users: HashMap::new() }
    }

    pub(crate) fn look_up(self, realm: &dyn Realm, calls: &Calls<'_>) -> Result<Self, ReadFault> {
        let users = Mutex::new(HashMap::new());
        let subjects: Vec<&String> = self.subjects.iter().collect();
        for_each(&subjects, |subject| {
            let user = calls.ask(|| realm.user(subject)).map_err(Reading::User.failed())?;
            users.lock().unwrap_or_else(PoisonError::into_inner).insert((*subject).clone(), user);
            Ok(())
        })?;
        let users = users.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Self { users, ..self })
    }

    /// Returns the user name in the realm.
    pub(crate) fn name(&self, subject: &str) -> Option<&str> {
        self.users.get(subject)?.as_ref().map(|user| &*user.user_name)
    }

    /// Returns whether the realm no longer has this value for a user who left: it is somebody else's there.
    pub(crate) fn has_lost(
        &self,
        subject: &str,
        attribute: Attribute,
        value: &str,
        settings: &DirectorySettings,
    ) -> bool {
        self.users.get(subject).is_some_and(|user| {
            let record = user.as_ref().map(|user| settings.record(user).0);
            let now = record.as_ref().and_then(|record| record.get(attribute));
            now.is_none_or(|now| now.to_lowercase() != value.to_lowercase())
        })
    }

    /// Returns whether the realm has no such user any more.
    pub(crate) fn is_deleted(&self, subject: &str) -> bool {
        matches!(self.users.get(subject), Some(None))
    }

    /// Returns the valid value that the realm has for a user who left.
    pub(crate) fn new_value(
        &self,
        subject: &str,
        attribute: Attribute,
        settings: &DirectorySettings,
    ) -> Option<String> {
        let (record, faults) = settings.record(self.users.get(subject)?.as_ref()?);
        let is_valid = !faults.iter().any(|(bad, _)| *bad == attribute);
        record.get(attribute).filter(|_| is_valid).map(str::to_owned)
    }
}
