# SPDX-License-Identifier: Apache-2.0
from .commands import COMMANDS, FRAMING, LIMITS
from .content import CHUNKS, ENDS_OF_DATA, MESSAGES
from .envelope import PARAMETERS, RECIPIENTS, RELAYING, SENDERS
from .opening import OPENING, ORDER
from .security import AUTH, STARTTLS

# In the order of the document.
THEMES = (OPENING, ORDER, SENDERS, RECIPIENTS, PARAMETERS, RELAYING, MESSAGES, ENDS_OF_DATA, CHUNKS, COMMANDS, FRAMING, STARTTLS, AUTH,
          LIMITS)
