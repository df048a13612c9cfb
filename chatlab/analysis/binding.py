"""Our own connections, and the captured streams that are theirs.

A connection is known by its 4-tuple and by when it was opened; a 4-tuple can be used again, so a
stream belongs to the latest connection that was open when its first frame crossed the wire.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from chatlab.analysis.anchoring import MAX_CANDIDATES, LateAnchor, Tail
from chatlab.analysis.streams import Conversation, Placement, Streams, packed
from chatlab.core.attribution import Evidence
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, ConnectionId, Direction, FlowKey, Transport
from chatlab.protocol.ledger import StreamLedger
from chatlab.protocol.tcp import StreamDirection, TcpStream

CLOCK_SLACK_NS = 1_000_000_000
"""A stream may seem to begin this much before its connection was opened."""
_EVERYTHING = ByteRange(-(1 << 62), 1 << 62)


class Anchor(NamedTuple):
    """Where one direction's offsets lie among its sequence numbers."""

    offset: int
    sequence: int
    evidence: Evidence


@dataclass(slots=True)
class Half:
    """One direction of one connection of ours."""

    direction: Direction
    tail: Tail = field(default_factory=Tail)
    ledger: StreamLedger = field(default_factory=StreamLedger)
    """Who owns which bytes, echoes included."""
    stream: StreamDirection | None = None
    late: LateAnchor | None = None
    """While the offsets of ``stream`` are not known."""
    saved: Anchor | None = None
    """What a saved capture knew."""
    acknowledged: int = 0
    """The position up to which ACKs have been looked at."""

    def attach(self, streams: Streams, stream: StreamDirection) -> None:
        """This is the captured direction; find its offsets, now or later."""
        self.stream, self.late, self.acknowledged = stream, None, 0
        if not stream.is_anchored and self.saved is not None:
            stream.anchor(*self.saved)
        if not stream.is_anchored:
            self.late = LateAnchor(streams, stream, self.direction)

    def try_anchor(self) -> bool:
        """Whether the offsets became known just now."""
        if self.late is None or self.stream is None:
            return False
        if not self.stream.is_anchored and not self.late.attempt(self.tail):
            return False
        self.late = None
        return True

    def offsets(self, positions: ByteRange) -> ByteRange | None:
        """Stream offsets for positions; None while they are not known."""
        start = self.stream.offset(positions.start) if self.stream is not None else None
        return None if start is None else ByteRange(start, start + len(positions))

    def positions(self, offsets: ByteRange) -> ByteRange | None:
        """Positions for stream offsets; None while they are not known."""
        start = self.stream.position(offsets.start) if self.stream is not None else None
        return None if start is None else ByteRange(start, start + len(offsets))


