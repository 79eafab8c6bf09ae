//! Users, groups and memberships, with what has to be unique.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use super::id::{GroupId, MembershipId, UserId};
use super::record::{Author, Group, GroupRecord, Membership, Stamps, User, UserRecord};

/// What exists already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duplicate {
    UserName,
    Email,
    ExternalId,
    GroupDisplayName,
    Membership,
}

/// Where to go on in a list that is sorted by id: behind this one.
pub(crate) type After<'a> = Option<&'a str>;

#[derive(Clone, Debug, Default)]
pub(crate) struct Store {
    users: BTreeMap<UserId, User>,
    groups: BTreeMap<GroupId, Group>,
    memberships: BTreeMap<MembershipId, Membership>,
    members: HashMap<GroupId, BTreeMap<UserId, MembershipId>>,
    groups_of: HashMap<UserId, BTreeSet<GroupId>>,
    user_names: HashMap<String, UserId>,
    emails: HashMap<String, UserId>,
    users_external: HashMap<String, UserId>,
    group_names: HashMap<String, GroupId>,
    groups_external: HashMap<String, GroupId>,
    revision: u64,
}

/// User names and e-mail addresses are the same whatever their case (RFC 7643 section 4.1: `caseExact` is false).
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn behind(after: After<'_>) -> (Bound<&str>, Bound<&str>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

impl Store {
    /// Starts somewhere, so that nobody takes a revision for a count.
    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        1_700_000_000_000 + self.revision
    }

    // --- users ---

    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    /// Finds a user by name, in whatever case.
    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.user(self.user_names.get(&folded(name))?.as_str())
    }

    pub(crate) fn user_with_email(&self, email: &str) -> Option<&User> {
        self.user(self.emails.get(&folded(email))?.as_str())
    }

    pub(crate) fn user_with_external_id(&self, id: &str) -> Option<&User> {
        self.user(self.users_external.get(id)?.as_str())
    }

    pub(crate) fn users(&self, after: After<'_>) -> impl Iterator<Item = &User> {
        self.users.range::<str, _>(behind(after)).map(|(_, user)| user)
    }

    pub(crate) fn user_count(&self) -> usize {
        self.users.len()
    }

    pub(crate) fn create_user(
        &mut self,
        record: UserRecord,
        password: Option<&str>,
        author: Author<'_>,
    ) -> Result<UserId, Duplicate> {
        let id = UserId::new();
        self.check_user(&record, None)?;
        self.index_user(&id, &record);
        let stamps = Stamps::new(author, self.next_revision());
        let disabled_since = (!record.active).then_some(author.at);
        let password = password.map(str::to_owned);
        self.users.insert(id.clone(), User { id: id.clone(), record, password, disabled_since, stamps });
        Ok(id)
    }

    /// Replaces what is stored of a user that exists.
    pub(crate) fn replace_user(
        &mut self,
        id: &UserId,
        record: UserRecord,
        author: Author<'_>,
    ) -> Result<(), Duplicate> {
        self.check_user(&record, Some(id))?;
        let Some(before) = self.users.get(id).map(|user| user.record.clone()) else { return Ok(()) };
        self.forget_user(&before);
        self.index_user(id, &record);
        let revision = self.next_revision();
        if let Some(user) = self.users.get_mut(id) {
            user.disabled_since = if record.active { None } else { user.disabled_since.or(Some(author.at)) };
            user.stamps.touch(author, revision);
            user.record = record;
        }
        Ok(())
    }

    /// Deletes a user and all memberships.
    pub(crate) fn delete_user(&mut self, id: &str) -> Option<User> {
        let user = self.users.remove(id)?;
        self.forget_user(&user.record);
        for group in self.groups_of.remove(id).unwrap_or_default() {
            let membership = self.members.get_mut(&group).and_then(|members| members.remove(id));
            membership.and_then(|membership| self.memberships.remove(&membership));
        }
        Some(user)
    }

    fn check_user(&self, record: &UserRecord, but: Option<&UserId>) -> Result<(), Duplicate> {
        let taken = |owner: Option<&UserId>| owner.is_some_and(|owner| Some(owner) != but);
        if taken(self.user_names.get(&folded(&record.user_name))) {
            return Err(Duplicate::UserName);
        }
        if taken(record.email().and_then(|email| self.emails.get(&folded(email)))) {
            return Err(Duplicate::Email);
        }
        if taken(record.external_id.as_ref().and_then(|id| self.users_external.get(id))) {
            return Err(Duplicate::ExternalId);
        }
        Ok(())
    }

    fn index_user(&mut self, id: &UserId, record: &UserRecord) {
        self.user_names.insert(folded(&record.user_name), id.clone());
        if let Some(email) = record.email() {
            self.emails.insert(folded(email), id.clone());
        }
        if let Some(external_id) = &record.external_id {
            self.users_external.insert(external_id.clone(), id.clone());
        }
    }

    fn forget_user(&mut self, record: &UserRecord) {
        self.user_names.remove(&folded(&record.user_name));
        if let Some(email) = record.email() {
            self.emails.remove(&folded(email));
        }
        if let Some(external_id) = &record.external_id {
            self.users_external.remove(external_id);
        }
    }

    // --- groups ---

    pub(crate) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    pub(crate) fn group_named(&self, name: &str) -> Option<&Group> {
        self.group(self.group_names.get(name)?.as_str())
    }

    pub(crate) fn group_with_external_id(&self, id: &str) -> Option<&Group> {
        self.group(self.groups_external.get(id)?.as_str())
    }

    pub(crate) fn groups(&self, after: After<'_>) -> impl Iterator<Item = &Group> {
        self.groups.range::<str, _>(behind(after)).map(|(_, group)| group)
    }

    pub(crate) fn group_count(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn create_group(
        &mut self,
        record: GroupRecord,
        author: Author<'_>,
    ) -> Result<GroupId, Duplicate> {
        let id = GroupId::new();
        self.check_group(&record, None)?;
        self.index_group(&id, &record);
        let stamps = Stamps::new(author, self.next_revision());
        self.groups.insert(id.clone(), Group { id: id.clone(), record, stamps });
        Ok(id)
    }

    /// Replaces what is stored of a group that exists.
    pub(crate) fn replace_group(
        &mut self,
        id: &GroupId,
        record: GroupRecord,
        author: Author<'_>,
    ) -> Result<(), Duplicate> {
        self.check_group(&record, Some(id))?;
        let Some(before) = self.groups.get(id).map(|group| group.record.clone()) else { return Ok(()) };
        self.forget_group(&before);
        self.index_group(id, &record);
        let revision = self.next_revision();
        if let Some(group) = self.groups.get_mut(id) {
            group.stamps.touch(author, revision);
            group.record = record;
        }
        Ok(())
    }

    /// Deletes a group and all memberships.
    pub(crate) fn delete_group(&mut self, id: &str) -> Option<Group> {
        let group = self.groups.remove(id)?;
        self.forget_group(&group.record);
        for (user, membership) in self.members.remove(id).unwrap_or_default() {
            self.memberships.remove(&membership);
            if let Some(groups) = self.groups_of.get_mut(&user) {
                groups.remove(id);
            }
        }
        Some(group)
    }

    fn check_group(&self, record: &GroupRecord, but: Option<&GroupId>) -> Result<(), Duplicate> {
        let taken = |owner: Option<&GroupId>| owner.is_some_and(|owner| Some(owner) != but);
        if taken(self.group_names.get(&record.display_name)) {
            return Err(Duplicate::GroupDisplayName);
        }
        if taken(record.external_id.as_ref().and_then(|id| self.groups_external.get(id))) {
            return Err(Duplicate::ExternalId);
        }
        Ok(())
    }

    fn index_group(&mut self, id: &GroupId, record: &GroupRecord) {
        self.group_names.insert(record.display_name.clone(), id.clone());
        if let Some(external_id) = &record.external_id {
            self.groups_external.insert(external_id.clone(), id.clone());
        }
    }

    fn forget_group(&mut self, record: &GroupRecord) {
        self.group_names.remove(&record.display_name);
        if let Some(external_id) = &record.external_id {
            self.groups_external.remove(external_id);
        }
    }

    // --- memberships ---

    pub(crate) fn membership(&self, id: &str) -> Option<&Membership> {
        self.memberships.get(id)
    }

    pub(crate) fn membership_of(&self, group: &str, user: &str) -> Option<&Membership> {
        self.membership(self.members.get(group)?.get(user)?.as_str())
    }

    /// Returns a group's memberships, in the order of its members' ids.
    pub(crate) fn members(&self, group: &str, after: After<'_>) -> impl Iterator<Item = &Membership> {
        let members = self.members.get(group).into_iter();
        let ids = members.flat_map(move |members| members.range::<str, _>(behind(after)));
        ids.filter_map(|(_, id)| self.memberships.get(id))
    }

    /// Returns a user's memberships, in the order of the groups' ids.
    pub(crate) fn memberships_of(&self, user: &str, after: After<'_>) -> impl Iterator<Item = &Membership> {
        let groups = self.groups_of.get(user).into_iter();
        let ids = groups.flat_map(move |groups| groups.range::<str, _>(behind(after)));
        ids.filter_map(move |group| self.membership_of(group.as_str(), user))
    }

    pub(crate) fn membership_count(&self) -> usize {
        self.memberships.len()
    }

    /// Puts a user that exists into a group that exists.
    pub(crate) fn add_member(
        &mut self,
        group: &GroupId,
        user: &UserId,
        author: Author<'_>,
    ) -> Result<MembershipId, Duplicate> {
        let members = self.members.entry(group.clone()).or_default();
        if members.contains_key(user) {
            return Err(Duplicate::Membership);
        }
        let id = MembershipId::new();
        members.insert(user.clone(), id.clone());
        self.groups_of.entry(user.clone()).or_default().insert(group.clone());
        let stamps = Stamps::new(author, self.next_revision());
        let membership = Membership { id: id.clone(), group: group.clone(), user: user.clone(), stamps };
        self.memberships.insert(id.clone(), membership);
        Ok(id)
    }

    /// Takes a user out of a group; false if there is no such membership.
    pub(crate) fn remove_member(&mut self, group: &str, user: &str) -> bool {
        let Some(id) = self.members.get_mut(group).and_then(|members| members.remove(user)) else {
            return false;
        };
        if let Some(groups) = self.groups_of.get_mut(user) {
            groups.remove(group);
        }
        self.memberships.remove(&id).is_some()
    }

    /// Records a change of a group's members in the group itself.
    pub(crate) fn touch_group(&mut self, id: &GroupId, author: Author<'_>) {
        let revision = self.next_revision();
        if let Some(group) = self.groups.get_mut(id) {
            group.stamps.touch(author, revision);
        }
    }
}
