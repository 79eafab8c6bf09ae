//! The port to account access manager's administration (`account-access`): the application and its entitlements.

#[cfg(all(test, unix))]
mod contract;
#[cfg(test)]
pub(crate) mod fake;
mod sdk;

pub(crate) use self::sdk::SdkAccountAccess;
use super::aws_call::{AwsError, AwsPage};
use super::sso_admin::access::Principal;

/// What an organization has one of, by `GetApplication`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    /// `arn:aws:account-access:<region>:<management account>:application/<id>`
    pub(crate) arn: String,
    /// `aa-…`
    pub(crate) tenant: Option<String>,
    /// The instance whose users and groups it knows.
    pub(crate) instance_arn: Option<String>,
    /// `ACTIVE`, or why it cannot be used.
    pub(crate) status: String,
    /// AWS's reason where the status is a failure.
    pub(crate) error: Option<String>,
}

/// A principal's right to a role. It never changes: it is created and deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entitlement {
    pub(crate) id: String,
    /// With its path.
    pub(crate) role_arn: String,
    pub(crate) principal: Principal,
}

/// What is listed: AWS has no list of all entitlements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntitlementFilter {
    Role(String),
    Account(String),
    Of(Principal),
}

/// The ID by which AWS knows a request that was done.
pub(crate) type RequestId = Option<String>;

/// Threads share it. Nothing is repeated here: the caller paces its requests.
pub(crate) trait AccountAccess: Send + Sync {
    /// Returns the ARNs of the applications in the Region.
    fn applications(&self, cursor: Option<&str>) -> Result<AwsPage<String>, AwsError>;

    fn application(&self, arn: &str) -> Result<Application, AwsError>;

    fn entitlements(
        &self,
        application: &str,
        filter: &EntitlementFilter,
        cursor: Option<&str>,
    ) -> Result<AwsPage<Entitlement>, AwsError>;

    /// Returns an entitlement, or `None` if there is none.
    fn entitlement(&self, application: &str, id: &str) -> Result<Option<Entitlement>, AwsError>;

    /// Creates an entitlement. One that is there is no error.
    fn create(&self, application: &str, role_arn: &str, principal: &Principal)
    -> Result<RequestId, AwsError>;

    /// Deletes an entitlement. One that was deleted before is no error.
    fn delete(&self, application: &str, id: &str) -> Result<RequestId, AwsError>;
}
