//! The port to IAM Identity Center's administration (`sso-admin`): instances, permission sets, assignments.

pub(crate) mod access;
#[cfg(all(test, unix))]
mod contract;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
pub(crate) mod fake_access;
mod sdk;
mod sdk_access;
mod sdk_status;

pub(crate) use self::sdk::SdkSsoAdmin;
pub(crate) use self::sdk_access::SdkAccessAdmin;
use super::aws_call::AwsError;

/// An instance, by `DescribeInstance`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    pub(crate) arn: String,
    pub(crate) identity_store_id: String,
    pub(crate) owner_account: Option<String>,
    pub(crate) name: Option<String>,
    /// `ACTIVE`, or why it cannot be used.
    pub(crate) status: Option<String>,
    /// Only in newer answers.
    pub(crate) primary_region: Option<String>,
    /// Whether permission sets can be used: an instance may have only account access manager. `None` in older answers.
    pub(crate) permission_sets_enabled: Option<bool>,
}

/// Threads share it.
pub(crate) trait SsoAdmin: Send + Sync {
    /// Returns the ARNs of the instances that the account of the credentials sees in the Region.
    fn instances(&self) -> Result<Vec<String>, AwsError>;

    fn instance(&self, arn: &str) -> Result<Instance, AwsError>;
}
