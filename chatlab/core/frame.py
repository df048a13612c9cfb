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
    """Bytes that it was read from; empty for something derived."""
    fields: tuple["Field", ...] = ()
    source: int = 0
    """Whose bytes these are: 0 the frame’s own, else those of that ``ByteView``, from 1 on."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One protocol layer of a dissected frame."""

    name: str
    """Spelled out as analysers do, e.g. ``Transmission Control Protocol``."""
    summary: str
    span: ByteRange
    fields: tuple[Field, ...] = ()
    exposure: Exposure = field(default=Exposure.PLUMBING)
    source: int = 0
    """As in ``Field``."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bytes of a view come from: these bytes of the frame."""

    span: ByteRange
    """In the view."""
    frame: ByteRange
    is_exact: bool = True
    """Byte stands for byte; otherwise one range as a whole stands for the other."""


@dataclass(frozen=True, slots=True)
class ByteView:
    """Bytes that are shown beside a frame’s own: put together from several, or decrypted."""

    name: str
    """As analysers call it, e.g. ``Decrypted TLS``."""
    data: bytes
    origins: tuple[Origin, ...] = ()
    """Ascending; what no origin covers lies in other frames."""

    def in_frame(self, span: ByteRange) -> ByteRange:
        """The bytes of the frame that stand for these of the view; empty where there are none."""
        return _hull(
            [_partner(span, each.span, each.frame, each.is_exact) for each in self.origins]
        )

    def from_frame(self, span: ByteRange) -> ByteRange:
        """The bytes of the view that stand for these of the frame."""
        return _hull(
            [_partner(span, each.frame, each.span, each.is_exact) for each in self.origins]
        )


def _partner(span: ByteRange, here: ByteRange, there: ByteRange, is_exact: bool) -> ByteRange:
    """What of ``there`` stands for the part of ``span`` that lies ``here``."""
    common = span.intersection(here)
    if not len(common):
        return ByteRange(0, 0)
    return common.shifted(there.start - here.start) if is_exact else there


def _hull(spans: list[ByteRange]) -> ByteRange:
    spans = [each for each in spans if len(each)]
    if not spans:
        return ByteRange(0, 0)
    return ByteRange(min(each.start for each in spans), max(each.stop for each in spans))
