"""Tying a capture that began late to offsets: by bytes that our own socket knows.

Where no SYN was captured, sequence numbers alone say nothing about offsets. The connection's tap
keeps the last bytes of each direction with their offsets (``Tail``); a captured payload that
occurs exactly once among them fixes the difference. Nothing is guessed: what occurs twice waits for
a payload that does not, and every other captured payload must agree.

A received line may be captured before the tap has read it, and an equal, older line then looks like
it. Ciphertext has no equals. A readable payload has to wait until our own TCP has acknowledged it
(it is ready to be read) and the tap has read on since, or has had the time to and nothing came
(``settle``): then what was captured ends where the tail ends.
"""

from typing import NamedTuple

from chatlab.analysis.streams import Placement, Streams
from chatlab.core.attribution import Evidence
from chatlab.core.flow import ByteRange, Direction
from chatlab.protocol.tcp import StreamDirection
from chatlab.protocol.tls import begins_record

TAIL_LIMIT = 256 * 1024
"""Bytes kept of each direction."""
MIN_PAYLOAD = 32
"""Shorter payloads are too likely to be like others."""
MAX_CANDIDATES = 64


class Tail:
    """The last bytes of one direction, as they lie in the TCP stream."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.start = 0
        """Offset of the oldest byte kept."""

    @property
    def stop(self) -> int:
        return self.start + len(self._data)

    def append(self, data: bytes) -> None:
        self._data += data
        # Cut in large steps: every cut moves the rest.
        if len(self._data) > 2 * TAIL_LIMIT:
            surplus = len(self._data) - TAIL_LIMIT
            del self._data[:surplus]
            self.start += surplus

    def read(self, span: ByteRange) -> bytes:
        """The bytes of ``span`` as far as they are kept."""
        kept = span.intersection(ByteRange(self.start, self.stop))
        return bytes(self._data[kept.start - self.start : kept.stop - self.start])

    def find(self, payload: bytes) -> int | None:
        """The offset of ``payload`` when it occurs exactly once."""
        first = self._data.find(payload)
        if first < 0 or self._data.find(payload, first + 1) >= 0:
            return None
        return self.start + first


class _Candidate(NamedTuple):
    position: int
    payload: bytes
    known_to: int
    """How far the tail reached when the frame was seen."""


class _State(NamedTuple):
    """How far everything has come; the same twice means that nothing has happened."""

    captured: int
    acknowledged: int | None
    known_to: int


class LateAnchor:
    """Looks for the offset of one direction whose SYN was not captured."""

    def __init__(self, streams: Streams, target: StreamDirection, sense: Direction) -> None:
        self._streams = streams
        self._target = target
        self._sense = sense
        self._candidates: list[_Candidate] = []
        self._before: _State | None = None
        """What was known at the last ``settle``."""
        self._tried: _State | None = None
        """What was known when quiet did not help."""

    def saw(self, number: int, place: Placement, tail: Tail) -> None:
        """Note a frame of the direction."""
        if len(place.payload) < MIN_PAYLOAD:
            return
        raw = self._streams.log.raw(number)
        if len(raw) >= place.payload.stop:
            payload = raw[place.payload.start : place.payload.stop]
            self._candidates.append(_Candidate(place.position, payload, tail.stop))
            del self._candidates[:-MAX_CANDIDATES]

    def is_settling(self, tail: Tail) -> bool:
        """Whether ``settle`` may help: a readable payload waits, and it was not in vain before."""
        if self._sense is Direction.SENT or self._target.is_anchored or not self._candidates:
            return False
        return self._state(tail) != self._tried

    def settle(self, tail: Tail) -> bool:
        """Anchor the direction if nothing at all has come since the last call."""
        state = self._state(tail)
        if state != self._before:
            self._before = state
            return False
        self._tried = state
        return self.attempt(tail, is_quiet=True)

    def _state(self, tail: Tail) -> _State:
        return _State(self._target.high, self._target.acknowledged, tail.stop)

    def attempt(self, tail: Tail, *, is_quiet: bool = False) -> bool:
        """Anchor the direction if one payload now says where it lies.

        ``is_quiet``: whatever could be read has been read.
        """
        for candidate in self._candidates:
            offset = tail.find(candidate.payload)
            if offset is None:
                continue
            shift = offset - candidate.position
            is_end = is_quiet and self._target.high + shift == tail.stop
            if not self._is_settled(candidate, tail.stop > candidate.known_to or is_end):
                continue
            sequence = self._target.sequence(candidate.position)
            if sequence is not None and self._agrees(shift, tail):
                self._target.anchor(offset, sequence, Evidence.CONTENT)
                return True
        return False

    def _is_settled(self, candidate: _Candidate, is_read_since: bool) -> bool:
        """Whether the tail must hold the candidate's own bytes by now."""
        if self._sense is Direction.SENT or begins_record(candidate.payload):
            return True
        reached = self._target.acknowledged
        stop = candidate.position + len(candidate.payload)
        return is_read_since and reached is not None and reached >= stop

    def _agrees(self, shift: int, tail: Tail) -> bool:
        for position, payload, _ in self._candidates:
            start = position + shift
            kept = ByteRange(start, start + len(payload)).intersection(
                ByteRange(tail.start, tail.stop)
            )
            if len(kept) and tail.read(kept) != payload[kept.start - start : kept.stop - start]:
                return False
        return True
