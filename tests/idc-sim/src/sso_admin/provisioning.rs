//! Permission sets as roles in accounts: where they are, whether they lag behind, and bringing them up to date.

use serde_json::json;

use super::operations::{self, Kind, Target, Work};
use super::permission_sets::{arn, find, find_to_change};
use super::shapes::ACCOUNT_ID;
use super::{PAGES, check_account, instance, status};
use crate::aws_json::{Outcome, Refusal, Request};

/// Whether a role has the latest version of its permission set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Latest {
    Provisioned,
    NotProvisioned,
}

const STATUSES: [(&str, Latest); 2] = [
    ("LATEST_PERMISSION_SET_PROVISIONED", Latest::Provisioned),
    ("LATEST_PERMISSION_SET_NOT_PROVISIONED", Latest::NotProvisioned),
];

#[derive(Clone, Copy)]
enum TargetType {
    Account,
    AllProvisionedAccounts,
}

const TARGET_TYPES: [(&str, TargetType); 2] =
    [("AWS_ACCOUNT", TargetType::Account), ("ALL_PROVISIONED_ACCOUNTS", TargetType::AllProvisionedAccounts)];

pub(crate) fn list_accounts(request: &mut Request<'_>) -> Outcome {
    request.input.only(&[
        "InstanceArn",
        "PermissionSetArn",
        "ProvisioningStatus",
        "MaxResults",
        "NextToken",
    ])?;
    let wanted = request.input.optional_choice("ProvisioningStatus", &STATUSES)?;
    let set = find(request)?;
    let directory = &request.state.directory;
    let accounts = directory.provisioned_accounts(&set.name).into_iter();
    let has_wanted = |account: &String| match directory.provisioned_version(account, &set.name) {
        Some(version) if version == set.version => wanted != Some(Latest::NotProvisioned),
        _ => wanted != Some(Latest::Provisioned),
    };
    let items = accounts.filter(has_wanted).map(Into::into).collect();
    request.page(PAGES, "AccountIds", items)
}

pub(crate) fn list_permission_sets(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "AccountId", "ProvisioningStatus", "MaxResults", "NextToken"])?;
    instance::check_for_sets(request)?;
    let wanted = request.input.optional_choice("ProvisioningStatus", &STATUSES)?;
    let account = request.input.text("AccountId", &ACCOUNT_ID)?;
    let directory = &request.state.directory;
    let sets = directory.permission_sets.iter().filter(|set| {
        directory.provisioned_version(account, &set.name).is_some_and(|version| {
            let latest = if version == set.version { Latest::Provisioned } else { Latest::NotProvisioned };
            wanted.is_none_or(|wanted| wanted == latest)
        })
    });
    let items = sets.map(|set| arn(&request.sim.settings, set).into()).collect();
    request.page(PAGES, "PermissionSets", items)
}

pub(crate) fn provision(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "TargetId", "TargetType"])?;
    let target_type = request.input.choice("TargetType", &TARGET_TYPES)?;
    let account = request.input.optional_text("TargetId", &ACCOUNT_ID)?.map(str::to_owned);
    let set = find_to_change(request)?.clone();
    let target = match (target_type, account) {
        (TargetType::Account, Some(account)) => {
            check_account(request, &account)?;
            Target::Account(account)
        }
        (TargetType::Account, None) => {
            return Err(Refusal::validation("TargetId is required for AWS_ACCOUNT"));
        }
        (TargetType::AllProvisionedAccounts, _) => {
            let accounts = request.state.directory.provisioned_accounts(&set.name);
            Target::AllProvisionedAccounts(accounts.into_iter().collect())
        }
    };
    let arn = arn(&request.sim.settings, &set);
    let operation = operations::start(request, &set, arn, Work::Provision(target))?;
    Ok(json!({ Kind::Provisioning.member(): status::full(&operation) }))
}
