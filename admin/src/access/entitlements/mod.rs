//! Entitlements of account access manager: users and groups straight onto IAM roles of the company's own.
//!
//! A role needs no permission set, keeps its ARN, and its trust policy decides whether it can be assumed ([`trust`]).
//! Entitlements have no tags: those of the roles that the access file lists are the file's.

pub(crate) mod application;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod trust;
mod within;

#[cfg(test)]
mod tests;

use crate::ports::account_access::{AccountAccess, Application};
use crate::ports::iam::Iam;

/// The application, and how it and its roles are reached.
#[derive(Clone, Copy)]
pub(crate) struct EntitlementAccess<'a> {
    pub(crate) service: &'a dyn AccountAccess,
    pub(crate) application: &'a Application,
    /// Shows trust policies of the caller's own account.
    pub(crate) iam: Option<&'a dyn Iam>,
}

/// Returns the account in the ARN of a role.
pub(crate) fn account_of(role_arn: &str) -> &str {
    role_arn.split(':').nth(4).unwrap_or_default()
}

/// Returns the name of a role without its path.
pub(crate) fn name_of(role_arn: &str) -> &str {
    role_arn.rsplit_once('/').map_or(role_arn, |(_, name)| name)
}
