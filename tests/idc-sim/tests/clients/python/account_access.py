"""Lists roles by account access manager and gets credentials of each, with the token of an sso-session.

    account_access.py PROFILE TENANT

The answers are held against botocore's service model, and one line of JSON goes out: {"roles", "callers", "refused"}.
The profile has nothing but `sso_session`: botocore takes the token from the cache.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from service_model import answer_violations

SERVICE = "account-access-runtime"


def check(operation, answer):
    violations = answer_violations(SERVICE, operation, answer)
    if violations:
        raise AssertionError(f"{operation}: {violations}")
    return answer


profile, tenant = sys.argv[1:]
session = boto3.Session(profile_name=profile)
once = Config(retries={"total_max_attempts": 1})
runtime = session.client(SERVICE, config=once)
roles, callers = [], []
for page in runtime.get_paginator("list_roles").paginate(tenantId=tenant):
    roles += check("ListRoles", page)["roles"]
for role in roles:
    asked = {"tenantId": tenant, "roleArn": role["roleArn"], "accessType": "PROGRAMMATIC_ACCESS"}
    answer = check("GetRoleCredentials", runtime.get_role_credentials(**asked, sessionName="by-boto3"))
    issued = answer["credentialsDetails"]["programmaticAccess"]
    sts = boto3.client(
        "sts",
        aws_access_key_id=issued["accessKeyId"],
        aws_secret_access_key=issued["secretAccessKey"],
        aws_session_token=issued["sessionToken"],
        region_name=session.region_name,
    )
    callers.append(sts.get_caller_identity()["Arn"])
try:
    runtime.get_role_credentials(
        tenantId=tenant, roleArn="arn:aws:iam::111122223333:role/Other", accessType="PROGRAMMATIC_ACCESS"
    )
    refused = None
except ClientError as error:
    refused = [type(error).__name__, error.response["Error"]["Code"]]
print(json.dumps({"roles": roles, "callers": callers, "refused": refused}))
