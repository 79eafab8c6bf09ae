"""moto, a simulator that nobody here wrote, with what kcaws needs of it and it lacks.

    moto_admin.py PORT

Prints the URL. moto has the permission sets, policies, assignments, groups and accounts, and checks what it is sent.
Below are the operations that it does not have at all; each is answered from moto's own data, and adding one that moto
has by now is an error. A URL that begins with `/without/OPERATION` leaves that operation out again, and `/as-it-is`
all of them.
"""

import json
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.ssoadmin.exceptions import ResourceNotFoundException
from moto.ssoadmin.responses import SSOAdminResponse
from werkzeug.serving import make_server

LACKING = {}
ADDED = {}


def lacking(method):
    """Adds an operation that moto does not have."""
    assert not hasattr(SSOAdminResponse, method.__name__), f"moto has {method.__name__}: remove it here"
    LACKING["".join(word.title() for word in method.__name__.split("_"))] = method.__name__
    ADDED[method.__name__] = lambda self: json.dumps(method(self, json.loads(self.body)))
    return method


def of_set(self, members):
    return self.ssoadmin_backend._find_permission_set(members["InstanceArn"], members["PermissionSetArn"])


@lacking
def describe_instance(self, members):
    for instance in self.ssoadmin_backend.list_instances():
        if instance.instance_arn == members["InstanceArn"]:
            return instance.to_json()
    raise ResourceNotFoundException("instance")


@lacking
def list_tags_for_resource(self, members):
    found = self.ssoadmin_backend._find_permission_set(members["InstanceArn"], members["ResourceArn"])
    return {"Tags": found.tags or []}


@lacking
def tag_resource(self, members):
    found = self.ssoadmin_backend._find_permission_set(members["InstanceArn"], members["ResourceArn"])
    keys = {tag["Key"] for tag in members["Tags"]}
    found.tags = [tag for tag in found.tags or [] if tag["Key"] not in keys] + members["Tags"]
    return {}


@lacking
def untag_resource(self, members):
    found = self.ssoadmin_backend._find_permission_set(members["InstanceArn"], members["ResourceArn"])
    found.tags = [tag for tag in found.tags or [] if tag["Key"] not in members["TagKeys"]]
    return {}


@lacking
def get_permissions_boundary_for_permission_set(self, members):
    of_set(self, members)
    raise ResourceNotFoundException("moto keeps no boundaries")


@lacking
def list_account_assignment_creation_status(self, members):
    return {"AccountAssignmentsCreationStatus": []}  # all of them end at once


@lacking
def list_account_assignment_deletion_status(self, members):
    return {"AccountAssignmentsDeletionStatus": []}


@lacking
def list_permission_set_provisioning_status(self, members):
    return {"PermissionSetsProvisioningStatus": []}


def list_accounts_for_provisioned_permission_set(self):
    """moto has it, and it stays empty: assignments provision nothing there."""
    members = json.loads(self.body)
    of_set(self, members)
    assigned = self.ssoadmin_backend.account_assignments
    accounts = {one.target_id for one in assigned if one.permission_set_arn == members["PermissionSetArn"]}
    lagging = members.get("ProvisioningStatus") == "LATEST_PERMISSION_SET_NOT_PROVISIONED"
    return json.dumps({"AccountIds": [] if lagging else sorted(accounts)})


ADDED["list_accounts_for_provisioned_permission_set"] = list_accounts_for_provisioned_permission_set
ORIGINAL = {name: getattr(SSOAdminResponse, name, None) for name in ADDED}


def install(without):
    for name, method in ADDED.items():
        if without is None or LACKING.get(without) == name:
            method = ORIGINAL[name]
        if method is not None:
            setattr(SSOAdminResponse, name, method)
        elif hasattr(SSOAdminResponse, name):
            delattr(SSOAdminResponse, name)


class Application:
    """One request at a time, since the operations are those of a class."""

    def __init__(self):
        self.moto = DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ, start):
        path, without = environ["PATH_INFO"], ""
        if path.startswith("/without/"):
            without, _, path = path.removeprefix("/without/").partition("/")
        elif path.startswith("/as-it-is"):
            without, path = None, path.removeprefix("/as-it-is")
        install(without)
        environ["PATH_INFO"] = environ["RAW_URI"] = environ["REQUEST_URI"] = "/" + path.lstrip("/")

        def answered(status, headers, *rest):
            # moto says `text/html` of its JSON, and means it of an operation that it does not have.
            if "HTTP_X_AMZ_TARGET" in environ and not status.startswith("500"):
                headers = [(name, value) for name, value in headers if name.lower() != "content-type"]
                headers.append(("Content-Type", "application/x-amz-json-1.1"))
            return start(status, headers, *rest)

        return self.moto(environ, answered)


server = make_server("127.0.0.1", int(sys.argv[1]), Application())
print(f"http://127.0.0.1:{server.server_port}", flush=True)
print(" ".join(sorted(LACKING)), flush=True)
server.serve_forever()
