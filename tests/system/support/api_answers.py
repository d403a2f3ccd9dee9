# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml, held against the answers that tests get."""

import functools
import json
import pathlib
import re

import jsonschema
import yaml

OPENAPI = pathlib.Path(__file__).parents[3] / "docs" / "openapi.yaml"
JSON = "application/json"


@functools.cache
def page():
    return yaml.load(OPENAPI.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def resolve(node):
    while "$ref" in node:
        place = page()
        for word in node["$ref"].removeprefix("#/").split("/"):
            place = place[word]
        node = place
    return node


@functools.cache
def path_of(target):
    """The path on the page that a target is one of; None: there is none."""
    asked = target.partition("?")[0]
    if asked in page()["paths"]:
        return asked
    patterns = {path: re.sub(r"\{\w+\}", "[^/]+", path) for path in page()["paths"] if "{" in path}
    return next((path for path, pattern in patterns.items() if re.fullmatch(pattern, asked)), None)


@functools.cache
def content_of(method, path, status):
    """What an answer may have for content, by type; None: there is no such operation."""
    operation = page()["paths"][path].get(method.lower())
    if operation is None:
        return None
    answers = operation["responses"]
    named = answers.get(str(status)) or (answers["default"] if status >= 400 else None)
    return resolve(named)["content"] if named else {}


@functools.cache
def validator_of(method, path, status):
    schema = content_of(method, path, status)[JSON]["schema"]
    return jsonschema.Draft202012Validator({**schema, "components": page()["components"]})


def shape_of(value):
    """Names and types.  Tests ask often, and each shape is held to the page once."""
    if isinstance(value, dict):
        return tuple((name, shape_of(child)) for name, child in value.items())
    if isinstance(value, list):
        return frozenset(map(shape_of, value))
    return type(value)


held = set()


def check_answer(method, target, status, type, body):
    """That the page has such an answer."""
    path = path_of(target)
    content = path and content_of(method, path, status)
    if content is None:
        assert status in (404, 405), f"docs/openapi.yaml has no {method} {target}, which is answered with {status}"
        return
    kind = type.partition(";")[0]
    assert kind in content, f"docs/openapi.yaml has no {status} of {kind} for {method} {path}"
    if kind != JSON:
        return
    value = json.loads(body)
    shape = (method, path, status, shape_of(value))
    if shape not in held:
        fault = jsonschema.exceptions.best_match(validator_of(method, path, status).iter_errors(value))
        assert fault is None, f"docs/openapi.yaml has another {status} for {method} {path}: {fault and fault.json_path}: {fault}"
        held.add(shape)
