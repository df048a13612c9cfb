"""Where bytes travel: endpoints, the two directions of a flow, ranges in a byte stream."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

ConnectionId = NewType("ConnectionId", str)
"""Names one transport connection of ours for a whole session, unlike its ports."""


class Direction(Enum):
    """As seen from this program, never from the server."""

    SENT = "sent"
    RECEIVED = "received"

    @property
    def opposite(self) -> "Direction":
        return Direction.RECEIVED if self is Direction.SENT else Direction.SENT


class Transport(Enum):
    """The two transports whose ports a capture filter can name."""

    TCP = 6
    UDP = 17


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Half-open range of offsets in one direction of a byte stream (or in a frame)."""

    start: int
    stop: int

    def __len__(self) -> int:
        return max(0, self.stop - self.start)

    def overlaps(self, other: "ByteRange") -> bool:
        return self.start < other.stop and other.start < self.stop

    def intersection(self, other: "ByteRange") -> "ByteRange":
        """The common part; empty (``start == stop``) when there is none."""
        start = max(self.start, other.start)
        return ByteRange(start, max(start, min(self.stop, other.stop)))

    def shifted(self, by: int) -> "ByteRange":
        return ByteRange(self.start + by, self.stop + by)


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """An IP address (text, without a zone index) and a transport port."""

    address: str
    port: int

    def __str__(self) -> str:
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else f"{self.address}:{self.port}"
        )


@dataclass(frozen=True, slots=True)
class FlowKey:
    """The 4-tuple of one of our own connections, plus its transport."""

    local: Endpoint
    remote: Endpoint
    transport: Transport = Transport.TCP

    def __str__(self) -> str:
        return f"{self.local} - {self.remote}"

    def sender(self, direction: Direction) -> Endpoint:
        """The endpoint that the bytes of ``direction`` come from."""
        return self.local if direction is Direction.SENT else self.remote


@dataclass(frozen=True, slots=True)
class WireRange:
    """Bytes in one direction of one of our connections, counted from its first byte.

    Offset 0 is the byte after the SYN, so an offset plus (initial sequence number + 1)
    is a TCP sequence number (RFC 9293, section 3.4). Under TLS the range is that of the
    records (RFC 8446, section 5) which carry the bytes meant.
    """

    connection: ConnectionId
    direction: Direction
    span: ByteRange
