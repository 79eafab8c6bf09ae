//! What an administrator does in Identity Center's console: shared by the handle and the control endpoints.
//!
//! Errors are for people. A name that does not exist is one: a script's typing error must not pass for work done.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::directory::{Directory, Principal};
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
        let directory = &mut self.state().directory;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("`{name}` is no user name"));
        }
        if directory.users.contains_key(name) {
            return Err(format!("there is a user {name}"));
        }
        directory.add_user(name, password);
        Ok(())
    }

    /// Sessions end at once, and for good: a later user of the same name is somebody else.
    pub(crate) fn delete_user(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        user(&state.directory, name)?;
        state.revoke_user(name);
        state.directory.delete_user(name);
        Ok(())
    }

    pub(crate) fn disable_user(&self, name: &str) -> Result<(), String> {
        let now = self.now();
        let directory = &mut self.state().directory;
        user(directory, name)?;
        if let Some(user) = directory.users.get_mut(name) {
            user.disabled_since.get_or_insert(now);
        }
        Ok(())
    }

    pub(crate) fn enable_user(&self, name: &str) -> Result<(), String> {
        let directory = &mut self.state().directory;
        user(directory, name)?;
        if let Some(user) = directory.users.get_mut(name) {
            user.disabled_since = None;
        }
        Ok(())
    }

    pub(crate) fn end_sessions(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        user(&state.directory, name)?;
        state.revoke_user(name);
        Ok(())
    }

    pub(crate) fn add_group(&self, name: &str) -> Result<(), String> {
        let groups = &mut self.state().directory.groups;
        if name.is_empty() {
            return Err("a group needs a name".to_owned());
        }
        if groups.contains_key(name) {
            return Err(format!("there is a group {name}"));
        }
        groups.insert(name.to_owned(), BTreeSet::new());
        Ok(())
    }

    pub(crate) fn delete_group(&self, name: &str) -> Result<(), String> {
        let directory = &mut self.state().directory;
        group(directory, name)?;
        directory.delete_group(name);
        Ok(())
    }

    pub(crate) fn set_member(&self, name: &str, member: &str, is_in: bool) -> Result<(), String> {
        let directory = &mut self.state().directory;
        group(directory, name)?;
        user(directory, member)?;
        if let Some(members) = directory.groups.get_mut(name) {
            if is_in {
                members.insert(member.to_owned());
            } else {
                members.remove(member);
            }
        }
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
        match &principal {
            Principal::User(name) => user(directory, name)?,
            Principal::Group(name) => group(directory, name)?,
        }
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
        let users = directory.users.iter();
        let users =
            users.map(|(name, user)| json!({ "user": name, "enabled": user.disabled_since.is_none() }));
        let groups = directory.groups.iter();
        let groups = groups.map(|(name, members)| json!({ "group": name, "members": members }));
        let assignments = directory.assignments().map(|known| {
            let (kind, name) = match &known.principal {
                Principal::User(name) => ("user", name),
                Principal::Group(name) => ("group", name),
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

fn user(directory: &Directory, name: &str) -> Result<(), String> {
    directory.users.contains_key(name).then_some(()).ok_or_else(|| format!("no user {name}"))
}

fn group(directory: &Directory, name: &str) -> Result<(), String> {
    directory.groups.contains_key(name).then_some(()).ok_or_else(|| format!("no group {name}"))
}
