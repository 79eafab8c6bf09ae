//! People, accounts, permission sets, and who may do what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::secret;

/// The grace that AWS's user guide gives a disabled user's running session.
const DISABLED_GRACE: Duration = Duration::from_hours(1);

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) password: String,
    pub(crate) disabled_since: Option<SystemTime>,
}

impl User {
    /// May a session of this user still be used? New sign-ins are refused at once, running sessions
    /// last up to an hour more (AWS user guide, "Authentication sessions").
    pub(crate) fn session_may_go_on(&self, now: SystemTime) -> bool {
        self.disabled_since.is_none_or(|since| now < since + DISABLED_GRACE)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

#[derive(Clone, Debug)]
pub(crate) struct PermissionSet {
    pub(crate) name: String,
    pub(crate) session_duration: Duration,
}

/// One role in one account: what a permission set becomes when it is provisioned.
#[derive(Clone, Debug)]
pub(crate) struct ProvisionedRole {
    /// `AWSReservedSSO_<permission set>_<16 hex digits>`.
    pub(crate) name: String,
    /// `AROA…`.
    pub(crate) id: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) default_user: String,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) permission_sets: Vec<PermissionSet>,
    /// (user, account, permission set)
    assignments: BTreeSet<(String, String, String)>,
    roles: BTreeMap<(String, String), ProvisionedRole>,
    /// Roles that somebody deleted in the account: assigned, but not there.
    missing_roles: BTreeSet<(String, String)>,
}

impl Directory {
    pub(crate) fn add_user(&mut self, name: &str, password: &str) {
        if self.users.is_empty() {
            name.clone_into(&mut self.default_user);
        }
        self.users.insert(name.to_owned(), User { password: password.to_owned(), disabled_since: None });
    }

    pub(crate) fn add_account(&mut self, id: &str, name: &str, email: &str) {
        self.accounts.push(Account { id: id.to_owned(), name: name.to_owned(), email: email.to_owned() });
    }

    pub(crate) fn add_permission_set(&mut self, name: &str, session_duration: Duration) {
        self.permission_sets.retain(|known| known.name != name);
        self.permission_sets.push(PermissionSet { name: name.to_owned(), session_duration });
    }

    pub(crate) fn assign(&mut self, user: &str, account: &str, permission_set: &str) {
        self.assignments.insert((user.to_owned(), account.to_owned(), permission_set.to_owned()));
    }

    pub(crate) fn unassign(&mut self, user: &str, account: &str, permission_set: &str) {
        self.assignments.remove(&(user.to_owned(), account.to_owned(), permission_set.to_owned()));
    }

    /// Every user gets every permission set in every account.
    pub(crate) fn assign_everything(&mut self) {
        for user in self.users.keys() {
            for account in &self.accounts {
                for set in &self.permission_sets {
                    self.assignments.insert((user.clone(), account.id.clone(), set.name.clone()));
                }
            }
        }
    }

    pub(crate) fn is_assigned(&self, user: &str, account: &str, permission_set: &str) -> bool {
        self.assignments.contains(&(user.to_owned(), account.to_owned(), permission_set.to_owned()))
    }

    pub(crate) fn accounts_of(&self, user: &str) -> Vec<&Account> {
        self.accounts
            .iter()
            .filter(|account| !self.permission_sets_of(user, &account.id).is_empty())
            .collect()
    }

    pub(crate) fn permission_sets_of(&self, user: &str, account: &str) -> Vec<&PermissionSet> {
        self.permission_sets.iter().filter(|set| self.is_assigned(user, account, &set.name)).collect()
    }

    pub(crate) fn permission_set(&self, name: &str) -> Option<&PermissionSet> {
        self.permission_sets.iter().find(|set| set.name == name)
    }

    /// The role of a permission set in an account; its name and id stay the same from the first use on.
    /// `None` if somebody deleted it there.
    pub(crate) fn role(&mut self, account: &str, permission_set: &str) -> Option<ProvisionedRole> {
        let key = (account.to_owned(), permission_set.to_owned());
        if self.missing_roles.contains(&key) {
            return None;
        }
        let role = self.roles.entry(key).or_insert_with(|| ProvisionedRole {
            name: format!("AWSReservedSSO_{permission_set}_{}", secret::hex(16)),
            id: secret::role_id(),
        });
        Some(role.clone())
    }

    pub(crate) fn delete_role(&mut self, account: &str, permission_set: &str) {
        self.missing_roles.insert((account.to_owned(), permission_set.to_owned()));
    }

    pub(crate) fn is_enabled(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|known| known.disabled_since.is_none())
    }

    /// Is this the password of a user who may sign in?
    pub(crate) fn may_sign_in(&self, user: &str, password: &str) -> bool {
        self.is_enabled(user) && self.users[user].password == password
    }
}
