//! The accounts of the organization, with what the selectors of the access file look at.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{AccountCriterion, AccountSelector, KnownAccount};
use crate::access::parallel::for_each;
use crate::access::requests::Requests;
use crate::ports::aws_call::AwsError;
use crate::ports::organizations::{AccountState, OrganizationAccount, OrganizationUnit, Organizations};

/// All accounts by ID.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AccountInventory {
    accounts: BTreeMap<String, KnownAccount>,
    management: String,
}

/// What has to be read beside the list of accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct InventoryNeeds {
    pub(crate) units: bool,
    /// One request for each account.
    pub(crate) tags: bool,
}

impl InventoryNeeds {
    pub(crate) fn of<'a>(selectors: impl IntoIterator<Item = &'a AccountSelector>) -> Self {
        let mut needs = Self::default();
        for selector in selectors {
            needs.units |= matches!(selector.criterion, AccountCriterion::Unit { .. });
            needs.tags |= matches!(selector.criterion, AccountCriterion::Tag { .. });
        }
        needs
    }
}

impl AccountInventory {
    pub(crate) fn of(management: &str, accounts: Vec<KnownAccount>) -> Self {
        let accounts = accounts.into_iter().map(|known| (known.account.id.clone(), known)).collect();
        Self { accounts, management: management.to_owned() }
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = &KnownAccount> {
        self.accounts.values()
    }

    /// Returns the name of an account; empty if it is not in the organization.
    pub(crate) fn name(&self, id: &str) -> &str {
        self.accounts.get(id).map(|known| known.account.name.as_str()).unwrap_or_default()
    }

    pub(crate) fn management(&self) -> &str {
        &self.management
    }

    /// Returns whether roles in the account can be changed.
    pub(crate) fn is_active(&self, id: &str) -> bool {
        self.accounts.get(id).is_some_and(|known| known.account.state == AccountState::Active)
    }

    /// Returns the state of an account; `Unknown` if it is not in the organization.
    pub(crate) fn state(&self, id: &str) -> AccountState {
        self.accounts.get(id).map_or(AccountState::Unknown, |known| known.account.state)
    }

    /// Reads the accounts.
    pub(crate) fn read(
        organizations: &dyn Organizations,
        requests: &Requests<'_>,
        needs: InventoryNeeds,
    ) -> Result<Self, AwsError> {
        let organization = requests.ask(|| organizations.organization())?;
        let accounts = requests.pages(|cursor| organizations.accounts(cursor))?;
        let units = if needs.units { Some(Units::read(organizations, requests, &accounts)?) } else { None };
        let tags = if needs.tags { Some(tags(organizations, requests, &accounts)?) } else { None };
        let known = accounts.into_iter().map(|account| {
            Ok(KnownAccount {
                units: units.as_ref().map(|units| units.above(&account)).transpose()?,
                tags: tags.as_ref().map(|tags| tags.get(&account.id).cloned().unwrap_or_default()),
                account,
            })
        });
        Ok(Self::of(&organization.management_account, known.collect::<Result<_, AwsError>>()?))
    }
}

/// Where accounts are in the tree of organizational units.
#[derive(Default)]
struct Units {
    /// The path of names of each unit, and of the roots, by ID.
    paths: BTreeMap<String, Vec<String>>,
    /// The unit of each account, as far as `ListAccounts` did not return it.
    of_account: BTreeMap<String, String>,
}

impl Units {
    fn read(
        organizations: &dyn Organizations,
        requests: &Requests<'_>,
        accounts: &[OrganizationAccount],
    ) -> Result<Self, AwsError> {
        let mut units = Self::default();
        let mut level: Vec<(String, Vec<String>)> = requests
            .pages(|cursor| organizations.roots(cursor))?
            .into_iter()
            .map(|root| (root, Vec::new()))
            .collect();
        while !level.is_empty() {
            let below = children(organizations, requests, &level)?;
            units.paths.extend(level);
            level = below;
        }
        // An answer has the paths of all accounts or, from an older service, of none.
        if accounts.iter().any(|account| units.parent(account).is_none()) {
            units.of_account = parents(organizations, requests, units.paths.keys())?;
        }
        Ok(units)
    }

    /// Returns the names of the units above an account. One that is in no unit means that a list was cut short.
    fn above(&self, account: &OrganizationAccount) -> Result<Vec<String>, AwsError> {
        let parent = self.parent(account).or_else(|| self.of_account.get(&account.id).map(String::as_str));
        let above = parent.and_then(|parent| self.paths.get(parent)).cloned();
        let member = "the unit of an account";
        above.ok_or(AwsError::Incomplete { operation: "ListOrganizationalUnitsForParent", member })
    }

    /// Returns the unit of an account by its path, `o-…/r-…/ou-…/123456789012/`.
    fn parent<'a>(&self, account: &'a OrganizationAccount) -> Option<&'a str> {
        let path = account.path.as_deref()?.trim_end_matches('/');
        let above = path.strip_suffix(account.id.as_str()).unwrap_or(path).trim_end_matches('/');
        above.rsplit('/').next().filter(|parent| self.paths.contains_key(*parent))
    }
}

/// Returns the units directly below some others, with their paths.
fn children(
    organizations: &dyn Organizations,
    requests: &Requests<'_>,
    level: &[(String, Vec<String>)],
) -> Result<Vec<(String, Vec<String>)>, AwsError> {
    let found = Mutex::new(Vec::new());
    for_each(level, |(parent, path)| {
        let units = requests.pages(|cursor| organizations.units(parent, cursor))?;
        let units = units.into_iter().map(|OrganizationUnit { id, name }| {
            (id, path.iter().cloned().chain(std::iter::once(name)).collect())
        });
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(units);
        Ok::<_, AwsError>(())
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Asks each unit for its accounts.
fn parents<'a>(
    organizations: &dyn Organizations,
    requests: &Requests<'_>,
    units: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let units: Vec<&String> = units.collect();
    let found = Mutex::new(BTreeMap::new());
    for_each(&units, |unit| {
        let accounts = requests.pages(|cursor| organizations.accounts_in(unit, cursor))?;
        let accounts = accounts.into_iter().map(|account| (account.id, (*unit).clone()));
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(accounts);
        Ok::<_, AwsError>(())
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}

type Tags = Vec<(String, String)>;

fn tags(
    organizations: &dyn Organizations,
    requests: &Requests<'_>,
    accounts: &[OrganizationAccount],
) -> Result<BTreeMap<String, Tags>, AwsError> {
    let found = Mutex::new(BTreeMap::new());
    for_each(accounts, |account| {
        let tags = requests.pages(|cursor| organizations.tags(&account.id, cursor))?;
        found.lock().unwrap_or_else(PoisonError::into_inner).insert(account.id.clone(), tags);
        Ok::<_, AwsError>(())
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
