"""Which bytes of which frames a redacted copy blanks, and how.

Secrets are found in the reassembled streams, so one that is cut over segments is found, and are
blanked by their positions, so every frame that carries a byte of one is, retransmissions included.
A second look at the bytes of every frame finds words of a secret that turn up anywhere else, such
as in a service's answer. Lengths stay; checksums that were right stay right.
"""

import re
from collections.abc import Iterator, Sequence

from chatlab.analysis.correlate import Correlator
from chatlab.analysis.secret_readers import IrcSecrets, SecretReader, XmppSecrets
from chatlab.analysis.streams import Placement, Streams
from chatlab.analysis.units import looks_like_irc, looks_like_xmpp
from chatlab.core.account import Application
from chatlab.core.connection import Connection
from chatlab.core.flow import ByteRange, Transport
from chatlab.core.message import Message
from chatlab.protocol.checksums import overwrite
from chatlab.protocol.irc_masking import MASK, mask_text
from chatlab.protocol.packet import TCP, parse
from chatlab.protocol.tcp import KEEP_ALIVE, LOST_BEFORE, StreamDirection

FILLER = ord("*")
MIN_WORD = 6
"""Shorter passwords are blanked where they lie, but not looked for elsewhere."""
MAX_WORDS = 10_000
_SHARED = 3
"""Bytes by which words are told apart before they are looked for one by one."""
_PROBE = 16 * 1024
_PORTS = {
    **dict.fromkeys((194, 6665, 6666, 6667, 6668, 6669, 7000), Application.IRC),
    **dict.fromkeys((5222, 5269), Application.XMPP),
}
"""What is spoken where the bytes alone do not tell: rather looked at in vain than not at all."""
_EVERYTHING = ByteRange(-(1 << 62), 1 << 62)
_ORDINARY = frozenset(
    {b"message", b"presence", b"stream", b"privmsg", b"notice", b"nickserv", b"password"}
)
"""Words that the protocols are made of are never looked for."""


