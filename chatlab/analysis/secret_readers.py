"""Secrets in one direction of a chat stream in clear, found although bytes may be missing.

What is fed are pieces in ascending order; where one does not go on at the end of the last, bytes
were not captured. What cannot be read because of that is taken for a secret, as it may be the rest
of one: a copy that is handed on rather blanks a word too many.
"""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Protocol

from chatlab.analysis.units import looks_like_irc
from chatlab.core.flow import ByteRange
from chatlab.protocol.irc_masking import secret_spans
from chatlab.protocol.tls import HEADER_SIZE, begins_record
from chatlab.protocol.xmpp import StanzaSplitter, StreamFault, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import parse_stanza
from chatlab.protocol.xmpp_masking import blanked_spans, may_hold_secrets

_RECORD_TYPES = (b"\x14", b"\x15", b"\x16", b"\x17")
MAX_LINE = 64 * 1024
"""A longer line is no IRC, and is judged in pieces."""
_STANZA_START = re.compile(
    rb"<(?:\?xml[ \t]|(?:\w+:)?(?:stream|features|error|message|presence|iq|auth|response|challenge"
    rb"|success|failure|proceed|starttls|authenticate|a|r|enable|enabled|resume|resumed)[ \t\r\n/>])"
)
_NAMES = re.compile(rb"(?:(?::\S+ )?NICK :?(\S+)|:\S+ \d{3} (\S+))")
_TOKEN = re.compile(rb"[^\s\x00]+")
_ENTITY_OR_TAG = re.compile(rb"<[^>]*>")
Note = Callable[[ByteRange, tuple[bytes, ...]], None]
"""Told where a secret lies, and the words of it that may turn up elsewhere, too."""


class SecretReader(Protocol):
    """Reads one direction; ``is_sealed`` from where TLS begins on."""

    is_sealed: bool
    names: set[bytes]
    """Words that are no secrets, although commands with secrets hold them: nicks."""

    def feed(self, position: int, data: bytes) -> None: ...

    def skip(self) -> None:
        """Bytes are missing between the last piece and the next one."""
        ...

    def end(self) -> None:
        """There is no more."""
        ...


class IrcSecrets:
    """Reads lines (RFC 2812)."""

    def __init__(self, note: Note, *, is_start: bool) -> None:
        """``is_start``: the first byte fed begins a line."""
        self.is_sealed = False
        self.names: set[bytes] = set()
        self._note = note
        self._is_begun = is_start
        self._rest = b""
        self._at = 0
        """Position of the first byte of ``_rest``."""

    def feed(self, position: int, data: bytes) -> None:
        if not self._rest:
            self._at = position
        data = self._rest + data
        start = 0
        while not self.is_sealed:
            if self._is_begun and begins_record(data[start : start + HEADER_SIZE]):
                self.is_sealed = True
                break
            stop = data.find(b"\n", start) + 1
            if not stop and len(data) - start <= MAX_LINE:
                break
            self._line(data[start : stop or None], self._at + start)
            start = stop or len(data)
            self._is_begun = bool(stop)
        self._rest = b"" if self.is_sealed else data[start:]
        self._at += start

    def skip(self) -> None:
        self.end()
        self._is_begun = False

    def end(self) -> None:
        if self._rest and not self.is_sealed:
            self._line(self._rest, self._at)
        self._rest = b""

    def _line(self, line: bytes, position: int) -> None:
        text = line.rstrip(b"\r\n")
        whole = ByteRange(0, len(text))
        if not self._is_begun and not looks_like_irc(text):
            if text and _is_text(text):
                self._note(whole.shifted(position), ())
            return
        if found := _NAMES.match(text):
            self.names.add(found[1] or found[2])
        for span in secret_spans(text):
            if span == whole and not _is_text(text):
                continue  # TLS that began where nothing was captured.
            words = _irc_words(text, text[span.start : span.stop])
            self._note(span.shifted(position), words)


def _irc_words(line: bytes, secret: bytes) -> tuple[bytes, ...]:
    """The words of a secret that are secret themselves, and not the name beside it."""
    if b"AUTHENTICATE" in line.upper():
        return _plain_password(secret)
    words = _TOKEN.findall(secret)
    if b"REGISTER" in line.upper():
        return tuple(words)
    return tuple(words[-1:])


