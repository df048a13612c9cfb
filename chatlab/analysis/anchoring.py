"""Tying a capture that began late to offsets: by bytes that our own socket knows.

Where no SYN was captured, sequence numbers alone say nothing about offsets. The connection's tap
keeps the last bytes of each direction with their offsets (``Tail``); a captured payload that
occurs exactly once among them fixes the difference. Nothing is guessed: what occurs twice waits for
a payload that does not, and every other captured payload must agree.
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


class LateAnchor:
    """Looks for the offset of one direction whose SYN was not captured."""

    def __init__(self, streams: Streams, target: StreamDirection, sense: Direction) -> None:
        self._streams = streams
        self._target = target
        self._sense = sense
        self._candidates: list[_Candidate] = []

    def saw(self, number: int, place: Placement, tail: Tail) -> None:
        """Note a frame of the direction."""
        if len(place.payload) < MIN_PAYLOAD:
            return
        raw = self._streams.log.raw(number)
        if len(raw) >= place.payload.stop:
            payload = raw[place.payload.start : place.payload.stop]
            self._candidates.append(_Candidate(place.position, payload, tail.stop))
            del self._candidates[:-MAX_CANDIDATES]

    def attempt(self, tail: Tail) -> bool:
        """Anchor the direction if one payload now says where it lies."""
        for candidate in self._candidates:
            offset = tail.find(candidate.payload)
            if offset is None or not self._is_settled(candidate, tail):
                continue
            sequence = self._target.sequence(candidate.position)
            shift = offset - candidate.position
            if sequence is not None and self._agrees(shift, tail):
                self._target.anchor(offset, sequence, Evidence.CONTENT)
                return True
        return False

    def _is_settled(self, candidate: _Candidate, tail: Tail) -> bool:
        """Whether the tail must hold the candidate's own bytes by now.

        A received line may be captured before the tap has read it; an equal, older line
        would then look like it. Bytes read since, or ciphertext, rule that out.
        """
        if self._sense is Direction.SENT or begins_record(candidate.payload):
            return True
        return tail.stop > candidate.known_to

    def _agrees(self, shift: int, tail: Tail) -> bool:
        for position, payload, _ in self._candidates:
            start = position + shift
            kept = ByteRange(start, start + len(payload)).intersection(
                ByteRange(tail.start, tail.stop)
            )
            if len(kept) and tail.read(kept) != payload[kept.start - start : kept.stop - start]:
                return False
        return True
