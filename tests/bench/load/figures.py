# SPDX-License-Identifier: Apache-2.0
"""What several repetitions came to: medians, and in brackets the least and the most."""

import statistics

DISTURBED = 0.25  # cores of others


def median(runs, key):
    return statistics.median(one[key] for one in runs)


def spread(runs, key, form=".0f"):
    """As text; with a * where others used the machine."""
    mark = "*" if any(one.get("cores", {}).get("others", 0) > DISTURBED for one in runs) else ""
    return _text([one[key] for one in runs], form, mark)


def ratio(runs, others, key, form, factor=1):
    """As text: what those are to the others, repetition by repetition."""
    return _text([one[key] / other[key] * factor for one, other in zip(runs, others)], form)


def _text(values, form, mark=""):
    return f"{statistics.median(values):{form}}{mark} ({min(values):{form}}–{max(values):{form}})"
