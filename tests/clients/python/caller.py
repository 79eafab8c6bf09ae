"""Prints who the profile given as the argument is, by boto3."""

import json
import sys

import boto3

caller = boto3.Session(profile_name=sys.argv[1]).client("sts").get_caller_identity()
print(json.dumps({"arn": caller["Arn"], "account": caller["Account"]}))
