//! People, accounts, permission sets, and who may do what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use crate::iam::IamRole;
use crate::secret;
use crate::sso_admin::permission_set::PermissionSet;

#[derive(Clone, Debug)]
pub(crate) struct User {
    /// `None`: nobody gets in by the form, only by the external identity provider.
    password: Option<String>,
    pub(crate) disabled_since: Option<SystemTime>,
}

impl User {
    /// May a session of this user still be used? New sign-ins are refused at once, running sessions
    /// last up to an hour more (AWS user guide, "Authentication sessions").
    pub(crate) fn session_may_go_on(&self, grace: Duration, now: SystemTime) -> bool {
        self.disabled_since.is_none_or(|since| now < since + grace)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

/// One role in one account: what a permission set becomes when it is provisioned.
#[derive(Clone, Debug)]
pub(crate) struct ProvisionedRole {
    /// `AWSReservedSSO_<permission set>_<16 hex digits>`.
    pub(crate) name: String,
    /// `AROA…`.
    pub(crate) id: String,
}

/// Who has something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Principal {
    User(String),
    Group(String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assignment {
    pub(crate) principal: Principal,
    pub(crate) account: String,
    pub(crate) permission_set: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) default_user: String,
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) permission_sets: Vec<PermissionSet>,
    /// Names of groups, and of their members.
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    assignments: BTreeSet<Assignment>,
    roles: BTreeMap<(String, String), ProvisionedRole>,
    /// By account and permission set: the version that the role there has.
    provisioned: BTreeMap<(String, String), u64>,
    /// Roles that somebody deleted in the account: assigned, but not there.
    missing_roles: BTreeSet<(String, String)>,
    iam_roles: Vec<IamRole>,
}

impl Assignment {
    fn new(principal: Principal, account: &str, permission_set: &str) -> Self {
        Self { principal, account: account.to_owned(), permission_set: permission_set.to_owned() }
    }
}

impl Directory {
    pub(crate) fn add_user(&mut self, name: &str, password: Option<&str>) {
        if self.users.is_empty() {
            name.clone_into(&mut self.default_user);
        }
        let user = User { password: password.map(str::to_owned), disabled_since: None };
        self.users.insert(name.to_owned(), user);
    }

    /// Memberships and assignments go too: those of a deleted user do not come back with a new one of the same name
    /// (AWS user guide, "Troubleshooting": it has another id).
    pub(crate) fn delete_user(&mut self, name: &str) {
        self.users.remove(name);
        for members in self.groups.values_mut() {
            members.remove(name);
        }
        self.assignments.retain(|known| known.principal != Principal::User(name.to_owned()));
    }

    pub(crate) fn delete_group(&mut self, name: &str) {
        self.groups.remove(name);
        self.assignments.retain(|known| known.principal != Principal::Group(name.to_owned()));
    }

    pub(crate) fn add_account(&mut self, id: &str, name: &str, email: &str) {
        self.accounts.push(Account { id: id.to_owned(), name: name.to_owned(), email: email.to_owned() });
    }

    pub(crate) fn add_permission_set(&mut self, name: &str, session_duration: Duration) {
        self.permission_sets.retain(|known| known.name != name);
        self.permission_sets.push(PermissionSet::new(name, session_duration));
    }

    pub(crate) fn assign(&mut self, principal: Principal, account: &str, permission_set: &str) {
        self.assignments.insert(Assignment::new(principal, account, permission_set));
        if self.provisioned_version(account, permission_set).is_none() {
            self.provision(account, permission_set);
        }
    }

    /// Brings the role in an account up to date.
    pub(crate) fn provision(&mut self, account: &str, permission_set: &str) {
        let version = self.permission_set(permission_set).map_or(0, |set| set.version);
        self.provisioned.insert((account.to_owned(), permission_set.to_owned()), version);
    }

    /// Returns the version of the permission set that the role in an account has.
    pub(crate) fn provisioned_version(&self, account: &str, permission_set: &str) -> Option<u64> {
        self.provisioned.get(&(account.to_owned(), permission_set.to_owned())).copied()
    }

    pub(crate) fn provisioned_accounts(&self, permission_set: &str) -> BTreeSet<String> {
        let keys = self.provisioned.keys().filter(|(_, set)| set == permission_set);
        keys.map(|(account, _)| account.clone()).collect()
    }

    pub(crate) fn unassign(&mut self, principal: Principal, account: &str, permission_set: &str) {
        self.assignments.remove(&Assignment::new(principal, account, permission_set));
        let is_same = |known: &Assignment| known.account == account && known.permission_set == permission_set;
        if !self.assignments.iter().any(is_same) {
            // The role goes with its last assignment; the next one has another name.
            let key = (account.to_owned(), permission_set.to_owned());
            self.roles.remove(&key);
            self.provisioned.remove(&key);
        }
    }

    pub(crate) fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter()
    }

    /// Every user gets every permission set in every account.
    pub(crate) fn assign_everything(&mut self) {
        for user in self.users.keys() {
            for account in &self.accounts {
                for set in &self.permission_sets {
                    let user = Principal::User(user.clone());
                    self.assignments.insert(Assignment::new(user, &account.id, &set.name));
                    self.provisioned.insert((account.id.clone(), set.name.clone()), set.version);
                }
            }
        }
    }

    /// By an assignment of the user's own, or of a group that the user is in.
    pub(crate) fn is_assigned(&self, user: &str, account: &str, permission_set: &str) -> bool {
        let has = |who| self.assignments.contains(&Assignment::new(who, account, permission_set));
        let groups = self.groups.iter().filter(|(_, members)| members.contains(user));
        has(Principal::User(user.to_owned()))
            || groups.map(|(group, _)| Principal::Group(group.clone())).any(has)
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

    pub(crate) fn add_iam_role(&mut self, role: IamRole) {
        self.iam_roles.push(role);
    }

    pub(crate) fn iam_role(&mut self, arn: &str) -> Option<&mut IamRole> {
        self.iam_roles.iter_mut().find(|role| role.arn == arn)
    }

    pub(crate) fn delete_role(&mut self, account: &str, permission_set: &str) {
        self.missing_roles.insert((account.to_owned(), permission_set.to_owned()));
    }

    pub(crate) fn is_enabled(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|known| known.disabled_since.is_none())
    }

    /// Is this the password of a user who may sign in?
    pub(crate) fn may_sign_in(&self, user: &str, password: &str) -> bool {
        self.is_enabled(user) && self.users[user].password.as_deref() == Some(password)
    }
}
