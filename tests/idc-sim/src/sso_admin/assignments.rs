//! Assignments: create, delete, list.

use serde_json::{Value, json};

use super::operations::{self, Kind, Work};
use super::permission_set::PermissionSet;
use super::permission_sets::{arn, find};
use super::shapes::ACCOUNT_ID;
use super::{PAGES, check_account, check_delegate, instance, principal, status};
use crate::aws_json::{Outcome, Refusal, Request};
use crate::directory::{Assignment, PrincipalId};

const MEMBERS: [&str; 6] =
    ["InstanceArn", "TargetId", "TargetType", "PermissionSetArn", "PrincipalType", "PrincipalId"];

/// What a request to create or delete names.
struct Asked {
    set: PermissionSet,
    account: String,
    principal: PrincipalId,
}

pub(crate) fn create(request: &mut Request<'_>) -> Outcome {
    let Asked { set, account, principal } = asked(request)?;
    let arn = arn(&request.sim.settings, &set);
    let operation = operations::start(request, &set, arn, Work::Assign { account, principal })?;
    Ok(json!({ Kind::Creation.member(): status::full(&operation) }))
}

pub(crate) fn delete(request: &mut Request<'_>) -> Outcome {
    let Asked { set, account, principal } = asked(request)?;
    let directory = &request.state.directory;
    let is_it = |known: &Assignment| {
        known.account == account && known.permission_set == set.name && known.principal == principal
    };
    if !directory.assignments().any(is_it) {
        return Err(Refusal::not_found("The account assignment was not found."));
    }
    let arn = arn(&request.sim.settings, &set);
    let operation = operations::start(request, &set, arn, Work::Unassign { account, principal })?;
    Ok(json!({ Kind::Deletion.member(): status::full(&operation) }))
}

fn asked(request: &mut Request<'_>) -> Result<Asked, Refusal> {
    request.input.only(&MEMBERS)?;
    let set = find(request)?.clone();
    let account = request.input.text("TargetId", &ACCOUNT_ID)?.to_owned();
    request.input.choice("TargetType", &[("AWS_ACCOUNT", ())])?;
    let principal = principal::read(request)?;
    check_account(request, &account)?;
    check_delegate(request, &set)?;
    if set.is_spreading(request.now, request.sim.settings.write_spread) {
        return Err(Refusal::conflict("A conflict with a previous successful write was detected."));
    }
    Ok(Asked { set, account, principal })
}

pub(crate) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "AccountId", "PermissionSetArn", "MaxResults", "NextToken"])?;
    let set = find(request)?;
    let account = request.input.text("AccountId", &ACCOUNT_ID)?;
    let known = request.state.directory.assignments();
    let here = known.filter(|known| known.account == account && known.permission_set == set.name);
    let items = here.filter_map(|known| json(request, known)).collect();
    request.page(PAGES, "AccountAssignments", items)
}

/// Of a group its own, of a user those of the user's groups too.
pub(crate) fn list_for_principal(request: &mut Request<'_>) -> Outcome {
    request.input.only(&[
        "InstanceArn",
        "PrincipalId",
        "PrincipalType",
        "Filter",
        "NextToken",
        "MaxResults",
    ])?;
    instance::check_for_sets(request)?;
    let settings = &request.sim.settings;
    if request.caller.account != settings.management_account && !settings.delegates_list_by_principal {
        return Err(Refusal::access_denied("This action must be called from the management account."));
    }
    let principals = principal::with_groups(&request.state.directory, principal::read(request)?);
    let filter = request.input.optional_members("Filter")?;
    let account = match &filter {
        Some(filter) => {
            filter.only(&["AccountId"])?;
            filter.optional_text("AccountId", &ACCOUNT_ID)?
        }
        None => None,
    };
    let known = request.state.directory.assignments();
    let theirs = known.filter(|known| principals.contains(&known.principal));
    let wanted = theirs.filter(|known| account.is_none_or(|account| account == known.account));
    let items = wanted.filter_map(|known| json(request, known)).collect();
    request.page(PAGES, "AccountAssignments", items)
}

/// `None` for an assignment of a permission set that is gone.
fn json(request: &Request<'_>, known: &Assignment) -> Option<Value> {
    let set = request.state.directory.permission_set(&known.permission_set)?;
    Some(json!({
        "AccountId": known.account,
        "PermissionSetArn": arn(&request.sim.settings, set),
        "PrincipalType": principal::type_of(&known.principal),
        "PrincipalId": principal::id(&known.principal),
    }))
}
