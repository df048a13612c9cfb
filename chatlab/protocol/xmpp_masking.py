"""Stanzas as they may be shown: no passwords, and indented; the wire itself is not touched."""

from chatlab.core.flow import ByteRange
from chatlab.protocol.irc_masking import MASK
from chatlab.protocol.xmpp import StreamFault
from chatlab.protocol.xmpp_element import Element, attribute_spans, parse_stanza

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
SASL2 = "urn:xmpp:sasl:2"
_FAST = "urn:xmpp:fast:0"
_SECRET_ELEMENTS = frozenset({"password", "digest", "old_password", "new_password"})
_SECRET_FIELDS = frozenset(
    {"password", "old_password", "new_password", "muc#roomconfig_roomsecret"}
)
_SASL_PROOFS = frozenset({"auth", "response", "initial-response"})
_MAY_HOLD_SECRETS = (b"passw", b"digest", b"sasl", b"text-private", b"roomsecret", _FAST.encode())
"""What a stanza has somewhere that holds a secret."""
_INDENT = "  "


def mask_stanza(data: bytes) -> bytes:
    """A stanza without what proves who somebody is: passwords, SASL proofs, tokens.

    The challenges and the first message of SCRAM stay: they hold no secret.
    """
    if not any(word in data for word in _MAY_HOLD_SECRETS):
        return data
    try:
        stanza = parse_stanza(data)
    except StreamFault:
        return MASK.encode()  # What cannot be read may hold anything.
    shown, position = [], 0
    for span in secret_spans(data, stanza):
        if span.start >= position:
            shown += [data[position : span.start], MASK.encode()]
            position = span.stop
    return b"".join([*shown, data[position:]])


def secret_spans(data: bytes, stanza: Element) -> list[ByteRange]:
    """Where in the bytes of a stanza its secrets lie, in order; some may lie within others."""
    hidden: list[ByteRange] = []
    for element in stanza.walk():
        if _is_secret(element):
            hidden.append(element.content)
        if names := _secret_attributes(element):
            spans = attribute_spans(data, element)
            hidden += [spans[name] for name in names if name in spans]
    return sorted(each for each in hidden if len(each))


def _is_secret(element: Element) -> bool:
    name = element.name
    if name in _SECRET_ELEMENTS:
        return True
    if name in _SASL_PROOFS and element.namespace in (SASL, SASL2):
        return not _is_first_of_scram(element)
    if name == "field":
        return element.get("type") == "text-private" or element.get("var") in _SECRET_FIELDS
    return False


def _is_first_of_scram(element: Element) -> bool:
    """Whether it is a client-first-message (RFC 5802, section 5): name and nonce, no proof."""
    return element.name == "auth" and element.get("mechanism").startswith("SCRAM-")


def _secret_attributes(element: Element) -> tuple[str, ...]:
    if element.name == "token" and element.namespace == _FAST:
        return ("token",)
    return ("password",) if "password" in element.attributes else ()


def pretty(data: bytes) -> str:
    """A unit of a stream with one element per line, indented; nothing but blanks is changed.

    Text that lies beside elements is left as it is, for there blanks matter. What is no
    well-formed element comes back as one piece.
    """
    text = data.decode("utf-8", "replace").strip("\r\n")
    try:
        element = parse_stanza(data)
    except StreamFault:
        return text
    lines: list[str] = []
    _write(data, element, lines)
    return "\n".join(lines)


def _write(data: bytes, element: Element, lines: list[str]) -> None:
    indent = _INDENT * element.depth
    if not element.children or element.text.strip():
        lines.append(indent + _text(data, element.span))
        return
    lines.append(indent + _text(data, ByteRange(element.span.start, element.content.start)))
    for child in element.children:
        _write(data, child, lines)
    lines.append(indent + _text(data, ByteRange(element.content.stop, element.span.stop)))


def _text(data: bytes, span: ByteRange) -> str:
    return data[span.start : span.stop].decode("utf-8", "replace")


# --- in bytes, for copies that are handed on -------------------------------------------------------

_SASL_EXCHANGE = frozenset(
    {"auth", "response", "challenge", "success", "initial-response", "additional-data"}
)


def blanked_spans(data: bytes, stanza: Element) -> list[ByteRange]:
    """As ``secret_spans``, and all that SASL said in both directions; none within another.

    What a server proves (``v=`` of SCRAM) lets one try passwords just as what a client proves.
    """
    found = secret_spans(data, stanza)
    for element in stanza.walk():
        if element.namespace not in (SASL, SASL2) or element.name not in _SASL_EXCHANGE:
            continue
        if element.text.strip() and not element.children:
            found.append(element.content)
    merged: list[ByteRange] = []
    for span in sorted(each for each in found if len(each)):
        if merged and span.start < merged[-1].stop:
            merged[-1] = ByteRange(merged[-1].start, max(merged[-1].stop, span.stop))
        else:
            merged.append(span)
    return merged


def may_hold_secrets(data: bytes) -> bool:
    """Whether a piece of a stream, whole or not, has something that goes with secrets."""
    return any(word in data for word in _MAY_HOLD_SECRETS)
