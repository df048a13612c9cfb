"""What the two ends of a connection said, unit by unit: in clear, decrypted, or sealed.

Lines and stanzas come out alike whether they crossed the wire in clear or inside of TLS, and each
byte of them leads to where it lies in the stream: the ciphers of today encrypt byte by byte, so
even inside of a record a word has its exact place.
"""

from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import NamedTuple

from chatlab.analysis.compare_steps import ENTRIES_AT_ONCE, UNITS_AT_ONCE, finish
from chatlab.analysis.contents import Contents
from chatlab.analysis.decryption import Decryption, OpenRecord
from chatlab.analysis.streams import Streams
from chatlab.analysis.units import Unit, Units
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.ladder import Reading
from chatlab.protocol.tcp import StreamDirection
from chatlab.protocol.tls import HEADER_SIZE
from chatlab.protocol.tls_handshake import APPLICATION_DATA

MAX_SAID = 20_000
"""Units of one direction that are remembered; what comes behind them adds nothing new to a view."""
WALK_STEP = 32 * 1024
"""Bytes that are walked over at a time; more than the longest TLS record."""
MAX_STEPS = 4_096
"""Times that finding units goes on before the rest is left to the next question."""


class Place(NamedTuple):
    """Where bytes of a unit lie in the stream."""

    inside: ByteRange
    """In the unit."""
    span: ByteRange
    """In the stream; of the same length unless the cipher mixes bytes: then the whole record."""

    @property
    def is_exact(self) -> bool:
        return len(self.inside) == len(self.span)


class Said(NamedTuple):
    """One unit of one direction."""

    direction: Direction
    unit: Unit
    """A line, a stanza, or a TLS record that is no container of those."""
    data: bytes | None
    """The unit; of a TLS record what is inside. None where it was not captured, or is sealed."""
    span: ByteRange
    """The bytes of the stream that carry it: its own, or the whole records it lies in."""
    reading: Reading
    places: tuple[Place, ...]
    """Ascending; together all of ``data``."""
    content_type: int = 0
    """Of a TLS record, as its sender meant it; 0 for anything else."""

    def spans(self, part: ByteRange) -> tuple[ByteRange, ...]:
        """The bytes of the stream that carry a part of the unit."""
        found: list[ByteRange] = []
        for place in self.places:
            here = place.inside.intersection(part)
            if not len(here):
                continue
            shift = place.span.start - place.inside.start
            found.append(here.shifted(shift) if place.is_exact else place.span)
        return tuple(found)


class _Side:
    """One direction, read as far as its frames go."""

    def __init__(
        self,
        direction: Direction,
        units: Units,
        inside: Decryption | None,
        is_tls13: Callable[[], bool],
    ) -> None:
        self.said: list[Said] = []
        self._is_tls13 = is_tls13
        self._direction = direction
        self.units = units
        self.inside = inside
        self._row = self._inner_row = 0

    def steps(self) -> Iterator[None]:
        if self.inside is not None:
            for _ in range(MAX_STEPS):
                is_all = self.inside.update()
                yield
                if is_all and not self.inside.units.walk(WALK_STEP):
                    break
        while units := list(islice(self.units.since(self._row), UNITS_AT_ONCE)):
            self._row += len(units)
            for unit in units:
                if len(self.said) < MAX_SAID:
                    self.said += self._outer(unit)
            yield
        if self.inside is None:
            return
        inner = self.inside.units
        while units := list(islice(inner.since(self._inner_row), UNITS_AT_ONCE)):
            self._inner_row += len(units)
            for unit in units:
                if len(self.said) < MAX_SAID and (said := self._inner(unit)) is not None:
                    self.said.append(said)
            yield

    def _outer(self, unit: Unit) -> Iterator[Said]:
        if not unit.is_record:
            whole = ByteRange(0, len(unit.span))
            yield Said(
                self._direction,
                unit,
                self.units.read(unit),
                unit.span,
                Reading.CLEAR,
                (Place(whole, unit.span),),
            )
            return
        found = self.inside.opened(unit.span) if self.inside is not None else []
        if found and len(found[0].span) and self.inside is not None:
            return  # Its lines and stanzas come by themselves.
        yield self._record(unit, found[0] if found else None)

    def _record(self, unit: Unit, opened: OpenRecord | None) -> Said:
        kind, data, reading = unit.content_type, None, Reading.SEALED
        start = HEADER_SIZE
        if opened is not None and opened.was_sealed:
            kind, data = opened.opened.content_type, opened.opened.plaintext
            start, reading = opened.opened.starts or HEADER_SIZE, Reading.DECRYPTED
        elif not self._is_sealed(unit) and (raw := self.units.read(unit)) is not None:
            data, reading = raw[HEADER_SIZE:], Reading.CLEAR
        size = len(data) if data is not None else len(unit.span) - HEADER_SIZE
        where = ByteRange(unit.span.start + start, unit.span.start + start + size)
        places = (Place(ByteRange(0, size), where.intersection(unit.span)),)
        return Said(self._direction, unit, data, unit.span, reading, places, kind)

    def _is_sealed(self, unit: Unit) -> bool:
        """Whether a record lies behind the change of keys. TLS 1.3 says so by its type."""
        behind = self.units.sealed_from
        return unit.content_type == APPLICATION_DATA or (
            not self._is_tls13() and behind is not None and unit.span.start > behind
        )

    def _inner(self, unit: Unit) -> Said | None:
        assert self.inside is not None
        if unit.is_record:
            return None
        span = self.inside.carriers(unit.span)
        places = tuple(_place(each, unit) for each in self.inside.opened(span) if len(each.span))
        data = self.inside.units.read(unit)
        return Said(self._direction, unit, data, span, Reading.DECRYPTED, places)


