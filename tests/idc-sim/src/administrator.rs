//! The handle, for tests of the administrators' services.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::caller::{AccessKey, Rights};
use crate::directory::PrincipalId;
use crate::handle::IdcSim;
use crate::switches::AccountState;

impl IdcSim {
    /// Returns the endpoint variables that lead an administrator's client to the plain entry.
    pub fn admin_env(&self) -> Vec<(&'static str, String)> {
        let names = [
            "AWS_ENDPOINT_URL_SSO_ADMIN",
            "AWS_ENDPOINT_URL_IDENTITYSTORE",
            "AWS_ENDPOINT_URL_ORGANIZATIONS",
            "AWS_ENDPOINT_URL_ACCOUNT_ACCESS",
            "AWS_ENDPOINT_URL_IAM",
        ];
        names.into_iter().map(|name| (name, self.url().to_owned())).collect()
    }

    /// Returns the id of the organization's management account.
    pub fn management_account(&self) -> &str {
        &self.sim.settings.management_account
    }

    /// The instance's id, `ssoins-…`.
    pub fn instance_id(&self) -> &str {
        &self.sim.settings.instance
    }

    /// Returns a new access key of the management account that may call everything.
    pub fn administrator_key(&self) -> AccessKey {
        self.sim.add_access_key(self.management_account(), Rights::Everything)
    }

    /// Returns a new access key that may call `actions`, such as `sso:ListInstances`, and nothing else; a star matches any
    /// characters.
    pub fn access_key(&self, account: &str, actions: &[&str]) -> AccessKey {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        self.sim.add_access_key(account, Rights::Only(actions))
    }

    /// Moves an account to an organizational unit, `/Workloads/Prod`, which is added if it is not there.
    pub fn move_account(&self, account: &str, path: &str) {
        self.sim.state().organization.move_account(account, path);
    }

    /// Sets the state of an account in the organization.
    pub fn set_account_state(&self, account: &str, state: AccountState) {
        self.sim.state().organization.set_state(account, state);
    }

    /// Returns all assignments: the name of the user or group, the account, and the permission set's name.
    pub fn assignments(&self) -> BTreeSet<(String, String, String)> {
        let directory = &self.sim.state().directory;
        let name = |principal: &PrincipalId| match principal {
            PrincipalId::User(id) => directory.store.user(id.as_str()).map(|user| &user.record.user_name),
            PrincipalId::Group(id) => {
                directory.store.group(id.as_str()).map(|group| &group.record.display_name)
            }
        };
        let assignments = directory.assignments().map(|known| {
            let name = name(&known.principal).cloned().unwrap_or_else(|| "gone".to_owned());
            (name, known.account.clone(), known.permission_set.clone())
        });
        assignments.collect()
    }

    /// Returns the names of all permission sets.
    pub fn permission_set_names(&self) -> BTreeSet<String> {
        self.sim.state().directory.permission_sets.iter().map(|set| set.name.clone()).collect()
    }

    /// Somebody else creates a permission set.
    pub fn add_permission_set(&self, name: &str) {
        self.sim.state().directory.add_permission_set(name, Duration::from_hours(1));
    }

    /// Somebody else deletes a permission set, and its assignments before.
    pub fn delete_permission_set(&self, name: &str) {
        self.sim.state().directory.delete_permission_set(name);
    }

    /// Answers every request for a page of a list, such as `ListPermissionSets`, with the first page and a new token.
    pub fn turn_in_circles(&self, operation: &str) {
        self.sim.state().lists_in_circles.insert(operation.to_owned());
    }

    /// Turns the pages of all lists again.
    pub fn turn_pages(&self) {
        self.sim.state().lists_in_circles.clear();
    }

    /// Returns how many operations on roles are running by now.
    pub fn running_operations(&self) -> usize {
        self.sim.state().operations.running_count()
    }
}
