//! A directory in memory, as strict as AWS's.

mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};

use super::{
    Created, Directory, DirectoryGroup, DirectoryUser, GroupPatch, MOST_MEMBERS, Page, Receipt, Sides,
    UserPatch,
};
use crate::sync::call::CallError;
use crate::sync::owner::ExternalId;
use crate::sync::plan::ObjectKind;
use crate::sync::record::{Attribute, Record};

#[derive(Clone, Default)]
pub(crate) struct DirectoryState {
    pub(crate) users: BTreeMap<String, DirectoryUser>,
    pub(crate) groups: BTreeMap<String, DirectoryGroup>,
    pub(crate) members: BTreeMap<String, BTreeSet<String>>,
    next_id: usize,
    pub(crate) reads: usize,
    pub(crate) writes: usize,
    /// What was written, one line each.
    pub(crate) log: Vec<String>,
    pub(crate) fault: Option<DirectoryFault>,
    pub(crate) now: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DirectoryFault {
    UsersFail,
    /// The first page of users comes, the second does not.
    SecondPageFails,
    CursorTwice,
    UserTwice,
    GroupsFail,
    MembersFail,
    /// Pages of members lead back to the first one, by way of another.
    MembersGoRound,
    Throttled,
    WritesDenied,
    WritesUnavailable,
    /// What is written is written into another directory, which cannot be read here.
    WritesElsewhere,
    /// The first object of which it is asked whether it can be written is deleted at that moment.
    VanishesWhenLookedAt,
    /// So many times, an object that is looked up by its id is not there yet.
    ReadsLag(usize),
    ActivationsRefused,
    /// So many more writes whose line has this text are a conflict, because an earlier one has not spread yet.
    Unspread {
        text: String,
        left: usize,
    },
    /// So many more writes whose line has this text are refused.
    Refused {
        text: String,
        left: usize,
    },
    /// The write with this number is done, but its answer is lost.
    AnswerLost(usize),
    /// Creations with this name and changes to it are refused, and new members of the group with this name.
    Poisoned(String),
}

#[derive(Default)]
pub(crate) struct FakeDirectory(Mutex<DirectoryState>);

impl FakeDirectory {
    pub(crate) fn state(&self) -> MutexGuard<'_, DirectoryState> {
        self.0.lock().expect("no test panics while holding it")
    }

    pub(crate) fn fails_with(&self, fault: Option<DirectoryFault>) {
        self.state().fault = fault;
    }

    fn reading(&self) -> Result<MutexGuard<'_, DirectoryState>, CallError> {
        let mut state = self.state();
        state.reads += 1;
        match state.fault {
            Some(DirectoryFault::Throttled) => Err(CallError::Throttled { retry_after: None }),
            _ => Ok(state),
        }
    }

    /// Does a write, and answers it unless the answer is to be lost.
    fn write<T>(
        &self,
        line: String,
        change: impl FnOnce(&mut DirectoryState) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        let mut state = self.state();
        match state.fault {
            Some(DirectoryFault::WritesDenied) => return Err(CallError::Denied("401".into())),
            Some(DirectoryFault::WritesUnavailable) => return Err(CallError::Unavailable("503".into())),
            _ => {}
        }
        state.check_line(&line)?;
        let answer = change(&mut state)?;
        state.writes += 1;
        state.log.push(line);
        if state.fault == Some(DirectoryFault::AnswerLost(state.writes)) {
            return Err(CallError::Unavailable("connection reset".into()));
        }
        Ok(answer)
    }
}

fn receipt() -> Receipt {
    Receipt { request_id: Some("req".to_owned()) }
}

fn page<T: Clone>(items: &[T], cursor: Option<&str>) -> Page<T> {
    let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor of ours"));
    let from = from.min(items.len());
    let to = (from + 100).min(items.len());
    Page { items: items[from..to].to_vec(), next: (to < items.len()).then(|| to.to_string()) }
}

impl Directory for FakeDirectory {
    fn users(&self, cursor: Option<&str>) -> Result<Page<DirectoryUser>, CallError> {
        let state = self.reading()?;
        let mut page = page(&state.users.values().cloned().collect::<Vec<_>>(), cursor);
        match (&state.fault, cursor) {
            (Some(DirectoryFault::UsersFail), _) | (Some(DirectoryFault::SecondPageFails), Some(_)) => {
                return Err(CallError::Unavailable("500".into()));
            }
            (Some(DirectoryFault::SecondPageFails), None) => page.next = Some("100".to_owned()),
            (Some(DirectoryFault::CursorTwice), _) => page.next = Some("0".to_owned()),
            (Some(DirectoryFault::UserTwice), None) => page.items.push(page.items[0].clone()),
            _ => {}
        }
        Ok(page)
    }

