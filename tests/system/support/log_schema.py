# SPDX-License-Identifier: Apache-2.0
"""docs/log.schema.json, held against what a daemon wrote."""

import functools
import json
import pathlib
import re

SCHEMA = pathlib.Path(__file__).parents[3] / "docs" / "log.schema.json"
TYPES = {"string": str, "integer": int, "any": object}
ANY = "any"


@functools.cache
def known():
    schema = json.loads(SCHEMA.read_text())
    types = {name: field.get("type", "string") for name, field in schema["properties"].items()}
    return {event["title"]: event for event in schema["oneOf"]}, types


def fault_of(entry):
    """What is not documented of one line; empty: all is.  The schema's meaning, in a fraction of a validator's time."""
    events, types = known()
    event = events.get(entry.get("event"))
    if event is None:
        return "no such event"
    missing = set(event["required"]) - entry.keys()
    patterns = event.get("patternProperties", ())
    named = {name for name in entry if any(re.search(pattern, name) for pattern in patterns)}  # text, all of them
    unknown = entry.keys() - event["properties"].keys() - named
    wrong = [name for name, value in entry.items() if not is_of(value, types.get(name, "string" if name in named else ANY))]
    if entry.get("level") not in event["properties"]["level"]["enum"]:
        wrong.append("level")
    return "".join(f" {what} {sorted(names)}" for what, names in (("lacks", missing), ("has", unknown), ("wrong", wrong)) if names)


def is_of(value, kinds):
    return any(isinstance(value, TYPES[kind]) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def faults_in(path):
    """Of a log in JSON: one line for each kind of fault."""
    found = {}
    with open(path, errors="replace") as log:
        for line in log:
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                continue  # text, or a line cut by a kill
            if isinstance(entry, dict) and (fault := fault_of(entry)):
                found.setdefault((entry.get("event"), fault), line.strip())
    return [f"{event}:{fault} in {line}" for (event, fault), line in found.items()]