def _plain_password(encoded: bytes) -> tuple[bytes, ...]:
    """The password of SASL PLAIN (RFC 4616), which may be said in clear elsewhere."""
    try:
        parts = base64.b64decode(encoded, validate=True).split(b"\0")
    except binascii.Error:
        return (encoded,)
    return (encoded, parts[2]) if len(parts) == 3 else (encoded,)


class XmppSecrets:
    """Reads units of a stream (RFC 6120)."""

    def __init__(self, note: Note, *, is_start: bool) -> None:
        """``is_start``: the first byte fed begins a unit."""
        self.is_sealed = False
        self.names: set[bytes] = set()
        self._note = note
        self._splitter: StanzaSplitter | None = _splitter() if is_start else None
        self._rest = bytearray()
        """What does not make a whole unit yet."""
        self._at = 0

    def feed(self, position: int, data: bytes) -> None:
        if self.is_sealed:
            return
        if not self._rest:
            self._at = position
        self._rest += data
        splitter, is_fresh = self._splitter, False
        if splitter is None:
            splitter, is_fresh = self._resumed(), True
            position, data = self._at, bytes(self._rest)
        while splitter is not None:
            before = self._at
            try:
                for unit in splitter.feed(data, ByteRange(position, position + len(data)), True):
                    self._unit(unit)
                    del self._rest[: unit.span.stop - self._at]
                    self._at = unit.span.stop
                break
            except StreamFault:
                if is_fresh and self._at == before:
                    self._leave()
                    return
                splitter, is_fresh = self._resumed(), True
                position, data = self._at, bytes(self._rest)
        self._splitter = splitter
        self.is_sealed = self.is_sealed or begins_record(bytes(self._rest[:HEADER_SIZE]))

    def _resumed(self) -> StanzaSplitter | None:
        """Look for the next unit behind a gap or a fault; what lies before it belongs to none.

        None while there is none, or where TLS begins.
        """
        rest = bytes(self._rest)
        if begins_record(rest[:HEADER_SIZE]):
            self.is_sealed = True
            return None
        if rest[:1] in _RECORD_TYPES and len(rest) < HEADER_SIZE:
            return None  # A record whose header goes on in the next segment.
        found = _STANZA_START.search(rest)
        start = found.start() if found else len(rest)
        if start and _is_text(rest[:start]):
            self._note(ByteRange(self._at, self._at + start), ())
        del self._rest[:start]
        self._at += start
        return _splitter() if found else None

    def skip(self) -> None:
        self.end()
        self._splitter = None

    def end(self) -> None:
        """Half a unit cannot be read: it is one secret if it may hold one."""
        if self._rest and not self.is_sealed and may_hold_secrets(bytes(self._rest)):
            self._note(ByteRange(self._at, self._at + len(self._rest)), ())
        self._rest.clear()

    def _leave(self) -> None:
        """What looks like a unit is none."""
        rest = bytes(self._rest)
        if _is_text(rest):
            self._note(ByteRange(self._at, self._at + len(rest)), ())
        self._rest.clear()
        self._splitter = None

    def _unit(self, unit: StreamUnit) -> None:
        if unit.kind is not UnitKind.ELEMENT:
            return
        try:
            spans = blanked_spans(unit.data, parse_stanza(unit.data))
        except StreamFault:
            spans = [ByteRange(0, len(unit.data))] if may_hold_secrets(unit.data) else []
        for span in spans:
            words = _xmpp_words(unit.data, unit.data[span.start : span.stop])
            self._note(span.shifted(unit.span.start), words)


def _xmpp_words(stanza: bytes, secret: bytes) -> tuple[bytes, ...]:
    text = _ENTITY_OR_TAG.sub(b"", secret).strip()
    return _plain_password(text) if b"sasl" in stanza else (text,)


def _splitter() -> StanzaSplitter:
    return StanzaSplitter(is_observer=True, is_inside=True, is_stepping=True)


def _is_text(data: bytes) -> bool:
    """Whether it can be words at all: TLS that cannot be cut any more is left alone."""
    # Formatting of IRC is controls, too, but few; of what is random, they are every tenth byte.
    return sum(byte < 9 or 13 < byte < 32 for byte in data) * 25 <= len(data)
