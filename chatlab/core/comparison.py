"""Plain beside encrypted: what the same message took on different connections. Values only.

Numbers are counted from the bytes of captured frames. What no frame tells is None, and a sentence
beside it says why. What is counted is in ``core.measures``; what somebody learns from frames is in
``core.observing``, the steps of a handshake in ``core.ladder``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import AccountId, Application, Security
from chatlab.core.flow import ConnectionId, Direction, FlowKey
from chatlab.core.measures import LayerBytes, Measure
from chatlab.core.message import MessageId


@dataclass(frozen=True, slots=True, order=True)
class Side:
    """One connection in one of the captures that are compared."""

    capture: int
    """0 for this session or the first file, 1 for the second file."""
    connection: ConnectionId


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameCost:
    """One frame as a message uses it."""

    number: int
    time_ns: int
    direction: Direction
    length: int
    """Bytes on the wire; equal to ``layers.total``."""
    layers: LayerBytes
    segments: int
    """TCP segments with payload that it stands for: 0 for a bare ACK, more than 1 for what the
    network card joined or is still to cut (GRO, TSO)."""


@dataclass(frozen=True, slots=True)
class FrameGroup:
    """Frames that do the same for a message, in the order of the capture."""

    frames: tuple[FrameCost, ...] = ()

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def layers(self) -> LayerBytes:
        if len(self.frames) == 1:
            return self.frames[0].layers
        return sum((frame.layers for frame in self.frames), LayerBytes())

    @property
    def length(self) -> int:
        return sum(frame.length for frame in self.frames)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(frame.number for frame in self.frames)


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthLeak:
    """What the length of TLS records tells about the words inside (RFC 8446, section 5.4)."""

    records: int
    record_bytes: int
    """As anyone on the path sees them, headers included."""
    protection_bytes: int
    """What this cipher suite adds to so many records."""
    inferred_bytes: int
    """``record_bytes - protection_bytes``: what an observer takes for the length of the line or
    stanza. Exact unless the sender pads."""
    padding_bytes: int | None
    """Zeros that TLS 1.3 was told to add; None while the keys are not known."""
    content_bytes: int | None
    """The true length of what is inside, decrypted; None while the keys are not known."""
    framing_bytes: int | None
    """What IRC or XMPP adds, the same for each message of the chat; None where it is not known."""
    text_bytes: int | None
    """The true length of the words; None where they are not known."""
    words: str
    """The same in a sentence or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCost:
    """What one utterance took on one connection; several messages where it had to be cut."""

    side: Side
    messages: tuple[MessageId, ...]
    sender: str
    target: str
    text: str
    time_ns: int
    text_bytes: int | None
    """None where the file does not say the words."""
    carried: FrameGroup | None
    """Frames that brought something of it for the first time; None: no frame was captured."""
    repeated: FrameGroup = FrameGroup()
    """Frames that only repeated its bytes (retransmissions)."""
    acks: FrameGroup = FrameGroup()
    """Frames that acknowledge it and do nothing else. An ACK may also ride on data: a note says so."""
    echo: FrameGroup | None = None
    """Frames in which the server sent it back; None where it did not, or not that we know."""
    segments: int | None = None
    """TCP segments with bytes of it, retransmissions left out."""
    records: int = 0
    """TLS records that carry it."""
    round_trips: int | None = None
    """How often something of ours was answered, up to the last ACK or the echo."""
    ack_ns: int | None = None
    """From its first frame to the ACK of its last byte."""
    echo_ns: int | None = None
    """From its first frame to the last frame of the echo."""
    nth: int = 1
    """The how manieth of this connection’s compared messages it is."""
    handshake_share: float | None = None
    """Bytes of the connection’s handshake, divided by ``nth``."""
    leak: LengthLeak | None = None
    """None in clear, and where the cipher suite hides the length (CBC)."""
    problem: str = ""
    """Why there are no numbers."""
    notes: tuple[str, ...] = ()
    """What has to be said about the numbers: joined segments, shared frames, missing bytes."""

    def value(self, measure: Measure) -> float | None:
        """One number of it; None where the capture does not tell."""
        return self.values()[measure]

    def values(self) -> dict[Measure, float | None]:
        """All its numbers, in the order of a table."""
        carried = self.carried
        if carried is None:
            return dict.fromkeys(Measure)
        layers = carried.layers
        found: dict[Measure, float | None] = {
            Measure.FRAMES: len(carried),
            Measure.SEGMENTS: self.segments,
            Measure.BYTES: carried.length,
            Measure.RETRANSMISSIONS: len(self.repeated),
            Measure.RETRANSMITTED: self.repeated.length,
            Measure.ACKS: len(self.acks),
            Measure.ACK_BYTES: self.acks.length,
            Measure.ECHO_BYTES: self.echo.length if self.echo is not None else None,
            Measure.ROUND_TRIPS: self.round_trips,
            Measure.ACK_TIME: None if self.ack_ns is None else self.ack_ns / 1e6,
            Measure.ECHO_TIME: None if self.echo_ns is None else self.echo_ns / 1e6,
            Measure.HANDSHAKE: self.handshake_share,
        }
        for measure in Measure:
            if (layer := measure.layer) is not None:
                found[measure] = layers[layer]
        return {measure: found[measure] for measure in Measure}

    @property
    def wire_bytes(self) -> int | None:
        """All that it took, but for the echo: frames, retransmissions and ACKs."""
        if self.carried is None:
            return None
        return self.carried.length + self.repeated.length + self.acks.length


