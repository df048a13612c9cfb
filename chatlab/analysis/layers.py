"""The application layers of the detail tree: what scapy's layers leave as payload.

Added behind the layers from link to transport: the TLS records, IRC lines and stanzas that a frame
holds bytes of, and, for our own TLS connections, the messages inside, which we know because we wrote or
read them ourselves.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chatlab.analysis.contents import Contents, Part
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.irc_words import read_line, readable
from chatlab.analysis.rows import RowBuilder, shortened
from chatlab.analysis.streams import Placement, Streams
from chatlab.analysis.xmpp_layers import xmpp_layer
from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure, Field, Layer
from chatlab.core.message import Message, MessageId
from chatlab.protocol.irc import decode, parse_spans
from chatlab.protocol.irc_masking import MASK, mask_line
from chatlab.protocol.tls import CONTENT_TYPES, HEADER_SIZE
from chatlab.protocol.tls_handshake import (
    CERTIFICATE,
    CLIENT_HELLO,
    HANDSHAKE,
    SERVER_HELLO,
    HandshakeMessage,
    cipher_name,
    handshake_messages,
    parse_certificates,
    parse_client_hello,
    parse_server_hello,
    version_name,
)

_NOTHING = ByteRange(0, 0)
_MAX_CIPHERS = 64
_Clip = Callable[[int, int], ByteRange]
"""Turns a range within a unit into bytes of the frame; empty for what lies in other frames."""


class LayerBuilder:
    """Builds the application layers of frames."""

    def __init__(
        self,
        log: FrameLog,
        streams: Streams,
        correlator: Correlator,
        contents: Contents | None = None,
    ) -> None:
        self._streams = streams
        self._correlator = correlator
        self._rows = RowBuilder(log, streams, correlator, contents)
        self._contents = self._rows.contents

    def layers(self, number: int, messages: Mapping[MessageId, Message]) -> tuple[Layer, ...]:
        """TLS, IRC, XMPP and our own knowledge of a frame; empty where there is none of them."""
        place = self._streams.place(number)
        parts = self._contents.parts(number, place) if place is not None else ()
        if place is None or not parts:
            return ()
        records = [part for part in parts if part.unit.is_record]
        lines = [part for part in parts if part.unit.is_line]
        stanzas = [part for part in parts if part.unit.stanza_kind]
        found: list[Layer] = []
        if records:
            found.append(self._tls_layer(records, place))
            known = [messages[each] for each in self._inside(number, records, messages)]
            if known:
                found.append(_decrypted_layer(known))
        if lines:
            found.append(self._irc_layer(lines, place))
        if stanzas:
            clip_of = partial(_clipper, place=place)
            found.append(xmpp_layer(stanzas, clip_of, partial(self._elsewhere, place=place)))
        return tuple(found)

    def _inside(
        self, number: int, records: Sequence[Part], messages: Mapping[MessageId, Message]
    ) -> tuple[MessageId, ...]:
        found = dict.fromkeys(
            message
            for record in records
            for message in self._correlator.messages_at(number, record.here)
            if message in messages
        )
        return tuple(found)

    # --- TLS ---------------------------------------------------------------------------------

    def _tls_layer(self, records: Sequence[Part], place: Placement) -> Layer:
        names = [name for part in records for name in self._rows.record_names(part, place)]
        agreed = self._contents.tls(place.stream)
        version = agreed.version if agreed is not None else ""
        is_sealed = any(CONTENT_TYPES[part.unit.content_type] in names for part in records)
        return Layer(
            "Transport Layer Security",
            f"{version} {', '.join(names)}".strip(),
            _union(records),
            tuple(self._record(part, place) for part in records),
            Exposure.SEALED if is_sealed else Exposure.PLUMBING,
        )

    def _record(self, part: Part, place: Placement) -> Field:
        clip = _clipper(part, place)
        name = ", ".join(self._rows.record_names(part, place))
        length = len(part.unit.span) - HEADER_SIZE
        value = f"{len(part.unit.span):,} bytes{self._elsewhere(part, place)}"
        fields: list[Field] = []
        if part.data is not None:
            version = int.from_bytes(part.data[1:3], "big")
            fields = [
                Field(
                    "Content Type",
                    f"{CONTENT_TYPES[part.unit.content_type]} ({part.unit.content_type})",
                    clip(0, 1),
                ),
                Field("Version", f"{version_name(version)} (0x{version:04x})", clip(1, 3)),
                Field("Length", f"{length:,}", clip(3, 5)),
                *self._fragment(part, place, clip),
            ]
        return Field(f"Record: {name}", value, part.here, tuple(fields))

    def _fragment(self, part: Part, place: Placement, clip: _Clip) -> list[Field]:
        assert part.data is not None
        if part.unit.content_type == HANDSHAKE and not self._rows.is_sealed(part, place):
            found = handshake_messages(part.data[HEADER_SIZE:])
            if found is not None:
                return [_handshake(message, clip) for message in found]
        size = len(part.data) - HEADER_SIZE
        return [Field("Fragment", f"{size:,} bytes", clip(HEADER_SIZE, len(part.data)))]

    def _elsewhere(self, part: Part, place: Placement) -> str:
        """Where the rest of a unit is that this frame holds only a part of."""
        words: list[str] = []
        span = part.unit.span
        direction = self._streams.direction(place.stream, place.side)
        if not part.begins:
            first = direction.carriers(ByteRange(span.start, span.start + 1)).frames
            words.append(f"begins in frame {first[0]}" if first else "its beginning is missing")
        if not part.ends:
            last = direction.carriers(ByteRange(span.stop - 1, span.stop)).frames
            words.append(f"continues in frame {last[0]}" if last else "its end is missing")
        return f" ({', '.join(words)})" if words else ""

    # --- IRC ---------------------------------------------------------------------------------

    def _irc_layer(self, lines: Sequence[Part], place: Placement) -> Layer:
        shown = [self._line(part, place) for part in lines]
        summary = ", ".join(field.name for field in shown)
        return Layer(
            "Internet Relay Chat",
            shortened(summary),
            _union(lines),
            tuple(shown),
            Exposure.READABLE,
        )

    def _line(self, part: Part, place: Placement) -> Field:
        elsewhere = self._elsewhere(part, place)
        if part.data is None:
            return Field("Part of a line", elsewhere.strip(), part.here)
        line = read_line(part.data)
        if line is None:
            return Field("Not IRC", f"{len(part.data)} bytes{elsewhere}", part.here)
        text = decode(part.data.rstrip(b"\r\n"))[0]
        shown = mask_line(text, line)
        fields = _line_fields(part.data, _clipper(part, place), is_masked=shown != text)
        return Field(line.command.upper(), readable(shown) + elsewhere, part.here, fields)


def _line_fields(data: bytes, clip: _Clip, *, is_masked: bool) -> tuple[Field, ...]:
    """The parts of a line, each with its bytes in the frame; no password among them."""
    try:
        found = parse_spans(data.rstrip(b"\r\n"))
    except RemoteProtocolError as error:
        return (Field("Malformed", error.message, clip(0, len(data))),)

    def placed(field: Field) -> Field:
        is_secret = is_masked and field.name.startswith("Parameter")
        return Field(
            field.name,
            MASK if is_secret else field.value,
            clip(field.span.start, field.span.stop),
            tuple(placed(inner) for inner in field.fields),
        )

    return tuple(placed(field) for field in found)


def _handshake(message: HandshakeMessage, clip: _Clip) -> Field:
    """A handshake message in clear, with what a person would look for in it."""
    start, stop = message.span.start + HEADER_SIZE, message.span.stop + HEADER_SIZE
    body = clip(start + 4, stop)
    fields: list[Field] = []
    if message.kind == CLIENT_HELLO:
        fields = _client_hello(message, body)
    elif message.kind == SERVER_HELLO and (chosen := parse_server_hello(message.body)):
        fields = [
            Field("Version", version_name(chosen.version), body),
            Field("Cipher Suite", cipher_name(chosen.cipher), body),
        ]
    elif message.kind == CERTIFICATE:
        chain = parse_certificates(message.body)
        fields = [
            Field(f"Certificate {n}", f"{len(each):,} bytes (DER)", body)
            for n, each in enumerate(chain, 1)
        ]
    size = stop - start
    return Field(f"Handshake: {message.name}", f"{size:,} bytes", clip(start, stop), tuple(fields))


def _client_hello(message: HandshakeMessage, body: ByteRange) -> list[Field]:
    hello = parse_client_hello(message.body)
    versions = ", ".join(version_name(each) for each in hello.versions if each & 0x0F0F != 0x0A0A)
    ciphers = tuple(Field("Cipher Suite", cipher_name(each), body) for each in hello.ciphers)
    return [
        Field("Server Name", hello.server_name or "not sent", body),
        Field("Application Protocols", ", ".join(hello.alpn) or "not sent", body),
        Field("Versions", versions, body),
        Field("Cipher Suites", f"{len(ciphers)} offered", body, ciphers[:_MAX_CIPHERS]),
    ]


def _decrypted_layer(messages: Sequence[Message]) -> Layer:
    """What our own connection says is inside; the frame itself does not show it."""
    fields = tuple(
        Field(f"{message.sender} → {message.target}", message.text, _NOTHING)
        for message in messages
    )
    word = "message" if len(fields) == 1 else "messages"
    return Layer(
        "Decrypted by ChatLab (from its own connection)",
        f"{len(fields)} {word}",
        _NOTHING,
        fields,
        Exposure.SEALED,
    )


def _clipper(part: Part, place: Placement) -> _Clip:
    into_frame = part.unit.span.start - place.position + place.payload.start

    def clip(start: int, stop: int) -> ByteRange:
        return ByteRange(start, stop).shifted(into_frame).intersection(part.here)

    return clip


def _union(parts: Sequence[Part]) -> ByteRange:
    return ByteRange(parts[0].here.start, parts[-1].here.stop)
