//! What an administrator does in Identity Center's console: shared by the handle and the control endpoints.
//!
//! Errors are for people. A name that does not exist is one: a script's typing error must not pass for work done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::directory::id::{GroupId, UserId};
use crate::directory::{Directory, Principal, PrincipalId};
use crate::log::Entry;
use crate::saml::metadata::{self, IdentityProviderMetadata};
use crate::state::Sim;

impl Sim {
    /// Identity source: external identity provider from now on.
    pub(crate) fn set_idp_metadata(&self, text: &str) -> Result<Value, String> {
        let provider = IdentityProviderMetadata::read(text)?;
        let about = json!({ "entity_id": provider.entity_id, "sign_on_url": provider.sign_on_url() });
        self.state().saml.provider = Some(provider);
        Ok(about)
    }

    /// Identity source: Identity Center's own directory, with passwords.
    pub(crate) fn remove_idp(&self) {
        self.state().saml.provider = None;
    }

    pub(crate) fn sp_metadata(&self, entry: Entry) -> String {
        metadata::of_service_provider(&self.settings, entry)
    }

    pub(crate) fn sp_names(&self, entry: Entry) -> (String, Vec<String>) {
        metadata::names(&self.settings, entry)
    }

    pub(crate) fn add_user(&self, name: &str, password: Option<&str>) -> Result<(), String> {
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("`{name}` is no user name"));
        }
        let now = self.now();
        let added = self.state().directory.add_user(name, password, now);
        added.map(|_| ()).map_err(|_| format!("there is a user {name}"))
    }

    /// Sessions end at once, and for good: a later user of the same name is somebody else.
    pub(crate) fn delete_user(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        let id = user(&state.directory, name)?;
        state.revoke_user(name);
        state.directory.delete_user(&id, self.settings.directory.orphaned_assignments);
        Ok(())
    }

    pub(crate) fn disable_user(&self, name: &str) -> Result<(), String> {
        let now = self.now();
        let directory = &mut self.state().directory;
        let id = user(directory, name)?;
        directory.set_enabled(&id, false, now);
        Ok(())
    }

    pub(crate) fn enable_user(&self, name: &str) -> Result<(), String> {
        let now = self.now();
        let directory = &mut self.state().directory;
        let id = user(directory, name)?;
        directory.set_enabled(&id, true, now);
        Ok(())
    }

    pub(crate) fn end_sessions(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        user(&state.directory, name)?;
        state.revoke_user(name);
        Ok(())
    }

    pub(crate) fn add_group(&self, name: &str) -> Result<(), String> {
        if name.is_empty() {
            return Err("a group needs a name".to_owned());
        }
        let now = self.now();
        let added = self.state().directory.add_group(name, now);
        added.map(|_| ()).map_err(|_| format!("there is a group {name}"))
    }

    pub(crate) fn delete_group(&self, name: &str) -> Result<(), String> {
        let directory = &mut self.state().directory;
        let id = group(directory, name)?;
        directory.delete_group(&id, self.settings.directory.orphaned_assignments);
        Ok(())
    }

    pub(crate) fn set_member(&self, name: &str, member: &str, is_in: bool) -> Result<(), String> {
        let now = self.now();
        let directory = &mut self.state().directory;
        let group = group(directory, name)?;
        let user = user(directory, member)?;
        directory.set_member(&group, &user, is_in, now);
        Ok(())
    }

    pub(crate) fn set_assignment(
        &self,
        principal: Principal,
        account: &str,
        permission_set: &str,
        assigned: bool,
    ) -> Result<(), String> {
        let directory = &mut self.state().directory;
        let principal = match principal {
            Principal::User(name) => PrincipalId::User(user(directory, &name)?),
            Principal::Group(name) => PrincipalId::Group(group(directory, &name)?),
        };
        if directory.accounts.iter().all(|known| known.id != account) {
            return Err(format!("no account {account}"));
        }
        if directory.permission_set(permission_set).is_none() {
            return Err(format!("no permission set {permission_set}"));
        }
        if assigned {
            directory.assign(principal, account, permission_set);
        } else {
            directory.unassign(principal, account, permission_set);
        }
        Ok(())
    }

    /// Users, groups and assignments, for scripts.
    pub(crate) fn directory_json(&self) -> Value {
        let directory = &self.state().directory;
        let store = &directory.store;
        let users = store.users(None).map(|user| (&user.record.user_name, user.record.active));
        let users = users.collect::<BTreeMap<_, _>>().into_iter();
        let users = users.map(|(name, enabled)| json!({ "user": name, "enabled": enabled }));
        let name = |user: &UserId| store.user(user.as_str()).map(|user| &user.record.user_name);
        let groups = store.groups(None).map(|group| {
            let members = store.members(group.id.as_str(), None);
            let members = members.filter_map(|member| name(&member.user)).collect::<BTreeSet<_>>();
            (&group.record.display_name, members)
        });
        let groups = groups.collect::<BTreeMap<_, _>>().into_iter();
        let groups = groups.map(|(name, members)| json!({ "group": name, "members": members }));
        let assignments = directory.assignments().map(|known| {
            let (kind, name) = match &known.principal {
                PrincipalId::User(id) => ("user", name(id)),
                PrincipalId::Group(id) => {
                    ("group", store.group(id.as_str()).map(|group| &group.record.display_name))
                }
            };
            json!({ kind: name, "account": known.account, "permission_set": known.permission_set })
        });
        json!({
            "users": users.collect::<Vec<_>>(),
            "groups": groups.collect::<Vec<_>>(),
            "assignments": assignments.collect::<Vec<_>>(),
        })
    }
}

fn user(directory: &Directory, name: &str) -> Result<UserId, String> {
    directory.user(name).map(|user| user.id.clone()).ok_or_else(|| format!("no user {name}"))
}

fn group(directory: &Directory, name: &str) -> Result<GroupId, String> {
    let group = directory.store.group_named(name);
    group.map(|group| group.id.clone()).ok_or_else(|| format!("no group {name}"))
}
