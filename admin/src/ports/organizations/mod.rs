//! The port to AWS Organizations: the organization, its delegated administrators, its accounts.

mod sdk;

pub(crate) use self::sdk::SdkOrganizations;
use super::aws_call::AwsError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) management_account: String,
}

/// Threads share it.
pub(crate) trait Organizations: Send + Sync {
    fn organization(&self) -> Result<Organization, AwsError>;

    /// Returns the accounts that administer Identity Center for the management account.
    fn delegated_administrators(&self) -> Result<Vec<String>, AwsError>;
}
