//! Organizations (`AWSOrganizationsV20161128`, JSON 1.1): the accounts, where they are, and who administers.

pub(crate) mod accounts;
mod tree;
pub(crate) mod units;

use serde_json::json;

use crate::aws_json::{Outcome, Page, Refusal, Request, Shape, timestamp};
use crate::directory::Account;
use crate::hosts::Partition;

pub(crate) use tree::Organization;

/// "When calling List* operations, always check the NextToken response parameter value, even if you receive an empty
/// result set" (API reference).
fn pages(request: &Request<'_>) -> Page {
    Page { most: 20, may_be_empty: request.sim.settings.empty_pages }
}

/// Whose delegated administrators are of interest here.
const IDENTITY_CENTER: &str = "sso.amazonaws.com";

const SERVICE_PRINCIPAL: Shape = Shape {
    length: (1, 128),
    pattern: "[\\w+=,.@-]*",
    fits: |text| text.chars().all(|char| char.is_alphanumeric() || "_+=,.@-".contains(char)),
};

pub(crate) fn describe(request: &mut Request<'_>) -> Outcome {
    request.input.only(&[])?;
    check_member(request)?;
    let settings = &request.sim.settings;
    let management = &settings.management_account;
    let email = account(request, management).map(|account| account.email.clone());
    let id = &request.state.organization.id;
    Ok(json!({ "Organization": {
        "Id": id,
        "Arn": arn(request, "organization", id),
        "FeatureSet": "ALL",
        "MasterAccountArn": account_arn(request, management),
        "MasterAccountId": management,
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [],
    }}))
}

pub(crate) fn list_delegated_administrators(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["ServicePrincipal", "NextToken", "MaxResults"])?;
    check_administrator(request)?;
    let service = request.input.optional_text("ServicePrincipal", &SERVICE_PRINCIPAL)?;
    let delegates = match service {
        None | Some(IDENTITY_CENTER) => request.sim.settings.delegated_administrators.as_slice(),
        Some(_) => &[],
    };
    let since = request.state.organization.created;
    let items = delegates.iter().filter_map(|id| {
        let mut item = accounts::json(request, account(request, id)?);
        item.as_object_mut()?.remove("Paths");
        item["DelegationEnabledDate"] = timestamp(since);
        Some(item)
    });
    let items = items.collect();
    request.page(pages(request), "DelegatedAdministrators", items)
}

fn account<'a>(request: &'a Request<'_>, id: &str) -> Option<&'a Account> {
    request.state.directory.accounts.iter().find(|account| account.id == id)
}

/// Any account of the organization may ask.
fn check_member(request: &Request<'_>) -> Result<(), Refusal> {
    match account(request, &request.caller.account) {
        Some(_) => Ok(()),
        None => Err(Refusal::of(
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        )),
    }
}

/// "You can only call this operation from the management account or a member account that is a delegated
/// administrator" (API reference).
fn check_administrator(request: &Request<'_>) -> Result<(), Refusal> {
    check_member(request)?;
    if request.sim.settings.administers(&request.caller.account) {
        return Ok(());
    }
    Err(Refusal::access_denied("You don't have permissions to access this resource."))
}

/// `arn:aws:organizations::<management account>:<kind>/<path>`
fn arn(request: &Request<'_>, kind: &str, path: &str) -> String {
    let settings = &request.sim.settings;
    let partition = Partition::of_region(&settings.region).id;
    format!("arn:{partition}:organizations::{}:{kind}/{path}", settings.management_account)
}

fn account_arn(request: &Request<'_>, id: &str) -> String {
    arn(request, "account", &format!("{}/{id}", request.state.organization.id))
}
