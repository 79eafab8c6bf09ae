"""Calls the Identity Store API by boto3: a JSON list of [operation, parameters] comes in.

One line of JSON for each call goes out: its answer, or {"error": {"Code", "Message", …}}. A string "$N.Path" in the
parameters stands for a member of the answer to call N. "paginate" before an operation reads all pages. Each answer is
held against botocore's service model.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from service_model import answer_violations

answers = []


def filled(value):
    """Replaces the references to earlier answers."""
    if isinstance(value, str) and value.startswith("$"):
        number, path = value[1:].split(".", 1)
        found = answers[int(number)]
        for part in path.split("."):
            found = found[int(part) if part.isdigit() else part]
        return found
    if isinstance(value, dict):
        return {name: filled(member) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return value


client = boto3.client("identitystore", config=Config(retries={"total_max_attempts": 1}))
for operation, parameters in json.load(sys.stdin):
    paginated, _, name = operation.rpartition(" ")
    try:
        if paginated:
            answer = client.get_paginator(name).paginate(**filled(parameters)).build_full_result()
        else:
            answer = getattr(client, name)(**filled(parameters))
        answer.pop("ResponseMetadata", None)
        violations = answer_violations("identitystore", client.meta.method_to_api_mapping[name], answer)
        if violations:
            raise AssertionError(f"{name}: {violations}")
    except ClientError as error:
        answer = {"error": {**error.response["Error"], **{
            name: value for name, value in error.response.items() if name not in ("Error", "ResponseMetadata")}}}
    answers.append(answer)
    print(json.dumps(answer, default=str))
