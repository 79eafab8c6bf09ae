//! People, accounts, permission sets, and who may do what.

pub(crate) mod handle;
pub(crate) mod id;
pub(crate) mod page;
pub(crate) mod record;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::iam::IamRole;
use crate::secret;
use crate::sso_admin::permission_set::PermissionSet;

use id::{GroupId, UserId};
use record::{Author, GroupRecord, User, UserRecord};
use settings::OrphanedAssignments;
use store::{Duplicate, Store};

/// Who writes by the console: the builder, the handle and the control endpoints.
const CONSOLE: &str = "console";

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

/// Who has something, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A user, by the user name.
    User(String),
    /// A group, by the display name.
    Group(String),
}

/// Who has something, whatever its name is by now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PrincipalId {
    User(UserId),
    Group(GroupId),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assignment {
    pub(crate) principal: PrincipalId,
    pub(crate) account: String,
    pub(crate) permission_set: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) default_user: String,
    pub(crate) store: Store,
    /// The network configuration of the store: kept and shown, and no request is refused because of it.
    pub(crate) network: Option<Value>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) permission_sets: Vec<PermissionSet>,
    assignments: BTreeSet<Assignment>,
    roles: BTreeMap<(String, String), ProvisionedRole>,
    /// By account and permission set: the version that the role there has.
    provisioned: BTreeMap<(String, String), u64>,
    /// Roles that somebody deleted in the account: assigned, but not there.
    missing_roles: BTreeSet<(String, String)>,
    iam_roles: Vec<IamRole>,
}

impl Assignment {
    fn new(principal: PrincipalId, account: &str, permission_set: &str) -> Self {
        Self { principal, account: account.to_owned(), permission_set: permission_set.to_owned() }
    }
}

impl Directory {
    /// Adds a user by the console.
    pub(crate) fn add_user(
        &mut self,
        name: &str,
        password: Option<&str>,
        now: SystemTime,
    ) -> Result<UserId, Duplicate> {
        if self.default_user.is_empty() {
            name.clone_into(&mut self.default_user);
        }
        self.store.create_user(UserRecord::named(name), password, console(now))
    }

    /// Adds a group by the console.
    pub(crate) fn add_group(&mut self, name: &str, now: SystemTime) -> Result<GroupId, Duplicate> {
        self.store.create_group(GroupRecord::named(name), console(now))
    }

    /// Returns the user of exactly this name.
    pub(crate) fn user(&self, name: &str) -> Option<&User> {
        self.store.user_named(name).filter(|user| user.record.user_name == name)
    }

    /// Enables or disables a user by the console.
    pub(crate) fn set_enabled(&mut self, id: &UserId, enabled: bool, now: SystemTime) {
        let Some(user) = self.store.user(id.as_str()) else { return };
        let record = UserRecord { active: enabled, ..user.record.clone() };
        // Nothing that is unique changes.
        let _ = self.store.replace_user(id, record, console(now));
    }

    /// Puts a user into a group, or takes it out, by the console.
    pub(crate) fn set_member(&mut self, group: &GroupId, user: &UserId, is_in: bool, now: SystemTime) {
        if is_in {
            // Who is a member already stays one.
            let _ = self.store.add_member(group, user, console(now));
        } else {
            self.store.remove_member(group.as_str(), user.as_str());
        }
    }

    /// Memberships and assignments go too: those of a deleted user do not come back with a new one of the same name
    /// (AWS user guide, "Troubleshooting": it has another id).
    pub(crate) fn delete_user(&mut self, id: &UserId, orphans: OrphanedAssignments) {
        self.store.delete_user(id.as_str());
        self.forget_assignments(&PrincipalId::User(id.clone()), orphans);
    }

    pub(crate) fn delete_group(&mut self, id: &GroupId, orphans: OrphanedAssignments) {
        self.store.delete_group(id.as_str());
        self.forget_assignments(&PrincipalId::Group(id.clone()), orphans);
    }

    fn forget_assignments(&mut self, principal: &PrincipalId, orphans: OrphanedAssignments) {
        match orphans {
            OrphanedAssignments::Remain => {}
            OrphanedAssignments::GoWithThePrincipal => {
                self.assignments.retain(|known| known.principal != *principal);
            }
        }
    }

    /// Finds a principal by its name.
    pub(crate) fn principal(&self, principal: &Principal) -> Option<PrincipalId> {
        match principal {
            Principal::User(name) => self.user(name).map(|user| PrincipalId::User(user.id.clone())),
            Principal::Group(name) => {
                self.store.group_named(name).map(|group| PrincipalId::Group(group.id.clone()))
            }
        }
    }

    pub(crate) fn add_account(&mut self, id: &str, name: &str, email: &str) {
        self.accounts.push(Account { id: id.to_owned(), name: name.to_owned(), email: email.to_owned() });
    }

    pub(crate) fn add_permission_set(&mut self, name: &str, session_duration: Duration) {
        self.permission_sets.retain(|known| known.name != name);
        self.permission_sets.push(PermissionSet::new(name, session_duration));
    }

