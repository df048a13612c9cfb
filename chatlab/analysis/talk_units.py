"""Both directions of a captured stream as one conversation: lines or stanzas in order of time.

What lies in clear comes as it is, what TLS had sealed where its secrets are there; each unit knows
the bytes of the stream that carry it and the frame that completed it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from chatlab.analysis.contents import Contents
from chatlab.analysis.streams import Streams
from chatlab.analysis.units import Unit, Units
from chatlab.core.flow import ByteRange
from chatlab.protocol.xmpp import UnitKind

READ_AT_ONCE = 64
"""Units whose bytes are read in one go."""
STEP = 64 * 1024
"""Bytes that are looked through between two rests."""


class TalkUnit(NamedTuple):
    """One line or stanza of either side."""

    frame: int
    """The first in which all of it has been captured."""
    side: int
    data: bytes
    kind: UnitKind | None
    """None for a line."""
    wire: ByteRange
    """Positions in its direction; under TLS of whole records."""


def talk_units(contents: Contents, streams: Streams, stream: int) -> Iterator[TalkUnit | None]:
    """The units of a stream; None where more may follow and it is a good place to rest."""
    sides = [_Side(contents, streams, stream, side) for side in (0, 1)]
    heads: list[TalkUnit | None] = [None, None]
    while True:
        for each, source in enumerate(sides):
            while heads[each] is None and not source.is_over:
                heads[each] = source.next()
                if heads[each] is None:
                    yield None
        waiting = [head for head in heads if head is not None]
        if not waiting:
            return
        first = min(waiting)
        heads[first.side] = None
        yield first


class _Side:
    """One direction, read on as far as it is asked for."""

    def __init__(self, contents: Contents, streams: Streams, stream: int, side: int) -> None:
        self._contents, self._stream, self._side = contents, stream, side
        self._direction = streams.direction(stream, side)
        self._units = contents.units(stream)[side]
        self._row = self._inner_row = 0
        self._ready: list[TalkUnit] = []
        self._stops = [-1, -1]
        """Where the last line ended, of those in clear and of those that were sealed."""
        self._frame = 0
        self.is_over = False

    def next(self) -> TalkUnit | None:
        """The next unit; None when it takes another call, or when there is none (``is_over``)."""
        if self._ready:
            return self._ready.pop()
        if self._read_clear() or self._read_sealed():
            self._ready.reverse()
            return self._ready.pop() if self._ready else None
        self.is_over = True
        return None

    def _read_clear(self) -> bool:
        """Take the next units that lie in clear; whether there was anything to do."""
        units = _some(self._units, self._row)
        if not units and self._units.walk(STEP):
            return True
        self._row += len(units)
        wanted = [unit for unit in units if not unit.is_record]
        texts = self._units.read_all(wanted)
        for unit, data in zip(wanted, texts, strict=True):
            self._add(unit, data, unit.span, 0)
        return bool(units)

    def _read_sealed(self) -> bool:
        """The same for what TLS had sealed, which comes behind all that is in clear."""
        found = self._contents.decryption(self._stream, self._side)
        if found is None:
            return False
        units = _some(found.units, self._inner_row)
        if not units:
            # More records first: what the walk over their plaintext has come to is known then.
            return not found.update() or found.units.walk(STEP)
        self._inner_row += len(units)
        for unit, data in zip(units, found.units.read_all(units), strict=True):
            if not unit.is_record:
                self._add(unit, data, found.carriers(unit.span), 1)
        return True

    def _add(self, unit: Unit, data: bytes | None, wire: ByteRange, of: int) -> None:
        stop, self._stops[of] = self._stops[of], unit.span.stop
        # Behind a gap comes the rest of some line, which may look like a line of its own.
        is_rest = unit.is_line and stop not in (-1, unit.span.start)
        if data is None or is_rest:
            return
        last = self._direction.segments(ByteRange(wire.stop - 1, wire.stop))
        # A frame that came late completes all that stands behind it.
        self._frame = max(self._frame, min((frame for *_, frame in last), default=0))
        kind = unit.stanza_kind
        self._ready.append(TalkUnit(self._frame, self._side, data, kind, wire))


def _some(units: Units, row: int) -> list[Unit]:
    found: list[Unit] = []
    for unit in units.since(row):
        found.append(unit)
        if len(found) == READ_AT_ONCE:
            break
    return found
