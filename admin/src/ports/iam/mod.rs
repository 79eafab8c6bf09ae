//! The port to IAM: the trust policies of roles in the caller's own account.

#[cfg(all(test, unix))]
mod contract;
#[cfg(test)]
pub(crate) mod fake;
mod http;

use serde_json::Value;

pub(crate) use self::http::{HttpIam, endpoint};
use super::aws_call::AwsError;

/// A role, as far as kcaws looks at one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RoleTrustPolicy {
    /// With its path. IAM finds a role by its name alone.
    pub(crate) arn: String,
    pub(crate) policy: Value,
}

/// Threads share it.
pub(crate) trait Iam: Send + Sync {
    /// Returns a role by its name, or `None` if there is none.
    fn role(&self, name: &str) -> Result<Option<RoleTrustPolicy>, AwsError>;
}