    /// Removes a permission set with its assignments and roles.
    pub(crate) fn delete_permission_set(&mut self, name: &str) {
        let assignments: Vec<Assignment> =
            self.assignments.iter().filter(|known| known.permission_set == name).cloned().collect();
        for Assignment { principal, account, permission_set } in assignments {
            self.unassign(principal, &account, &permission_set);
        }
        self.permission_sets.retain(|known| known.name != name);
    }

    pub(crate) fn assign(&mut self, principal: PrincipalId, account: &str, permission_set: &str) {
        self.assignments.insert(Assignment::new(principal, account, permission_set));
        if self.provisioned_version(account, permission_set).is_none() {
            self.provision(account, permission_set);
        }
    }

    /// Brings the role in an account up to date, and back if somebody deleted it there.
    pub(crate) fn provision(&mut self, account: &str, permission_set: &str) {
        let version = self.permission_set(permission_set).map_or(0, |set| set.version);
        let key = (account.to_owned(), permission_set.to_owned());
        self.missing_roles.remove(&key);
        self.provisioned.insert(key, version);
    }

    /// Returns the version of the permission set that the role in an account has.
    pub(crate) fn provisioned_version(&self, account: &str, permission_set: &str) -> Option<u64> {
        self.provisioned.get(&(account.to_owned(), permission_set.to_owned())).copied()
    }

    pub(crate) fn provisioned_accounts(&self, permission_set: &str) -> BTreeSet<String> {
        let keys = self.provisioned.keys().filter(|(_, set)| set == permission_set);
        keys.map(|(account, _)| account.clone()).collect()
    }

    pub(crate) fn unassign(&mut self, principal: PrincipalId, account: &str, permission_set: &str) {
        self.assignments.remove(&Assignment::new(principal, account, permission_set));
        let is_same = |known: &Assignment| known.account == account && known.permission_set == permission_set;
        if !self.assignments.iter().any(is_same) {
            // The role goes with its last assignment; the next one has another name.
            let key = (account.to_owned(), permission_set.to_owned());
            self.roles.remove(&key);
            self.missing_roles.remove(&key);
            self.provisioned.remove(&key);
        }
    }

    pub(crate) fn assignments(&self) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter()
    }

    /// Every user gets every permission set in every account.
    pub(crate) fn assign_everything(&mut self) {
        for user in self.store.users(None) {
            for account in &self.accounts {
                for set in &self.permission_sets {
                    let user = PrincipalId::User(user.id.clone());
                    self.assignments.insert(Assignment::new(user, &account.id, &set.name));
                    self.provisioned.insert((account.id.clone(), set.name.clone()), set.version);
                }
            }
        }
    }

    /// By an assignment of the user's own, or of a group that the user is in.
    pub(crate) fn is_assigned(&self, user: &str, account: &str, permission_set: &str) -> bool {
        let Some(user) = self.user(user) else { return false };
        let has = |who| self.assignments.contains(&Assignment::new(who, account, permission_set));
        let mut groups = self.store.memberships_of(user.id.as_str(), None);
        has(PrincipalId::User(user.id.clone()))
            || groups.any(|membership| has(PrincipalId::Group(membership.group.clone())))
    }

    /// A user and the groups that the user is in; nothing where there is no such user.
    pub(crate) fn principals_of(&self, user: &str) -> Vec<PrincipalId> {
        let Some(user) = self.user(user) else { return Vec::new() };
        let groups = self.store.memberships_of(user.id.as_str(), None);
        let groups = groups.map(|membership| PrincipalId::Group(membership.group.clone()));
        groups.chain([PrincipalId::User(user.id.clone())]).collect()
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

    /// Finds a role by its name, which is unique in an account whatever its path.
    pub(crate) fn iam_role_named(&self, account: &str, name: &str) -> Option<&IamRole> {
        self.iam_roles.iter().find(|role| role.account() == account && role.name() == name)
    }

    pub(crate) fn has_iam_role(&self, arn: &str) -> bool {
        self.iam_roles.iter().any(|role| role.arn == arn)
    }

    /// Tells whether there was such a role.
    pub(crate) fn delete_iam_role(&mut self, arn: &str) -> bool {
        let before = self.iam_roles.len();
        self.iam_roles.retain(|role| role.arn != arn);
        self.iam_roles.len() < before
    }

    pub(crate) fn delete_role(&mut self, account: &str, permission_set: &str) {
        self.missing_roles.insert((account.to_owned(), permission_set.to_owned()));
    }

    pub(crate) fn is_enabled(&self, user: &str) -> bool {
        self.user(user).is_some_and(|known| known.record.active)
    }

    /// Is this the password of a user who may sign in?
    pub(crate) fn may_sign_in(&self, user: &str, password: &str) -> bool {
        let user = self.user(user).filter(|user| user.record.active);
        user.is_some_and(|user| user.password.as_deref() == Some(password))
    }
}

fn console(now: SystemTime) -> Author<'static> {
    Author { name: CONSOLE, at: now }
}