class Phase(Enum):
    """What a connection goes through before the first message, in this order."""

    DNS = "DNS"
    TCP = "TCP handshake"
    STARTTLS = "STARTTLS"
    TLS = "TLS handshake"
    LOGIN = "login"
    JOIN = "joining"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseCost:
    """What one phase took: all frames of both directions, ACKs included."""

    phase: Phase
    frames: int
    bytes: int
    """On the wire."""
    duration_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeCost:
    """What a connection took before its first message; look-ups of DNS are not counted in."""

    phases: tuple[PhaseCost, ...]
    frames: int
    bytes: int
    round_trips: int
    ready_ns: int | None
    """From the first frame to the last step before messages; None where that is sealed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One connection of a comparison."""

    side: Side
    title: str
    """Short and distinct, e.g. ``IRC · TLS 1.3``."""
    capture: str
    """Name of the file; empty for the session that is running."""
    account: AccountId
    application: Application
    security: Security
    """As its bytes show it: STARTTLS where clear text came before the first record."""
    version: str
    """``TLSv1.3``; empty in clear, or where it is not known."""
    cipher: str
    """Cipher suite by its registered name; empty in clear."""
    flow: FlowKey
    host: str
    handshake: HandshakeCost | None
    """None where its beginning was not captured."""


class TwinEvidence(Enum):
    """How we know that messages belong together."""

    GESTURE = "gesture"
    """They were sent in one gesture, and say so."""
    SAME_TEXT = "same text"
    """The same words on another account, within seconds."""
    ALONE = "alone"
    """There is nothing to compare it with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The same words on several connections."""

    twin: str
    """What the messages call their bond; a number of the table’s own otherwise."""
    evidence: TwinEvidence
    text: str
    time_ns: int
    cells: tuple[MessageCost | None, ...]
    """One for each column."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over the messages of a column that have it."""

    measure: Measure
    count: int
    sum: float
    median: float | None
    """None when there is none."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The table: what the same messages took on different connections."""

    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    """Oldest first."""
    figures: tuple[tuple[Figure, ...], ...] = ()
    """For each column, one figure per measure."""

    def column(self, side: Side) -> Column | None:
        return next((each for each in self.columns if each.side == side), None)

    def costs(self, side: Side) -> Iterator[MessageCost]:
        """The messages of one column, oldest first."""
        for row in self.rows:
            yield from (cell for cell in row.cells if cell is not None and cell.side == side)
