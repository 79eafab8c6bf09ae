//! A realm in memory, which a test can make answer badly.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::{Detail, Realm, RealmGroup, RealmUser};
use crate::sync::call::CallError;

#[derive(Clone, Debug, Default)]
pub(crate) struct RealmState {
    pub(crate) id: String,
    pub(crate) users: BTreeMap<String, RealmUser>,
    pub(crate) groups: BTreeMap<String, RealmGroup>,
    /// Direct members by group.
    pub(crate) members: BTreeMap<String, Vec<String>>,
}

/// A way in which a reading goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RealmFault {
    IdFails,
    CountFails,
    /// One more user after the listing.
    CountChanges,
    UsersFail,
    /// The list stops early, as without `view-users`.
    UsersEndEarly,
    UserTwice,
    /// One user was never listed, another took the place: the counts agree.
    UserReplaced(String),
    GroupCountFails,
    /// One group fewer from the listing on.
    GroupDeleted(String),
    GroupsFail,
    GroupsEmpty,
    GroupsEndEarly,
    GroupTwice,
    MembersFail,
    /// The members of a group end before this user, who is in it.
    MemberMissed(String),
    MemberTwice,
    Throttled,
    LookUpFails,
    GroupsOfFail,
    AnotherGroupAppears,
}

pub(crate) struct FakeRealm {
    state: Mutex<RealmState>,
    fault: Mutex<Option<RealmFault>>,
    calls: AtomicUsize,
    counts: AtomicUsize,
}

impl FakeRealm {
    pub(crate) fn new(state: RealmState) -> Self {
        Self { state: state.into(), fault: None.into(), calls: 0.into(), counts: 0.into() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, RealmState> {
        self.state.lock().expect("no test panics while holding it")
    }

    pub(crate) fn fails_with(&self, fault: Option<RealmFault>) {
        *self.fault.lock().expect("no test panics while holding it") = fault;
        self.counts.store(0, Ordering::Relaxed);
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn fault(&self) -> Option<RealmFault> {
        self.fault.lock().expect("no test panics while holding it").clone()
    }

    fn has(&self, fault: &RealmFault) -> bool {
        self.fault().as_ref() == Some(fault)
    }

    /// Counts a call, and fails it under this fault.
    fn call(&self, failing: &RealmFault) -> Result<MutexGuard<'_, RealmState>, CallError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.has(&RealmFault::Throttled) {
            return Err(CallError::Throttled { retry_after: None });
        }
        if self.has(failing) {
            return Err(CallError::Unavailable("503".into()));
        }
        Ok(self.state())
    }
}

impl RealmState {
    pub(crate) fn add_user(&mut self, id: &str, email: &str) {
        let (first, _) = email.split_once('@').expect("an address");
        let user = RealmUser {
            id: id.to_owned(),
            enabled: true,
            user_name: first.to_owned(),
            email: Some(email.to_owned()),
            first_name: Some(first.to_owned()),
            last_name: Some("Doe".to_owned()),
            ..RealmUser::default()
        };
        self.users.insert(id.to_owned(), user);
    }

    pub(crate) fn add_group(&mut self, id: &str, name: &str, parent: Option<&str>, members: &[&str]) {
        let (parent, name) = (parent.map(str::to_owned), name.to_owned());
        self.groups.insert(id.to_owned(), RealmGroup { id: id.to_owned(), name, parent });
        self.members.insert(id.to_owned(), members.iter().map(|id| (*id).to_owned()).collect());
    }

    pub(crate) fn user(&mut self, id: &str) -> &mut RealmUser {
        self.users.get_mut(id).expect("a user of the test")
    }

    pub(crate) fn delete_user(&mut self, id: &str) {
        self.users.remove(id);
        for members in self.members.values_mut() {
            members.retain(|member| member != id);
        }
    }

    pub(crate) fn leave(&mut self, user: &str, group: &str) {
        self.members.get_mut(group).expect("a group of the test").retain(|member| member != user);
    }

    pub(crate) fn join(&mut self, user: &str, group: &str) {
        self.members.get_mut(group).expect("a group of the test").push(user.to_owned());
    }
}

impl Realm for FakeRealm {
    fn id(&self) -> Result<String, CallError> {
        Ok(self.call(&RealmFault::IdFails)?.id.clone())
    }

