//! The instance.

use serde_json::{Value, json};

use super::shapes::INSTANCE_ARN;
use super::{PAGES, check_administrator};
use crate::aws_json::{Outcome, Refusal, Request, timestamp};
use crate::hosts::Partition;
use crate::settings::Settings;

/// Which instances are asked for.
#[derive(Clone, Copy)]
enum Scope {
    CurrentRegion,
    AllRegions,
}

/// Returns the ARN of the instance.
pub(crate) fn arn(settings: &Settings) -> String {
    format!("arn:{}:sso:::instance/{}", Partition::of_region(&settings.region).id, settings.instance)
}

/// Reads `InstanceArn`: it has to be this instance, and the caller one who may administer it.
pub(super) fn check(request: &Request<'_>) -> Result<(), Refusal> {
    let asked = request.input.text("InstanceArn", &INSTANCE_ARN)?;
    check_administrator(request)?;
    if asked == arn(&request.sim.settings) {
        return Ok(());
    }
    Err(Refusal::access_denied(format!("User: {} is not authorized to access {asked}", request.caller.arn)))
}

/// [`check`], for what needs permission sets: an instance may have them switched off.
pub(super) fn check_for_sets(request: &Request<'_>) -> Result<(), Refusal> {
    check(request)?;
    if request.sim.settings.permission_sets_enabled {
        return Ok(());
    }
    Err(Refusal::access_denied("Permission sets are not enabled for this instance"))
}

pub(crate) fn list(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["MaxResults", "NextToken", "RegionScope"])?;
    let choices = [("CURRENT_REGION", Scope::CurrentRegion), ("ALL_REGIONS", Scope::AllRegions)];
    let scope = request.input.optional_choice("RegionScope", &choices)?.unwrap_or(Scope::CurrentRegion);
    let settings = &request.sim.settings;
    let is_here = match scope {
        Scope::CurrentRegion => settings.serves_region(&request.caller.region),
        Scope::AllRegions => true,
    };
    let accounts = &request.state.directory.accounts;
    let is_member = accounts.iter().any(|account| account.id == request.caller.account);
    let may_see =
        settings.administers(&request.caller.account) || (settings.members_see_instance && is_member);
    let items = (is_here && may_see).then(|| json(request)).into_iter().collect();
    request.page(PAGES, "Instances", items)
}

pub(crate) fn describe(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn"])?;
    check(request)?;
    let mut instance = json(request);
    instance["EncryptionConfigurationDetails"] =
        json!({ "KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED" });
    instance["PermissionSetsEnabled"] = request.sim.settings.permission_sets_enabled.into();
    Ok(instance)
}

pub(crate) fn list_regions(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "MaxResults", "NextToken"])?;
    check(request)?;
    let items = regions(request);
    request.page(PAGES, "Regions", items)
}

fn json(request: &Request<'_>) -> Value {
    let settings = &request.sim.settings;
    let partition = Partition::of_region(&settings.region).id;
    let (owner, store) = (&settings.management_account, &settings.identity_store);
    json!({
        "InstanceArn": arn(settings),
        "IdentityStoreId": store,
        "IdentityStoreArn": format!("arn:{partition}:identitystore::{owner}:identitystore/{store}"),
        "OwnerAccountId": owner,
        "CreatedDate": timestamp(request.state.organization.created),
        "Status": "ACTIVE",
        "PrimaryRegion": settings.region,
        "Regions": regions(request),
    })
}

fn regions(request: &Request<'_>) -> Vec<Value> {
    let settings = &request.sim.settings;
    let region = |region: &String| {
        json!({
            "RegionName": region,
            "Status": "ACTIVE",
            "AddedDate": timestamp(request.state.organization.created),
            "IsPrimaryRegion": *region == settings.region,
        })
    };
    settings.regions().map(region).collect()
}
