//! The handle and the control endpoints, as far as they are about account access.

use std::collections::BTreeSet;

use crate::directory::{Directory, Principal, PrincipalId};
use crate::handle::IdcSim;
use crate::iam::{AccountAccessTrust, IamRole};
use crate::operator::SeededLogin;
use crate::state::Sim;

impl Sim {
    /// Adds an IAM role, or puts it in place of one with the same ARN.
    pub(crate) fn add_iam_role(&self, role: IamRole) {
        let directory = &mut self.state().directory;
        directory.delete_iam_role(&role.arn);
        directory.add_iam_role(role);
    }

    pub(crate) fn delete_iam_role(&self, arn: &str) -> Result<(), String> {
        let deleted = self.state().directory.delete_iam_role(arn);
        if deleted { Ok(()) } else { Err(format!("no role {arn}")) }
    }

    pub(crate) fn set_account_access_trust(
        &self,
        arn: &str,
        trust: AccountAccessTrust,
    ) -> Result<(), String> {
        let mut state = self.state();
        let role = state.directory.iam_role(arn).ok_or_else(|| format!("no role {arn}"))?;
        role.account_access = trust;
        Ok(())
    }

    pub(crate) fn set_entitlement(
        &self,
        principal: &Principal,
        role_arn: &str,
        entitled: bool,
    ) -> Result<(), String> {
        let now = self.now();
        let mut state = self.state();
        let principal = found(&state.directory, principal)?;
        if entitled {
            if !state.directory.has_iam_role(role_arn) {
                return Err(format!("no role {role_arn}"));
            }
            if state.account_access.application.is_none() {
                return Err("account access has no application".to_owned());
            }
            state.account_access.entitle(principal, role_arn, now);
            return Ok(());
        }
        let is_meant =
            |known: &super::Entitlement| known.principal == principal && known.role_arn == role_arn;
        if state.account_access.withdraw(now, is_meant) {
            return Ok(());
        }
        Err(format!("there is no such entitlement to {role_arn}"))
    }
}

fn found(directory: &Directory, principal: &Principal) -> Result<crate::directory::PrincipalId, String> {
    directory.principal(principal).ok_or_else(|| match principal {
        Principal::User(name) => format!("no user {name}"),
        Principal::Group(name) => format!("no group {name}"),
    })
}

impl IdcSim {
    /// The tenant of account access, `aa-…`; `None` while it is not set up.
    pub fn tenant(&self) -> Option<String> {
        self.sim.state().account_access.application.as_ref().map(|known| known.tenant.clone())
    }

    /// The address of the tenant's portal, `https://aa-….account-access.<region>.app.aws`.
    pub fn tenant_url(&self) -> Option<String> {
        self.sim.state().account_access.application.as_ref().map(super::Application::portal_url)
    }

    /// Adds an IAM role, or puts it in place of one with the same ARN.
    pub fn add_iam_role(&self, role: IamRole) {
        self.sim.add_iam_role(role);
    }

    /// Somebody deleted an IAM role in its account; entitlements to it remain.
    ///
    /// Panics if there is no such role.
    #[track_caller]
    pub fn delete_iam_role(&self, arn: &str) {
        crate::handle::done(self.sim.delete_iam_role(arn));
    }

    /// Changes what a role's trust policy says about account access.
    ///
    /// Panics if there is no such role.
    #[track_caller]
    pub fn set_account_access_trust(&self, arn: &str, trust: AccountAccessTrust) {
        crate::handle::done(self.sim.set_account_access_trust(arn, trust));
    }

    /// Entitles a user to a role, by its ARN.
    ///
    /// Panics if there is no such user or role, or no application.
    #[track_caller]
    pub fn entitle(&self, user: &str, role_arn: &str) {
        crate::handle::done(self.sim.set_entitlement(&Principal::User(user.to_owned()), role_arn, true));
    }

    /// Takes it away again.
    #[track_caller]
    pub fn withdraw(&self, user: &str, role_arn: &str) {
        crate::handle::done(self.sim.set_entitlement(&Principal::User(user.to_owned()), role_arn, false));
    }

    /// Entitles every member of a group to a role, by its ARN.
    #[track_caller]
    pub fn entitle_group(&self, group: &str, role_arn: &str) {
        crate::handle::done(self.sim.set_entitlement(&Principal::Group(group.to_owned()), role_arn, true));
    }

    /// Takes it away again.
    #[track_caller]
    pub fn withdraw_group(&self, group: &str, role_arn: &str) {
        crate::handle::done(self.sim.set_entitlement(&Principal::Group(group.to_owned()), role_arn, false));
    }

    /// Returns all entitlements: the name of the user or group, and the role's ARN.
    pub fn entitlements(&self) -> BTreeSet<(String, String)> {
        let state = self.sim.state();
        let store = &state.directory.store;
        let name = |principal: &PrincipalId| match principal {
            PrincipalId::User(id) => store.user(id.as_str()).map(|user| user.record.user_name.clone()),
            PrincipalId::Group(id) => store.group(id.as_str()).map(|group| group.record.display_name.clone()),
        };
        let named = state.account_access.current().map(|known| {
            (name(&known.principal).unwrap_or_else(|| "gone".to_owned()), known.role_arn.clone())
        });
        named.collect()
    }

    /// [`Self::seed_login`] by a client that is registered with these scopes.
    ///
    /// Panics if there is no such user, or if the user may not sign in.
    #[track_caller]
    pub fn seed_login_with_scopes(&self, user: &str, scopes: &[&str]) -> SeededLogin {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let login = self.sim.seed_login(user, self.region(), scopes);
        login.unwrap_or_else(|| panic!("{user} may not sign in"))
    }
}
