"""Checks the SCIM endpoint given as the first argument by scim2-tester; the token comes on standard input.

Prints one line of JSON for each check: its name, what it was about, its status and the reason. Two things of AWS's
would keep most checks from being made, and are put right in between: errors have members that the client's models
refuse, and `meta` has no `location`.
"""

import json
import random
import sys

from httpx2 import Client, HTTPTransport, Response
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

OWN_MEMBERS = ("schema", "exceptionRequestId", "timeStamp")


class AsTheClientWantsIt(HTTPTransport):
    """Takes AWS's own members out of errors, and gives resources a location."""

    def handle_request(self, request):
        response = super().handle_request(request)
        text = response.read()
        if not text:
            return response
        body = json.loads(text)
        if response.status_code >= 400:
            body = {name: value for name, value in body.items() if name not in OWN_MEMBERS}
        for resource in [body, *body.get("Resources", [])]:
            if resource.get("meta") and "location" not in resource["meta"]:
                kind = resource["meta"]["resourceType"] + "s"
                resource["meta"]["location"] = f"{base}/{kind}/{resource['id']}"
        headers = {"content-type": response.headers["content-type"]}
        return Response(response.status_code, headers=headers, json=body, request=request)


# The values that it makes up decide what is refused.
random.seed(1)
base = sys.argv[1].rstrip("/")
token = sys.stdin.read().strip()
headers = {"Authorization": f"Bearer {token}"}
http = Client(base_url=base, headers=headers, transport=AsTheClientWantsIt())
for result in check_server(SyncSCIMClient(http)):
    print(json.dumps({
        "title": result.title,
        "resource": result.resource_type,
        "status": result.status.name,
        "reason": result.reason,
    }))
