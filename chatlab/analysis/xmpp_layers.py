"""The XMPP layer of the detail tree: each stanza with its attributes and elements, byte by byte."""

from collections.abc import Callable, Sequence

from chatlab.analysis.byte_views import Clip, UnitPlace, extent, in_source
from chatlab.analysis.contents import Part
from chatlab.analysis.xmpp_words import (
    has_sealed_words,
    is_keep_alive,
    plain,
    read_part,
    stanza_words,
)
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure, Field, Layer
from chatlab.protocol.irc_masking import MASK
from chatlab.protocol.xmpp_element import Element, attribute_spans
from chatlab.protocol.xmpp_masking import secret_spans
from chatlab.protocol.xmpp_words import PAYLOADS, sasl_text

MAX_FIELDS = 400
"""Elements of one stanza that the tree shows; the hex view has the rest."""
MAX_VALUE = 1_000
"""Characters of one text."""


def xmpp_layer(
    parts: Sequence[Part],
    place_of: Callable[[Part], UnitPlace],
    elsewhere: Callable[[Part], str],
    exposure: Exposure | None = None,
) -> Layer:
    """The units of an XMPP stream that a frame holds bytes of.

    ``elsewhere`` says where the rest of a unit is that lies in several frames; ``exposure`` who
    can read them, where they do not lie in clear.
    """
    shown = [_unit(part, place_of(part), elsewhere(part)) for part in parts]
    exposure = exposure or exposure_of(parts)
    span, source = extent(parts, shown, exposure)
    summary = ", ".join(field.name for field in shown[:20])
    return Layer("XMPP Protocol", summary, span, tuple(shown), exposure, source)


def exposure_of(parts: Sequence[Part]) -> Exposure:
    """Who can read these units, which lie in clear; blanks and counts carry nobody's words."""
    if is_keep_alive(parts):
        return Exposure.PLUMBING
    return Exposure.END_TO_END if has_sealed_words(parts) else Exposure.READABLE


def _unit(part: Part, place: UnitPlace, elsewhere: str) -> Field:
    if part.data is None:
        return Field("Part of a stanza", elsewhere.strip(), place.here, (), place.source)
    element = read_part(part)
    value = stanza_words(part)[:MAX_VALUE] + elsewhere
    if element is None:
        kind = part.unit.stanza_kind
        name = kind.value.capitalize() if kind is not None else "Unit"
        return Field(name, value, place.here, (), place.source)
    tree = _Tree(part.data, element, place.clip)
    whole = Field(element.name.upper(), value, place.here, tree.inner(element))
    return in_source(whole, place.source)


class _Tree:
    """Builds the fields of one stanza; shows no secret, and only so many elements."""

    def __init__(self, data: bytes, stanza: Element, clip: Clip) -> None:
        self._data = data
        self._clip = clip
        self._secrets = secret_spans(data, stanza)
        self._left = MAX_FIELDS

    def inner(self, element: Element) -> tuple[Field, ...]:
        """Attributes, text and elements of ``element``."""
        fields: list[Field] = []
        for name, span in attribute_spans(self._data, element).items():
            value = self._data[span.start : span.stop].decode("utf-8", "replace")
            fields.append(self._field(name, value, span))
        if element.text.strip():
            fields.append(self._field("Text", element.text, element.content))
            if decoded := self._decoded(element):
                fields.append(Field("Base64 decoded", decoded, self._place(element.content)))
        for child in element.children:
            self._left -= 1
            if self._left < 0:
                break
            fields.append(self._element(child))
        return tuple(fields)

    def _element(self, element: Element) -> Field:
        known = PAYLOADS.get(element.namespace)
        text = "" if element.children else element.text
        value = self._shown(text, element.content) if text.strip() else ""
        if known is not None:
            value = f"{value} ({known.name}, {known.document})".strip()
        return Field(element.name, value, self._place(element.span), self.inner(element))

    def _decoded(self, element: Element) -> str:
        """The SASL message in base64; nothing of one that proves who somebody is."""
        if "sasl" not in element.namespace or self._is_secret(element.content):
            return ""
        return plain(sasl_text(element))[:MAX_VALUE]

    def _field(self, name: str, value: str, span: ByteRange) -> Field:
        return Field(name, self._shown(value, span), self._place(span))

    def _shown(self, text: str, span: ByteRange) -> str:
        return MASK if self._is_secret(span) else plain(text)[:MAX_VALUE]

    def _is_secret(self, span: ByteRange) -> bool:
        return any(secret.overlaps(span) for secret in self._secrets)

    def _place(self, span: ByteRange) -> ByteRange:
        return self._clip(span.start, span.stop)
