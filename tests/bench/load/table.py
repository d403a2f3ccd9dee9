# SPDX-License-Identifier: Apache-2.0
"""The table of docs/performance.md, of what has been measured."""

from .figures import median, ratio, spread
from .scenarios import ROWS

HEAD = ("", "Godwit", "Postfix", "limit", "of Postfix", "of the limit")


def rows(results):
    """Those that have been measured, with the repetitions of each server."""
    for row in ROWS:
        by_server = results.get(row.scenario)
        if by_server and all(by_server.values()):
            yield row, by_server


def medians(results):
    """For programs."""
    return [{"what": row.what, "scenario": row.scenario, "key": row.key,
             **{who: median(runs, row.key) for who, runs in by_server.items()}} for row, by_server in rows(results)]


def lines(results):
    """Markdown."""
    found = [_cells(row, by_server) for row, by_server in rows(results)]
    if not found:
        return
    for cells in (HEAD, ["---"] * len(HEAD), *found):
        yield "| " + " | ".join(cells) + " |"


def _cells(row, by_server):
    godwit, postfix, limit = (by_server.get(who) for who in ("Godwit", "Postfix", "limit"))
    return [row.what, *(spread(runs, row.key, row.form) if runs else "" for runs in (godwit, postfix, limit)),
            ratio(godwit, postfix, row.key, ".3g") + " times",
            ratio(godwit, limit, row.key, ".0f", 100) + " %" if limit else ""]
