"""Asks IAM for roles: get_role.py NAME...

One line of JSON goes out: for each role [its ARN, its trust policy], or the error's code.
"""

import json
import sys

import boto3
from botocore.exceptions import ClientError

from service_model import answer_violations


def found(name):
    try:
        answer = boto3.client("iam").get_role(RoleName=name)
    except ClientError as error:
        return error.response["Error"]["Code"]
    answer["Role"].pop("CreateDate")
    policy = answer["Role"].pop("AssumeRolePolicyDocument")
    violations = answer_violations("iam", "GetRole", {"Role": {**answer["Role"], "AssumeRolePolicyDocument": "{}"}})
    assert violations == ["Role.CreateDate: required"], violations
    return [answer["Role"]["Arn"], policy]


print(json.dumps([found(name) for name in sys.argv[1:]]))
