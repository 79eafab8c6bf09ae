//! Accounts: all of them, those of one unit, one, and its tags.

use serde_json::{Value, json};

use super::{account, account_arn, check_administrator, pages, units};
use crate::aws_json::{Outcome, Refusal, Request, Shape, timestamp};
use crate::directory::Account;
use crate::switches::AccountState;

const ACCOUNT_ID: Shape = Shape {
    length: (0, 12),
    pattern: "^\\d{12}$",
    fits: |text| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()),
};

const RESOURCE_ID: Shape = Shape {
    length: (0, 130),
    pattern: "^(r-[0-9a-z]{4,32})|(\\d{12})|(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})",
    fits: |text| (ACCOUNT_ID.fits)(text) || (units::PARENT_ID.fits)(text),
};

pub(crate) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["NextToken", "MaxResults"])?;
    check_administrator(request)?;
    let items = request.state.directory.accounts.iter().map(|account| json(request, account)).collect();
    request.page(pages(request), "Accounts", items)
}

pub(crate) fn list_for_parent(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["ParentId", "NextToken", "MaxResults"])?;
    check_administrator(request)?;
    let parent = units::parent(request)?;
    let accounts = request.state.directory.accounts.iter();
    let here = accounts.filter(|account| request.state.organization.unit_of(&account.id) == parent.path);
    let items = here.map(|account| json(request, account)).collect();
    request.page(pages(request), "Accounts", items)
}

pub(crate) fn describe(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["AccountId"])?;
    check_administrator(request)?;
    let id = request.input.text("AccountId", &ACCOUNT_ID)?;
    let text = "You specified an account that doesn't exist.";
    let account = account(request, id).ok_or_else(|| Refusal::of("AccountNotFoundException", text))?;
    Ok(json!({ "Account": json(request, account) }))
}

pub(crate) fn list_tags(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["ResourceId", "NextToken"])?;
    check_administrator(request)?;
    let id = request.input.text("ResourceId", &RESOURCE_ID)?;
    if account(request, id).is_none() && request.state.organization.unit(id).is_none() {
        return Err(Refusal::of("TargetNotFoundException", "You specified a target that doesn't exist."));
    }
    let tags = request.state.organization.tags(id).into_iter();
    let items = tags.map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    request.page(pages(request), "Tags", items)
}

/// Writes an account. `Status` was retired on 9 September 2026; what the members are is a switch.
pub(super) fn json(request: &Request<'_>, account: &Account) -> Value {
    let organization = &request.state.organization;
    let settings = &request.sim.settings;
    let state = organization.state(&account.id);
    let is_management = account.id == settings.management_account;
    let mut item = json!({
        "Id": account.id,
        "Arn": account_arn(request, &account.id),
        "Email": account.email,
        "Name": account.name,
        "State": state.name(),
        "JoinedMethod": if is_management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": timestamp(organization.created),
    });
    if settings.account_paths {
        let path = organization.api_path(organization.unit_of(&account.id));
        item["Paths"] = json!([format!("{path}{}/", account.id)]);
    }
    if settings.account_status
        && let Some(status) = status(state)
    {
        item["Status"] = status.into();
    }
    item
}

/// Returns the retired member's value; new states never had one.
fn status(state: AccountState) -> Option<&'static str> {
    match state {
        AccountState::Active => Some("ACTIVE"),
        AccountState::Suspended | AccountState::Closed => Some("SUSPENDED"),
        AccountState::PendingClosure => Some("PENDING_CLOSURE"),
        AccountState::PendingActivation => None,
    }
}
