//! An organization in memory.

use super::{AccountState, Organization, OrganizationAccount, OrganizationUnit, Organizations};
use crate::ports::aws_call::{AwsError, AwsPage};

/// The ID of the root.
const ROOT: &str = "r-ab12";

#[derive(Default)]
pub(crate) struct FakeOrganizations {
    /// `None`: there is no organization.
    pub(crate) management: Option<String>,
    pub(crate) delegated: Vec<String>,
    pub(crate) accounts: Vec<FakeAccount>,
    /// Whether accounts are listed without their paths.
    pub(crate) without_paths: bool,
}

#[derive(Clone, Default)]
pub(crate) struct FakeAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: Option<AccountState>,
    /// Names of the units above, such as `/Workloads/Prod`; empty for the root.
    pub(crate) unit: String,
    pub(crate) tags: Vec<(String, String)>,
}

impl FakeOrganizations {
    /// Creates an organization of accounts, of which the first is the management account.
    pub(crate) fn of(accounts: Vec<FakeAccount>) -> Self {
        let management = accounts.first().map(|account| account.id.clone());
        Self { management, accounts, ..Self::default() }
    }

    fn account(&self, account: &FakeAccount) -> OrganizationAccount {
        let above: Vec<String> = prefixes(&account.unit).into_iter().map(unit_id).collect();
        let ids = ["o-a1b2c3d4e5", ROOT].into_iter().chain(above.iter().map(String::as_str));
        let path = format!("{}/{}/", ids.collect::<Vec<_>>().join("/"), account.id);
        OrganizationAccount {
            id: account.id.clone(),
            name: account.name.clone(),
            state: account.state.unwrap_or(AccountState::Active),
            path: (!self.without_paths).then_some(path),
        }
    }
}

/// Returns the unit's path and those above it, the topmost first.
fn prefixes(unit: &str) -> Vec<&str> {
    let ends = unit.char_indices().skip(1).filter(|(_, letter)| *letter == '/').map(|(at, _)| at);
    let ends = ends.chain((!unit.is_empty()).then_some(unit.len()));
    ends.map(|end| &unit[..end]).collect()
}

fn unit_id(path: &str) -> String {
    if path.is_empty() { ROOT.to_owned() } else { format!("ou-ab12-{}", path.replace('/', "-")) }
}

fn whole<T>(items: Vec<T>) -> AwsPage<T> {
    AwsPage { items, next: None, operation: "List" }
}

impl Organizations for FakeOrganizations {
    fn organization(&self) -> Result<Organization, AwsError> {
        let refused = || AwsError::Refused {
            operation: "DescribeOrganization",
            code: "AWSOrganizationsNotInUseException".to_owned(),
            message: String::new(),
        };
        let management_account = self.management.clone().ok_or_else(refused)?;
        Ok(Organization { id: "o-a1b2c3d4e5".to_owned(), management_account })
    }

    fn delegated_administrators(&self) -> Result<Vec<String>, AwsError> {
        Ok(self.delegated.clone())
    }

    fn accounts(&self, cursor: Option<&str>) -> Result<AwsPage<OrganizationAccount>, AwsError> {
        // The first page is empty, as Organizations' sometimes are.
        let operation = "ListAccounts";
        match cursor {
            None => Ok(AwsPage { items: Vec::new(), next: Some("rest".to_owned()), operation }),
            Some(_) => Ok(whole(self.accounts.iter().map(|account| self.account(account)).collect())),
        }
    }

    fn roots(&self, _cursor: Option<&str>) -> Result<AwsPage<String>, AwsError> {
        Ok(whole(vec![ROOT.to_owned()]))
    }

    fn units(&self, parent: &str, _cursor: Option<&str>) -> Result<AwsPage<OrganizationUnit>, AwsError> {
        let mut found: Vec<OrganizationUnit> = Vec::new();
        for path in self.accounts.iter().flat_map(|account| prefixes(&account.unit)) {
            let (above, name) = path.rsplit_once('/').expect("paths begin with a slash");
            if unit_id(above) == parent && found.iter().all(|unit| unit.name != name) {
                found.push(OrganizationUnit { id: unit_id(path), name: name.to_owned() });
            }
        }
        Ok(whole(found))
    }

    fn accounts_in(
        &self,
        parent: &str,
        _cursor: Option<&str>,
    ) -> Result<AwsPage<OrganizationAccount>, AwsError> {
        let here = self.accounts.iter().filter(|account| unit_id(&account.unit) == parent);
        Ok(whole(here.map(|account| self.account(account)).collect()))
    }

    fn tags(&self, account: &str, _cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError> {
        let found = self.accounts.iter().find(|known| known.id == account);
        Ok(whole(found.map(|account| account.tags.clone()).unwrap_or_default()))
    }
}