    fn groups(&self, cursor: Option<&str>) -> Result<Page<DirectoryGroup>, CallError> {
        let state = self.reading()?;
        match state.fault {
            Some(DirectoryFault::GroupsFail) => Err(CallError::Unavailable("500".into())),
            _ => Ok(page(&state.groups.values().cloned().collect::<Vec<_>>(), cursor)),
        }
    }

    fn members(&self, group: &str, cursor: Option<&str>) -> Result<Page<String>, CallError> {
        let state = self.reading()?;
        let members = state.members.get(group).into_iter().flatten().cloned().collect::<Vec<_>>();
        match state.fault {
            Some(DirectoryFault::MembersFail) => Err(CallError::Unavailable("500".into())),
            Some(DirectoryFault::MembersGoRound) => {
                let next = if cursor == Some("0") { "1" } else { "0" };
                Ok(Page { items: members, next: Some(next.to_owned()) })
            }
            _ => Ok(page(&members, cursor)),
        }
    }

    fn groups_of(&self, user: &str, cursor: Option<&str>) -> Result<Page<String>, CallError> {
        let state = self.reading()?;
        let groups = state.members.iter().filter(|(_, members)| members.contains(user));
        Ok(page(&groups.map(|(group, _)| group.clone()).collect::<Vec<_>>(), cursor))
    }

    fn user(&self, id: &str) -> Result<Option<DirectoryUser>, CallError> {
        let mut state = self.reading()?;
        Ok(if state.lags() { None } else { state.users.get(id).cloned() })
    }

    fn group(&self, id: &str) -> Result<Option<DirectoryGroup>, CallError> {
        let mut state = self.reading()?;
        Ok(if state.lags() { None } else { state.groups.get(id).cloned() })
    }

    fn user_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError> {
        let id = Some(id.to_string());
        let found = |user: &&DirectoryUser| user.external_id == id;
        Ok(self.reading()?.users.values().find(found).map(|user| user.id.clone()))
    }

    fn user_by_name(&self, user_name: &str) -> Result<Option<String>, CallError> {
        let found = |user: &&DirectoryUser| user.record.user_name() == user_name;
        Ok(self.reading()?.users.values().find(found).map(|user| user.id.clone()))
    }

    fn group_by_external_id(&self, id: &ExternalId) -> Result<Option<String>, CallError> {
        let id = Some(id.to_string());
        let found = |group: &&DirectoryGroup| group.external_id == id;
        Ok(self.reading()?.groups.values().find(found).map(|group| group.id.clone()))
    }

    fn group_by_name(&self, name: &str) -> Result<Option<String>, CallError> {
        let found = |group: &&DirectoryGroup| group.name == name;
        Ok(self.reading()?.groups.values().find(found).map(|group| group.id.clone()))
    }

    fn is_writable(&self, kind: ObjectKind, id: &str) -> Result<bool, CallError> {
        let mut state = self.reading()?;
        if state.fault == Some(DirectoryFault::WritesElsewhere) {
            return Ok(false);
        }
        if state.fault == Some(DirectoryFault::VanishesWhenLookedAt) {
            state.fault = None;
            state.delete_user(id);
        }
        Ok(match kind {
            ObjectKind::User => state.users.contains_key(id),
            ObjectKind::Group => state.groups.contains_key(id),
        })
    }

    fn sides(&self) -> Sides {
        Sides { read: "d-1".to_owned(), written: "https://scim.example.com/1/scim/v2/".to_owned() }
    }

    fn create_user(&self, external_id: &ExternalId, record: &Record) -> Result<Created, CallError> {
        self.write(format!("create user {}", record.user_name()), |state| {
            state.check_poison(record.user_name())?;
            if state.fault == Some(DirectoryFault::WritesElsewhere) {
                return Ok(Created { id: state.new_id("elsewhere"), receipt: receipt() });
            }
            let external_id = external_id.to_string();
            state.check_user(None, Some(&external_id), record)?;
            let id = state.new_id("u");
            let user = DirectoryUser {
                id: id.clone(),
                external_id: Some(external_id),
                active: true,
                revision: Some("1".to_owned()),
                updated_at: Some(state.now),
                record: record.clone(),
            };
            state.users.insert(id.clone(), user);
            Ok(Created { id, receipt: receipt() })
        })
    }

