//! What the directory in memory has, and the rules by which it changes.

use std::collections::BTreeSet;

use super::{DirectoryFault, DirectoryGroup, DirectoryState, DirectoryUser, MOST_MEMBERS};
use crate::sync::call::CallError;
use crate::sync::record::{Attribute, Record, check};

impl DirectoryState {
    pub(crate) fn add_user(&mut self, external_id: Option<&str>, email: &str) -> String {
        let (first, _) = email.split_once('@').expect("an address");
        let display = format!("{first} Doe");
        let record = Record::of(|attribute| match attribute {
            Attribute::UserName | Attribute::Email => Some(email),
            Attribute::GivenName => Some(first),
            Attribute::FamilyName => Some("Doe"),
            Attribute::DisplayName => Some(&display),
            _ => None,
        });
        let id = self.new_id("u");
        let user = DirectoryUser {
            id: id.clone(),
            external_id: external_id.map(str::to_owned),
            active: true,
            revision: Some("1".to_owned()),
            updated_at: Some(self.now),
            record,
        };
        self.users.insert(id.clone(), user);
        id
    }

    pub(crate) fn add_group(&mut self, external_id: Option<&str>, name: &str, members: &[&str]) -> String {
        let id = self.new_id("g");
        let (external_id, name) = (external_id.map(str::to_owned), name.to_owned());
        self.groups.insert(id.clone(), DirectoryGroup { id: id.clone(), external_id, name, revision: None });
        self.members.insert(id.clone(), members.iter().map(|id| (*id).to_owned()).collect());
        id
    }

    /// Returns the user with this user name.
    pub(crate) fn named(&self, user_name: &str) -> &DirectoryUser {
        self.users.values().find(|user| user.record.user_name() == user_name).expect("a user of the test")
    }

    /// Returns the user names of a group's members.
    pub(crate) fn members_of(&self, group: &str) -> Vec<&str> {
        let group = self.groups.values().find(|found| found.name == group).expect("a group of the test");
        self.members[&group.id].iter().map(|id| self.users[id].record.user_name()).collect()
    }

    /// Returns what people see: users and groups by name, without ids of Identity Center.
    pub(crate) fn seen(&self) -> Vec<String> {
        let users = self.users.values().map(|user| {
            format!(
                "{:?} {:?} {}",
                user.record,
                user.external_id,
                if user.active { "active" } else { "inactive" }
            )
        });
        let groups = self.groups.values().map(|group| {
            let mut members: Vec<&str> =
                self.members[&group.id].iter().map(|id| self.users[id].record.user_name()).collect();
            members.sort_unstable();
            format!("{} {:?} {members:?}", group.name, group.external_id)
        });
        let mut seen: Vec<String> = users.chain(groups).collect();
        seen.sort_unstable();
        seen
    }

    pub(super) fn new_id(&mut self, kind: &str) -> String {
        self.next_id += 1;
        format!("{kind}-{:08}", self.next_id)
    }

    pub(super) fn touch(&mut self, id: &str) -> Result<&mut DirectoryUser, CallError> {
        let now = self.now;
        let user = self.users.get_mut(id).ok_or(CallError::Missing)?;
        let revision: usize = user.revision.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default();
        user.revision = Some((revision + 1).to_string());
        user.updated_at = Some(now);
        Ok(user)
    }

    /// Deletes a user behind the tool's back.
    pub(crate) fn delete_user(&mut self, id: &str) {
        self.users.remove(id);
        for members in self.members.values_mut() {
            members.remove(id);
        }
    }

    /// Returns whether a reading does not show yet what was written, and counts it.
    pub(super) fn lags(&mut self) -> bool {
        match &mut self.fault {
            Some(DirectoryFault::ReadsLag(left)) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Refuses a write as often as a test wants it.
    pub(super) fn check_line(&mut self, line: &str) -> Result<(), CallError> {
        let (text, left, error) = match &mut self.fault {
            Some(DirectoryFault::Unspread { text, left }) => {
                (text, left, CallError::Conflict { reason: "another write is in progress".to_owned() })
            }
            Some(DirectoryFault::Refused { text, left }) => {
                (text, left, CallError::Rejected { reason: "ValidationException".to_owned() })
            }
            _ => return Ok(()),
        };
        if *left == 0 || !line.contains(text.as_str()) {
            return Ok(());
        }
        *left -= 1;
        Err(error)
    }

    pub(super) fn check_poison(&self, name: &str) -> Result<(), CallError> {
        match &self.fault {
            Some(DirectoryFault::Poisoned(poisoned)) if poisoned == name => {
                Err(CallError::Rejected { reason: "ValidationException".to_owned() })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn check_user(
        &self,
        id: Option<&str>,
        external_id: Option<&str>,
        record: &Record,
    ) -> Result<(), CallError> {
        for attribute in Attribute::ALL {
            check(attribute, record.get(attribute))
                .map_err(|fault| CallError::Rejected { reason: format!("{} {fault}", attribute.title()) })?;
        }
        let clashes = |other: &&DirectoryUser| {
            let same = |attribute| {
                let (one, another) = (record.get(attribute), other.record.get(attribute));
                one.map(str::to_lowercase) == another.map(str::to_lowercase)
            };
            Some(other.id.as_str()) != id
                && (same(Attribute::UserName)
                    || same(Attribute::Email)
                    || (external_id.is_some() && other.external_id.as_deref() == external_id))
        };
        match self.users.values().find(clashes) {
            Some(_) => Err(duplicate()),
            None => Ok(()),
        }
    }

    pub(super) fn check_group(
        &self,
        id: Option<&str>,
        external_id: Option<&str>,
        name: &str,
    ) -> Result<(), CallError> {
        let clashes = |other: &&DirectoryGroup| {
            Some(other.id.as_str()) != id
                && (other.name.to_lowercase() == name.to_lowercase()
                    || (external_id.is_some() && other.external_id.as_deref() == external_id))
        };
        if self.groups.values().any(|other| clashes(&other)) { Err(duplicate()) } else { Ok(()) }
    }

    pub(super) fn members_for(
        &mut self,
        group: &str,
        members: &[&str],
    ) -> Result<&mut BTreeSet<String>, CallError> {
        if members.len() > MOST_MEMBERS || members.is_empty() {
            return Err(CallError::Rejected { reason: format!("{} members", members.len()) });
        }
        if !members.iter().all(|member| self.users.contains_key(*member)) {
            return Err(CallError::Missing);
        }
        self.members.get_mut(group).ok_or(CallError::Missing)
    }
}

fn duplicate() -> CallError {
    CallError::Conflict { reason: "Refused to create a new, duplicate resource".to_owned() }
}
