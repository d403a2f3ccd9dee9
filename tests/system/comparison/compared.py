# SPDX-License-Identifier: Apache-2.0
"""What differs between the outcomes of two servers, and what may."""

from .differences import DIFFERENCES
from .player import CLOSED


def unlike(conversation, of_postfix, of_godwit):
    """{label of a step: (Postfix's outcome, Godwit's)} where they differ, up to the step at which one of the two closed."""
    found = {}
    for step, *outcomes in zip(conversation.steps, of_postfix, of_godwit):
        if outcomes[0] != outcomes[1]:
            found[step.label] = without_common_words(*outcomes) if step.keywords else tuple(outcomes)
        if any(outcome.endswith(CLOSED) for outcome in outcomes):
            break
    return found


def without_common_words(*texts):
    common = set.intersection(*(set(text.split()[1:]) for text in texts))
    return tuple(" ".join(word for word in text.split() if word not in common) for text in texts)


def expected(theme):
    """{conversation: {label of a step: (Postfix's outcome, Godwit's)}} as the table has it."""
    found = {conversation.name: {} for conversation in theme.conversations}
    for difference in DIFFERENCES.get(theme, ()):
        for name, labels in difference.where.items():
            for label in labels:
                assert label not in found[name], f"{theme.title}: {name}: {label} stands in two rows"
                found[name][label] = difference.postfix, difference.godwit
    return found
