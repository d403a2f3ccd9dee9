#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/log.md holds in tables what docs/log.schema.json says.

    log_reference.py ROOT [--write]

Complains where the page is not as it would be written; --write writes it.
"""

import json
import pathlib
import sys

MARK = "<!-- below: made from log.schema.json by tests/lint/log_reference.py --write -->\n"


def quoted(names):
    return " ".join(f"`{name}`" for name in names)


def tables(schema):
    lines, chapter = [], None
    for event in schema["oneOf"]:
        if event["$comment"] != chapter:
            chapter = event["$comment"]
            lines += ["", f"## {chapter}", "", "| event | level | always has | may have | what it means |", "|---|---|---|---|---|"]
        always = [name for name in event["required"] if name not in ("time", "level", "event")]
        may = [name for name in event["properties"] if name not in event["required"]]
        may += [schema["patternProperties"][pattern]["title"] for pattern in event.get("patternProperties", ())]
        levels = ", ".join(event["properties"]["level"]["enum"])
        lines.append(f"| `{event['title']}` | {levels} | {quoted(always)} | {quoted(may)} | {event['description']} |")
    lines += ["", "## Fields", "", "| field | what it says |", "|---|---|"]
    named = {field["title"]: field for field in schema["patternProperties"].values()}
    for name, field in (schema["properties"] | named).items():
        number = " A number." if field.get("type") == "integer" else ""
        lines.append(f"| `{name}` | {field['description']}{number} |")
    return "\n".join(lines) + "\n"


def main():
    docs = pathlib.Path(sys.argv[1]) / "docs"
    page = docs / "log.md"
    text = page.read_text()
    wanted = text.split(MARK)[0] + MARK + tables(json.loads((docs / "log.schema.json").read_text()))
    if "--write" in sys.argv:
        page.write_text(wanted)
    elif text != wanted:
        sys.exit(f"{page}: not what log.schema.json says; write it anew with tests/lint/log_reference.py . --write")


if __name__ == "__main__":
    main()
