"""XMPP streams cut into what they are made of; no DOM, no socket, no clock (RFC 6120, section 4).

One direction of a stream is one long XML document: an XML declaration, the start tag of ``stream``,
then first-level elements (stanzas, and what negotiates the stream) with blanks between them as
keep-alives, and the end tag. The splitter finds where each of these units begins and ends by
following tags and quotes only. It looks at each byte once, however TCP cuts the stream, and it
works on bytes: every sign of markup is ASCII, so a UTF-8 character may be cut anywhere.

What section 11.1 forbids (comments, processing instructions, DTDs, entities of one's own) is
refused here, before an XML parser sees it, and so is what is too deep or too large for an honest
peer. CDATA sections are legal and understood. Whether the tags match is left to the XML parser.
"""

import re
import sys
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import ByteRange

MAX_STANZA = 1024 * 1024
"""Bytes of one unit; servers allow clients 10,000 (RFC 6120, section 13.12) to some 512 KiB."""
MAX_DEPTH = 128
"""Nested elements, the stream's own included; stanzas in use have a dozen."""
MAX_ATTRIBUTES = 128
"""Attributes of one element, namespace declarations included."""

TLS_NAMESPACE = "urn:ietf:params:xml:ns:xmpp-tls"

_BLANKS = re.compile(rb"[ \t\r\n]+")
_TAG_SIGN = re.compile(rb"[<>\"']")
_DECLARATION_START = re.compile(rb"<\?xml[ \t\r\n]")
_ENCODING = re.compile(rb"\bencoding[ \t\r\n]*=[ \t\r\n]*[\"']([^\"']*)")
_HEADER = re.compile(rb"<(?:[^ \t\r\n:<>/]+:)?stream[ \t\r\n/>]")
_PROCEED = re.compile(rb"<(?:[^ \t\r\n:<>/]+:)?proceed[ \t\r\n/>]")
_NO_NAME = frozenset(b" \t\r\n<>=\"'&;0123456789.-")
"""No element's name begins like that (XML 1.0, section 2.3)."""
_CDATA_START = b"<![CDATA["
_CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
_OWN_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
"""All but the five predefined entities and character references (XML 1.0, sections 4.1, 4.6)."""


class StreamFault(RemoteProtocolError):
    """The peer broke the rules of streams; ``condition`` is the stream error that says so."""

    def __init__(self, message: str, condition: str) -> None:
        super().__init__(message, "The connection has to end; tell the server’s operator.")
        self.condition = condition
        """A defined condition of RFC 6120, section 4.9.3."""


class UnitKind(Enum):
    """What a unit of a stream is."""

    DECLARATION = "XML declaration"
    OPENED = "stream header"
    ELEMENT = "element"
    """One complete first-level element."""
    BLANK = "whitespace"
    """Keeps the connection alive, or lies between two units (RFC 6120, section 4.6.1)."""
    CLOSED = "stream end"


class StreamUnit(NamedTuple):
    """One unit of a stream, exactly as it was sent."""

    kind: UnitKind
    data: bytes
    span: ByteRange
    """The bytes of the TCP stream that carried it; under TLS whole records."""


class _State(Enum):
    """Inside of what the next byte lies."""

    CONTENT = "content"
    TAG = "start tag"
    QUOTED = "attribute in quotes"
    APOSTROPHED = "attribute in apostrophes"
    END_TAG = "end tag"
    CDATA = "CDATA section"
    DECLARATION = "XML declaration"


