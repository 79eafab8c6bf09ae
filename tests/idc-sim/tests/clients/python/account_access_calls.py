"""Makes calls of account access manager's runtime, and prints what became of each.

    account_access_calls.py PROFILE < [[METHOD, PARAMETERS]...]

One line of JSON goes out, with one item for a call: the caller and the end of credentials, a list of roles, or for an
error [its class, its code, its status, how often it was asked].
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

from service_model import answer_violations

SERVICE = "account-access-runtime"
OPERATIONS = {"list_roles": "ListRoles", "get_role_credentials": "GetRoleCredentials"}


def outcome(method, parameters):
    try:
        answer = getattr(runtime, method)(**parameters)
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        attempts = metadata["RetryAttempts"] + 1
        return [type(error).__name__, error.response["Error"]["Code"], metadata["HTTPStatusCode"], attempts]
    violations = answer_violations(SERVICE, OPERATIONS[method], answer)
    if violations:
        raise AssertionError(f"{method}: {violations}")
    if method == "list_roles":
        return {"roles": answer["roles"]}
    issued = answer["credentialsDetails"]["programmaticAccess"]
    sts = boto3.client(
        "sts",
        aws_access_key_id=issued["accessKeyId"],
        aws_secret_access_key=issued["secretAccessKey"],
        aws_session_token=issued["sessionToken"],
        region_name=session.region_name,
    )
    return {"caller": sts.get_caller_identity()["Arn"], "expires": issued["expiresAt"].timestamp()}


session = boto3.Session(profile_name=sys.argv[1])
runtime = session.client(SERVICE)
print(json.dumps([outcome(method, parameters) for method, parameters in json.load(sys.stdin)]))
