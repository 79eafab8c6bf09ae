//! Reads entitlements: of roles, of accounts, or of users and groups.

use std::collections::{BTreeMap, BTreeSet};

use super::EntitlementAccess;
use crate::access::parallel;
use crate::access::requests::Requests;
use crate::ports::account_access::{Entitlement, EntitlementFilter};
use crate::ports::aws_call::AwsError;
use crate::ports::sso_admin::access::Principal;

/// Returns who has each of these roles.
pub(crate) fn of_roles(
    at: EntitlementAccess<'_>,
    requests: &Requests<'_>,
    roles: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Entitlement>>, AwsError> {
    let roles: Vec<&String> = roles.iter().collect();
    let lists = parallel::map(&roles, |role| {
        let mut found = list(at, requests, &EntitlementFilter::Role((*role).clone()))?;
        // Of another role nothing is to be decided here.
        found.retain(|one| one.role_arn == **role);
        Ok::<_, AwsError>(found)
    })?;
    Ok(roles.into_iter().cloned().zip(lists).collect())
}

/// Returns all entitlements to roles in these accounts.
pub(crate) fn in_accounts(
    at: EntitlementAccess<'_>,
    requests: &Requests<'_>,
    accounts: &[String],
) -> Result<BTreeSet<Entitlement>, AwsError> {
    let lists =
        parallel::map(accounts, |account| list(at, requests, &EntitlementFilter::Account(account.clone())))?;
    Ok(lists.into_iter().flatten().collect())
}

/// Returns what these users and groups have.
pub(crate) fn of_principals(
    at: EntitlementAccess<'_>,
    requests: &Requests<'_>,
    principals: &[Principal],
) -> Result<BTreeSet<Entitlement>, AwsError> {
    let lists =
        parallel::map(principals, |principal| list(at, requests, &EntitlementFilter::Of(principal.clone())))?;
    Ok(lists.into_iter().flatten().collect())
}

fn list(
    at: EntitlementAccess<'_>,
    requests: &Requests<'_>,
    filter: &EntitlementFilter,
) -> Result<Vec<Entitlement>, AwsError> {
    requests.pages(|cursor| at.service.entitlements(&at.application.arn, filter, cursor))
}
