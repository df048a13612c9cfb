"""Stream management (XEP-0198): which stanzas have arrived, on both sides. No IO."""

from collections import deque

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.errors import StreamError
from chatlab.server.xmpp.limits import MAX_UNACKED
from chatlab.server.xmpp.namespaces import MANAGEMENT

_MODULUS = 2**32


class Management:
    """The counters of one session, and what its client has not acknowledged yet."""

    def __init__(self, resume_id: str) -> None:
        """``resume_id`` is empty when the client does not want to resume."""
        self.resume_id = resume_id
        self.received = 0
        """Stanzas of the client’s that were taken."""
        self.unacked: deque[Element] = deque()
        self.is_broken = False
        """Too much is unacknowledged: the session cannot be resumed any more."""
        self.lost_at: float | None = None
        """Since when there is no stream (monotonic)."""
        self._acked = 0
        self._is_asking = False

    def count(self) -> None:
        """One more stanza has come from the client."""
        self.received = (self.received + 1) % _MODULUS

    def add(self, stanza: Element) -> None:
        """One more stanza goes to the client."""
        if len(self.unacked) < MAX_UNACKED:
            self.unacked.append(stanza)
        else:
            self.is_broken = True

    def wants_ack(self, stanza: Element) -> bool:
        """Whether to ask now: after a message, unless a question is on its way already."""
        if self._is_asking or stanza.name != "message":
            return False
        self._is_asking = True
        return True

    def acknowledge(self, handled: str) -> None:
        """The client has seen this many stanzas. Raises StreamError for an impossible number."""
        is_number = handled.isascii() and handled.isdigit() and len(handled) <= 10
        number = int(handled) if is_number else -1
        fresh = (number - self._acked) % _MODULUS
        if number < 0 or fresh > len(self.unacked):
            raise StreamError(
                "undefined-condition", "You acknowledge more stanzas than were sent to you."
            )
        for _ in range(fresh):
            self.unacked.popleft()
        self._acked = number
        self._is_asking = False

    def answer(self) -> Element:
        return Element("a", MANAGEMENT, {"h": str(self.received)})

    @staticmethod
    def request() -> Element:
        return Element("r", MANAGEMENT)

    def enabled(self, seconds: float) -> Element:
        attributes = {"id": self.resume_id or None}
        if self.resume_id:
            attributes |= {"resume": "true", "max": str(int(seconds))}
        return Element("enabled", MANAGEMENT, attributes)

    def resumed(self) -> Element:
        attributes = {"previd": self.resume_id, "h": str(self.received)}
        self._is_asking = False
        return Element("resumed", MANAGEMENT, attributes)
