//! Finds out what a user has in one account after a bare 403.
//!
//! A typo, an assignment that was removed and an account of someone else all look alike.

use super::accounts::{Budget, all_pages};
use crate::ports::identity_center::{Account, IamRole, ServiceError};
use crate::profile::{Role, RoleName};
use crate::secret::Secret;
use crate::session::{Session, SessionError};
use crate::similar::similar;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignments {
    /// All accounts that AWS lists for the user.
    pub accounts: Vec<Account>,
    /// Permission sets and IAM roles in the account, sorted; empty if the account is not among those listed.
    pub roles: Vec<RoleName>,
}

impl Session<'_> {
    /// Returns what the user has in the account of a role, of the role's kind.
    ///
    /// It takes two requests for an account of usual size, and for IAM roles one for a hundred of all accounts.
    pub fn access_for(&self, role: &Role) -> Result<Assignments, SessionError> {
        if role.role_name.arn().is_some() {
            return Ok(Assignments::of_iam_roles(&role.account_id, self.iam_roles()?));
        }
        self.with_token(|token| self.look_in(&role.account_id, token))?.map_err(|error| self.refusal(error))
    }

    /// Returns the accounts that AWS lists for the user, without their permission sets.
    pub fn account_list(&self) -> Result<Vec<Account>, SessionError> {
        self.with_token(|token| self.list_accounts(token))?.map_err(|error| self.refusal(error))
    }

    /// Returns the accounts in which the user has IAM roles.
    pub fn accounts_of_iam_roles(&self) -> Result<Vec<Account>, SessionError> {
        Ok(Assignments::of_iam_roles("", self.iam_roles()?).accounts)
    }

    fn list_accounts(&self, token: &Secret<String>) -> Result<Vec<Account>, ServiceError> {
        let host = self.endpoints.portal.host();
        all_pages(host, &Budget::of_accounts(), |page| self.center.list_accounts(token, page, None))
    }

    fn look_in(&self, account_id: &str, token: &Secret<String>) -> Result<Assignments, ServiceError> {
        let host = self.endpoints.portal.host();
        let accounts = self.list_accounts(token)?;
        let mut roles = Vec::new();
        if accounts.iter().any(|account| account.id == account_id) {
            roles = all_pages(host, &Budget::of_roles(), |page| {
                self.center.list_account_roles(token, account_id, page)
            })?;
            roles.sort();
        }
        let roles = roles.into_iter().map(RoleName::PermissionSet).collect();
        Ok(Assignments { accounts, roles })
    }
}

impl Assignments {
    fn of_iam_roles(account_id: &str, listed: Vec<IamRole>) -> Self {
        let (mut accounts, mut roles): (Vec<Account>, Vec<RoleName>) = Default::default();
        for IamRole { account_id: id, account_name: name, arn } in listed {
            if id == account_id {
                roles.push(RoleName::IamRole(arn));
            }
            if !accounts.iter().any(|known| known.id == id) {
                accounts.push(Account { id, name, email: None });
            }
        }
        roles.sort();
        Self { accounts, roles }
    }

    pub fn account(&self, account_id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == account_id)
    }

    /// Returns similar names of permission sets, the most similar first.
    pub fn near_roles(&self, role: &str) -> Vec<String> {
        similar(role, self.roles.iter().map(RoleName::as_str))
    }

    /// Returns similar account IDs.
    pub fn near_accounts(&self, account_id: &str) -> Vec<String> {
        similar(account_id, self.accounts.iter().map(|account| account.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::identity_center::Page;
    use crate::session::testing::Fixture;

    const ACCOUNT: &str = "111122223333";

    fn role(account_id: &str) -> Role {
        Role { account_id: account_id.to_owned(), role_name: "Admin".into() }
    }

    fn fixture(roles: &[&str]) -> Fixture {
        let fixture = Fixture::new();
        fixture.log_in(Some("refresh"));
        let account = |id: &str| Account { id: id.to_owned(), name: Some("dev".to_owned()), email: None };
        let accounts = vec![account(ACCOUNT), account("444455556666")];
        fixture.center.accounts.will(Ok(Page { items: accounts, next: None }));
        if !roles.is_empty() {
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            fixture.center.roles.will(Ok(Page { items: roles, next: None }));
        }
        fixture
    }

    #[test]
    fn one_account_is_looked_into_and_near_names_are_found() {
        let fixture = fixture(&["PowerUserAccess", "ReadOnlyAccess"]);
        let access = fixture.session().access_for(&role(ACCOUNT)).expect("answers");
        assert_eq!(fixture.center.calls(), ["ListAccounts access-1", "ListAccountRoles 111122223333"]);
        assert_eq!(access.near_roles("PowerUserAcces"), ["PowerUserAccess"]);
        assert_eq!(access.near_roles("poweruseraccess"), ["PowerUserAccess"]);
        assert!(access.near_roles("Billing").is_empty());
        assert!(access.account(ACCOUNT).is_some());
    }

    #[test]
    fn an_account_that_is_not_listed_is_not_looked_into() {
        let fixture = fixture(&[]);
        let access = fixture.session().access_for(&role("111122223334")).expect("answers");
        assert_eq!(fixture.center.calls().len(), 1);
        assert!(access.account("111122223334").is_none() && access.roles.is_empty());
        assert_eq!(access.near_accounts("111122223334"), [ACCOUNT]);
    }
}
