"""Calls every operation of account access manager's control plane.

    account_access_admin.py boto3 USER_ID GROUP_ID ROLE_ARN UNTRUSTING_ROLE_ARN
    account_access_admin.py AWS_CLI USER_ID GROUP_ID ROLE_ARN UNTRUSTING_ROLE_ARN

Each answer is held against botocore's service model; anything wrong is an exception. What AWS refuses goes out as one
line of JSON: [[exception, status]...], of the CLI only the exceptions.
"""

import json
import subprocess
import sys

import boto3
import botocore
from botocore.exceptions import ClientError

from service_model import answer_violations

SERVICE = "account-access"
program, user, group, role, untrusting = sys.argv[1:]


class Refused(Exception):
    pass


def by_boto3(operation, members):
    client = boto3.client(SERVICE)
    method = botocore.xform_name(operation)
    try:
        if not client.can_paginate(method):
            return getattr(client, method)(**members)
        merged = {}
        for page in client.get_paginator(method).paginate(**members):
            check(operation, page)
            for name, value in page.items():
                if isinstance(value, list):
                    merged.setdefault(name, []).extend(value)
        return merged
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert type(error).__name__ == error.response["Error"]["Code"], error
        raise Refused([error.response["Error"]["Code"], status]) from error


def by_cli(operation, members):
    command = [program, SERVICE, botocore.xform_name(operation, "-")]
    ended = subprocess.run(
        [*command, "--output", "json", "--cli-input-json", json.dumps(members)], capture_output=True, text=True
    )
    if ended.returncode == 254:
        raise Refused(ended.stderr.split("(")[1].split(")")[0])
    if ended.returncode != 0:
        raise RuntimeError(f"{command}: {ended.stderr}")
    return json.loads(ended.stdout or "{}")


def check(operation, answer):
    # boto3 has read the times; how they are written is the model's to say, and botocore's parser's.
    violations = answer_violations(SERVICE, operation, answer)
    if violations:
        raise AssertionError(f"{operation}: {violations}")


def call(operation, **members):
    answer = by_boto3(operation, members) if program == "boto3" else by_cli(operation, members)
    check(operation, answer)
    return answer


def refusal(operation, **members):
    try:
        call(operation, **members)
    except Refused as refused:
        return refused.args[0]
    raise AssertionError(f"{operation} {members} was not refused")


def entitlement(role, **principal):
    return {"principalRole": {"principal": {"identityCenter": principal}, "roleArn": role}}


instance = boto3.client("sso-admin").list_instances()["Instances"][0]["InstanceArn"]
source = {"identityCenter": {"instanceArn": instance}}
application = call("CreateApplication", identitySource=source)["applicationArn"]
assert call("CreateApplication", identitySource=source)["applicationArn"] == application
if program == "boto3":
    boto3.client(SERVICE).get_waiter("application_active").wait(applicationArn=application)
found = call("GetApplication", applicationArn=application)
assert (found["status"], found["identitySource"]["identityCenter"]["instanceArn"]) == ("ACTIVE", instance), found
(listed,) = call("ListApplications")["applications"]
assert (listed["applicationArn"], listed["tenantId"]) == (application, found["tenantId"])
call("TagResource", resourceArn=application, tags={"owner": "platform", "b": "1"})
call("UntagResource", resourceArn=application, tagKeys=["b"])
assert call("ListTagsForResource", resourceArn=application)["tags"] == {"owner": "platform"}

of = {"applicationArn": application}
ids = [
    call("CreateEntitlement", entitlement=entitlement(role, **principal), **of)["entitlementId"]
    for principal in ({"userId": user}, {"groupId": group}, {"groupId": group})
]
assert ids[1] == ids[2] != ids[0], ids
one = call("GetEntitlement", entitlementId=ids[1], **of)["entitlement"]["principalRole"]
assert (one["principal"], one["roleArn"]) == ({"identityCenter": {"groupId": group}}, role), one
account = role.split(":")[4]
for criteria, expected in (
    ({"roleArn": role}, 2),
    ({"account": account}, 2),
    ({"principal": {"identityCenter": {"userId": user}}}, 1),
    ({"principal": {"identityCenter": {"groupId": group}}, "account": account, "roleArn": role}, 1),
    ({"account": "999900001111"}, 0),
):
    entitlements = call("ListEntitlements", filter={"principalRole": criteria}, **of).get("entitlements", [])
    assert len(entitlements) == expected, (criteria, entitlements)
refused = [
    refusal("ListEntitlements", filter={}, **of),
    refusal("CreateEntitlement", entitlement=entitlement(untrusting, groupId=group), **of),
    refusal("GetEntitlement", entitlementId="ent-0", **of),
    refusal("CreateApplication", identitySource=source, tags={"other": "tags"}),
]
for _ in range(2):
    call("DeleteEntitlement", entitlementId=ids[0], **of)
for _ in range(2):
    call("DeleteApplication", **of)
assert call("ListApplications").get("applications", []) == []
print(json.dumps(refused))
