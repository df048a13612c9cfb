"""The IRC layer of the detail tree: each line with its tags, source, command and parameters."""

from collections.abc import Callable, Sequence

from chatlab.analysis.byte_views import Clip, UnitPlace, extent, in_source
from chatlab.analysis.contents import Part
from chatlab.analysis.irc_words import read_line, readable
from chatlab.analysis.rows import shortened
from chatlab.core.errors import RemoteProtocolError
from chatlab.core.frame import Exposure, Field, Layer
from chatlab.protocol.irc import decode, parse_spans
from chatlab.protocol.irc_masking import MASK, mask_line


def irc_layer(
    parts: Sequence[Part],
    place_of: Callable[[Part], UnitPlace],
    elsewhere: Callable[[Part], str],
    exposure: Exposure,
) -> Layer:
    """The lines that a frame holds bytes of.

    ``elsewhere`` says where the rest of a line is that lies in several frames.
    """
    shown = [_line(part, place_of(part), elsewhere(part)) for part in parts]
    span, source = extent(parts, shown, exposure)
    summary = shortened(", ".join(field.name for field in shown))
    return Layer("Internet Relay Chat", summary, span, tuple(shown), exposure, source)


def _line(part: Part, place: UnitPlace, elsewhere: str) -> Field:
    if part.data is None:
        return Field("Part of a line", elsewhere.strip(), place.here, (), place.source)
    line = read_line(part.data)
    if line is None:
        value = f"{len(part.data)} bytes{elsewhere}"
        return Field("Not IRC", value, place.here, (), place.source)
    text = decode(part.data.rstrip(b"\r\n"))[0]
    shown = mask_line(text, line)
    fields = _line_fields(part.data, place.clip, is_masked=shown != text)
    value = readable(shown) + elsewhere
    return in_source(Field(line.command.upper(), value, place.here, fields), place.source)


def _line_fields(data: bytes, clip: Clip, *, is_masked: bool) -> tuple[Field, ...]:
    """The parts of a line, each with its bytes; no password among them."""
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
