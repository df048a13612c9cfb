"""The steps from a connection's first packet to its first message, by name."""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.comparison import Phase, Side
from chatlab.core.flow import Direction
from chatlab.core.frame import Exposure
from chatlab.core.observing import FrameSpan


class Reading(Enum):
    """How a step got its name."""

    CLEAR = "clear"
    """It stands in the frames."""
    DECRYPTED = "decrypted"
    """From the inside of TLS, with the connection's keys."""
    SEALED = "sealed"
    """Only records are seen; the name says no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Something inside of a step, taken apart: SASL’s base64, a certificate, an offer."""

    label: str
    """``Password``, ``Login name``, ``Nonce``."""
    value: str
    words: str = ""
    """Why it matters."""
    is_secret: bool = False
    """``value`` is the real password: for the reader’s eyes, never for a file or a log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that one end said."""

    name: str
    """As analysers and the RFCs call it: ``SYN``, ``Client Hello``, ``CAP LS``, ``<proceed/>``."""
    phase: Phase
    direction: Direction
    frames: tuple[int, ...]
    """Those that carry it, retransmissions included; ascending."""
    begin_ns: int
    """Time of the first of them, since the epoch."""
    end_ns: int
    """Time of the one that completed it."""
    size: int
    """Bytes of it in the stream (of a TCP step or a datagram: of the frame's payload)."""
    wire_bytes: int
    """Bytes of ``frames`` on the wire. Steps that share a frame count it each."""
    exposure: Exposure
    """READABLE in clear, SEALED inside of TLS, PLUMBING for TCP’s and TLS’s own words."""
    reading: Reading
    words: str
    """What it is for, in a sentence."""
    details: tuple[Detail, ...] = ()
    spans: tuple[FrameSpan, ...] = ()
    """Its bytes in its frames."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The steps of one connection, in the order in which they were complete."""

    side: Side
    steps: tuple[Step, ...] = ()
    start_ns: int | None = None
    """Time of the first step's first frame: 0 of the axis. None when there is no step."""
    clear_until: int | None = None
    """STARTTLS: the index of the first step behind the part in clear; None without STARTTLS."""
    is_ready: bool = False
    """A step has been seen after which messages can be sent."""
    notes: tuple[str, ...] = ()
    """What has to be said: keys that are missing, STARTTLS that was stripped, SASL compared."""

    @property
    def duration_ns(self) -> int:
        """From the first frame to the end of the last step: the length of the axis."""
        return max((step.end_ns for step in self.steps), default=0) - (self.start_ns or 0)