    fn count_users(&self) -> Result<u64, CallError> {
        let count = self
            .call(&RealmFault::CountFails)?
            .users
            .values()
            .filter(|user| !user.is_service_account)
            .count();
        let is_second = self.counts.fetch_add(1, Ordering::Relaxed) == 1;
        let more = is_second && self.has(&RealmFault::CountChanges);
        Ok(u64::try_from(count + usize::from(more)).expect("a small number"))
    }

    fn each_user(&self, detail: Detail, see: &mut dyn FnMut(RealmUser)) -> Result<(), CallError> {
        let state = self.call(&RealmFault::UsersFail)?;
        let mut users: Vec<RealmUser> =
            state.users.values().filter(|user| !user.is_service_account).cloned().collect();
        match self.fault() {
            Some(RealmFault::UsersEndEarly) => users.truncate(users.len() / 2),
            Some(RealmFault::UserTwice) => users.push(users[0].clone()),
            Some(RealmFault::UserReplaced(id)) => {
                let missed = users.iter_mut().find(|user| user.id == id).expect("a user of the test");
                missed.id = "new".to_owned();
            }
            _ => {}
        }
        for mut user in users {
            if detail == Detail::Brief {
                user.attributes.clear();
            }
            see(user);
        }
        Ok(())
    }

    fn count_groups(&self) -> Result<u64, CallError> {
        let count = self.call(&RealmFault::GroupCountFails)?.groups.len();
        let count = if self.has(&RealmFault::GroupsEmpty) { 0 } else { count };
        Ok(u64::try_from(count).expect("a small number"))
    }

    fn each_group(&self, see: &mut dyn FnMut(RealmGroup)) -> Result<(), CallError> {
        let mut state = self.call(&RealmFault::GroupsFail)?;
        if let Some(RealmFault::GroupDeleted(id)) = self.fault() {
            state.groups.remove(&id);
        }
        let mut groups: Vec<RealmGroup> = state.groups.values().cloned().collect();
        match self.fault() {
            Some(RealmFault::GroupsEmpty) => groups.clear(),
            Some(RealmFault::GroupsEndEarly) => groups.truncate(groups.len() - 1),
            Some(RealmFault::GroupTwice) => groups.push(groups[0].clone()),
            _ => {}
        }
        groups.into_iter().for_each(see);
        Ok(())
    }

    fn members(&self, group: &str) -> Result<Vec<String>, CallError> {
        let mut members =
            self.call(&RealmFault::MembersFail)?.members.get(group).cloned().unwrap_or_default();
        match self.fault() {
            Some(RealmFault::MemberMissed(user)) => members.retain(|member| *member != user),
            Some(RealmFault::MemberTwice) => members.extend(members.first().cloned()),
            _ => {}
        }
        Ok(members)
    }

    fn user(&self, id: &str) -> Result<Option<RealmUser>, CallError> {
        Ok(self.call(&RealmFault::LookUpFails)?.users.get(id).cloned())
    }

    fn groups_of(&self, user: &str) -> Result<Option<Vec<String>>, CallError> {
        let state = self.call(&RealmFault::GroupsOfFail)?;
        if !state.users.contains_key(user) {
            return Ok(None);
        }
        let groups = state.members.iter().filter(|(_, members)| members.iter().any(|member| member == user));
        let mut groups: Vec<String> = groups.map(|(group, _)| group.clone()).collect();
        if self.has(&RealmFault::AnotherGroupAppears) {
            groups.push("unheard-of".to_owned());
        }
        Ok(Some(groups))
    }

    fn find_users(&self, name: &str) -> Result<Vec<RealmUser>, CallError> {
        let state = self.call(&RealmFault::UsersFail)?;
        let is_name = |text: &str| text.eq_ignore_ascii_case(name);
        let is_named =
            |user: &&RealmUser| is_name(&user.user_name) || user.email.as_deref().is_some_and(is_name);
        Ok(state.users.values().filter(is_named).cloned().collect())
    }
}
