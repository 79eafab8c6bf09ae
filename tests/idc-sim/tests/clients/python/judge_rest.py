"""Reads a JSON list of {"operation", "path", "query", "body"} of a service, and prints a line for each violation."""

import json
import sys

from service_model import rest_violations

for request in json.load(sys.stdin):
    for violation in rest_violations(sys.argv[1], request["operation"], request):
        print(f"{request['operation']}: {violation}")
