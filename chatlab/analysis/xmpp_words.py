"""Units of XMPP streams as the frame list shows them: one line each, no passwords, no key needed."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from chatlab.analysis.contents import Part
from chatlab.analysis.irc_words import ELLIPSIS
from chatlab.protocol.xmpp import TLS_NAMESPACE, StreamFault, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import STREAMS_NAMESPACE, Element
from chatlab.protocol.xmpp_masking import SASL, SASL2
from chatlab.protocol.xmpp_words import (
    PAYLOADS,
    QUIET,
    SM,
    body_of,
    describe,
    is_end_to_end,
    is_stanza,
    read_unit,
)

MAX_WORDS = 2_000
"""Characters of a text that are looked at; more than any view shows."""
_PIECE = "part of a stanza"
_QUIET_SM = frozenset({"r", "a"})
_ROOM = "http://jabber.org/protocol/muc"


def stream_unit(part: Part) -> StreamUnit | None:
    """A part as a unit of its stream; None for lines, records and what is not whole."""
    kind = part.unit.stanza_kind
    if kind is None or part.data is None:
        return None
    return StreamUnit(kind, part.data, part.unit.span)


def read_part(part: Part) -> Element | None:
    """The element of a part; None where there is none or it cannot be read."""
    unit = stream_unit(part)
    return _read(unit) if unit is not None else None


@lru_cache(maxsize=32)
def _read(unit: StreamUnit) -> Element | None:
    """Cached, because a row asks several times what its few units are."""
    try:
        return read_unit(unit)
    except StreamFault:
        return None


def stanza_words(part: Part) -> str:
    """What a frame holds of a unit: what it says, with ellipses where it is in other frames too."""
    unit = stream_unit(part)
    words = _PIECE if unit is None else plain(describe(unit, read_part(part)))
    before = "" if part.begins else ELLIPSIS
    return f"{before}{words}{'' if part.ends else ELLIPSIS}"


def plain(text: str) -> str:
    """One line in which nothing hides: no line ends, no signs that turn the text around."""
    shown = " ".join(text[:MAX_WORDS].split())
    return "".join(char if char.isprintable() else "�" for char in shown)


def is_keep_alive(parts: Iterable[Part]) -> bool:
    """Whether the parts only keep the stream going: blanks, SM requests and answers."""
    return all(
        part.unit.stanza_kind is UnitKind.BLANK or _is_count(read_part(part)) for part in parts
    )


def _is_count(element: Element | None) -> bool:
    return element is not None and element.namespace == SM and element.name in _QUIET_SM


def has_sealed_words(parts: Iterable[Part]) -> bool:
    """Whether a message is among them, and each that is there is encrypted end to end."""
    messages = [each for each in map(read_part, parts) if each and each.name == "message"]
    return bool(messages) and all(is_end_to_end(each) for each in messages)


def purpose(parts: Sequence[Part]) -> str:
    """What the units of a frame are for; empty for nothing in particular."""
    kinds = {part.unit.stanza_kind for part in parts}
    elements = [element for part in parts if (element := read_part(part)) is not None]
    if is_keep_alive(parts):
        return "keep-alive (blank)" if kinds == {UnitKind.BLANK} else "stream management (XEP-0198)"
    if UnitKind.CLOSED in kinds:
        return "leaving (stream end)"
    namespaces = {element.namespace for element in elements}
    if any(each.namespace == STREAMS_NAMESPACE and each.name == "error" for each in elements):
        return "stream error"
    if namespaces & {SASL, SASL2}:
        return "login (SASL)"
    if TLS_NAMESPACE in namespaces:
        return "STARTTLS"
    if kinds & {UnitKind.OPENED, UnitKind.DECLARATION} or STREAMS_NAMESPACE in namespaces:
        return "opening the stream"
    stanzas = [element for element in elements if is_stanza(element)]
    if any(body_of(element) for element in stanzas):
        return "message"
    return _stanza_purpose(stanzas) or ("stream management (XEP-0198)" if SM in namespaces else "")


def _stanza_purpose(stanzas: Sequence[Element]) -> str:
    names = {element.name for element in stanzas}
    payload = [child.namespace for element in stanzas for child in element.children]
    if any(namespace.startswith(_ROOM) for namespace in payload):
        return "room (XEP-0045)"
    if names == {"presence"}:
        return "presence"
    known = [PAYLOADS[each] for each in payload if each in PAYLOADS and each not in QUIET]
    if known:
        return f"{known[0].name} ({known[0].document})"
    return "query (iq)" if names == {"iq"} else ("XMPP" if names else "")
