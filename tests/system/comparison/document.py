# SPDX-License-Identifier: Apache-2.0
"""The table of differences as docs/protocol.md shows it."""

from .differences import DIFFERENCES
from .themes import THEMES

SAID_BY_THE_NAME = ("message", "two messages?", "chunk")
BEGIN = "<!-- from here on made by tests/system/postfix_is_compared_test.py -->\n"


def updated(page):
    """The page with the part behind BEGIN as it has to be."""
    return page[:page.index(BEGIN)] + BEGIN + "\n" + "\n".join(section(theme) for theme in THEMES)


def section(theme):
    differences = DIFFERENCES.get(theme, ())
    lines = [f"## {theme.title}", ""]
    if differences:
        lines += ["| conversation: step | Postfix | Godwit | why |", "|---|---|---|---|", *map(row, differences), ""]
    different = {name for difference in differences for name in difference.where}
    alike = [conversation.name for conversation in theme.conversations if conversation.name not in different]
    if alike:
        lines += ["Alike in every step: " + "; ".join(alike) + ".", ""]
    return "\n".join(lines)


def row(difference):
    where = "<br>".join(place(name, labels) for name, labels in difference.where.items())
    return f"| {where} | {difference.postfix} | {difference.godwit} | {difference.reason} |"


def place(name, labels):
    shown = [f"`{label}`".replace("|", "\\|") for label in labels if label not in SAID_BY_THE_NAME]
    return f"{name}: {', '.join(shown)}" if shown else name
