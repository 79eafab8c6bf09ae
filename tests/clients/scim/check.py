"""Checks the SCIM endpoint given as the first argument by scim2-tester; the token comes on standard input.

Prints one line of JSON for each check: its name, what it was about, its status and the reason.
"""

import json
import sys

from httpx import Client
from scim2_client.engines.httpx import SyncSCIMClient
from scim2_tester import check_server

token = sys.stdin.read().strip()
http = Client(base_url=sys.argv[1].rstrip("/"), headers={"Authorization": f"Bearer {token}"})
for result in check_server(SyncSCIMClient(http)):
    print(json.dumps({
        "title": result.title,
        "resource": result.resource_type,
        "status": result.status.name,
        "reason": result.reason,
    }))
