"""The application layers of the detail tree: what scapy's layers leave as payload.

Added behind the layers from link to transport: the TLS records, IRC lines and stanzas that a frame
holds bytes of. What TLS had sealed is opened where its secrets are there; else, for our own
connections, the messages inside are told, which we know because we wrote or read them ourselves.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from chatlab.analysis.byte_views import Clip, FrameViews, UnitPlace, in_source
from chatlab.analysis.contents import Contents, Part, SealedPart
from chatlab.analysis.correlate import Correlator
from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.irc_layers import irc_layer
from chatlab.analysis.rows import RowBuilder
from chatlab.analysis.streams import Placement, Streams
from chatlab.analysis.tls_layers import handshake_field
from chatlab.analysis.xmpp_layers import xmpp_layer
from chatlab.core.flow import ByteRange
from chatlab.core.frame import ByteView, Exposure, Field, Layer
from chatlab.core.message import Message, MessageId
from chatlab.protocol.tls import CONTENT_TYPES, HEADER_SIZE
from chatlab.protocol.tls_handshake import (
    ALERT,
    APPLICATION_DATA,
    HANDSHAKE,
    describe_alert,
    handshake_messages,
    version_name,
)

_NOTHING = ByteRange(0, 0)


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
        sealed = self._contents.sealed_parts(place)
        shown = FrameViews(self._streams, self._contents, place, parts, sealed)
        records = [part for part in parts if part.unit.is_record]
        found: list[Layer] = []
        if records:
            found.append(self._tls_layer(records, place, shown))
        found += self._in_clear(parts, place, shown)
        found += self._sealed(sealed, place, shown)
        if records and not sealed and self._contents.uses_keys:
            known = [messages[each] for each in self._inside(number, records, messages)]
            found += [_decrypted_layer(known)] if known else []
        return tuple(found)

    def views(self, number: int) -> tuple[ByteView, ...]:
        """The byte arrays beside the frame's own; fields name them by their place, from 1 on."""
        place = self._streams.place(number)
        parts = self._contents.parts(number, place) if place is not None else ()
        if place is None or not parts:
            return ()
        sealed = self._contents.sealed_parts(place)
        return tuple(FrameViews(self._streams, self._contents, place, parts, sealed).views)

    def _in_clear(self, parts: Sequence[Part], place: Placement, shown: FrameViews) -> list[Layer]:
        lines = [part for part in parts if part.unit.is_line]
        stanzas = [part for part in parts if part.unit.stanza_kind]
        elsewhere = partial(self._elsewhere, place=place)
        found: list[Layer] = []
        if lines:
            found.append(irc_layer(lines, shown.of_part, elsewhere, Exposure.READABLE))
        if stanzas:
            found.append(xmpp_layer(stanzas, shown.of_part, elsewhere))
        return found

    def _sealed(
        self, sealed: Sequence[SealedPart], place: Placement, shown: FrameViews
    ) -> list[Layer]:
        """What the records hold, as layers of their own."""
        wires = {each.part: each for each in sealed}
        lines = [each.part for each in sealed if each.part.unit.is_line]
        stanzas = [each.part for each in sealed if each.part.unit.stanza_kind]

        def place_of(part: Part) -> UnitPlace:
            return shown.of_sealed(wires[part])

        def elsewhere(part: Part) -> str:
            return self._elsewhere(part, place, wires[part].wire)

        found: list[Layer] = []
        if lines:
            found.append(irc_layer(lines, place_of, elsewhere, Exposure.SEALED))
        if stanzas:
            found.append(xmpp_layer(stanzas, place_of, elsewhere, Exposure.SEALED))
        return found

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

    def _tls_layer(self, records: Sequence[Part], place: Placement, shown: FrameViews) -> Layer:
        names = [name for part in records for name in self._rows.tls.record_names(part, place)]
        agreed = self._contents.tls(place.stream)
        version = agreed.version if agreed is not None else ""
        is_sealed = any(CONTENT_TYPES[part.unit.content_type] in names for part in records)
        return Layer(
            "Transport Layer Security",
            f"{version} {', '.join(names)}".strip(),
            _union(records),
            tuple(self._record(part, place, shown) for part in records),
            Exposure.SEALED if is_sealed else Exposure.PLUMBING,
        )

    def _record(self, part: Part, place: Placement, shown: FrameViews) -> Field:
        where = shown.of_part(part)
        name = ", ".join(self._rows.tls.record_names(part, place))
        length = len(part.unit.span) - HEADER_SIZE
        value = f"{len(part.unit.span):,} bytes{self._elsewhere(part, place)}"
        fields: list[Field] = []
        if part.data is not None:
            version, clip = int.from_bytes(part.data[1:3], "big"), where.clip
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
        whole = in_source(Field("", "", where.here, tuple(fields)), where.source)
        inside = self._inside_record(part, place, shown)
        return Field(f"Record: {name}", value, part.here, (*whole.fields, *inside))

    def _fragment(self, part: Part, place: Placement, clip: Clip) -> list[Field]:
        assert part.data is not None
        if part.unit.content_type == HANDSHAKE and not self._rows.tls.is_sealed(part, place):
            found = handshake_messages(part.data[HEADER_SIZE:])
            if found is not None:
                return [handshake_field(message, clip, HEADER_SIZE) for message in found]
        size = len(part.data) - HEADER_SIZE
        return [Field("Fragment", f"{size:,} bytes", clip(HEADER_SIZE, len(part.data)))]

    def _inside_record(self, part: Part, place: Placement, shown: FrameViews) -> list[Field]:
        """What a sealed record holds, or why that is not known."""
        record = next((each for each in shown.records if each.record == part.unit.span), None)
        if record is None:
            why = self._contents.why_closed(part.unit, place)
            is_sealed = part.unit.content_type == APPLICATION_DATA
            return [Field("Not decrypted", why.value, _NOTHING)] if why and is_sealed else []
        where = shown.of_record(record)
        if where is None:
            return []
        kind, plaintext = record.opened.content_type, record.opened.plaintext
        inner: tuple[Field, ...] = ()
        if kind == HANDSHAKE:
            messages = handshake_messages(plaintext) or ()
            inner = tuple(handshake_field(message, where.clip, 0) for message in messages)
        elif kind == ALERT:
            inner = (Field("Alert Message", describe_alert(plaintext), where.here),)
        size = "1 byte" if len(plaintext) == 1 else f"{len(plaintext):,} bytes"
        name = CONTENT_TYPES.get(kind, str(kind))
        return [in_source(Field("Decrypted", f"{name}, {size}", where.here, inner), where.source)]

    def _elsewhere(self, part: Part, place: Placement, wire: ByteRange | None = None) -> str:
        """Where the rest of a unit is that this frame holds only a part of.

        ``wire``: the bytes of the stream that carry one that was sealed.
        """
        words: list[str] = []
        span = wire or part.unit.span
        direction = self._streams.direction(place.stream, place.side)
        if not part.begins:
            first = direction.carriers(ByteRange(span.start, span.start + 1)).frames
            words.append(f"begins in frame {first[0]}" if first else "its beginning is missing")
        if not part.ends:
            last = direction.carriers(ByteRange(span.stop - 1, span.stop)).frames
            words.append(f"continues in frame {last[0]}" if last else "its end is missing")
        return f" ({', '.join(words)})" if words else ""


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


def _union(parts: Sequence[Part]) -> ByteRange:
    return ByteRange(parts[0].here.start, parts[-1].here.stop)
