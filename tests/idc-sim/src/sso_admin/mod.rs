//! IAM Identity Center's own API (`SWBExternalService`, JSON 1.1, API 2020-07-20): instances, permission sets and
//! assignments. Shapes, limits and errors are those of botocore's model.

pub(crate) mod assignments;
mod iam;
pub(crate) mod instance;
pub(crate) mod operations;
pub(crate) mod permission_set;
pub(crate) mod permission_sets;
pub(crate) mod policies;
mod principal;
pub(crate) mod provisioning;
pub(crate) mod shapes;
pub(crate) mod status;
pub(crate) mod tags;

use crate::aws_json::{Page, Refusal, Request};

use permission_set::PermissionSet;

/// Every list of this service.
const PAGES: Page = Page { most: 100, may_be_empty: false };

/// Only the management account and its delegated administrators see the instance, and only in its regions.
fn check_administrator(request: &Request<'_>) -> Result<(), Refusal> {
    let settings = &request.sim.settings;
    let caller = request.caller;
    if settings.administers(&caller.account) && settings.serves_region(&caller.region) {
        return Ok(());
    }
    Err(Refusal::access_denied(format!("User: {} is not authorized to access this instance", caller.arn)))
}

/// Refuses an account that is not in the organization, and to a delegated administrator the management account.
fn check_account(request: &Request<'_>, account: &str) -> Result<(), Refusal> {
    if request.state.directory.accounts.iter().all(|known| known.id != account) {
        return Err(Refusal::not_found(format!("Account {account} was not found in the organization.")));
    }
    let management = &request.sim.settings.management_account;
    if account == management && request.caller.account != *management {
        return Err(request.refuse_on(&format!("arn:aws:sso:::account/{account}")));
    }
    Ok(())
}

/// Refuses to a delegated administrator a permission set that is provisioned in the management account: neither the set
/// nor its assignments in other accounts can be changed (user guide, "Delegated administration";
/// fivexl/terraform-aws-sso-elevator#101).
fn check_delegate(request: &Request<'_>, set: &PermissionSet) -> Result<(), Refusal> {
    let settings = &request.sim.settings;
    let management = &settings.management_account;
    let is_delegate = request.caller.account != *management;
    if is_delegate && request.state.directory.provisioned_version(management, &set.name).is_some() {
        return Err(request.refuse_on(&permission_sets::arn(settings, set)));
    }
    Ok(())
}
