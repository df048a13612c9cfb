"""What was seen on the wire. Values only: no Qt, no scapy, no sockets."""

from dataclasses import dataclass, field
from enum import Enum

from chatlab.core.flow import ByteRange, Direction


class Exposure(Enum):
    """The one meaning that colour has in this program."""

    READABLE = "readable"
    """Anyone on the path can read it (red)."""
    SEALED = "sealed"
    """Protected by TLS (green)."""
    END_TO_END = "end-to-end"
    """Protected from the server, too (violet)."""
    PLUMBING = "plumbing"
    """Handshakes, ACKs, keep-alives: carries nobody's words (grey)."""
    ATTENTION = "attention"
    """Retransmission, loss, a weak or unverified certificate (amber)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One captured link-layer frame, numbered from 1 as analysers do."""

    number: int
    time_ns: int
    """Nanoseconds since the epoch, from the capture, never from our own clock."""
    captured_length: int
    wire_length: int
    """Bytes on the wire, link-layer header included."""
    link_type: int
    """LINKTYPE_ value of the tcpdump registry: 1 Ethernet, 101 raw IP, 0 BSD loopback."""
    interface: str
    direction: Direction | None
    """As noted by the capture; None where the file does not say."""


@dataclass(frozen=True, slots=True)
class Field:
    """A node of the detail tree below a layer."""

    name: str
    value: str
    span: ByteRange
    """Bytes of the frame that it was read from; empty for something derived."""
    fields: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One protocol layer of a dissected frame."""

    name: str
    """Spelled out as analysers do, e.g. ``Transmission Control Protocol``."""
    summary: str
    span: ByteRange
    fields: tuple[Field, ...] = ()
    exposure: Exposure = field(default=Exposure.PLUMBING)