class Redaction:
    """The secrets of one capture. Iterate ``look`` to its end before anything is asked."""

    def __init__(self, streams: Streams, correlator: Correlator) -> None:
        self._streams = streams
        self._correlator = correlator
        self._frames: dict[int, list[ByteRange]] = {}
        self._clear: set[int] = set()
        """TCP streams that may be in clear to their end."""
        self._words: set[bytes] = set()
        self._names: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None
        self.count = 0
        """Secrets found."""

    def look(self) -> Iterator[None]:
        """Find all secrets; one step a piece, so that others get their turn."""
        for conversation in self._streams.tcp:
            yield
            if (application := self._spoken(conversation.number)) is None:
                continue
            if not self._is_under_tls(conversation.number):
                self._clear.add(conversation.number)
            for side in (0, 1):
                yield from self._read(conversation.number, side, application)
        self._pattern = self._compile()

    # --- finding -----------------------------------------------------------------------------

    def _ours(self, stream: int) -> Connection | None:
        return self._correlator.connection_of(self._streams.tcp[stream].first_frame)

    def _is_under_tls(self, stream: int) -> bool:
        """Whether little or nothing lies in clear: what may stand before IRC's STARTTLS."""
        ours = self._ours(stream)
        return ours is not None and ours.tls is not None and ours.application is Application.IRC

    def _spoken(self, stream: int) -> Application | None:
        """What a stream speaks in clear, at least in the beginning; None for anything else."""
        ours = self._ours(stream)
        if ours is not None:
            is_chat = ours.application in (Application.IRC, Application.XMPP)
            return ours.application if is_chat else None
        for side in (0, 1):
            if (found := self._recognised(self._streams.direction(stream, side))) is not None:
                return found
        ports = (port for _, port in self._streams.tcp[stream].endpoints)
        return next((_PORTS[port] for port in ports if port in _PORTS), None)

    def _recognised(self, direction: StreamDirection) -> Application | None:
        head = b""
        for _, data in self._pieces(direction):
            head += data
            if len(head) >= _PROBE:
                break
        if any(looks_like_irc(line) for line in head.split(b"\n")):
            return Application.IRC
        return Application.XMPP if looks_like_xmpp(head) else None

    def _read(self, stream: int, side: int, application: Application) -> Iterator[None]:
        direction = self._streams.direction(stream, side)
        ours = self._ours(stream)
        expected: int | None = None
        reader: SecretReader | None = None
        for position, data in self._pieces(direction):
            if reader is None:
                is_start = _is_start(direction, position)
                if not is_start and self._is_under_tls(stream):
                    break  # What was captured of it is sealed.
                reader = self._reader(direction, application, is_start=is_start)
            elif position != expected:
                if ours is not None and ours.tls is not None:
                    break  # Behind STARTTLS, which lies before any loss that matters.
                reader.skip()
            reader.feed(position, data)
            expected = position + len(data)
            if reader.is_sealed:
                break
            yield
        if reader is not None:
            reader.end()
            self._names |= reader.names

    def _reader(
        self, direction: StreamDirection, application: Application, *, is_start: bool
    ) -> SecretReader:
        def note(span: ByteRange, words: tuple[bytes, ...]) -> None:
            self._note(direction, span, words)

        kind = IrcSecrets if application is Application.IRC else XmppSecrets
        return kind(note, is_start=is_start)

    def _pieces(self, direction: StreamDirection) -> Iterator[tuple[int, bytes]]:
        """What was captured of a direction, each byte once, in ascending order."""
        reached: int | None = None
        for start, stop, frame in direction.segments(_EVERYTHING):
            begin = start if reached is None else max(start, reached)
            if stop <= begin:
                continue
            place = self._streams.place(frame)
            assert place is not None
            into = place.payload.start - start
            data = self._streams.log.raw(frame)[begin + into : stop + into]
            if data:
                yield begin, data
                reached = begin + len(data)

    def _note(self, direction: StreamDirection, span: ByteRange, words: tuple[bytes, ...]) -> None:
        self.count += 1
        for start, stop, frame in direction.segments(span):
            place = self._streams.place(frame)
            assert place is not None
            inside = span.intersection(ByteRange(start, stop))
            self._frames.setdefault(frame, []).append(inside.shifted(place.payload.start - start))
        if len(self._words) < MAX_WORDS:
            self._words.update(words)

    def _compile(self) -> re.Pattern[bytes] | None:
        names = {name.lower() for name in self._names}
        words = [
            word
            for word in self._words
            if len(word) >= MIN_WORD
            and word.lower() not in names | _ORDINARY
            and word[:1] != b"#"
            and b"@" not in word
        ]
        if not words:
            return None
        longest_first = sorted(words, key=len, reverse=True)
        found = _any_of(longest_first, _SHARED)
        return re.compile(rb"(?<![0-9A-Za-z_])" + found + rb"(?![0-9A-Za-z_])")

    # --- blanking ----------------------------------------------------------------------------

    def blanked(self, number: int, raw: bytes, *, is_pending: bool) -> bytes:
        """A frame without its secrets; ``is_pending``: its checksum is flagged as not made."""
        spans = self._spans(number, raw)
        if not spans:
            return raw
        frame = bytearray(raw)
        log = self._streams.log
        headers = parse(raw, log.link_type(number), log.wire_length(number))
        overwrite(frame, spans, FILLER, headers, is_pending=is_pending)
        return bytes(frame)

    def _spans(self, number: int, raw: bytes) -> list[ByteRange]:
        spans = list(self._frames.get(number, ()))
        place = self._streams.place(number)
        if place is None:
            spans += self._fragment(number, raw)
        elif self._is_out_of_line(number, place):
            spans.append(place.payload)
        if self._pattern is not None:
            spans += [ByteRange(*found.span()) for found in self._pattern.finditer(raw)]
        return spans

    def _is_out_of_line(self, number: int, place: Placement) -> bool:
        """Whether its payload lies at no position: a keep-alive's byte, or far off the stream."""
        is_clear = place.transport is Transport.TCP and place.stream in self._clear
        if not (is_clear and place.notes & (KEEP_ALIVE | LOST_BEFORE) and len(place.payload)):
            return False
        direction = self._streams.direction(place.stream, place.side)
        return all(frame != number for _, _, frame in direction.segments(place.span))

    def _fragment(self, number: int, raw: bytes) -> list[ByteRange]:
        """The rest of a segment that IP has cut up, which no stream can hold."""
        headers = parse(raw, self._streams.log.link_type(number))
        if headers is None or headers.protocol != TCP or headers.transport >= 0 or not self._clear:
            return []
        size = (raw[headers.network] & 0x0F) * 4 if headers.version == 4 else 48
        return [ByteRange(headers.network + size, len(raw))]

    def message_text(self, message: Message) -> str:
        """What a message said, as the redacted copy may tell it."""
        text = message.text
        if message.application is Application.IRC:
            text = mask_text(message.target, text)
        return self.text(text)

    def text(self, text: str) -> str:
        """Any words without those that are secret."""
        if self._pattern is None:
            return text
        data = text.encode("utf-8", "replace")
        return self._pattern.sub(MASK.encode(), data).decode("utf-8", "replace")


def _any_of(words: Sequence[bytes], depth: int) -> bytes:
    """An expression for these words, by their first ``depth`` bytes: thousands cost like a few."""
    if not depth:
        return b"(?:" + b"|".join(map(re.escape, words)) + b")"
    behind: dict[bytes, list[bytes]] = {}
    for word in words:
        behind.setdefault(word[:1], []).append(word[1:])
    branches = [re.escape(first) + _any_of(rest, depth - 1) for first, rest in behind.items()]
    return b"(?:" + b"|".join(branches) + b")"


def _is_start(direction: StreamDirection, position: int) -> bool:
    """Whether this is the first byte of the stream."""
    return direction.offset(position) == 0
