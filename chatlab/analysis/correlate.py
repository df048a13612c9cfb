"""Which frames carried which message, by byte offsets and nothing else.

Two sides meet here in any order: our own connections tell which bytes of a TCP stream are whose
(``opened``, ``carried``, ``assign``), and the capture tells which frames carried which bytes
(``Streams``). Neither time nor length is ever used as evidence. Answers are computed when asked for
and kept until a frame, or a fact, touches them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from chatlab.analysis.binding import Anchor, Bindings, Half, Tracked
from chatlab.analysis.streams import Placement, Streams
from chatlab.core.attribution import Attribution, Evidence
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Transport, WireRange
from chatlab.core.message import MessageId

BULK = 4096
"""More new frames than this are not looked at one by one."""


class Changes(NamedTuple):
    """What an update brought."""

    frames: range
    """Numbers of the new frames."""
    messages: frozenset[MessageId]
    """Messages whose attribution may have changed."""


class _Assigned(NamedTuple):
    wire: WireRange
    echo: WireRange | None


class Correlator:
    """Joins our connections with the capture; see the module's docstring."""

    def __init__(self, streams: Streams) -> None:
        self.streams = streams
        self._bindings = Bindings(streams)
        self._assigned: dict[MessageId, _Assigned] = {}
        self._waiting: dict[ConnectionId, list[tuple[MessageId, WireRange]]] = {}
        """Bytes assigned on connections that have not been announced yet."""
        self._known: dict[MessageId, Attribution] = {}
        self._touched: set[MessageId] = set()

    # --- what our own connections tell -----------------------------------------------------

    def opened(self, connection: Connection) -> None:
        """A connection is about to send its first packet."""
        is_new = connection.id not in self._bindings
        self._bindings.track(connection)
        waiting = self._waiting.pop(connection.id, ())
        for message, span in waiting:
            self._own(message, span)
        known = [message for message, _ in waiting]
        self._touch(known if is_new else self._messages_on(connection.id))

    def found(self, connection: Connection) -> None:
        """A connection was made out from the packets of a capture that was made elsewhere.

        Where its SYN was not captured, offsets count from the first byte that was.
        """
        self.opened(connection)
        tracked = self._bindings[connection.id]
        tracked.is_found = True
        for half in tracked.halves.values():
            stream = half.stream
            if stream is None or stream.is_anchored or stream.reference is None:
                continue
            half.saved = Anchor(0, stream.reference, Evidence.PACKETS)
            stream.anchor(*half.saved)
            half.late = None

    def changed(self, connection: Connection) -> None:
        """More is known about a connection, e.g. what TLS agreed on."""
        if connection.id in self._bindings:
            self._bindings.track(connection)
        else:
            self.opened(connection)

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        """Bytes crossed the socket, in order, as they lie in the TCP stream."""
        if connection.id not in self._bindings:
            self.opened(connection)
        if self._bindings[connection.id].twin is not None:
            return  # The other end has carried them.
        half = self._bindings[connection.id].halves[direction]
        half.tail.append(data)
        if half.late is not None and half.try_anchor():
            self._touch(self._messages_on(connection.id))

    def assign(self, message: MessageId, wire: WireRange, echo: WireRange | None = None) -> None:
        """These bytes carry a message; ``echo``: in these the server sent it back."""
        before = self._assigned.get(message)
        now = _Assigned(wire, echo)
        if before == now:
            return
        self._assigned[message] = now
        for span in now:
            if span is not None and (before is None or span not in before):
                self._own(message, span)
        self._touch((message,))

    def anchor(self, connection: ConnectionId, direction: Direction, anchor: Anchor) -> None:
        """Use what a saved capture knows about where offsets lie."""
        tracked = self._bindings[connection]
        tracked.is_found |= anchor.evidence is Evidence.PACKETS
        half = tracked.halves[direction]
        half.saved = anchor
        if half.stream is not None and not half.stream.is_anchored:
            half.stream.anchor(*anchor)
            half.late = None
        self._touch(self._messages_on(connection))

    def _own(self, message: MessageId, span: WireRange) -> None:
        if span.connection in self._bindings:
            self._bindings[span.connection].halves[span.direction].ledger.own(span.span, message)
        else:
            self._waiting.setdefault(span.connection, []).append((message, span))

    def _touch(self, messages: Iterable[MessageId]) -> None:
        """What is known about these has to be found anew."""
        for message in messages:
            self._touched.add(message)
            self._known.pop(message, None)

    def _messages_on(self, connection: ConnectionId) -> list[MessageId]:
        return [
            message
            for message, assigned in self._assigned.items()
            if assigned.wire.connection == connection
        ]

    # --- what the capture tells --------------------------------------------------------------

    def update(self) -> Changes:
        """Take in the frames that the capture has gained."""
        new = self.streams.update()
        for tracked in self._bindings.bind_new():
            self._touch(self._messages_on(tracked.connection.id))
        reached: dict[tuple[int, int], ByteRange] = {}
        if len(new) > BULK:
            self._note_everything()
        elif not self._bindings.is_empty:
            for number in new:
                stream = self.streams.tcp_stream(number)
                if stream is not None and self._bindings.of_stream(stream) is not None:
                    self._note(number, reached)
        for (stream, side), positions in reached.items():
            tracked_stream = self._bindings.of_stream(stream)
            if tracked_stream is not None:
                self._touch_owners(tracked_stream, side, positions)
        messages = frozenset(self._touched)
        self._touched.clear()
        return Changes(new, messages)

    def _note_everything(self) -> None:
        """So many frames came at once (a file was opened) that it is not worth telling apart."""
        for tracked in self._bindings:
            if tracked.stream is None:
                continue
            for half in tracked.halves.values():
                self._bindings.review(half)
                half.try_anchor()
                reached = half.stream.acknowledged if half.stream is not None else None
                half.acknowledged = max(half.acknowledged, reached or 0)
        self._touch(self._assigned)

    def _note(self, number: int, reached: dict[tuple[int, int], ByteRange]) -> None:
        """Widen what the new frames of a direction span by one frame."""
        place = self.streams.place(number)
        half = self._bindings.half(place) if place is not None else None
        if place is None or half is None:
            return
        if half.late is not None:
            half.late.saw(number, place, half.tail)
        key, span = (place.stream, place.side), place.span
        if before := reached.get(key):
            span = ByteRange(min(before.start, span.start), max(before.stop, span.stop))
        reached[key] = span

    def _touch_owners(self, tracked: Tracked, side: int, span: ByteRange) -> None:
        """Everything that new frames of one side may have changed: its bytes, and its ACKs."""
        for half in tracked.halves.values():
            if half.try_anchor():
                self._touch(self._messages_on(tracked.connection.id))
            if half.stream is None:
                continue
            changed = span
            if half.stream.side != side:
                latest = half.stream.acknowledged
                if latest is None or latest <= half.acknowledged:
                    continue
                changed, half.acknowledged = ByteRange(half.acknowledged, latest), latest
            if offsets := half.offsets(changed):
                self._touch(half.ledger.owners(offsets))

    @property
    def is_settling(self) -> bool:
        """A direction waits for quiet: ``settle`` is to be called in a while."""
        return any(
            half.late is not None and half.late.is_settling(half.tail)
            for tracked in self._bindings
            for half in tracked.halves.values()
        )

    def settle(self) -> bool:
        """Time has passed in which the tap could read; whether more is known now.

        To be called by a timer of the loop that reads the sockets, for as long as
        ``is_settling``: it takes two calls between which nothing came.
        """
        is_news = False
        for tracked in self._bindings:
            for half in tracked.halves.values():
                if half.late is not None and half.late.settle(half.tail) and half.try_anchor():
                    self._touch(self._messages_on(tracked.connection.id))
                    is_news = True
        return is_news

    # --- questions about a message -------------------------------------------------------------

    def attribution(self, message: MessageId) -> Attribution:
        """The frames of a message, as far as they have been captured."""
        known = self._known.get(message)
        if known is None:
            known = self._known[message] = self._attribute(message)
        return known

    def _attribute(self, message: MessageId) -> Attribution:
        nothing = Attribution(message=message, stream=None)
        assigned = self._assigned.get(message)
        if assigned is None or assigned.wire.connection not in self._bindings:
            return nothing
        tracked = self._bindings[assigned.wire.connection]
        half = tracked.halves[assigned.wire.direction]
        span = half.positions(assigned.wire.span)
        if half.stream is None or span is None:
            return nothing
        carriers = half.stream.carriers(span)
        evidence = Evidence.PACKETS if tracked.is_found else half.stream.evidence
        acknowledged = half.stream.acknowledged
        return Attribution(
            message=message,
            stream=(tracked.twin or tracked).stream if carriers.frames else None,
            frames=carriers.frames,
            retransmissions=carriers.retransmissions,
            acks=half.stream.acks(span),
            echo_frames=self.frames_of(assigned.echo) if assigned.echo is not None else (),
            evidence=evidence if carriers.frames else None,
            is_complete=half.stream.covers(span),
            is_acknowledged=acknowledged is not None and acknowledged >= span.stop,
        )

    def frames_of(self, wire: WireRange) -> tuple[int, ...]:
        """The frames that carry bytes of a range, whoever’s they are; ascending."""
        if wire.connection not in self._bindings:
            return ()
        half = self._bindings[wire.connection].halves[wire.direction]
        span = half.positions(wire.span)
        return half.stream.carriers(span).frames if half.stream and span else ()

    def wire(self, message: MessageId) -> WireRange | None:
        """The bytes that carry a message."""
        assigned = self._assigned.get(message)
        return assigned.wire if assigned is not None else None

    def positions(self, message: MessageId) -> ByteRange | None:
        """Where a message lies in its captured direction; None while that is not known."""
        assigned = self._assigned.get(message)
        if assigned is None or assigned.wire.connection not in self._bindings:
            return None
        half = self._bindings[assigned.wire.connection].halves[assigned.wire.direction]
        return half.positions(assigned.wire.span)

    def carried_bytes(self, wire: WireRange) -> bytes:
        """The bytes of a range as our own socket saw them; empty when no longer kept."""
        if wire.connection not in self._bindings:
            return b""
        data = self._bindings[wire.connection].halves[wire.direction].tail.read(wire.span)
        return data if len(data) == len(wire.span) else b""

    # --- questions about a frame ---------------------------------------------------------------

    def connection_of(self, number: int) -> Connection | None:
        """The connection of ours that a frame belongs to."""
        tracked = self._bindings.of_frame(number)
        return tracked.connection if tracked is not None else None

    def direction_of(self, number: int) -> Direction | None:
        """Whether we sent or received a frame; None when it is not ours."""
        tracked, place = self._bindings.of_frame(number), self.streams.place(number)
        if tracked is None or place is None:
            return None
        table = self.streams.tcp if place.transport is Transport.TCP else self.streams.udp
        return tracked.direction_of(table[place.stream].endpoints[place.side])

    def messages_of(self, number: int) -> tuple[MessageId, ...]:
        """Messages with at least one byte in a frame, echoes included, in byte order."""
        place = self.streams.place(number)
        return self._owners(place, place.span) if place is not None else ()

    def messages_at(self, number: int, span: ByteRange) -> tuple[MessageId, ...]:
        """Messages with at least one of these bytes of a frame."""
        place = self.streams.place(number)
        if place is None:
            return ()
        inside = span.intersection(place.payload)
        return self._owners(place, inside.shifted(place.position - place.payload.start))

    def frame_span(self, number: int, message: MessageId) -> ByteRange:
        """The bytes of a frame which carry a message; empty when there are none."""
        assigned = self._assigned.get(message)
        return self.span_in(number, *assigned) if assigned is not None else ByteRange(0, 0)

    def span_in(self, number: int, *ranges: WireRange | None) -> ByteRange:
        """The bytes of a frame that lie in the first of these ranges which it touches."""
        place = self.streams.place(number)
        half = self._bindings.half(place) if place is not None else None
        if place is None or half is None:
            return ByteRange(0, 0)
        for wire in ranges:
            positions = self._positions(half, wire)
            if positions is not None and positions.overlaps(place.span):
                return positions.intersection(place.span).shifted(
                    place.payload.start - place.position
                )
        return ByteRange(0, 0)

    def acknowledged_messages(self, number: int) -> tuple[MessageId, ...]:
        """Messages of which a frame newly acknowledges bytes."""
        place = self.streams.place(number)
        half = self._bindings.half(place) if place is not None else None
        if half is None or half.stream is None:
            return ()
        tracked = self._bindings.of_frame(number)
        assert tracked is not None
        other = tracked.halves[half.direction.opposite]
        offsets = other.offsets(half.stream.peer.acknowledged_by(number))
        return self._current(other, offsets) if offsets is not None else ()

    def _owners(self, place: Placement, span: ByteRange) -> tuple[MessageId, ...]:
        half = self._bindings.half(place)
        offsets = half.offsets(span) if half is not None else None
        return self._current(half, offsets) if half is not None and offsets is not None else ()

    def _current(self, half: Half, offsets: ByteRange) -> tuple[MessageId, ...]:
        """Owners of these bytes, without messages that were sent anew since."""
        found: list[MessageId] = []
        for message in half.ledger.owners(offsets):
            for wire in self._assigned[message]:
                if wire is None or not wire.span.overlaps(offsets):
                    continue
                if self._bindings[wire.connection].halves[wire.direction] is half:
                    found.append(message)
                    break
        return tuple(found)

    def _positions(self, half: Half, wire: WireRange | None) -> ByteRange | None:
        if wire is None or wire.connection not in self._bindings:
            return None
        if self._bindings[wire.connection].halves[wire.direction] is not half:
            return None
        return half.positions(wire.span)

    # --- questions about a connection ----------------------------------------------------------

    @property
    def connections(self) -> tuple[Connection, ...]:
        """Every connection of ours, in the order in which they were announced."""
        return tuple(tracked.connection for tracked in self._bindings)

    def acknowledged(self, connection: ConnectionId) -> int | None:
        """The offset up to which captured ACKs cover what we sent; None when unknowable."""
        if connection not in self._bindings:
            return None
        half = self._bindings[connection].halves[Direction.SENT]
        reached = half.stream.acknowledged if half.stream is not None else None
        if half.stream is None or reached is None:
            return None
        return half.stream.offset(reached)

    def anchors(self, connection: ConnectionId) -> dict[Direction, Anchor]:
        """Where the offsets of a connection lie, for saving."""
        found: dict[Direction, Anchor] = {}
        if connection not in self._bindings:
            return found
        for direction, half in self._bindings[connection].halves.items():
            stream = half.stream
            if stream is None or stream.evidence is None:
                continue
            offset, sequence = stream.offset(0), stream.sequence(0)
            if offset is not None and sequence is not None:
                is_found = self._bindings[connection].is_found
                evidence = Evidence.PACKETS if is_found else stream.evidence
                found[direction] = Anchor(offset, sequence, evidence)
        return found
