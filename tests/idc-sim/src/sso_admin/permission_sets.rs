//! Permission sets: create, describe, update, delete, list.

use serde_json::{Value, json};

use super::permission_set::{Details, PermissionSet};
use super::shapes::{DESCRIPTION, PERMISSION_SET_ARN, RELAY_STATE, SESSION_DURATION, SET_NAME};
use super::{PAGES, check_delegate, instance, tags};
use crate::aws_json::{Outcome, Refusal, Request, timestamp};
use crate::clock;
use crate::hosts::Partition;
use crate::settings::Settings;

pub(crate) fn create(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["Name", "Description", "InstanceArn", "SessionDuration", "RelayState", "Tags"])?;
    instance::check_for_sets(request)?;
    let name = request.input.text("Name", &SET_NAME)?.to_owned();
    let details = details(request)?;
    let tags = tags::read(request)?.unwrap_or_default();
    let sets = &request.state.directory.permission_sets;
    if sets.iter().any(|known| known.name == name) {
        return Err(Refusal::conflict(format!("PermissionSet with name {name} already exists.")));
    }
    if sets.len() >= request.sim.settings.permission_set_quota {
        return Err(Refusal::quota("You have exceeded the allowed number of permission sets."));
    }
    let now = clock::full_second(request.now);
    let mut set = PermissionSet::with_details(&name, details, now).ok_or_else(bad_session)?;
    set.tags = tags;
    let answer = json!({ "PermissionSet": json(&request.sim.settings, &set) });
    request.state.directory.permission_sets.push(set);
    Ok(answer)
}

pub(crate) fn describe(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    let set = find(request)?;
    Ok(json!({ "PermissionSet": json(&request.sim.settings, set) }))
}

/// Description, session duration and relay state are replaced together; the name stays.
pub(crate) fn update(request: &mut Request<'_>) -> Outcome {
    request.input.only(&[
        "InstanceArn",
        "PermissionSetArn",
        "Description",
        "SessionDuration",
        "RelayState",
    ])?;
    let details = details(request)?;
    let now = request.now;
    let set = find_to_change(request)?;
    set.set_details(details).ok_or_else(bad_session)?;
    set.changed(now);
    Ok(json!({}))
}

pub(crate) fn delete(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    let set = find_to_change(request)?;
    let (id, name) = (set.id.clone(), set.name.clone());
    let is_provisioned = !request.state.directory.provisioned_accounts(&name).is_empty();
    if is_provisioned || request.state.operations.is_busy(&name) {
        return Err(Refusal::conflict(format!(
            "PermissionSet {name} can not be deleted as it is assigned or provisioned in an account."
        )));
    }
    request.state.directory.permission_sets.retain(|known| known.id != id);
    Ok(json!({}))
}

pub(crate) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "NextToken", "MaxResults"])?;
    instance::check_for_sets(request)?;
    let sets = request.state.directory.permission_sets.iter();
    let items = sets.map(|set| arn(&request.sim.settings, set).into()).collect();
    request.page(PAGES, "PermissionSets", items)
}

fn details(request: &Request<'_>) -> Result<Details, Refusal> {
    let text = |name, shape| request.input.optional_text(name, shape).map(|text| text.map(str::to_owned));
    Ok(Details {
        description: text("Description", &DESCRIPTION)?,
        session_duration: text("SessionDuration", &SESSION_DURATION)?,
        relay_state: text("RelayState", &RELAY_STATE)?,
    })
}

fn bad_session() -> Refusal {
    Refusal::validation("Session duration must be between 1 hour and 12 hours")
}

/// Returns the ARN of a permission set.
pub(super) fn arn(settings: &Settings, set: &PermissionSet) -> String {
    let partition = Partition::of_region(&settings.region).id;
    format!("arn:{partition}:sso:::permissionSet/{}/{}", settings.instance, set.id)
}

/// Finds the permission set that `PermissionSetArn` names at the instance that `InstanceArn` names.
pub(super) fn find<'a>(request: &'a Request<'_>) -> Result<&'a PermissionSet, Refusal> {
    instance::check_for_sets(request)?;
    let asked = request.input.text("PermissionSetArn", &PERMISSION_SET_ARN)?;
    by_arn(request, asked)
}

pub(super) fn by_arn<'a>(request: &'a Request<'_>, asked: &str) -> Result<&'a PermissionSet, Refusal> {
    let sets = &request.state.directory.permission_sets;
    let found = sets.iter().find(|set| arn(&request.sim.settings, set) == asked);
    found.ok_or_else(|| Refusal::not_found(format!("Could not find PermissionSet with ARN {asked}")))
}

/// [`find`], for a write: refused to a delegated administrator where the set is provisioned in the management account,
/// and as long as an earlier write has not spread.
pub(super) fn find_to_change<'a>(request: &'a mut Request<'_>) -> Result<&'a mut PermissionSet, Refusal> {
    let set = find(request)?;
    check_delegate(request, set)?;
    let name = set.name.clone();
    let settings = &request.sim.settings;
    let directory = &mut request.state.directory;
    let set = directory.permission_sets.iter_mut().find(|set| set.name == name);
    let set = set.ok_or_else(|| Refusal::not_found("Could not find PermissionSet"))?;
    if set.is_spreading(request.now, settings.write_spread) {
        return Err(Refusal::conflict("A conflict with a previous successful write was detected."));
    }
    Ok(set)
}

fn json(settings: &Settings, set: &PermissionSet) -> Value {
    let mut item = json!({
        "Name": set.name,
        "PermissionSetArn": arn(settings, set),
        "CreatedDate": timestamp(set.created),
        "SessionDuration": set.details.session_duration,
    });
    for (name, value) in [("Description", &set.details.description), ("RelayState", &set.details.relay_state)]
    {
        if let Some(value) = value {
            item[name] = value.as_str().into();
        }
    }
    item
}
