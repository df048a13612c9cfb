"""Stream management (XEP-0198): which stanzas each side has, and the session taken up again.

Every stanza of ours that the server has not acknowledged is kept as the bytes that it was. When a
connection is lost, the next one resumes the session: the server says how many it had, and the rest
goes out once more, in order. Acknowledgements of stanzas with messages are told to ``on_taken``.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from chatlab.core.errors import RemoteProtocolError

NAMESPACE = "urn:xmpp:sm:3"
_MODULUS = 2**32
MAX_UNACKNOWLEDGED = 10_000
"""Stanzas kept for sending again; a server that never acknowledges makes no use of them."""
ASK_AFTER = 32
"""Stanzas after which the server is asked for its count, even when no message was among them."""
REQUEST = f"<r xmlns='{NAMESPACE}'/>".encode()
ENABLE = f"<enable xmlns='{NAMESPACE}' resume='true'/>".encode()


def tag(name: str) -> str:
    """The name of an element of stream management, as ElementTree writes it."""
    return f"{{{NAMESPACE}}}{name}"


@dataclass(frozen=True, slots=True)
class Pending:
    """A stanza of ours that the server has not acknowledged."""

    data: bytes
    stanza_id: str
    is_message: bool


class Management:
    """Both counters of one session."""

    def __init__(self, on_taken: Callable[[str], None]) -> None:
        """``on_taken`` gets the stanza id of each message that the server has."""
        self._on_taken = on_taken
        self._pending: deque[Pending] = deque()
        self._acknowledged = 0
        """How many of ours the server has, modulo 2³²."""
        self._received = 0
        """How many of the server's we have."""
        self._resume_id = ""
        self._resumable_s = 0.0
        self._lost_at: float | None = None
        self.is_enabled = False
        self.has_stood_still = False
        """Since the session was resumed, the server’s count has not moved."""

    # -- beginning

    def enabled(self, answer: ET.Element, early: int = 0) -> None:
        """The server said ``<enabled/>``: counting begins.

        ``early`` stanzas came before that: they are still to be handled, and do not count.
        """
        self.is_enabled = True
        self._received = -early % _MODULUS
        if answer.get("resume") in ("true", "1"):
            self._resume_id = answer.get("id", "")[:1024]
        limit = answer.get("max", "")
        self._resumable_s = float(limit) if limit.isdecimal() and len(limit) < 9 else float("inf")

    def lost(self, now: float) -> None:
        """The connection is gone; from now on the server's patience runs."""
        self._lost_at = now

    def can_resume(self, now: float) -> bool:
        """Whether it is worth asking."""
        waited = now - self._lost_at if self._lost_at is not None else 0.0
        return bool(self._resume_id) and waited <= self._resumable_s

    def resume(self) -> bytes:
        """What asks the server to go on with the session."""
        request = ET.Element("resume", xmlns=NAMESPACE, h=str(self._received))
        request.set("previd", self._resume_id)
        return ET.tostring(request)

    def resumed(self, answer: ET.Element) -> tuple[Pending, ...]:
        """The server said ``<resumed/>``; returns what must go out again, in order."""
        self._lost_at = None
        self.acknowledge(answer)
        self.has_stood_still = True
        return self.pending

    # -- counting

    def sent(self, data: bytes, element: ET.Element) -> None:
        """A stanza of ours was written."""
        if self.is_enabled:
            is_message = element.tag.endswith("}message") or element.tag == "message"
            self._pending.append(Pending(data, element.get("id", ""), is_message))
            if len(self._pending) > MAX_UNACKNOWLEDGED:
                raise RemoteProtocolError(
                    f"The server has not acknowledged {MAX_UNACKNOWLEDGED:,} stanzas.",
                    "It is connected to anew.",
                )

    def received(self) -> None:
        """A stanza of the server's was handled."""
        if self.is_enabled:
            self._received = (self._received + 1) % _MODULUS

    @property
    def pending(self) -> tuple[Pending, ...]:
        """What the server has not acknowledged, in order."""
        return tuple(self._pending)

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    @property
    def is_due(self) -> bool:
        """Many stanzas wait for the server’s acknowledgement: it wants asking."""
        return self.is_enabled and len(self._pending) % ASK_AFTER == ASK_AFTER - 1

    def acknowledgement(self) -> bytes:
        """How many stanzas we have, as an answer to ``<r/>``."""
        return f"<a xmlns='{NAMESPACE}' h='{self._received}'/>".encode()

    def acknowledge(self, answer: ET.Element) -> None:
        """Take in a count of the server's. Raises RemoteProtocolError for more than we sent."""
        text = answer.get("h", "")
        if not (text.isascii() and text.isdecimal() and len(text) <= 10):
            return  # <failed/> may come without one.
        count = (int(text) - self._acknowledged) % _MODULUS
        if count > len(self._pending):
            raise RemoteProtocolError(
                "The server acknowledged more stanzas than it was sent (XEP-0198).",
                "Tell its operator.",
            )
        self.has_stood_still = self.has_stood_still and not count
        self._acknowledged = int(text) % _MODULUS
        for _ in range(count):
            pending = self._pending.popleft()
            if pending.is_message:
                self._on_taken(pending.stanza_id)
