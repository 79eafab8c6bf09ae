"""Calls every operation of sso-admin and Organizations that the simulator has, after a look at who is calling.

    call_everything.py boto3
    call_everything.py AWS_CLI

Each answer is held against botocore's service model; anything wrong is an exception.
"""

import json
import subprocess
import sys
import time

import boto3
import botocore

from service_model import answer_violations

DEV, STAGING = "111122223333", "222233334444"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})


def by_boto3(service, operation, members):
    client = boto3.client(service)
    method = botocore.xform_name(operation)
    if not client.can_paginate(method):
        return getattr(client, method)(**members)
    merged = {}
    for page in client.get_paginator(method).paginate(**members):
        check(service, operation, page)
        for name, value in page.items():
            if isinstance(value, list):
                merged.setdefault(name, []).extend(value)
    return merged


def by_cli(program, service, operation, members):
    command = [program, service, botocore.xform_name(operation, "-")]
    ended = subprocess.run(
        [*command, "--output", "json", "--cli-input-json", json.dumps(members)], capture_output=True, text=True
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{command}: {ended.stderr}")
    return json.loads(ended.stdout or "{}")


def check(service, operation, answer):
    violations = answer_violations(service, operation, answer)
    if violations:
        raise AssertionError(f"{service} {operation}: {violations}")


class Caller:
    def __init__(self, program):
        self.program = program
        self.instance = None

    def call(self, service, operation, **members):
        if self.program == "boto3":
            answer = by_boto3(service, operation, members)
        else:
            answer = by_cli(self.program, service, operation, members)
        check(service, operation, answer)
        return answer

    def sso(self, operation, **members):
        return self.call("sso-admin", operation, InstanceArn=self.instance, **members)

    def organizations(self, operation, **members):
        return self.call("organizations", operation, **members)

    def finish(self, kind, member, begun):
        """Asks for the status until the operation has ended."""
        noun = {"PermissionSetProvisioning": "ProvisionPermissionSet"}.get(kind, kind)
        for _ in range(50):
            status = self.sso(f"Describe{kind}Status", **{f"{noun}RequestId": begun[member]["RequestId"]})[member]
            if status["Status"] != "IN_PROGRESS":
                break
            time.sleep(0.1)
        assert status["Status"] == "SUCCEEDED", status


def organization(caller):
    organization = caller.organizations("DescribeOrganization")["Organization"]
    delegates = caller.organizations("ListDelegatedAdministrators", ServicePrincipal="sso.amazonaws.com")
    assert [delegate["Id"] for delegate in delegates["DelegatedAdministrators"]] == [STAGING]
    accounts = caller.organizations("ListAccounts")["Accounts"]
    assert organization["MasterAccountId"] in [account["Id"] for account in accounts]
    assert len(accounts) == 5, accounts
    root = caller.organizations("ListRoots")["Roots"][0]["Id"]
    (unit,) = caller.organizations("ListOrganizationalUnitsForParent", ParentId=root)["OrganizationalUnits"]
    inside = caller.organizations("ListAccountsForParent", ParentId=unit["Id"])["Accounts"]
    assert [account["Id"] for account in inside] == [DEV]
    account = caller.organizations("DescribeAccount", AccountId=DEV)["Account"]
    assert account["Paths"] == [f"{unit['Path']}{DEV}/"]
    tags = caller.organizations("ListTagsForResource", ResourceId=DEV)["Tags"]
    assert tags == [{"Key": "stage", "Value": "dev"}]


def instance(caller):
    (found,) = caller.call("sso-admin", "ListInstances")["Instances"]
    caller.instance = found["InstanceArn"]
    assert caller.sso("DescribeInstance")["Status"] == "ACTIVE"
    assert len(caller.sso("ListRegions")["Regions"]) == 1


def permission_set(caller):
    """Creates one, and returns its ARN."""
    tag = {"Key": "owner", "Value": "platform"}
    details = {"Description": "für alle", "SessionDuration": "PT4H", "RelayState": "https://example.com/"}
    created = caller.sso("CreatePermissionSet", Name="PowerUser", Tags=[tag], **details)["PermissionSet"]
    arn = created["PermissionSetArn"]
    assert arn in caller.sso("ListPermissionSets")["PermissionSets"]
    caller.sso("UpdatePermissionSet", PermissionSetArn=arn, Description="new")
    described = caller.sso("DescribePermissionSet", PermissionSetArn=arn)["PermissionSet"]
    assert (described["Description"], described["SessionDuration"]) == ("new", "PT1H")
    assert "RelayState" not in described
    caller.sso("TagResource", ResourceArn=arn, Tags=[{"Key": "more", "Value": ""}])
    caller.sso("UntagResource", ResourceArn=arn, TagKeys=["more"])
    assert caller.sso("ListTagsForResource", ResourceArn=arn)["Tags"] == [tag]
    return arn


def policies(caller, arn):
    reference = {"Name": "guard", "Path": "/security/"}
    of = {"PermissionSetArn": arn}
    caller.sso("AttachManagedPolicyToPermissionSet", ManagedPolicyArn=READ_ONLY, **of)
    attached = caller.sso("ListManagedPoliciesInPermissionSet", **of)["AttachedManagedPolicies"]
    assert attached == [{"Name": "ReadOnlyAccess", "Arn": READ_ONLY}]
    caller.sso("DetachManagedPolicyFromPermissionSet", ManagedPolicyArn=READ_ONLY, **of)
    customer = {"CustomerManagedPolicyReference": reference}
    caller.sso("AttachCustomerManagedPolicyReferenceToPermissionSet", **customer, **of)
    theirs = caller.sso("ListCustomerManagedPolicyReferencesInPermissionSet", **of)
    assert theirs["CustomerManagedPolicyReferences"] == [reference]
    caller.sso("DetachCustomerManagedPolicyReferenceFromPermissionSet", **customer, **of)
    caller.sso("PutInlinePolicyToPermissionSet", InlinePolicy=POLICY, **of)
    assert caller.sso("GetInlinePolicyForPermissionSet", **of)["InlinePolicy"] == POLICY
    caller.sso("DeleteInlinePolicyFromPermissionSet", **of)
    caller.sso("PutPermissionsBoundaryToPermissionSet", PermissionsBoundary=customer, **of)
    assert caller.sso("GetPermissionsBoundaryForPermissionSet", **of)["PermissionsBoundary"] == customer
    caller.sso("DeletePermissionsBoundaryFromPermissionSet", **of)


def assignments(caller, arn):
    sets = caller.sso("ListPermissionSetsProvisionedToAccount", AccountId=DEV)["PermissionSets"]
    known = caller.sso("ListAccountAssignments", AccountId=DEV, PermissionSetArn=sets[0])["AccountAssignments"]
    who = {name: known[0][name] for name in ("PrincipalType", "PrincipalId")}
    target = {"TargetId": DEV, "TargetType": "AWS_ACCOUNT", "PermissionSetArn": arn, **who}
    begun = caller.sso("CreateAccountAssignment", **target)
    caller.finish("AccountAssignmentCreation", "AccountAssignmentCreationStatus", begun)
    assert caller.sso("ListAccountAssignmentCreationStatus")["AccountAssignmentsCreationStatus"]
    theirs = caller.sso("ListAccountAssignmentsForPrincipal", Filter={"AccountId": DEV}, **who)["AccountAssignments"]
    assert arn in [assignment["PermissionSetArn"] for assignment in theirs]

    caller.sso("AttachManagedPolicyToPermissionSet", PermissionSetArn=arn, ManagedPolicyArn=READ_ONLY)
    lagging = {"PermissionSetArn": arn, "ProvisioningStatus": "LATEST_PERMISSION_SET_NOT_PROVISIONED"}
    assert caller.sso("ListAccountsForProvisionedPermissionSet", **lagging)["AccountIds"] == [DEV]
    begun = caller.sso("ProvisionPermissionSet", PermissionSetArn=arn, TargetType="AWS_ACCOUNT", TargetId=DEV)
    caller.finish("PermissionSetProvisioning", "PermissionSetProvisioningStatus", begun)
    assert caller.sso("ListAccountsForProvisionedPermissionSet", **lagging)["AccountIds"] == []
    running = caller.sso("ListPermissionSetProvisioningStatus", Filter={"Status": "IN_PROGRESS"})
    assert running["PermissionSetsProvisioningStatus"] == []

    begun = caller.sso("DeleteAccountAssignment", **target)
    caller.finish("AccountAssignmentDeletion", "AccountAssignmentDeletionStatus", begun)
    assert caller.sso("ListAccountAssignmentDeletionStatus")["AccountAssignmentsDeletionStatus"]
    caller.sso("DeletePermissionSet", PermissionSetArn=arn)


def main():
    caller = Caller(sys.argv[1])
    identity = caller.call("sts", "GetCallerIdentity")
    assert ":user/" in identity["Arn"], identity
    organization(caller)
    instance(caller)
    arn = permission_set(caller)
    policies(caller, arn)
    assignments(caller, arn)


main()
