//! The real service, over the AWS SDK.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_organizations::types::{Account, AccountState as SdkState, AccountStatus};
use aws_sdk_organizations::{Client, Config};

use super::{AccountState, Organization, OrganizationAccount, OrganizationUnit, Organizations};
use crate::ports::aws_call::{AwsError, AwsPage, Caller};

/// The service principal of Identity Center, to which administration is delegated.
const IDENTITY_CENTER: &str = "sso.amazonaws.com";

pub(crate) struct SdkOrganizations {
    client: Client,
    /// Without repetitions of its own, which would not count against the rate.
    paced: Client,
    caller: Caller,
}

impl SdkOrganizations {
    pub(crate) fn new(config: &SdkConfig, caller: Caller) -> Self {
        let paced = Config::from(config).to_builder().retry_config(RetryConfig::disabled()).build();
        Self { client: Client::new(config), paced: Client::from_conf(paced), caller }
    }
}

impl Organizations for SdkOrganizations {
    fn organization(&self) -> Result<Organization, AwsError> {
        const OPERATION: &str = "DescribeOrganization";
        let answer = self.caller.call(OPERATION, self.client.describe_organization().send())?;
        let missing = |member| AwsError::Incomplete { operation: OPERATION, member };
        let found = answer.organization.ok_or_else(|| missing("Organization"))?;
        Ok(Organization {
            id: found.id.ok_or_else(|| missing("Id"))?,
            management_account: found.master_account_id.ok_or_else(|| missing("MasterAccountId"))?,
        })
    }

    fn delegated_administrators(&self) -> Result<Vec<String>, AwsError> {
        let request = self.client.list_delegated_administrators().service_principal(IDENTITY_CENTER);
        let pages = async {
            let mut pages = request.into_paginator().items().send();
            let mut found = Vec::new();
            while let Some(next) = pages.next().await {
                found.extend(next?.id);
            }
            Ok(found)
        };
        self.caller.call("ListDelegatedAdministrators", pages)
    }

    fn accounts(&self, cursor: Option<&str>) -> Result<AwsPage<OrganizationAccount>, AwsError> {
        let operation = "ListAccounts";
        let request = self.paced.list_accounts().set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = accounts(operation, page.accounts)?;
        Ok(AwsPage { items, next: page.next_token, operation })
    }

    fn roots(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        let operation = "ListRoots";
        let request = self.paced.list_roots().set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = page.roots.into_iter().flatten().filter_map(|root| root.id).collect();
        Ok(AwsPage { items, next: page.next_token, operation })
    }

    fn units(&self, parent: &str, cursor: Option<&str>) -> Result<AwsPage<OrganizationUnit>, AwsError> {
        let operation = "ListOrganizationalUnitsForParent";
        let request = self
            .paced
            .list_organizational_units_for_parent()
            .parent_id(parent)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let unit = |unit: aws_sdk_organizations::types::OrganizationalUnit| {
            let missing = |member| AwsError::Incomplete { operation, member };
            let id = unit.id.ok_or_else(|| missing("Id"))?;
            Ok(OrganizationUnit { id, name: unit.name.ok_or_else(|| missing("Name"))? })
        };
        let items = page.organizational_units.into_iter().flatten().map(unit);
        Ok(AwsPage { items: items.collect::<Result<_, _>>()?, next: page.next_token, operation })
    }

    fn accounts_in(
        &self,
        parent: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<OrganizationAccount>, AwsError> {
        let operation = "ListAccountsForParent";
        let request =
            self.paced.list_accounts_for_parent().parent_id(parent).set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = accounts(operation, page.accounts)?;
        Ok(AwsPage { items, next: page.next_token, operation })
    }

    fn tags(&self, account: &str, cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError> {
        let operation = "ListTagsForResource";
        let request = self
            .paced
            .list_tags_for_resource()
            .resource_id(account)
            .set_next_token(cursor.map(str::to_owned));
        let page = self.caller.call(operation, request.send())?;
        let items = page.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect();
        Ok(AwsPage { items, next: page.next_token, operation })
    }
}

fn accounts(
    operation: &'static str,
    accounts: Option<Vec<Account>>,
) -> Result<Vec<OrganizationAccount>, AwsError> {
    let account = |account: Account| {
        let state = state(&account);
        Ok(OrganizationAccount {
            id: account.id.ok_or(AwsError::Incomplete { operation, member: "Id" })?,
            name: account.name.unwrap_or_default(),
            state,
            path: account.paths.into_iter().flatten().next(),
        })
    };
    accounts.into_iter().flatten().map(account).collect()
}

/// Returns the state, from `Status` where the answer does not have `State` yet.
fn state(account: &Account) -> AccountState {
    match (&account.state, &account.status) {
        (Some(SdkState::Active), _) | (None, Some(AccountStatus::Active)) => AccountState::Active,
        (Some(SdkState::Suspended), _) | (None, Some(AccountStatus::Suspended)) => AccountState::Suspended,
        (Some(SdkState::PendingClosure), _) | (None, Some(AccountStatus::PendingClosure)) => {
            AccountState::PendingClosure
        }
        (Some(SdkState::PendingActivation), _) => AccountState::PendingActivation,
        (Some(SdkState::Closed), _) => AccountState::Closed,
        _ => AccountState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_read_from_either_member() {
        let account = Account::builder;
        assert_eq!(state(&account().state(SdkState::Closed).build()), AccountState::Closed);
        let both = account().state(SdkState::Active).status(AccountStatus::Suspended);
        assert_eq!(state(&both.build()), AccountState::Active);
        assert_eq!(state(&account().status(AccountStatus::Suspended).build()), AccountState::Suspended);
        assert_eq!(state(&account().state(SdkState::from("NEW")).build()), AccountState::Unknown);
        assert_eq!(state(&account().build()), AccountState::Unknown);
    }
}