class StanzaSplitter:
    """Cuts one direction of an XMPP stream into units, in linear time and bounded memory.

    A client that reads what its server says calls ``reset`` whenever the stream starts anew
    (behind STARTTLS and SASL); a header that comes unasked is refused, and so is every byte
    behind ``<proceed/>`` until then: it came in clear and would count as protected
    (RFC 6120, section 5.4.3.3). With ``is_observer`` restarts are taken as they come, for
    streams that others speak.
    """

    def __init__(
        self,
        limit: int = MAX_STANZA,
        *,
        is_observer: bool = False,
        is_inside: bool = False,
        is_stepping: bool = False,
    ) -> None:
        """``is_inside``: the first byte begins a first-level element of a stream that is open.

        ``is_stepping``: units that are too deep or have too many attributes are cut like others, for
        who steps over them; they are for no parser.
        """
        self._max_depth = sys.maxsize if is_stepping else MAX_DEPTH
        self._max_attributes = sys.maxsize if is_stepping else MAX_ATTRIBUTES
        self._limit = limit
        self._is_observer = is_observer
        self._buffer = bytearray()
        self._base = 0
        """Where the current unit begins in the buffer."""
        self._scan = 0
        """Everything before it has been looked at."""
        self._depth = int(is_inside)
        self._state = _State.CONTENT
        self._tag = 0
        """Where the current tag begins."""
        self._attributes = 0
        self._start: int | None = None
        """Offset of the current unit in the TCP stream; None until its first byte is here."""
        self._is_over = False
        self._is_halted = False

    def reset(self) -> None:
        """The stream starts anew: what comes next is a header."""
        self._depth = 0
        self._is_over = self._is_halted = False

    @property
    def is_between_units(self) -> bool:
        """Whether no unit is half read."""
        return self._base == len(self._buffer)

    def beginning(self, limit: int) -> bytes:
        """The first bytes of the unit that is half read, or that was refused."""
        return bytes(self._buffer[self._base : self._base + limit])

    def feed(self, chunk: bytes, origin: ByteRange, exact: bool) -> Iterator[StreamUnit]:
        """Take the next bytes, and give the units that they complete one by one.

        ``exact``: byte i of the chunk lies at ``origin.start + i`` of the stream. Otherwise the
        chunk came out of the TLS records that fill ``origin``, and a unit's span reaches from
        the first record that holds a byte of it to the end of the last.
        The iterator must be read to its end; ``reset`` may be called between two units.
        Raises StreamFault behind the last unit that was in order; nothing may be fed after it.
        """
        shift = origin.start - len(self._buffer)
        self._buffer += chunk
        while self._base < len(self._buffer):
            if self._start is None:
                self._start = self._base + shift if exact else origin.start
            kind = self._cut()
            if self._scan - self._base > self._limit:
                raise StreamFault(
                    f"A stanza has more than {self._limit:,} bytes: it may never end.",
                    "policy-violation",
                )
            if kind is None:
                break
            yield self._take(kind, self._scan + shift if exact else origin.stop)
        del self._buffer[: self._base]
        self._scan -= self._base
        self._tag -= self._base
        self._base = 0

    def _take(self, kind: UnitKind, stop: int) -> StreamUnit:
        data = bytes(self._buffer[self._base : self._scan])
        if kind is not UnitKind.BLANK:
            _check_text(data)
        is_proceed = kind is UnitKind.ELEMENT and _PROCEED.match(data)
        if is_proceed and TLS_NAMESPACE.encode() in data and not self._is_observer:
            self._is_halted = True
            if self._scan < len(self._buffer):
                raise _injected()
        start = stop if self._start is None else self._start
        self._base, self._start = self._scan, None
        return StreamUnit(kind, data, ByteRange(start, stop))

    def _cut(self) -> UnitKind | None:
        """Read on to the end of the unit: its kind, or None when more bytes are needed."""
        if self._is_halted:
            raise _injected()
        while self._scan < len(self._buffer):
            before = self._scan, self._state
            if (kind := self._token()) is not None:
                return kind
            if before == (self._scan, self._state):
                return None
        return None

    def _token(self) -> UnitKind | None:
        """Read one more piece of the unit; its kind when that was the last."""
        match self._state:
            case _State.CONTENT:
                return self._content()
            case _State.TAG:
                return self._tag_sign()
            case _State.QUOTED:
                self._quoted(b'"')
            case _State.APOSTROPHED:
                self._quoted(b"'")
            case _State.END_TAG:
                if self._skip_behind(b">"):
                    return self._end_tag()
            case _State.CDATA:
                self._skip_behind(b"]]>")
            case _State.DECLARATION:
                if self._skip_behind(b"?>"):
                    self._check_encoding()
                    return UnitKind.DECLARATION
        return None

    def _content(self) -> UnitKind | None:
        if self._scan == self._base:
            if blanks := _BLANKS.match(self._buffer, self._scan):
                self._scan = blanks.end()
                return UnitKind.BLANK
            if self._is_over:
                raise StreamFault("Something came behind the end of the stream.", "bad-format")
            if self._buffer[self._scan] != ord("<"):
                raise StreamFault(_between(self._buffer[self._scan :]), "not-well-formed")
        found = self._buffer.find(b"<", self._scan)
        self._scan = len(self._buffer) if found < 0 else found
        if found >= 0:
            self._markup()
        return None

    def _markup(self) -> None:
        """Tell what begins at ``<``; waits where too little of it is here."""
        start = bytes(self._buffer[self._scan : self._scan + len(_CDATA_START)])
        if len(start) < 2:
            return
        self._tag = self._scan
        match start[1:2]:
            case b"/":
                self._state, self._scan = _State.END_TAG, self._scan + 2
            case b"?":
                self._instruction(start)
            case b"!":
                self._declaration(start)
            case _:
                if start[1] in _NO_NAME:
                    raise StreamFault(
                        "A tag without a name: this is not well-formed XML.", "not-well-formed"
                    )
                self._attributes = 0
                self._state, self._scan = _State.TAG, self._scan + 1

    def _instruction(self, start: bytes) -> None:
        """``<?``: the XML declaration where a stream begins, refused anywhere else."""
        may_restart = self._is_observer and self._depth == 1
        if self._scan == self._base and (not self._depth or may_restart):
            if _DECLARATION_START.match(start):
                self._depth = 0
                self._state, self._scan = _State.DECLARATION, self._scan + len("<?xml ")
                return
            if b"<?xml".startswith(start):
                return
        raise _forbidden("a processing instruction")

    def _declaration(self, start: bytes) -> None:
        """``<!``: a CDATA section within a stanza; nothing else is allowed."""
        if _CDATA_START.startswith(start) and len(start) > 2:
            if self._depth < 2:
                raise StreamFault(_between(start), "not-well-formed")
            if start == _CDATA_START:
                self._state, self._scan = _State.CDATA, self._scan + len(_CDATA_START)
        elif len(start) > 2:
            names = {b"-": "a comment", b"D": "a DOCTYPE", b"E": "an entity of its own"}
            raise _forbidden(names.get(start[2:3], "a markup declaration"))

    def _tag_sign(self) -> UnitKind | None:
        found = _TAG_SIGN.search(self._buffer, self._scan)
        self._scan = found.end() if found else len(self._buffer)
        sign = found[0] if found else b""
        if sign == b"<":
            raise StreamFault("A tag begins inside a tag.", "not-well-formed")
        if sign == b">":
            self._state = _State.CONTENT
            return self._start_tag(is_empty=self._buffer[self._scan - 2] == ord("/"))
        if sign:
            self._attributes += 1
            if self._attributes > self._max_attributes:
                raise StreamFault(
                    f"An element has more than {MAX_ATTRIBUTES} attributes.", "policy-violation"
                )
            self._state = _State.QUOTED if sign == b'"' else _State.APOSTROPHED
        return None

    def _quoted(self, quote: bytes) -> None:
        found = self._buffer.find(quote, self._scan)
        stop = len(self._buffer) if found < 0 else found
        if self._buffer.find(b"<", self._scan, stop) >= 0:
            raise StreamFault("An attribute holds a “<”.", "not-well-formed")
        if found >= 0:
            self._state = _State.TAG
            stop += 1
        self._scan = stop

    def _skip_behind(self, mark: bytes) -> bool:
        """Go on behind ``mark``; where it is not here yet, to where it may begin."""
        found = self._buffer.find(mark, self._scan)
        if found < 0:
            self._scan = max(self._scan, len(self._buffer) - len(mark) + 1)
            return False
        self._state, self._scan = _State.CONTENT, found + len(mark)
        return True

    def _start_tag(self, *, is_empty: bool) -> UnitKind | None:
        is_header = self._tag == self._base and _HEADER.match(self._buffer, self._tag) is not None
        if self._depth == 0 or (is_header and self._is_observer):
            if not is_header or is_empty:
                raise StreamFault("This is not the beginning of an XMPP stream.", "bad-format")
            self._depth = 1
            return UnitKind.OPENED
        if is_header and self._depth == 1:
            raise StreamFault("A second stream begins inside the first.", "bad-format")
        if self._depth >= self._max_depth:
            raise StreamFault(
                f"Elements are nested more than {MAX_DEPTH} deep: no honest stanza is.",
                "policy-violation",
            )
        if is_empty:
            return UnitKind.ELEMENT if self._depth == 1 else None
        self._depth += 1
        return None

    def _end_tag(self) -> UnitKind | None:
        if self._depth == 0:
            raise StreamFault("An end tag comes before the stream.", "not-well-formed")
        self._depth -= 1
        if self._depth == 0:
            self._is_over = not self._is_observer
            return UnitKind.CLOSED
        return UnitKind.ELEMENT if self._depth == 1 else None

    def _check_encoding(self) -> None:
        found = _ENCODING.search(self._buffer, self._base, self._scan)
        if found is not None and found[1].lower() not in (b"utf-8", b"utf8"):
            name = found[1].decode("latin-1")
            raise StreamFault(
                f"The stream is in {name}; XMPP is UTF-8 (RFC 6120, section 11.6).",
                "unsupported-encoding",
            )


def _check_text(data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        raise StreamFault(
            "The stream holds bytes that are no UTF-8 (RFC 6120, section 11.6).", "bad-format"
        ) from None
    if b"&" in data and _OWN_ENTITY.search(_CDATA.sub(b"", data)):
        raise _forbidden("an entity of its own")


def _forbidden(what: str) -> StreamFault:
    return StreamFault(
        f"The stream holds {what}, which XMPP forbids (RFC 6120, section 11.1).", "restricted-xml"
    )


def _injected() -> StreamFault:
    return StreamFault(
        "Something came in clear behind <proceed/>, where only TLS may follow: somebody may be "
        "putting words into the connection (RFC 6120, section 5.4.3.3).",
        "policy-violation",
    )


def _between(data: bytes | bytearray) -> str:
    start = bytes(data[:40]).decode("utf-8", "replace").split("\n")[0].strip()
    return f"Text between stanzas: “{start}”. This is no XMPP stream, or a damaged one."
