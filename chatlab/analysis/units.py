"""Application units of a byte stream: IRC lines, stanzas and TLS records, however TCP cut them up.

One ``Units`` walks one direction from its first captured byte on and remembers where each unit
lies, so that a frame can be described by the units that it holds parts of. What a stream speaks is
known for our own connections and otherwise read from the bytes, never from a port.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import accumulate
from typing import NamedTuple

from chatlab.analysis.byte_source import ByteSource
from chatlab.core.account import Application
from chatlab.core.flow import ByteRange
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
from chatlab.protocol.xmpp import StanzaSplitter, StreamFault, UnitKind

MAX_LINE = 16 * 1024
"""A longer run without a line end is no line (the longest with tags has 8,703 bytes)."""
MAX_PROBES = 32
"""Segments looked at for the beginning of something known."""
WALK_STEP = 512 * 1024
"""Bytes walked over per question, so that nobody waits for the whole of a long stream."""
_CHUNK = 64 * 1024
_RECORD_TYPES = (b"\x14", b"\x15", b"\x16", b"\x17")
_LIKE_RECORD = re.compile(rb"[\x14-\x17](?<![^\n].)", re.DOTALL)
"""The first byte of a line that begins like a record."""
_LINE = 0
"""The kind of a line; records have their content type."""
_FIRST_RECORD = 20
_STANZA_KINDS = tuple(UnitKind)
"""Units of an XMPP stream have the place of their kind in here, counted from 1."""

_ASKS_FOR_TLS = re.compile(rb"STARTTLS *\r?\n", re.IGNORECASE)
"""In IRC and in protocols of mail; the line behind it, or the other side, tells which it was."""
_NUMERIC = re.compile(rb"(?:@\S+ +)?:\S+ +\d{3} +\S")
_NAMED = re.compile(
    rb"(?:@\S+ +)?(?::\S+ +)?"
    rb"(?:NICK +:?\S+|USER +\S+ +\S+ +\S+ +:?\S|(?:PRIVMSG|NOTICE) +\S+ +:?\S|JOIN +:?[#&+!]"
    rb"|CAP +(?:\* +|\S+ +)?(?:LS|REQ|ACK|END|NAK|LIST)\b)",
    re.IGNORECASE,
)
_STANZA = re.compile(
    rb"[ \t\r\n]*(?:<\?xml[ \t\r\n][^<>]*>[ \t\r\n]*)?"
    rb"<(?:(?:\w+:)?stream[ \t\r\n][^<>]*http://etherx\.jabber\.org/streams"
    rb"|stream:(?:features|error)[ \t\r\n>]"
    rb"|(?:message|presence|iq)(?:>|/>|[ \t\r\n]+[\w:]+=[\"'])"
    rb"|[\w:]+[ \t\r\n][^<>]*xmlns=[\"']urn:(?:ietf:params:xml:ns:xmpp-|xmpp:sm:))"
)


def looks_like_xmpp(data: bytes) -> bool:
    """Whether something could hardly be anything but the beginning of a unit of XMPP."""
    return bool(_STANZA.match(data))


def looks_like_irc(line: bytes) -> bool:
    """Whether a line could hardly be anything but IRC."""
    return bool(_NUMERIC.match(line) or _NAMED.match(line))


def _record_ahead(data: bytes, start: int) -> int:
    """Where the next line begins that begins like a record; the end when none does."""
    if not any(kind in data for kind in _RECORD_TYPES):
        return len(data)
    found = _LIKE_RECORD.search(data, start)
    return found.start() if found else len(data)


class Speech(Enum):
    """What a direction speaks at the moment."""

    UNKNOWN = "unknown"
    LINES = "lines"
    STANZAS = "stanzas"
    RECORDS = "records"
    OPAQUE = "opaque"


_SPEECHES = {
    None: Speech.UNKNOWN,
    Application.IRC: Speech.LINES,
    Application.XMPP: Speech.STANZAS,
    Application.DNS: Speech.UNKNOWN,
    Application.DCC: Speech.OPAQUE,
}


class Unit(NamedTuple):
    """One line, one unit of an XMPP stream or one record, by positions in its direction."""

    span: ByteRange
    content_type: int
    """Of a TLS record; 0 for a line, 1 to 5 for what XMPP streams consist of."""

    @property
    def is_line(self) -> bool:
        return self.content_type == _LINE

    @property
    def is_record(self) -> bool:
        return self.content_type >= _FIRST_RECORD

    @property
    def stanza_kind(self) -> UnitKind | None:
        """What of an XMPP stream it is; None for a line or a record."""
        is_stanza = _LINE < self.content_type < _FIRST_RECORD
        return _STANZA_KINDS[self.content_type - 1] if is_stanza else None


def stanza_type(kind: UnitKind) -> int:
    """The ``content_type`` of a unit of an XMPP stream."""
    return _STANZA_KINDS.index(kind) + 1


class Units:
    """The units of one direction, found as far as its bytes have been captured."""

    def __init__(
        self,
        source: ByteSource,
        application: Application | None = None,
        step: int = WALK_STEP,
    ) -> None:
        """``application``: what it is known to speak in clear; None to find out. ``step``: bytes
        walked over per question."""
        self._source = source
        self._step = step
        self.speech = _SPEECHES[application]
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
        self._is_at_line = source.is_anchored
        """The probe stands where a line begins, if lines are what is spoken."""
        self._skipped: int | None = None
        """Where the lines begin that the probe has just gone over."""
        self._splitter: StanzaSplitter | None = None
        self._fed = 0
        """How far the splitter has come; what lies behind ``_position`` is half a stanza."""

    def overlapping(self, span: ByteRange, most: int = 0) -> list[Unit]:
        """The units with bytes in ``span``, in order, as far as the walk has come.

        ``most``: the first so many are enough; 0 for all.
        """
        if self._position is None or span.stop > self._position:
            self._walk(self._step)
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
        whole = self._source.read(ByteRange(first, last))
        if whole is None:
            return [self.read(unit) for unit in units]
        return [whole[unit.span.start - first : unit.span.stop - first] for unit in units]

    def read(self, unit: Unit) -> bytes | None:
        """The bytes of a unit; None when some were not captured."""
        return self._source.read(unit.span)

    def since(self, row: int) -> Iterator[Unit]:
        """The units from number ``row`` on, counted from 0, as far as the walk has come."""
        for each in range(row, len(self._starts)):
            yield Unit(ByteRange(self._starts[each], self._stops[each]), self._kinds[each])

    def walk(self, step: int) -> bool:
        """Go on finding units, over so many bytes; whether there may be more at once."""
        before = self._position, self.speech, self._fed, self._probes
        self._walk(step)
        return before != (self._position, self.speech, self._fed, self._probes)

    def _walk(self, step: int) -> None:
        """Find units from where the last walk ended, but not too many at a time."""
        seen = self._source.seen
        if not seen.starts:
            return
        if self._position is None:
            self._position = 0 if self._source.is_anchored else seen.starts[0]
            if self.speech is Speech.STANZAS and not self._source.is_anchored:
                self.speech = Speech.UNKNOWN  # It may begin in the middle of a stanza.
        limit = max(self._position, self._fed) + step
        while self.speech is not Speech.OPAQUE and self._position < limit:
            before, speech = self._position, self.speech
            end = min(seen.end(before), limit)
            if self.speech is Speech.UNKNOWN:
                self._probe(before, end)
            elif self.speech is Speech.RECORDS:
                self._walk_records(before, end)
            elif self.speech is Speech.STANZAS:
                self._walk_stanzas(before, end)
            else:
                self._walk_lines(before, end)
            is_stuck = self._position == before and self.speech is speech
            if is_stuck and (end == limit or not self._skip_gap(end)):
                return

    def _skip_gap(self, position: int) -> bool:
        """Go on behind a gap which is not going to be filled any more."""
        seen = self._source.seen
        if not self._source.is_lost(position):
            return False
        row = bisect_right(seen.starts, position)
        if row >= len(seen.starts):
            return False
        self._position = seen.starts[row]
        self._is_at_line, self._skipped = False, None
        if self.speech in (Speech.RECORDS, Speech.STANZAS):
            # Only a segment that begins with a record or stanza tells where the next one lies.
            self.speech, self._probes, self._splitter = Speech.UNKNOWN, 0, None
        return True

    def _probe(self, position: int, end: int) -> None:
        """Find out what is spoken from the next segment that begins with something known."""
        head = self._source.read(ByteRange(position, min(end, position + 1024)))
        if head is None:
            self.speech = Speech.OPAQUE
        elif begins_record(head):
            self.speech = Speech.RECORDS
        elif looks_like_irc(head) or _ASKS_FOR_TLS.match(head):
            self.speech = Speech.LINES
            # PASS and others are told by what follows them.
            self._position = position if self._skipped is None else self._skipped
        elif looks_like_xmpp(head):
            self.speech = Speech.STANZAS
        elif len(head) >= HEADER_SIZE:
            self._probes += 1
            follower = head.find(b"\n") + 1
            is_text = head[: follower or None].isascii() and (follower or len(head) < 512)
            stops = self._source.stops_at(position)
            if self._probes >= MAX_PROBES or not stops:
                self.speech = Speech.OPAQUE
            else:
                # Lines before the first telling one (PING, a MOTD) are gone over one by one.
                is_line = bool(is_text and follower)
                begin = self._skipped if self._skipped is not None else position
                self._skipped = begin if is_line and self._is_at_line else None
                self._is_at_line = is_line
                self._position = min(position + follower if is_line else max(stops), end)

    def _walk_records(self, position: int, end: int) -> None:
        while position + HEADER_SIZE <= end:
            span = ByteRange(position, min(end, position + _CHUNK))
            data = self._source.read(span)
            if data is None:
                self.speech = Speech.OPAQUE
                break
            used = self._cut_records(data, position)
            position += used
            if self.speech is not Speech.RECORDS or not used:
                break
        self._position = position

    def _cut_records(self, data: bytes, base: int) -> int:
        """Note the whole records of ``data``; how many bytes they fill."""
        start = 0
        while start + HEADER_SIZE <= len(data):
            head = data[start : start + HEADER_SIZE]
            if not begins_record(head):
                self.speech = Speech.OPAQUE
                break
            stop = start + HEADER_SIZE + int.from_bytes(head[3:5], "big")
            if stop > len(data):
                break
            self._note_record(data[start], base + start, base + stop)
            start = stop
        return start

    def _note_record(self, kind: int, start: int, stop: int) -> None:
        self._add(start, stop, kind)
        if kind == CHANGE_CIPHER_SPEC and self.sealed_from is None:
            self.sealed_from = start
        if kind != HANDSHAKE or self.client_hello:
            return
        chosen = self.server_hello
        if chosen is not None and self.sealed_from is not None and not chosen.is_retry:
            return  # Behind the change of keys nothing lies open that begins like a hello.
        record = self._source.read(ByteRange(start, stop))
        for message in handshake_messages((record or b"")[HEADER_SIZE:]) or ():
            if message.kind == CLIENT_HELLO:
                self.client_hello = self.client_hello or parse_client_hello(message.body)
            elif message.kind == SERVER_HELLO:
                self.server_hello = parse_server_hello(message.body)

    def _walk_lines(self, position: int, end: int) -> None:
        while position < end:
            span = ByteRange(position, min(end, position + _CHUNK))
            data = self._source.read(span)
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
            ahead = _record_ahead(data, start)
            start = self._add_lines(data, start, ahead, base)
            if ahead == len(data):
                break
            # STARTTLS, or TLS from the first byte on: hardly a line begins like a record.
            if begins_record(data[start:]):
                self.speech = Speech.RECORDS
                return start
            if len(data) - start < HEADER_SIZE:
                return start
            stop = data.find(b"\n", start) + 1
            if not stop:
                break
            start = self._add_lines(data, start, stop, base)
        if len(data) - start > MAX_LINE:
            self.speech = Speech.OPAQUE
        return start

    def _add_lines(self, data: bytes, start: int, stop: int, base: int) -> int:
        """Note the whole lines between two places, by whole columns; where the last one ends."""
        *lines, _rest = data[start:stop].split(b"\n")
        if not self.saw_irc:
            self.saw_irc = any(looks_like_irc(line) for line in lines)
        bounds = list(accumulate([len(line) + 1 for line in lines], initial=base + start))
        self._starts.extend(bounds[:-1])
        self._stops.extend(bounds[1:])
        self._kinds.extend([_LINE] * len(lines))
        return bounds[-1] - base

    def _walk_stanzas(self, position: int, end: int) -> None:
        """Cut on from where the splitter is, which is behind ``position`` in a long stanza."""
        if self._splitter is None:
            self._splitter = StanzaSplitter(is_observer=True, is_inside=True)
            self._fed = position
        try:
            while self._fed < end:
                span = ByteRange(self._fed, min(end, self._fed + _CHUNK))
                data = self._source.read(span)
                if data is None:
                    self.speech = Speech.OPAQUE
                    return
                for unit in self._splitter.feed(data, span, True):
                    self._add(unit.span.start, unit.span.stop, stanza_type(unit.kind))
                    self._position = unit.span.stop
                self._fed = span.stop
        except StreamFault:
            self._leave_stanzas(end)

    def _leave_stanzas(self, end: int) -> None:
        """Something that is no stanza: TLS behind STARTTLS or from the first byte on, or noise."""
        position = self._position or 0
        span = ByteRange(position, min(end, position + HEADER_SIZE))
        head = self._source.read(span) or b""
        self._splitter = None
        if begins_record(head):
            self.speech = Speech.RECORDS
        elif head[:1] not in _RECORD_TYPES or len(head) == HEADER_SIZE:
            self.speech = Speech.OPAQUE

    def _add(self, start: int, stop: int, kind: int) -> None:
        self._starts.append(start)
        self._stops.append(stop)
        self._kinds.append(kind)
