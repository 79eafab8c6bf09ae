//! The handle, for tests of the administrators' services.

use crate::caller::{AccessKey, Rights};
use crate::handle::IdcSim;
use crate::switches::AccountState;

impl IdcSim {
    /// The endpoint variables that lead an administrator's client to the plain entry.
    pub fn admin_env(&self) -> Vec<(&'static str, String)> {
        let names = ["AWS_ENDPOINT_URL_SSO_ADMIN", "AWS_ENDPOINT_URL_ORGANIZATIONS"];
        names.into_iter().map(|name| (name, self.url().to_owned())).collect()
    }

    /// The organization's management account.
    pub fn management_account(&self) -> &str {
        &self.sim.settings.management_account
    }

    /// An access key of the management account that may call everything.
    pub fn administrator_key(&self) -> AccessKey {
        self.sim.add_access_key(self.management_account(), Rights::Everything)
    }

    /// An access key that may call `actions`, such as `sso:ListInstances`, and nothing else; a star stands for any
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
}
