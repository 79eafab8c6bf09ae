//! The port to AWS Organizations: the organization, its delegated administrators, its accounts and units.

#[cfg(all(test, unix))]
mod contract;
#[cfg(test)]
pub(crate) mod fake;
mod sdk;

use std::fmt;

pub(crate) use self::sdk::SdkOrganizations;
use super::aws_call::{AwsError, AwsPage};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) management_account: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrganizationAccount {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: AccountState,
    /// `o-…/r-…/ou-…/123456789012/`; older answers do not have it.
    pub(crate) path: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountState {
    PendingActivation,
    Active,
    Suspended,
    PendingClosure,
    Closed,
    /// A state that did not exist when this was written.
    Unknown,
}

/// An organizational unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OrganizationUnit {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl AccountState {
    pub(crate) const ALL: [Self; 5] =
        [Self::PendingActivation, Self::Active, Self::Suspended, Self::PendingClosure, Self::Closed];

    /// Returns the name that Organizations gives it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
            Self::Unknown => "in an unknown state",
        }
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Threads share it. Lists are read page by page, so that the caller can pace the requests.
pub(crate) trait Organizations: Send + Sync {
    fn organization(&self) -> Result<Organization, AwsError>;

    /// Returns the accounts that administer Identity Center for the management account.
    fn delegated_administrators(&self) -> Result<Vec<String>, AwsError>;

    fn accounts(&self, cursor: Option<&str>) -> Result<AwsPage<OrganizationAccount>, AwsError>;

    /// Returns the IDs of the roots.
    fn roots(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    /// Returns the units directly below a root or a unit.
    fn units(&self, parent: &str, cursor: Option<&str>) -> Result<AwsPage<OrganizationUnit>, AwsError>;

    /// Returns the accounts directly in a root or a unit.
    fn accounts_in(
        &self,
        parent: &str,
        cursor: Option<&str>,
    ) -> Result<AwsPage<OrganizationAccount>, AwsError>;

    /// Returns the tags of an account.
    fn tags(&self, account: &str, cursor: Option<&str>) -> Result<AwsPage<(String, String)>, AwsError>;
}
