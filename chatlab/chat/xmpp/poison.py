"""A stanza that ends the connection at every login is named, and can be left out.

A server that keeps a message it could not deliver sends it again and again: to offline accounts,
to rooms, in a resumed session. What no parser should see ends the connection each time. After the
third death of the same cause the account stays offline and says why; connecting again then means
to leave such stanzas out.
"""

import re

from chatlab.chat.verdict import Verdict
from chatlab.chat.xmpp.context import Lasting
from chatlab.protocol.xmpp import StreamFault

MAX_DEATHS = 3
_FROM = re.compile(rb"\bfrom=[\"']([^\"']{1,200})[\"']")
_ID = re.compile(rb"\b(?:id|stamp)=[\"'][^\"']*[\"']")


class Poison:
    """Counts what ended connections; the counts outlive them."""

    def __init__(self, lasting: Lasting) -> None:
        self._lasting = lasting

    def verdict(self, fault: StreamFault, start: bytes) -> Verdict:
        """What becomes of the account after a stanza beginning like ``start``."""
        key = _ID.sub(b"", start)[:200]
        deaths = self._lasting.poison.get(key, 0) + 1
        self._lasting.poison[key] = deaths
        if deaths < MAX_DEATHS:
            return Verdict(str(fault))
        self._lasting.poison.clear()
        self._lasting.is_skipping = True
        return Verdict(
            f"The same stanza{sender_of(start)} has ended the connection {deaths} times. "
            f"{fault.message} Connect again to have it left out.",
            may_retry=False,
        )


def sender_of(start: bytes) -> str:
    """`` from somebody``, where the beginning of a stanza says so; empty where it does not."""
    found = _FROM.search(start)
    return f" from {found[1].decode('utf-8', 'replace')}" if found else ""
