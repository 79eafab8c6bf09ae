"""Makes an organization in moto, and prints its instance and its accounts.

    moto_organization.py accounts     people, groups and accounts
    moto_organization.py              permission sets and assignments as well
"""

import json
import sys

import boto3

organizations = boto3.client("organizations")
store = boto3.client("identitystore")
sso = boto3.client("sso-admin")
instance = sso.list_instances()["Instances"][0]
at = {"InstanceArn": instance["InstanceArn"]}
in_store = {"IdentityStoreId": instance["IdentityStoreId"]}

organizations.create_organization(FeatureSet="ALL")
root = organizations.list_roots()["Roots"][0]["Id"]
workloads = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
prod = organizations.create_organizational_unit(ParentId=workloads, Name="Prod")["OrganizationalUnit"]["Id"]
accounts = {}
for name, unit in (("shop-dev", workloads), ("shop-prod", prod), ("sandbox-1", root)):
    created = organizations.create_account(AccountName=name, Email=f"{name}@example.com", Tags=[{"Key": "name", "Value": name}])
    accounts[name] = created["CreateAccountStatus"]["AccountId"]
    if unit != root:
        organizations.move_account(AccountId=accounts[name], SourceParentId=root, DestinationParentId=unit)

groups = {}
for name in ("Developers", "Operations"):
    groups[name] = store.create_group(DisplayName=name, Description="-", **in_store)["GroupId"]
user = store.create_user(
    UserName="alice@example.com",
    DisplayName="Alice Doe",
    Name={"GivenName": "Alice", "FamilyName": "Doe"},
    Emails=[{"Value": "alice@example.com", "Type": "work", "Primary": True}],
    **in_store,
)["UserId"]
store.create_group_membership(GroupId=groups["Developers"], MemberId={"UserId": user}, **in_store)

if len(sys.argv) == 1:

    def create(name, *managed, **members):
        members.setdefault("SessionDuration", "PT1H")  # without it moto says 3600, which is no duration
        arn = sso.create_permission_set(Name=name, **members, **at)["PermissionSet"]["PermissionSetArn"]
        for policy in managed:
            sso.attach_managed_policy_to_permission_set(
                PermissionSetArn=arn, ManagedPolicyArn=f"arn:aws:iam::aws:policy/{policy}", **at
            )
        return arn

    def assign(arn, kind, principal, *names):
        for name in names:
            sso.create_account_assignment(
                PermissionSetArn=arn,
                PrincipalType=kind,
                PrincipalId=principal,
                TargetType="AWS_ACCOUNT",
                TargetId=accounts[name],
                **at,
            )

    power = create("Power", "PowerUserAccess", "AmazonS3FullAccess", Description="All but IAM", SessionDuration="PT4H")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}]}
    sso.put_inline_policy_to_permission_set(PermissionSetArn=power, InlinePolicy=json.dumps(policy), **at)
    sso.attach_customer_managed_policy_reference_to_permission_set(
        PermissionSetArn=power, CustomerManagedPolicyReference={"Name": "guard", "Path": "/security/"}, **at
    )
    read = create("Read", "ReadOnlyAccess", Tags=[{"Key": "owner", "Value": "platform"}], RelayState="https://example.com/")
    assign(power, "GROUP", groups["Developers"], "shop-dev", "sandbox-1")
    assign(read, "GROUP", groups["Developers"], *accounts)
    assign(read, "GROUP", groups["Operations"], *accounts)
    assign(power, "USER", user, "shop-prod")
    create("Empty")

print(json.dumps({"instance": instance["InstanceArn"].split("/")[-1], "accounts": accounts, "groups": groups, "user": user}))
