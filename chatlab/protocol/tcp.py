"""TCP as byte streams: from sequence numbers to offsets, and who carried which byte.

Theory of operation. A sequence number names a byte modulo 2**32 (RFC 9293, section 3.4), so it is
meaningful only near another one. Each direction keeps a *reference*: the sequence number of its
*position* 0. Positions are plain integers that never wrap: a new number is placed where it lies
nearest to the highest position seen, which is right as long as no segment is 2 GiB off.

With the SYN in sight, position 0 is the byte after it, and positions are the *offsets* that the
connection's tap counts. Without it, position 0 is the first byte that happened to be captured;
``anchor`` tells later which offset that is, and until then ``offset`` has no answer.

The SYN and the FIN each use up a sequence number but carry no byte, so an acknowledgement may lie
one beyond the last byte. Frames may come in any order and any number of times.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from chatlab.core.attribution import Evidence
from chatlab.core.flow import ByteRange
from chatlab.protocol.packet import ACK, FIN, RST, SYN
from chatlab.protocol.spans import Coverage, SpanIndex

_MODULUS = 1 << 32
_MASK = _MODULUS - 1
_HALF = 1 << 31
_NOT_PLAIN = SYN | FIN | RST | ACK
MAX_WINDOW = 1 << 30
"""No sender may be further ahead than this (RFC 7323, section 2.3): such a segment is not ours."""

# What is remarkable about a segment; one byte holds them all.
RETRANSMISSION = 1
"""It begins with bytes that had been captured before; or its SYN or FIN had."""
OUT_OF_ORDER = 2
"""It fills a gap: later bytes, or the FIN, were captured before it."""
LOST_BEFORE = 4
"""Bytes before it have not been captured (yet)."""
KEEP_ALIVE = 8
KEEP_ALIVE_ACK = 16
DUPLICATE_ACK = 32
WINDOW_UPDATE = 64
ZERO_WINDOW = 128


class Carriers(NamedTuple):
    """The frames that carry bytes of a span, ascending."""

    frames: tuple[int, ...]
    retransmissions: tuple[int, ...]
    """Those whose bytes of the span had all been captured in earlier frames."""


class StreamDirection:
    """The bytes that one side of a connection sends, and the other side's ACKs of them."""

    __slots__ = (
        "_ack_frames",
        "_ack_positions",
        "_duplicate_counts",
        "_duplicate_frames",
        "_duplicate_of",
        "_last_ack",
        "_last_ack_frame",
        "_last_notes",
        "_last_window",
        "_next",
        "_same_acks",
        "_segments",
        "_shift",
        "_syn",
        "evidence",
        "fin",
        "high",
        "mss",
        "peer",
        "reference",
        "seen",
        "side",
        "stream",
        "window_shift",
    )

    def __init__(self, stream: int = 0, side: int = 0) -> None:
        self.stream = stream
        self.side = side
        self.peer: StreamDirection = self
        """The other direction of the connection (``TcpStream`` sets it)."""
        self.reference: int | None = None
        """Sequence number of position 0; None before the first segment."""
        self.evidence: Evidence | None = None
        """How positions were tied to offsets; None while they are not."""
        self.high = 0
        """The position after the last byte seen."""
        self.fin: int | None = None
        """The position of the FIN, which is the length of the stream."""
        self.seen = Coverage()
        self.window_shift: int | None = None
        """Window scale of the SYN (RFC 7323); None when it was not seen or had none."""
        self.mss: int | None = None
        """Longest payload that this side is ready to take (the SYN's MSS option)."""
        self._shift = self._syn = 0
        self._next = -1
        """The sequence number of ``high``; -1 unless the bytes seen end there, and no FIN was."""
        self._segments = SpanIndex()
        self._ack_frames = array("Q")
        self._ack_positions = array("q")
        self._last_ack = self._last_window = -1
        self._last_ack_frame = self._last_notes = self._same_acks = 0
        self._duplicate_frames = array("Q")
        self._duplicate_of = array("Q")
        self._duplicate_counts = array("I")

    # --- taking frames in ------------------------------------------------------------------

    def take(
        self, frame: int, sequence: int, acknowledged: int, flags: int, window: int, length: int
    ) -> tuple[int, int]:
        """Note a segment that this side sent: where its payload lies, and what is remarkable."""
        if sequence != self._next or flags & _NOT_PLAIN != ACK or not window:
            return self._take_other(frame, sequence, acknowledged, flags, window, length)
        # Nearly every segment: it goes on where the last one ended.
        position, notes = self.high, 0
        if length:
            self.high = self.seen.stops[-1] = stop = position + length
            self._next = (sequence + length) & _MASK
            self._segments.add(position, stop, frame)
        if acknowledged != self._last_ack:
            self.peer._acknowledge(frame, acknowledged, flags)
            self._last_ack, self._last_ack_frame, self._same_acks = acknowledged, frame, 0
        elif not length:
            notes = self._repeat_ack(frame, position, window)
        self._last_window, self._last_notes = window, notes
        return position, notes

    def _take_other(
        self, frame: int, sequence: int, acknowledged: int, flags: int, window: int, length: int
    ) -> tuple[int, int]:
        """``take`` for what is not the next plain segment of a stream."""
        if flags & SYN:
            sequence = (sequence + 1) & _MASK
            self.anchor(0, sequence, Evidence.OFFSET)
        elif self.reference is None:
            self.reference = sequence
        assert self.reference is not None
        high = self.high
        position = high + ((sequence - self.reference - high + _HALF) & _MASK) - _HALF
        notes = 0
        if length:
            notes = self._place(frame, position, length)
        elif position == high - 1 and not flags & (SYN | FIN | RST):
            notes = KEEP_ALIVE
        if flags & (SYN | FIN):
            notes |= self._take_control(flags, position, length)
        if flags & ACK:
            if acknowledged != self._last_ack:
                self.peer._acknowledge(frame, acknowledged, flags)
                self._last_ack, self._last_ack_frame, self._same_acks = acknowledged, frame, 0
            elif not length and not notes and not flags & (SYN | FIN | RST):
                notes = self._repeat_ack(frame, position, window)
            self._last_window = window
        if not window and not flags & (SYN | FIN | RST):
            notes |= ZERO_WINDOW
        self._last_notes = notes
        stops = self.seen.stops
        is_whole = bool(stops) and stops[-1] == self.high and self.fin is None
        self._next = (self.reference + self.high) & _MASK if is_whole else -1
        return position, notes

    def _place(self, frame: int, position: int, length: int) -> int:
        """Note where a payload lies; what is remarkable about that."""
        stop = position + length
        if abs(position - self.high) > MAX_WINDOW:
            return LOST_BEFORE
        ahead, behind = position > self.high, position < self.high
        acked = self._ack_positions[-1] if self._ack_positions else 0
        if length == 1 and stop == self.high and acked >= stop:
            # The byte of a keep-alive is no data (RFC 9293, section 3.8.4).
            return KEEP_ALIVE
        known = behind and self.seen.covers(position, position + 1)
        new = self.seen.add(position, stop)
        self.high = max(self.high, stop)
        self._segments.add(position, stop, frame)
        if known:
            return RETRANSMISSION
        is_before_fin = not ahead and self.fin is not None and stop <= self.fin
        if new and (behind or is_before_fin):
            return OUT_OF_ORDER
        return LOST_BEFORE if ahead else 0

    def _take_control(self, flags: int, position: int, length: int) -> int:
        """Note a SYN or a FIN; what is remarkable about one that carries no data."""
        is_repeated = is_ahead = False
        if flags & SYN:
            # A SYN, ACK of who had sent a SYN is no repetition: both ends asked at once.
            kind = flags & (SYN | ACK)
            is_repeated = kind == self._syn and self.offset(position) == 0
            self._syn = kind
        if flags & FIN:
            is_repeated |= self.fin == position + length
            is_ahead = position > self.high
            self.fin = position + length
        if length:
            return 0
        return RETRANSMISSION if is_repeated else LOST_BEFORE if is_ahead else 0

    def _acknowledge(self, frame: int, number: int, flags: int) -> None:
        """The other side acknowledged everything before ``number``."""
        if flags & SYN:
            # It answers our SYN, so it tells our initial sequence number, too.
            self.anchor(0, number, Evidence.OFFSET)
        elif self.reference is None:
            self.reference = number
        assert self.reference is not None
        high = self.high
        position = high + ((number - self.reference - high + _HALF) & _MASK) - _HALF
        latest = self._ack_positions[-1] if self._ack_positions else None
        if position - high > MAX_WINDOW or (latest is not None and position <= latest):
            return
        self._ack_frames.append(frame)
        self._ack_positions.append(position)

    def _repeat_ack(self, frame: int, position: int, window: int) -> int:
        """Name a bare ACK that acknowledges nothing new, by Wireshark's rules."""
        expected = self.high if self.fin is None else self.fin + 1
        if position != expected or not window:
            return 0
        if window != self._last_window:
            return WINDOW_UPDATE
        if self.peer._last_notes & KEEP_ALIVE:
            return KEEP_ALIVE_ACK
        self._same_acks += 1
        self._duplicate_frames.append(frame)
        self._duplicate_of.append(self._last_ack_frame)
        self._duplicate_counts.append(self._same_acks)
        return DUPLICATE_ACK

    # --- offsets ---------------------------------------------------------------------------

    @property
    def is_anchored(self) -> bool:
        return self.evidence is not None

    def anchor(self, offset: int, sequence: int, evidence: Evidence = Evidence.CONTENT) -> None:
        """Tie offsets to positions: the byte at ``offset`` has this sequence number.

        What the SYN has told is never overruled.
        """
        if self.evidence is Evidence.OFFSET:
            return
        if self.reference is None:
            self.reference = sequence
        distance = ((sequence - self.reference + _HALF) & _MASK) - _HALF
        self._shift = offset - distance
        self.evidence = evidence

    def offset(self, position: int) -> int | None:
        """The stream offset of a position; None while the direction is not anchored."""
        return position + self._shift if self.is_anchored else None

    def position(self, offset: int) -> int | None:
        """The position of a stream offset; None while the direction is not anchored."""
        return offset - self._shift if self.is_anchored else None

    def sequence(self, position: int) -> int | None:
        """The sequence number of a position."""
        return None if self.reference is None else (self.reference + position) & _MASK

    def relative(self, sequence: int) -> int:
        """A sequence number as analysers print it: counted from the SYN, which is 0."""
        return (sequence - (self.reference or 0) + 1) & _MASK

    # --- questions, all by position ----------------------------------------------------------

    def segments(self, span: ByteRange) -> list[tuple[int, int, int]]:
        """(start, stop, frame) of the segments with bytes in ``span``, by their start."""
        return self._segments.overlapping(span.start, span.stop)

    def covers(self, span: ByteRange) -> bool:
        """Whether every byte of ``span`` lies in some captured frame."""
        return self.seen.covers(span.start, span.stop)

    def carriers(self, span: ByteRange) -> Carriers:
        """The frames with bytes of ``span``, and which of them brought nothing new of it."""
        by_frame = sorted((frame, start, stop) for start, stop, frame in self.segments(span))
        seen = Coverage()
        repeated = [
            frame
            for frame, start, stop in by_frame
            if not seen.add(max(start, span.start), min(stop, span.stop))
        ]
        return Carriers(tuple(frame for frame, _, _ in by_frame), tuple(repeated))

    def acks(self, span: ByteRange) -> tuple[int, ...]:
        """Frames that newly acknowledge bytes of ``span``, up to the first that covers it."""
        first = bisect_right(self._ack_positions, span.start)
        last = bisect_left(self._ack_positions, span.stop)
        return tuple(self._ack_frames[first : last + 1])

    @property
    def acknowledged(self) -> int | None:
        """The position up to which bytes are acknowledged; None before any ACK."""
        if not self._ack_positions:
            return None
        latest = self._ack_positions[-1]
        return latest if self.fin is None else min(latest, self.fin)

    def acknowledged_by(self, frame: int) -> ByteRange:
        """The positions that ``frame``, sent by the peer, newly acknowledged; may be empty."""
        row = bisect_left(self._ack_frames, frame)
        if row == len(self._ack_frames) or self._ack_frames[row] != frame or not row:
            return ByteRange(0, 0)
        return ByteRange(self._ack_positions[row - 1], self._ack_positions[row])

    def duplicate(self, frame: int) -> tuple[int, int]:
        """For a duplicate ACK of this side: the frame it repeats, and the how manieth it is."""
        row = bisect_left(self._duplicate_frames, frame)
        return self._duplicate_of[row], self._duplicate_counts[row]


class TcpStream:
    """Both directions of one TCP connection; side 0 sent the first captured segment."""

    __slots__ = ("number", "sides")

    def __init__(self, number: int = 0) -> None:
        self.number = number
        self.sides = (StreamDirection(number, 0), StreamDirection(number, 1))
        self.sides[0].peer, self.sides[1].peer = self.sides[1], self.sides[0]

    @property
    def scales_windows(self) -> bool:
        """Both SYNs were seen and offer it, so windows are to be multiplied (RFC 7323)."""
        return all(side.window_shift is not None for side in self.sides)
