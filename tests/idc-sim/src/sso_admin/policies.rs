//! What a permission set allows: AWS's policies, the customer's own, an inline one, and a boundary.

use serde_json::{Value, json};

use super::PAGES;
use super::permission_set::{Boundary, CustomerPolicy, PermissionSet};
use super::permission_sets::{find, find_to_change};
use super::shapes::{INLINE_POLICY, MANAGED_POLICY_ARN, POLICY_NAME, POLICY_PATH};
use crate::aws_json::{Input, Outcome, Refusal, Request};

/// AWS's and the customer's own together ("IAM Identity Center quotas").
const MAX_ATTACHED: usize = 20;
/// Of an inline policy, without blanks (the same page).
const MAX_INLINE_CHARACTERS: usize = 10_240;

pub(crate) fn attach_managed(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "ManagedPolicyArn"])?;
    let arn = request.input.text("ManagedPolicyArn", &MANAGED_POLICY_ARN)?.to_owned();
    attach(request, |set| set.policies.managed.insert(arn))
}

pub(crate) fn attach_customer(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "CustomerManagedPolicyReference"])?;
    let policy = customer_policy(&request.input.members("CustomerManagedPolicyReference")?)?;
    attach(request, |set| set.policies.customer.insert(policy))
}

fn attach(request: &mut Request<'_>, insert: impl FnOnce(&mut PermissionSet) -> bool) -> Outcome {
    let now = request.now;
    let set = find_to_change(request)?;
    if set.policies.attached() >= MAX_ATTACHED {
        return Err(Refusal::quota("You have exceeded the allowed number of policies of a permission set."));
    }
    if !insert(set) {
        return Err(Refusal::conflict("The policy is attached to the permission set already."));
    }
    set.changed(now);
    Ok(json!({}))
}

pub(crate) fn detach_managed(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "ManagedPolicyArn"])?;
    let arn = request.input.text("ManagedPolicyArn", &MANAGED_POLICY_ARN)?.to_owned();
    remove(request, |set| set.policies.managed.remove(&arn))
}

pub(crate) fn detach_customer(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "CustomerManagedPolicyReference"])?;
    let policy = customer_policy(&request.input.members("CustomerManagedPolicyReference")?)?;
    remove(request, |set| set.policies.customer.remove(&policy))
}

pub(crate) fn delete_inline(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    remove(request, |set| set.policies.inline.take().is_some())
}

pub(crate) fn delete_boundary(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    remove(request, |set| set.policies.boundary.take().is_some())
}

fn remove(request: &mut Request<'_>, take: impl FnOnce(&mut PermissionSet) -> bool) -> Outcome {
    let now = request.now;
    let set = find_to_change(request)?;
    if !take(set) {
        return Err(Refusal::not_found("The permission set does not have the policy."));
    }
    set.changed(now);
    Ok(json!({}))
}

pub(crate) fn put_inline(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "InlinePolicy"])?;
    let policy = request.input.text("InlinePolicy", &INLINE_POLICY)?.to_owned();
    check_policy(&policy)?;
    let now = request.now;
    let set = find_to_change(request)?;
    set.policies.inline = Some(policy);
    set.changed(now);
    Ok(json!({}))
}

/// As much as can be known without IAM: JSON with a version and statements.
fn check_policy(policy: &str) -> Result<(), Refusal> {
    let document: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = &document["Statement"];
    if !(document.is_object() && (statements.is_array() || statements.is_object())) {
        return Err(Refusal::validation("The policy is not in the valid JSON format."));
    }
    if policy.chars().filter(|char| !char.is_whitespace()).count() > MAX_INLINE_CHARACTERS {
        return Err(Refusal::quota(format!("Maximum policy size of {MAX_INLINE_CHARACTERS} bytes exceeded")));
    }
    Ok(())
}

pub(crate) fn put_boundary(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "PermissionsBoundary"])?;
    let asked = request.input.members("PermissionsBoundary")?;
    asked.only(&["CustomerManagedPolicyReference", "ManagedPolicyArn"])?;
    let managed = asked.optional_text("ManagedPolicyArn", &MANAGED_POLICY_ARN)?;
    let boundary = match (managed, asked.optional_members("CustomerManagedPolicyReference")?) {
        (Some(arn), None) => Boundary::Managed(arn.to_owned()),
        (None, Some(reference)) => Boundary::Customer(customer_policy(&reference)?),
        _ => {
            return Err(Refusal::validation(
                "A permissions boundary is one policy, managed or customer managed.",
            ));
        }
    };
    let now = request.now;
    let set = find_to_change(request)?;
    set.policies.boundary = Some(boundary);
    set.changed(now);
    Ok(json!({}))
}

pub(crate) fn get_inline(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    let set = find(request)?;
    Ok(json!({ "InlinePolicy": set.policies.inline.as_deref().unwrap_or_default() }))
}

pub(crate) fn get_boundary(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn"])?;
    let boundary = match &find(request)?.policies.boundary {
        Some(Boundary::Managed(arn)) => json!({ "ManagedPolicyArn": arn }),
        Some(Boundary::Customer(policy)) => json!({ "CustomerManagedPolicyReference": reference(policy) }),
        None => return Err(Refusal::not_found("The permission set has no permissions boundary.")),
    };
    Ok(json!({ "PermissionsBoundary": boundary }))
}

pub(crate) fn list_managed(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "MaxResults", "NextToken"])?;
    let policies = find(request)?.policies.managed.iter();
    let items = policies.map(|arn| json!({ "Name": arn.rsplit('/').next(), "Arn": arn })).collect();
    request.page(PAGES, "AttachedManagedPolicies", items)
}

pub(crate) fn list_customer(request: &mut Request<'_>) -> Outcome {
    request.input.only(&["InstanceArn", "PermissionSetArn", "MaxResults", "NextToken"])?;
    let items = find(request)?.policies.customer.iter().map(reference).collect();
    request.page(PAGES, "CustomerManagedPolicyReferences", items)
}

fn reference(policy: &CustomerPolicy) -> Value {
    json!({ "Name": policy.name, "Path": policy.path })
}

fn customer_policy(reference: &Input) -> Result<CustomerPolicy, Refusal> {
    reference.only(&["Name", "Path"])?;
    Ok(CustomerPolicy {
        name: reference.text("Name", &POLICY_NAME)?.to_owned(),
        path: reference.optional_text("Path", &POLICY_PATH)?.unwrap_or("/").to_owned(),
    })
}