    fn patch_user(&self, id: &str, patch: &UserPatch<'_>) -> Result<Receipt, CallError> {
        assert!(!patch.values.is_empty() || patch.external_id.is_some(), "an empty patch");
        let email = patch.values.iter().find(|(attribute, _)| *attribute == Attribute::Email);
        let email = email.and_then(|(_, email)| *email).unwrap_or_default();
        self.write(format!("patch user {id} {email}"), |state| {
            let user = state.users.get(id).ok_or(CallError::Missing)?.clone();
            let record = Record::of(|attribute| {
                assert!(!patch.values.iter().any(|(patched, _)| *patched == Attribute::UserName));
                let patched = patch.values.iter().find(|(patched, _)| *patched == attribute);
                patched.map_or(user.record.get(attribute), |(_, value)| *value)
            });
            let external_id = patch.external_id.map(ToString::to_string).or(user.external_id);
            state.check_user(Some(id), external_id.as_deref(), &record)?;
            let user = state.touch(id)?;
            (user.record, user.external_id) = (record, external_id);
            Ok(receipt())
        })
    }

    fn rename_user(&self, id: &str, user_name: &str) -> Result<Receipt, CallError> {
        self.write(format!("rename user {id} {user_name}"), |state| {
            let user = state.users.get(id).ok_or(CallError::Missing)?.clone();
            let record = Record::of(|attribute| match attribute {
                Attribute::UserName => Some(user_name),
                other => user.record.get(other),
            });
            state.check_user(Some(id), user.external_id.as_deref(), &record)?;
            state.touch(id)?.record = record;
            Ok(receipt())
        })
    }

    fn set_active(&self, id: &str, active: bool) -> Result<Receipt, CallError> {
        self.write(format!("set active {id} {active}"), |state| {
            if active && state.fault == Some(DirectoryFault::ActivationsRefused) {
                return Err(CallError::Rejected { reason: "ValidationException".to_owned() });
            }
            state.touch(id)?.active = active;
            Ok(receipt())
        })
    }

    fn delete_user(&self, id: &str) -> Result<Receipt, CallError> {
        self.write(format!("delete user {id}"), |state| {
            state.users.remove(id).ok_or(CallError::Missing)?;
            for members in state.members.values_mut() {
                members.remove(id);
            }
            Ok(receipt())
        })
    }

    fn create_group(
        &self,
        external_id: &ExternalId,
        name: &str,
        members: &[&str],
    ) -> Result<Created, CallError> {
        self.write(format!("create group {name}"), |state| {
            state.check_poison(name)?;
            state.check_group(None, Some(&external_id.to_string()), name)?;
            if !members.iter().all(|member| state.users.contains_key(*member)) {
                return Err(CallError::Missing);
            }
            let id = state.add_group(Some(&external_id.to_string()), name, &[]);
            if !members.is_empty() {
                let present = state.members_for(&id, members)?;
                present.extend(members.iter().map(|id| (*id).to_owned()));
            }
            Ok(Created { id, receipt: receipt() })
        })
    }

    fn patch_group(&self, id: &str, patch: &GroupPatch<'_>) -> Result<Receipt, CallError> {
        assert!(patch.name.is_some() || patch.external_id.is_some(), "an empty patch");
        self.write(format!("patch group {id} {}", patch.name.unwrap_or_default()), |state| {
            let mut group = state.groups.get(id).ok_or(CallError::Missing)?.clone();
            patch.name.map_or(Ok(()), |name| state.check_poison(name))?;
            group.name = patch.name.map_or(group.name, str::to_owned);
            group.external_id = patch.external_id.map(ToString::to_string).or(group.external_id);
            state.check_group(Some(id), group.external_id.as_deref(), &group.name)?;
            state.groups.insert(id.to_owned(), group);
            Ok(receipt())
        })
    }

    fn add_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError> {
        self.write(format!("add {} members to {group}", members.len()), |state| {
            let inactive = members.iter().any(|id| state.users.get(*id).is_some_and(|user| !user.active));
            assert!(!inactive, "nobody inactive is put into a group");
            state.groups.get(group).map_or(Ok(()), |group| state.check_poison(&group.name))?;
            let present = state.members_for(group, members)?;
            present.extend(members.iter().map(|id| (*id).to_owned()));
            Ok(receipt())
        })
    }

    fn remove_members(&self, group: &str, members: &[&str]) -> Result<Receipt, CallError> {
        self.write(format!("remove {} members from {group}", members.len()), |state| {
            let present = state.members_for(group, members)?;
            for member in members {
                present.remove(*member);
            }
            Ok(receipt())
        })
    }
}
