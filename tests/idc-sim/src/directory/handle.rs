//! The handle, as far as it is about the identity store: filling it, counting, and the tokens of SCIM.

use serde_json::{Value, json};

use crate::handle::IdcSim;
use crate::hosts;

use super::console;
use super::record::{GroupRecord, UserRecord};

/// A user for [`IdcSim::add_users`]. Name and e-mail address follow from the user name.
#[derive(Clone, Debug)]
#[must_use = "give it to the simulator"]
pub struct NewUser {
    record: UserRecord,
}

impl NewUser {
    /// An enabled user without an external id.
    pub fn named(user_name: &str) -> Self {
        Self { record: UserRecord::named(user_name) }
    }

    /// As if SCIM had made it.
    pub fn external_id(mut self, id: &str) -> Self {
        self.record.external_id = Some(id.to_owned());
        self
    }

    /// Disabled.
    pub fn disabled(mut self) -> Self {
        self.record.active = false;
        self
    }

    /// One attribute under SCIM's name: `displayName`, `title`, `emails` and so on.
    pub fn attribute(mut self, name: &str, value: Value) -> Self {
        self.record.attributes.insert(name.to_owned(), value);
        self
    }
}

/// A group for [`IdcSim::add_groups`].
#[derive(Clone, Debug)]
#[must_use = "give it to the simulator"]
pub struct NewGroup {
    record: GroupRecord,
}

impl NewGroup {
    /// A group without description, external id and members.
    pub fn named(display_name: &str) -> Self {
        Self { record: GroupRecord::named(display_name) }
    }

    /// As if SCIM had made it.
    pub fn external_id(mut self, id: &str) -> Self {
        self.record.external_id = Some(id.to_owned());
        self
    }
}

impl IdcSim {
    /// Adds many users at once, as the console would one by one.
    ///
    /// Panics if a user name, an e-mail address or an external id is there twice.
    #[track_caller]
    pub fn add_users(&self, users: impl IntoIterator<Item = NewUser>) {
        let author = console(self.now());
        let store = &mut self.sim.state().directory.store;
        for NewUser { record } in users {
            let name = record.user_name.clone();
            if let Err(duplicate) = store.create_user(record, None, author) {
                panic!("{name}: {duplicate:?} exists");
            }
        }
    }

    /// Adds many groups at once.
    ///
    /// Panics if a display name or an external id is there twice.
    #[track_caller]
    pub fn add_groups(&self, groups: impl IntoIterator<Item = NewGroup>) {
        let author = console(self.now());
        let store = &mut self.sim.state().directory.store;
        for NewGroup { record } in groups {
            let name = record.display_name.clone();
            if let Err(duplicate) = store.create_group(record, author) {
                panic!("{name}: {duplicate:?} exists");
            }
        }
    }

    /// Adds many memberships at once: names of groups and of users.
    ///
    /// Panics if there is no such group or user.
    #[track_caller]
    pub fn add_members<'a>(&self, members: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let author = console(self.now());
        let store = &mut self.sim.state().directory.store;
        for (group, user) in members {
            let group = store.group_named(group).unwrap_or_else(|| panic!("no group {group}")).id.clone();
            let user = store.user_named(user).unwrap_or_else(|| panic!("no user {user}")).id.clone();
            // Who is a member already stays one.
            let _ = store.add_member(&group, &user, author);
        }
    }

    /// How many users there are.
    pub fn user_count(&self) -> usize {
        self.sim.state().directory.store.user_count()
    }

    /// How many groups there are.
    pub fn group_count(&self) -> usize {
        self.sim.state().directory.store.group_count()
    }

    /// How many memberships there are.
    pub fn membership_count(&self) -> usize {
        self.sim.state().directory.store.membership_count()
    }

    /// The id of a user.
    pub fn user_id(&self, user_name: &str) -> Option<String> {
        self.sim.state().directory.user(user_name).map(|user| user.id.to_string())
    }

    /// The id of a group.
    pub fn group_id(&self, display_name: &str) -> Option<String> {
        let state = self.sim.state();
        state.directory.store.group_named(display_name).map(|group| group.id.to_string())
    }

    /// The user names of a group's members, sorted.
    pub fn members_of(&self, display_name: &str) -> Vec<String> {
        let state = self.sim.state();
        let store = &state.directory.store;
        let Some(group) = store.group_named(display_name) else { return Vec::new() };
        let members = store.members(group.id.as_str(), None);
        let users = members.filter_map(|member| store.user(member.user.as_str()));
        let mut names: Vec<String> = users.map(|user| user.record.user_name.clone()).collect();
        names.sort();
        names
    }

    /// A user as SCIM shows it: `id`, `externalId`, `active`, `userName` and the attributes.
    pub fn user(&self, user_name: &str) -> Option<Value> {
        self.sim.state().directory.user(user_name).map(crate::scim::user)
    }

    /// A group with `id`, `externalId`, `displayName` and, unlike SCIM, the user names of its `members`.
    pub fn group(&self, display_name: &str) -> Option<Value> {
        let group = self.sim.state().directory.store.group_named(display_name).map(crate::scim::group);
        let mut group = group?;
        group["members"] = json!(self.members_of(display_name));
        Some(group)
    }

    /// The SCIM endpoint at the plain entry, with the slash at its end.
    pub fn scim_endpoint(&self) -> String {
        format!("{}/{}/scim/v2/", self.url(), self.sim.state().provisioning.tenant())
    }

    /// The SCIM endpoint by the proxy: at AWS's host.
    pub fn scim_endpoint_by_proxy(&self) -> String {
        let host = hosts::scim_host(self.region());
        format!("https://{host}/{}/scim/v2/", self.sim.state().provisioning.tenant())
    }

    /// Generates an access token for SCIM, good for a year.
    ///
    /// Panics if there are two already, or if automatic provisioning is off.
    #[track_caller]
    pub fn issue_scim_token(&self) -> String {
        let now = self.now();
        let token = self.sim.state().provisioning.issue_token(now);
        token.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Deletes an access token of SCIM.
    ///
    /// Panics if there is no such token.
    #[track_caller]
    pub fn delete_scim_token(&self, token: &str) {
        let deleted = self.sim.state().provisioning.delete_token(token);
        deleted.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Switches automatic provisioning off: every token is gone.
    pub fn switch_provisioning_off(&self) {
        self.sim.state().provisioning.switch_off();
    }

    /// Switches automatic provisioning on again: at another endpoint than before, without a token.
    pub fn switch_provisioning_on(&self) {
        self.sim.state().provisioning.switch_on();
    }
}
