"""Builds permission sets and assignments as other people's tools do.

    organization.py ACCOUNT...

The service is where the environment says. Groups and users are those of the identity store; each gets something.
"""

import json
import sys

import boto3

accounts = sys.argv[1:]
sso = boto3.client("sso-admin")
store = boto3.client("identitystore")
instance = sso.list_instances()["Instances"][0]
at = {"InstanceArn": instance["InstanceArn"]}
in_store = {"IdentityStoreId": instance["IdentityStoreId"]}


def everything(client, operation, key, **members):
    return [item for page in client.get_paginator(operation).paginate(**members) for item in page[key]]


groups = everything(store, "list_groups", "Groups", **in_store)
groups = [group["GroupId"] for group in sorted(groups, key=lambda group: group["DisplayName"])]
users = everything(store, "list_users", "Users", **in_store)
users = [user["UserId"] for user in sorted(users, key=lambda user: user["UserName"])]


def create(name, **members):
    return sso.create_permission_set(Name=name, **members, **at)["PermissionSet"]["PermissionSetArn"]


def assign(arn, kind, principal, account):
    sso.create_account_assignment(
        PermissionSetArn=arn, PrincipalType=kind, PrincipalId=principal, TargetType="AWS_ACCOUNT", TargetId=account, **at
    )


STATEMENTS = [
    {
        "Sid": "Länder",
        "Effect": "Deny",
        "Action": ["iam:*", "organizations:*"],
        "Resource": "*",
        "Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": "false"},
            "NumericGreaterThan": {"aws:MultiFactorAuthAge": 3600},
            "ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::*:role/a \"quoted\" \\ name", "arn:aws:iam::*:role/#b"]},
        },
    },
    {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": ["*"]},
]

full = create(
    "Full+Set=1,2.a@b-c_d",
    Description='Everything "but"\tIAM\\ — no: Ä, é and ß\nin two lines'.replace("—", "-"),
    SessionDuration="PT11H59M",
    RelayState="https://eu-central-1.console.aws.amazon.com/console/home?region=eu-central-1#a'b",
    Tags=[{"Key": "cost center", "Value": "12/ä:+=-@"}, {"Key": "empty", "Value": ""}, {"Key": "nb\u00a0sp", "Value": "\u2003"}],
)
for policy in ("PowerUserAccess", "job-function/ViewOnlyAccess", "service-role/AWSQuicksightAthenaAccess"):
    sso.attach_managed_policy_to_permission_set(
        PermissionSetArn=full, ManagedPolicyArn=f"arn:aws:iam::aws:policy/{policy}", **at
    )
for name, path in (("guard", "/"), ("limit+1", "/security/eu/")):
    sso.attach_customer_managed_policy_reference_to_permission_set(
        PermissionSetArn=full, CustomerManagedPolicyReference={"Name": name, "Path": path}, **at
    )
sso.put_inline_policy_to_permission_set(
    PermissionSetArn=full, InlinePolicy=json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS}, indent=3), **at
)
sso.put_permissions_boundary_to_permission_set(
    PermissionSetArn=full,
    PermissionsBoundary={"CustomerManagedPolicyReference": {"Name": "limit", "Path": "/b/"}},
    **at,
)

bounded = create("Bounded", SessionDuration="P0DT1H0M0S")
sso.put_permissions_boundary_to_permission_set(
    PermissionSetArn=bounded, PermissionsBoundary={"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}, **at
)
one = create("Inline", Description="x")
sso.put_inline_policy_to_permission_set(
    PermissionSetArn=one, InlinePolicy=json.dumps({"Statement": STATEMENTS[1]}), **at
)
bare = create("Bare")
create("Unused", Tags=[{"Key": "kcaws:owner", "Value": "https://sso.example.com/realms/another"}])
aws = create("AWSAdministratorAccess", Description="Control Tower's")

for number, account in enumerate(accounts):
    assign(full, "GROUP", groups[number % len(groups)], account)
    assign(aws, "GROUP", groups[0], account)
    if number % 2:
        assign(one, "USER", users[number % len(users)], account)
for group in groups:
    assign(bare, "GROUP", group, accounts[0])
assign(bounded, "USER", users[0], accounts[-1])
