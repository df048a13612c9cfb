"""What one utterance took on the wire, counted from the bytes of its frames.

Every frame is cut up by layers so that the parts add up to its length. Which of the payload are the
words is read from the line or stanza itself; inside of TLS it is read with the keys, and where
there are none it is computed: from the cipher suite, and from the words that our own end wrote.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from chatlab.analysis.compare_layers import (
    FrameParts,
    Piece,
    frame_parts,
    layers_of,
    segments_in,
    without_overlap,
)
from chatlab.analysis.compare_pieces import Pieces
from chatlab.analysis.compare_specimen import Specimen
from chatlab.core.attribution import NOTHING_CAPTURED, Attribution, Evidence
from chatlab.core.comparison import FrameCost, FrameGroup, MessageCost, Side
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.measures import WireLayer
from chatlab.core.message import Message
from chatlab.protocol.spans import Coverage

_NOT_WRITTEN = "nothing of it has been written to the network"
_NO_CONNECTION = "the capture does not know its connection"


@dataclass(slots=True)
class _Bytes:
    """Which bytes of one direction are looked at, and which of them frames have brought."""

    direction: Direction
    pieces: list[Piece] = field(default_factory=list)
    seen: Coverage = field(default_factory=Coverage)


class CostReader:
    """Counts the messages of one capture."""

    def __init__(self, specimen: Specimen) -> None:
        self._specimen = specimen
        self._log = specimen.log
        self._streams = specimen.streams
        self._correlator = specimen.correlator

    def cost(self, connection: Connection, messages: Sequence[Message]) -> MessageCost:
        """The cost of an utterance: of all the messages that it had to be cut into."""
        first = messages[0]
        known = [self._correlator.attribution(each.id) for each in messages]
        base = _base(self._specimen.number, connection, messages)
        if first.wire is None:
            return _without(base, _NOT_WRITTEN)
        if first.wire.connection != connection.id:
            return _without(base, _NO_CONNECTION)
        if not any(each.frames for each in known):
            return _without(base, NOTHING_CAPTURED)
        self._specimen.talk(connection)  # What was agreed on is read from the first records.
        return self._counted(base, connection, messages, known)

    def _counted(
        self,
        base: MessageCost,
        connection: Connection,
        messages: Sequence[Message],
        known: Sequence[Attribution],
    ) -> MessageCost:
        pieces = Pieces(self._specimen, connection)
        sent = _Bytes(messages[0].direction)
        wires = [(message.wire, message) for message in messages if message.wire is not None]
        sent.pieces = without_overlap(
            piece for wire, message in wires for piece in pieces.of_wire(wire, message)
        )
        fresh = {number for each in known for number in {*each.frames} - {*each.retransmissions}}
        carried: list[FrameCost] = []
        repeated: list[FrameCost] = []
        for number in sorted({number for each in known for number in each.frames}):
            cost = self._frame(connection, number, sent)
            (carried if number in fresh else repeated).append(cost)
        echo = self._echo(connection, messages, known, pieces)
        nothing = _Bytes(sent.direction.opposite)
        answers = sorted({number for each in known for number in each.acks})
        answering = [self._frame(connection, number, nothing) for number in answers]
        acks = [cost for cost in answering if not cost.segments]
        begin = carried[0].time_ns if carried else repeated[0].time_ns
        return replace(
            base,
            carried=FrameGroup(tuple(carried)),
            repeated=FrameGroup(tuple(repeated)),
            acks=FrameGroup(tuple(acks)),
            echo=FrameGroup(tuple(echo)) if echo else None,
            segments=sum(each.segments for each in carried),
            records=pieces.records,
            round_trips=_round_trips(carried + repeated, answering + echo),
            ack_ns=_delay(self._ack_ns(known, begin)),
            echo_ns=_delay(echo[-1].time_ns - begin) if echo else None,
            leak=pieces.leak(messages),
            notes=tuple(self._notes(known, carried, answering, pieces)),
        )

    # --- frames ------------------------------------------------------------------------------

    def _echo(
        self,
        connection: Connection,
        messages: Sequence[Message],
        known: Sequence[Attribution],
        pieces: Pieces,
    ) -> list[FrameCost]:
        """The frames in which the server sent the words back."""
        returned = _Bytes(messages[0].direction.opposite)
        echoes = [(message.echo, message) for message in messages if message.echo is not None]
        returned.pieces = without_overlap(
            piece for wire, message in echoes for piece in pieces.of_wire(wire, message)
        )
        numbers = sorted({number for each in known for number in each.echo_frames})
        return [self._frame(connection, number, returned) for number in numbers]

    def parts(self, number: int) -> FrameParts:
        log = self._log
        return frame_parts(log.raw(number), log.link_type(number), log.wire_length(number))

    def _frame(self, connection: Connection, number: int, wanted: _Bytes) -> FrameCost:
        """One frame with the bytes that are looked at told apart; what is new of them, and what
        had been there."""
        parts, place = self.parts(number), self._streams.place(number)
        assert place is not None
        shift = parts.payload.start - place.position
        found: list[Piece] = []
        for span, layer in wanted.pieces:
            here = span.intersection(place.span)
            if not len(here):
                continue
            new = wanted.seen.add(here.start, here.stop)
            found += _split(here.shifted(shift), layer, new)
        length = self._log.wire_length(number)
        touched = [piece.span for piece in found]
        around = ByteRange(touched[0].start, touched[-1].stop) if touched else parts.payload
        return FrameCost(
            number=number,
            time_ns=self._log.time_ns(number),
            direction=self._specimen.direction(connection, number),
            length=length,
            layers=layers_of(parts, found, length),
            segments=segments_in(parts, around, self._mss(number)),
        )

    def _mss(self, number: int) -> int | None:
        place = self._streams.place(number)
        return self._streams.direction(place.stream, place.side).peer.mss if place else None

    def _ack_ns(self, known: Sequence[Attribution], begin: int) -> int | None:
        """Until the last byte of all was acknowledged; None where a captured ACK is missing."""
        if not all(each.is_acknowledged and each.acks for each in known):
            return None
        return max(self._log.time_ns(each.acks[-1]) for each in known) - begin

    # --- words -------------------------------------------------------------------------------

    def _notes(
        self,
        known: Sequence[Attribution],
        carried: Sequence[FrameCost],
        answering: Sequence[FrameCost],
        pieces: Pieces,
    ) -> Iterable[str]:
        for cost in carried:
            if cost.segments > 1:
                yield (
                    f"Frame {cost.number} stands for {cost.segments} segments: the network card "
                    "joined or will cut them (GRO, TSO), so on the cable there were more headers "
                    "than are counted here."
                )
        ours = {each.message for each in known}
        others = {
            message
            for cost in carried
            for message in self._correlator.messages_of(cost.number)
            if message not in ours
        }
        if others:
            yield f"Its frames also carry {_count(len(others), 'other message')}."
        if not all(each.is_complete for each in known):
            yield "Some of its bytes are in no captured frame."
        if any(each.evidence is Evidence.CONTENT for each in known):
            yield "The capture began late: its place was found by known bytes."
        if any(each.evidence is Evidence.PACKETS for each in known):
            yield "It was found in the packets alone: nobody else says that it was a message."
        foreign = sum(cost.layers.other for cost in carried)
        if foreign and not others:
            yield f"{_count(foreign, 'byte')} of its frames belong to something else."
        if riding := [str(cost.number) for cost in answering if cost.segments]:
            yield (
                f"Its ACK rides on data in frame {', '.join(riding)}, so it took no frame of its "
                "own."
            )
        yield from pieces.notes


def _split(span: ByteRange, layer: WireLayer, new: int) -> list[Piece]:
    """Bytes of a frame of which ``new`` are there for the first time: the last ones."""
    middle = span.stop - new
    found = [Piece(ByteRange(span.start, middle), WireLayer.REPEATED)] if new < len(span) else []
    return found + ([Piece(ByteRange(middle, span.stop), layer)] if new else [])


def _delay(duration_ns: int | None) -> int | None:
    """How long something took; None after a clock was set back, for then nobody can tell."""
    return duration_ns if duration_ns is not None and duration_ns >= 0 else None


def _round_trips(ours: Sequence[FrameCost], theirs: Sequence[FrameCost]) -> int | None:
    """How often something of ours was followed by an answer to it; None without any answer."""
    is_waiting, count = False, 0
    answers = {cost.number for cost in theirs}
    for cost in sorted((*ours, *theirs), key=lambda cost: cost.number):
        if cost.number not in answers:
            is_waiting = True
        elif is_waiting:
            is_waiting, count = False, count + 1
    return count or None


def _base(capture: int, connection: Connection, messages: Sequence[Message]) -> MessageCost:
    first = messages[0]
    text = "".join(each.text for each in messages)
    return MessageCost(
        side=Side(capture, connection.id),
        messages=tuple(each.id for each in messages),
        sender=first.sender,
        target=first.target,
        text=text,
        time_ns=first.time_ns,
        text_bytes=len(text.encode("utf-8", "replace")) if text else None,
        carried=None,
    )


def _without(base: MessageCost, problem: str) -> MessageCost:
    return replace(base, problem=problem)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
