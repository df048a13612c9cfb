"""Application units of a byte stream: IRC lines and TLS records, however TCP cut them up.

One ``Units`` walks one direction from its first captured byte on and remembers where each unit
lies, so that a frame can be described by the lines or records that it holds parts of. What a stream
speaks is known for our own connections and otherwise read from the bytes, never from a port.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange
from chatlab.protocol.tcp import StreamDirection
from chatlab.protocol.tls import HEADER_SIZE, begins_record
from chatlab.protocol.tls_handshake import (
    CHANGE_CIPHER_SPEC,
    CLIENT_HELLO,
    HANDSHAKE,
    SERVER_HELLO,
    ClientHello,
    ServerHello,
    handshake_messages,
    parse_client_hello,
    parse_server_hello,
)

MAX_LINE = 16 * 1024
"""A longer run without a line end is no line (the longest with tags has 8,703 bytes)."""
GAP_PATIENCE = 64 * 1024
"""Bytes that may lie behind a gap before the walk goes on without what is missing."""
MAX_PROBES = 32
"""Segments looked at for the beginning of something known."""
WALK_STEP = 512 * 1024
"""Bytes walked over per question, so that nobody waits for the whole of a long stream."""
_CHUNK = 64 * 1024
_RECORD_TYPES = (b"\x14", b"\x15", b"\x16", b"\x17")
_LINE = 0
"""The kind of a line; records have their content type."""

_NUMERIC = re.compile(rb"(?:@\S+ +)?:\S+ +\d{3} +\S")
_NAMED = re.compile(
    rb"(?:@\S+ +)?(?::\S+ +)?"
    rb"(?:NICK +:?\S+|USER +\S+ +\S+ +\S+ +:?\S|(?:PRIVMSG|NOTICE) +\S+ +:?\S|JOIN +:?[#&+!]"
    rb"|CAP +(?:\* +|\S+ +)?(?:LS|REQ|ACK|END|NAK|LIST)\b)",
    re.IGNORECASE,
)


def looks_like_irc(line: bytes) -> bool:
    """Whether a line could hardly be anything but IRC."""
    return bool(_NUMERIC.match(line) or _NAMED.match(line))


class Speech(Enum):
    """What a direction speaks at the moment."""

    UNKNOWN = "unknown"
    LINES = "lines"
    RECORDS = "records"
    OPAQUE = "opaque"


class Unit(NamedTuple):
    """One line or one record, by positions in its direction."""

    span: ByteRange
    content_type: int
    """Of a TLS record; 0 for a line."""

    @property
    def is_line(self) -> bool:
        return self.content_type == _LINE


class Units:
    """The units of one direction, found as far as its bytes have been captured."""

    def __init__(self, streams: Streams, direction: StreamDirection, *, is_irc: bool) -> None:
        self._streams = streams
        self.direction = direction
        self.speech = Speech.LINES if is_irc else Speech.UNKNOWN
        self.client_hello: ClientHello | None = None
        self.server_hello: ServerHello | None = None
        self.sealed_from: int | None = None
        """Position of the first Change Cipher Spec: handshakes behind it are encrypted."""
        self.saw_irc = False
        """A line was met that could hardly be anything but IRC."""
        self._starts = array("q")
        self._stops = array("q")
        self._kinds = array("B")
        self._position: int | None = None
        self._probes = 0

    def overlapping(self, span: ByteRange, most: int = 0) -> list[Unit]:
        """The units with bytes in ``span``, in order, as far as the walk has come.

        ``most``: the first so many are enough; 0 for all.
        """
        if self._position is None or span.stop > self._position:
            self._walk()
        first = max(0, bisect_right(self._starts, span.start) - 1)
        found: list[Unit] = []
        for row in range(first, len(self._starts)):
            unit = Unit(ByteRange(self._starts[row], self._stops[row]), self._kinds[row])
            if unit.span.start >= span.stop:
                break
            if unit.span.overlaps(span):
                found.append(unit)
                if len(found) == most:
                    break
        return found

    def read_all(self, units: Sequence[Unit]) -> list[bytes | None]:
        """What ``read`` says of each; neighbours are read in one go, as a frame has hundreds."""
        if not units:
            return []
        first, last = units[0].span.start, units[-1].span.stop
        whole = self._streams.read(self.direction, ByteRange(first, last))
        if whole is None:
            return [self.read(unit) for unit in units]
        return [whole[unit.span.start - first : unit.span.stop - first] for unit in units]

    def read(self, unit: Unit) -> bytes | None:
        """The bytes of a unit; None when some were not captured."""
        return self._streams.read(self.direction, unit.span)

    def _walk(self) -> None:
        """Find units from where the last walk ended, but not too many at a time."""
        seen = self.direction.seen
        if not seen.starts:
            return
        if self._position is None:
            self._position = 0 if self.direction.is_anchored else seen.starts[0]
        limit = self._position + WALK_STEP
        while self.speech is not Speech.OPAQUE and self._position < limit:
            before, speech = self._position, self.speech
            end = min(seen.end(before), limit)
            if self.speech is Speech.UNKNOWN:
                self._probe(before, end)
            elif self.speech is Speech.RECORDS:
                self._walk_records(before, end)
            else:
                self._walk_lines(before, end)
            is_stuck = self._position == before and self.speech is speech
            if is_stuck and (end == limit or not self._skip_gap(end)):
                return

    def _skip_gap(self, position: int) -> bool:
        """Go on behind a gap which is not going to be filled any more."""
        if self.direction.high - position <= GAP_PATIENCE:
            return False
        row = bisect_right(self.direction.seen.starts, position)
        if row >= len(self.direction.seen.starts):
            return False
        self._position = self.direction.seen.starts[row]
        if self.speech is Speech.RECORDS:
            # Only a segment that begins with a record tells where the next one lies.
            self.speech, self._probes = Speech.UNKNOWN, 0
        return True

    def _probe(self, position: int, end: int) -> None:
        """Find out what is spoken from the next segment that begins with something known."""
        head = self._streams.read(self.direction, ByteRange(position, min(end, position + 1024)))
        if head is None:
            self.speech = Speech.OPAQUE
        elif begins_record(head):
            self.speech = Speech.RECORDS
        elif looks_like_irc(head):
            self.speech = Speech.LINES
        elif len(head) >= HEADER_SIZE:
            self._probes += 1
            follower = head.find(b"\n") + 1
            is_text = head[: follower or None].isascii() and (follower or len(head) < 512)
            segments = self.direction.segments(ByteRange(position, position + 1))
            stops = [stop for _, stop, _ in segments]
            if self._probes >= MAX_PROBES or not stops:
                self.speech = Speech.OPAQUE
            else:
                # Lines before the first telling one (PING, a MOTD) are skipped one by one.
                step = position + follower if is_text and follower else max(stops)
                self._position = min(step, end)

    def _walk_records(self, position: int, end: int) -> None:
        while position + HEADER_SIZE <= end:
            head = self._streams.read(self.direction, ByteRange(position, position + HEADER_SIZE))
            if head is None or not begins_record(head):
                self.speech = Speech.OPAQUE
                break
            stop = position + HEADER_SIZE + int.from_bytes(head[3:5], "big")
            if stop > end:
                break
            self._note_record(head[0], position, stop)
            position = stop
        self._position = position

    def _note_record(self, kind: int, start: int, stop: int) -> None:
        self._add(start, stop, kind)
        if kind == CHANGE_CIPHER_SPEC and self.sealed_from is None:
            self.sealed_from = start
        if kind != HANDSHAKE or (self.client_hello and self.server_hello):
            return
        record = self._streams.read(self.direction, ByteRange(start, stop))
        for message in handshake_messages((record or b"")[HEADER_SIZE:]) or ():
            if message.kind == CLIENT_HELLO:
                self.client_hello = self.client_hello or parse_client_hello(message.body)
            elif message.kind == SERVER_HELLO:
                self.server_hello = parse_server_hello(message.body)

    def _walk_lines(self, position: int, end: int) -> None:
        while position < end:
            span = ByteRange(position, min(end, position + _CHUNK))
            data = self._streams.read(self.direction, span)
            if data is None:
                self.speech = Speech.OPAQUE
                break
            used = self._cut_lines(data, position)
            position += used
            if self.speech is not Speech.LINES or not used:
                break
        self._position = position

    def _cut_lines(self, data: bytes, base: int) -> int:
        """Note the whole lines of ``data``; how many bytes they fill."""
        start = 0
        while True:
            # STARTTLS, or TLS from the first byte on: no line begins like a record.
            if data[start : start + 1] in _RECORD_TYPES:
                if begins_record(data[start:]):
                    self.speech = Speech.RECORDS
                    return start
                if len(data) - start < HEADER_SIZE:
                    return start
            stop = data.find(b"\n", start) + 1
            if not stop:
                if len(data) - start > MAX_LINE:
                    self.speech = Speech.OPAQUE
                return start
            if not self.saw_irc:
                self.saw_irc = looks_like_irc(data[start:stop])
            self._add(base + start, base + stop, _LINE)
            start = stop

    def _add(self, start: int, stop: int, kind: int) -> None:
        self._starts.append(start)
        self._stops.append(stop)
        self._kinds.append(kind)
