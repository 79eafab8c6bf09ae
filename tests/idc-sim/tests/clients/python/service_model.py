"""Holds requests and answers against botocore's service models: required, unknown, type, min, max, pattern, enum.

botocore's own validation of a request looks at types, required members and minimums only.
"""

import json
import re
import urllib.parse

import botocore.session

SERVICES = {
    "SWBExternalService": "sso-admin",
    "AWSOrganizationsV20161128": "organizations",
    "AWSIdentityStore": "identitystore",
}

# What Unicode classes come to without the `regex` package.
CLASSES = {r"\p{L}": r"\w", r"\p{N}": r"\d", r"\p{Z}": r"\s", r"\p{M}": r"\W", r"\p{S}": r"\W", r"\p{P}": r"\W"}

_session = botocore.session.get_session()


def operation(target):
    """Returns the operation that an `X-Amz-Target` names."""
    prefix, name = target.split(".")
    return _session.get_service_model(SERVICES[prefix]).operation_model(name)


def request_violations(target, body):
    """Returns what is wrong about the body of a request, a line for each."""
    shape = operation(target).input_shape
    members = json.loads(body or "{}")
    return list(_structure(shape, members, "")) if shape else [f"unexpected {name}" for name in members]


def query_violations(service, name, query):
    """Returns what is wrong about a request whose members are all in the query, a line for each."""
    shape = _session.get_service_model(service).operation_model(name).input_shape
    names = {member.serialization["name"]: member for member in shape.members.values()}

    def typed(name, text):
        is_number = name in names and names[name].type_name == "integer" and text.isdigit()
        return int(text) if is_number else text

    members = {name: typed(name, text) for name, text in urllib.parse.parse_qsl(query, keep_blank_values=True)}
    return list(_structure(shape, members, ""))


def rest_violations(service, name, request):
    """Returns what is wrong about a request of REST JSON, {"path", "query", "body"}, a line for each."""
    model = _session.get_service_model(service).operation_model(name)
    shape = model.input_shape
    members = json.loads(request["body"] or "{}")
    wanted = model.http["requestUri"].split("/")
    given = request["path"].split("/")
    if len(wanted) != len(given):
        return [f"path: {request['path']} is not {model.http['requestUri']}"]
    for part, text in zip(wanted, given):
        if part.startswith("{"):
            members[part.strip("{}")] = urllib.parse.unquote(text)
        elif part != text:
            return [f"path: {request['path']} is not {model.http['requestUri']}"]
    lists = {name for name, member in shape.members.items() if member.type_name == "list"}
    for key, text in urllib.parse.parse_qsl(request["query"], keep_blank_values=True):
        if key in lists:
            members.setdefault(key, []).append(text)
        else:
            members[key] = text
    places = {name: member.serialization.get("location", "body") for name, member in shape.members.items()}
    in_body = set(json.loads(request["body"] or "{}"))
    misplaced = [f"{key}: not in the body" for key in in_body if places.get(key, "body") != "body"]
    return misplaced + list(_structure(shape, members, ""))


def answer_violations(service, name, answer):
    """Returns what is wrong about an answer, a line for each."""
    shape = _session.get_service_model(service).operation_model(name).output_shape
    answer = {member: value for member, value in answer.items() if member != "ResponseMetadata"}
    return list(_structure(shape, answer, "")) if shape else []


def _structure(shape, value, place):
    if not isinstance(value, dict):
        yield f"{place or 'body'}: {value!r} is not a structure"
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{place}{name}: required"
    for name, member in value.items():
        if name not in shape.members:
            yield f"{place}{name}: not in the model"
        elif member is not None:
            yield from _value(shape.members[name], member, f"{place}{name}")


def _value(shape, value, place):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    if kind == "structure":
        yield from _structure(shape, value, f"{place}.")
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{place}: {value!r} is not a list"
            return
        yield from _length(shape, len(value), place)
        for number, item in enumerate(value):
            yield from _value(shape.member, item, f"{place}[{number}]")
    elif kind == "map":
        if not isinstance(value, dict):
            yield f"{place}: {value!r} is not a map"
            return
        for key, item in value.items():
            yield from _value(shape.key, key, f"{place}.{key}")
            yield from _value(shape.value, item, f"{place}.{key}")
    elif kind == "string":
        yield from _string(shape, value, place)
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{place}: {value!r} is not a number"
        else:
            yield from _length(shape, value, place)
    elif kind == "boolean" and not isinstance(value, bool):
        yield f"{place}: {value!r} is not a boolean"


def _length(shape, length, place):
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and length < least:
        yield f"{place}: {length} is less than {least}"
    if most is not None and length > most:
        yield f"{place}: {length} is more than {most}"


def _string(shape, value, place):
    if not isinstance(value, str):
        yield f"{place}: {value!r} is not a string"
        return
    yield from _length(shape, len(value), place)
    if shape.enum and value not in shape.enum:
        yield f"{place}: {value!r} is none of {shape.enum}"
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(_translated(pattern), value, re.ASCII if r"\p{" not in pattern else 0):
        yield f"{place}: {value!r} does not match {pattern}"


def _translated(pattern):
    for name, plain in CLASSES.items():
        pattern = pattern.replace(name, plain)
    return pattern
