"""Reads a JSON list of {"operation", "query"} of a service, and prints a line for each violation of its model."""

import json
import sys

from service_model import query_violations

for request in json.load(sys.stdin):
    for violation in query_violations(sys.argv[1], request["operation"], request["query"]):
        print(f"{request['operation']}: {violation}")