class Tracked:
    """One connection of ours with its two directions."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.stream: int | None = None
        """Its ``tcp.stream``."""
        self.halves = {direction: Half(direction) for direction in Direction}
        self.twin: Tracked | None = None
        """The other end, where that is ours, too: one stream, which ``twin`` is bound to."""
        self.has_twin = False
        self.is_found = False
        """Nobody told of it: it was made out from the packets."""

    def lean_on(self, twin: "Tracked") -> None:
        """Share the stream of the other end: what one sends, the other one receives."""
        self.twin, twin.has_twin = twin, True
        self.halves = {
            Direction.SENT: twin.halves[Direction.RECEIVED],
            Direction.RECEIVED: twin.halves[Direction.SENT],
        }

    def direction_of(self, endpoint: tuple[bytes, int]) -> Direction:
        """The direction of what ``endpoint`` sends."""
        is_local = endpoint == packed(self.connection.flow.local)
        return Direction.SENT if is_local else Direction.RECEIVED


class Bindings:
    """Every connection of ours, by what the capture knows of it."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._tracked: dict[ConnectionId, Tracked] = {}
        self._by_flow: dict[FlowKey, list[Tracked]] = {}
        self._flows: dict[tuple[Transport, frozenset[tuple[bytes, int]]], FlowKey] = {}
        self._bound: dict[int, Tracked] = {}
        self._seen = 0
        """TCP streams that have been looked at."""

    def __getitem__(self, connection: ConnectionId) -> Tracked:
        return self._tracked[connection]

    def __contains__(self, connection: object) -> bool:
        return connection in self._tracked

    def __iter__(self) -> Iterator[Tracked]:
        return iter(self._tracked.values())

    def track(self, connection: Connection) -> Tracked:
        """Note a connection, or what is newly known about it."""
        tracked = self._tracked.get(connection.id)
        if tracked is not None:
            tracked.connection = connection
            return tracked
        tracked = self._tracked[connection.id] = Tracked(connection)
        flow = connection.flow
        if (twin := self._twin_of(flow)) is not None:
            tracked.lean_on(twin)
            return tracked
        self._flows[flow.transport, frozenset((packed(flow.local), packed(flow.remote)))] = flow
        siblings = self._by_flow.setdefault(flow, [])
        siblings.append(tracked)
        siblings.sort(key=lambda each: each.connection.opened_ns)
        for conversation in self._streams.of_flow(flow):
            self._bind(conversation)
        return tracked

    def _twin_of(self, flow: FlowKey) -> Tracked | None:
        """The connection whose other end this is, as between the two people of the offline lab."""
        others = self._by_flow.get(FlowKey(flow.remote, flow.local, flow.transport), [])
        return others[-1] if others and not others[-1].has_twin else None

    def bind_new(self) -> list[Tracked]:
        """Look at the streams that the capture has gained: those of ours."""
        new = self._streams.tcp[self._seen :]
        self._seen = len(self._streams.tcp)
        return [tracked for conversation in new if (tracked := self._bind(conversation))]

    def of_stream(self, stream: int) -> Tracked | None:
        """The connection that a ``tcp.stream`` belongs to."""
        return self._bound.get(stream)

    @property
    def is_empty(self) -> bool:
        """No captured stream is ours."""
        return not self._bound

    def half(self, place: Placement) -> Half | None:
        """The direction of ours that a TCP frame belongs to."""
        tracked = self._bound.get(place.stream) if place.transport is Transport.TCP else None
        if tracked is None:
            return None
        sent = tracked.halves[Direction.SENT]
        is_sent = sent.stream is not None and sent.stream.side == place.side
        return sent if is_sent else tracked.halves[Direction.RECEIVED]

    def of_frame(self, number: int) -> Tracked | None:
        """The connection of ours that a frame belongs to."""
        place = self._streams.place(number)
        if place is None:
            return None
        if place.transport is Transport.TCP:
            return self._bound.get(place.stream)
        # A 4-tuple of UDP has one stream for ever, so here the time decides.
        conversation = self._streams.udp[place.stream]
        flow = self._flows.get((Transport.UDP, frozenset(conversation.endpoints)))
        return self._owner(flow, self._streams.log.time_ns(number))

    def _bind(self, conversation: Conversation) -> Tracked | None:
        """Find the connection of ours that a stream belongs to."""
        if conversation.tcp is None:
            return None
        flow = self._flows.get((Transport.TCP, frozenset(conversation.endpoints)))
        tracked = self._owner(flow, self._streams.log.time_ns(conversation.first_frame))
        tracked = tracked or self._owner_by_bytes(flow, conversation.tcp)
        before = tracked.stream if tracked is not None else None
        if tracked is None or (before is not None and before >= conversation.number):
            return None
        if before is not None:
            self._bound.pop(before, None)
        former = self._bound.get(conversation.number)
        if former is not None:
            former.stream = None
        tracked.stream = conversation.number
        self._bound[conversation.number] = tracked
        for side, endpoint in enumerate(conversation.endpoints):
            half = tracked.halves[tracked.direction_of(endpoint)]
            half.attach(self._streams, conversation.tcp.sides[side])
            self.review(half)
        return tracked

    def review(self, half: Half) -> None:
        """Show a late anchor the frames that were there before the connection was known."""
        if half.late is None or half.stream is None:
            return
        for _, _, number in half.stream.segments(_EVERYTHING)[-MAX_CANDIDATES:]:
            place = self._streams.place(number)
            if place is not None:
                half.late.saw(number, place, half.tail)

    def _owner_by_bytes(self, flow: FlowKey | None, tcp: TcpStream) -> Tracked | None:
        """Where the clock was set back after a connection had been opened, time tells nothing.

        Without a SYN a stream is tied to a connection only by bytes that our own socket knows, so
        nothing wrong comes of trying the latest one.
        """
        if flow is None or any(side.is_anchored for side in tcp.sides):
            return None
        free = (each for each in reversed(self._by_flow[flow]) if each.stream is None)
        return next(free, None)

    def _owner(self, flow: FlowKey | None, time_ns: int) -> Tracked | None:
        """The connection of a 4-tuple that a packet of that time belongs to."""
        if flow is None:
            return None
        for slack in (0, CLOCK_SLACK_NS):
            for tracked in reversed(self._by_flow[flow]):
                if tracked.connection.opened_ns - slack <= time_ns:
                    return tracked
        return None