def _place(record: OpenRecord, unit: Unit) -> Place:
    """The part of a unit that one record holds."""
    common = record.span.intersection(unit.span)
    inside = common.shifted(-unit.span.start)
    starts = record.opened.starts
    if starts is None:
        return Place(inside, record.record)
    return Place(inside, common.shifted(record.record.start + starts - record.span.start))


class Talk:
    """Both directions of one TCP stream, kept up to date by ``update``."""

    def __init__(
        self, streams: Streams, contents: Contents, stream: int, client: int, *, is_read: bool
    ) -> None:
        """``client``: the side that is ours; ``is_read``: TLS is looked into, where keys are."""
        self.stream = stream
        self._streams = streams
        self._contents = contents
        self._side_of = {Direction.SENT: client, Direction.RECEIVED: 1 - client}
        self.is_read = is_read
        self._sides: dict[Direction, _Side] = {}
        self.generation = 0
        """Changes when all has been read anew, because keys turned up."""

    def update(self) -> None:
        """Take in what the capture, or the key log, has gained."""
        finish(self.steps())

    def steps(self) -> Generator[None, None, None]:
        """The same, step by step."""
        for units in self._contents.units(self.stream):
            # Both directions first: what the server chose says how to read the client's records.
            for _ in range(MAX_STEPS):
                if not units.walk(WALK_STEP):
                    break
                yield
        for direction, side in self._side_of.items():
            units = self._contents.units(self.stream)[side]
            inside = self._contents.decryption(self.stream, side) if self.is_read else None
            known = self._sides.get(direction)
            if known is None or known.inside is not inside or known.units is not units:
                known = self._sides[direction] = _Side(direction, units, inside, self._is_tls13)
                self.generation += 1
            yield from known.steps()

    def _is_tls13(self) -> bool:
        agreed = self._contents.tls(self.stream)
        return agreed is not None and agreed.version == "TLSv1.3"

    def said(self, direction: Direction) -> list[Said]:
        """What one end said, by position in the stream, as far as ``update`` came."""
        side = self._sides.get(direction)
        return side.said if side is not None else []

    def side(self, direction: Direction) -> StreamDirection:
        return self._streams.direction(self.stream, self._side_of[direction])

    def direction(self, side: int) -> Direction:
        return Direction.SENT if self._side_of[Direction.SENT] == side else Direction.RECEIVED

    def frames(self, said: Said) -> tuple[int, ...]:
        """The frames that carry a unit, retransmissions included."""
        return self.side(said.direction).carriers(said.span).frames

    def completed_by(self, said: Said) -> int:
        """The frame with which all of a unit was there; 0 when no frame carries it."""
        found = self.side(said.direction).carriers(said.span)
        first = [frame for frame in found.frames if frame not in found.retransmissions]
        return max(first, default=0)

    def in_order(self, both: list[Said]) -> Generator[None, None, list[Said]]:
        """What one or both ends said, in the order of being complete."""
        places: list[tuple[int, int, int]] = []
        for at, said in enumerate(both):
            places.append((self.completed_by(said), said.span.start, at))
            if not (at + 1) % ENTRIES_AT_ONCE:
                yield
        return [both[at] for _, _, at in sorted(places)]
