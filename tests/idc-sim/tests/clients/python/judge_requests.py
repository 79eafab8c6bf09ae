"""Reads a JSON list of {"target", "body"} and prints a line for each violation of the service models."""

import json
import sys

from service_model import request_violations

for request in json.load(sys.stdin):
    for violation in request_violations(request["target"], request["body"]):
        print(f"{request['target']}: {violation}")
