"""Prints the permission sets and their assignments to groups, as boto3 reads them."""

import json

import boto3

sso = boto3.client("sso-admin")
store = boto3.client("identitystore")
instance = sso.list_instances()["Instances"][0]
at = {"InstanceArn": instance["InstanceArn"]}


def everything(client, operation, key, **members):
    return [item for page in client.get_paginator(operation).paginate(**members) for item in page[key]]


groups = everything(store, "list_groups", "Groups", IdentityStoreId=instance["IdentityStoreId"])
names = {group["GroupId"]: group["DisplayName"] for group in groups}
accounts = [account["Id"] for account in everything(boto3.client("organizations"), "list_accounts", "Accounts")]
sets = {}
for arn in everything(sso, "list_permission_sets", "PermissionSets", **at):
    of_set = {"PermissionSetArn": arn, **at}
    head = sso.describe_permission_set(**of_set)["PermissionSet"]
    inline = sso.get_inline_policy_for_permission_set(**of_set).get("InlinePolicy")
    managed = everything(sso, "list_managed_policies_in_permission_set", "AttachedManagedPolicies", **of_set)
    operation = "list_customer_managed_policy_references_in_permission_set"
    assignments = [
        [account, names[one["PrincipalId"]]]
        for account in accounts
        for one in everything(sso, "list_account_assignments", "AccountAssignments", AccountId=account, **of_set)
    ]
    sets[head["Name"]] = {
        "description": head.get("Description"),
        "session": head.get("SessionDuration"),
        "relay_state": head.get("RelayState"),
        "inline": json.loads(inline) if inline else None,
        "managed": sorted(policy["Arn"] for policy in managed),
        "customer": everything(sso, operation, "CustomerManagedPolicyReferences", **of_set),
        "assignments": sorted(assignments),
    }
print(json.dumps(sets))
