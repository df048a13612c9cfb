"""What a stanza is, in a few words: its kind, whom it is for, what it carries, by XEP names."""

import base64
import binascii
from typing import NamedTuple

from chatlab.protocol.xmpp import TLS_NAMESPACE, StreamUnit, UnitKind
from chatlab.protocol.xmpp_element import (
    CLIENT_NAMESPACE,
    STREAMS_NAMESPACE,
    Element,
    parse_header,
    parse_stanza,
)
from chatlab.protocol.xmpp_masking import SASL, SASL2

SM = "urn:xmpp:sm:3"
CARBONS = "urn:xmpp:carbons:2"
MAM = "urn:xmpp:mam:2"
RECEIPTS = "urn:xmpp:receipts"
MARKERS = "urn:xmpp:chat-markers:0"
CHAT_STATES = "http://jabber.org/protocol/chatstates"
FORWARD = "urn:xmpp:forward:0"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
PUBSUB_EVENT = "http://jabber.org/protocol/pubsub#event"


class Payload(NamedTuple):
    """What a namespace stands for."""

    name: str
    document: str
    """The document that defines it."""


PAYLOADS: dict[str, Payload] = {
    TLS_NAMESPACE: Payload("STARTTLS", "RFC 6120"),
    SASL: Payload("SASL", "RFC 6120"),
    SASL2: Payload("SASL2", "XEP-0388"),
    BIND: Payload("resource binding", "RFC 6120"),
    "urn:ietf:params:xml:ns:xmpp-session": Payload("session", "RFC 3921"),
    "jabber:iq:roster": Payload("roster", "RFC 6121"),
    "urn:xmpp:features:pre-approval": Payload("pre-approval", "RFC 6121"),
    "urn:xmpp:features:rosterver": Payload("roster versions", "RFC 6121"),
    SM: Payload("stream management", "XEP-0198"),
    "urn:xmpp:sm:2": Payload("stream management", "XEP-0198"),
    "urn:xmpp:csi:0": Payload("client state", "XEP-0352"),
    "jabber:x:data": Payload("data form", "XEP-0004"),
    "http://jabber.org/protocol/disco#info": Payload("service discovery (info)", "XEP-0030"),
    "http://jabber.org/protocol/disco#items": Payload("service discovery (items)", "XEP-0030"),
    "http://jabber.org/protocol/caps": Payload("capabilities", "XEP-0115"),
    "http://jabber.org/protocol/muc": Payload("room", "XEP-0045"),
    "http://jabber.org/protocol/muc#user": Payload("room", "XEP-0045"),
    "http://jabber.org/protocol/muc#admin": Payload("room administration", "XEP-0045"),
    "http://jabber.org/protocol/muc#owner": Payload("room configuration", "XEP-0045"),
    "jabber:x:conference": Payload("room invitation", "XEP-0249"),
    "urn:xmpp:occupant-id:0": Payload("occupant id", "XEP-0421"),
    "http://jabber.org/protocol/pubsub": Payload("publish-subscribe", "XEP-0060"),
    PUBSUB_EVENT: Payload("publish-subscribe event", "XEP-0060"),
    "http://jabber.org/protocol/pubsub#owner": Payload("publish-subscribe owner", "XEP-0060"),
    "vcard-temp": Payload("vCard", "XEP-0054"),
    "vcard-temp:x:update": Payload("avatar hash", "XEP-0153"),
    "urn:xmpp:avatar:data": Payload("avatar", "XEP-0084"),
    "urn:xmpp:avatar:metadata": Payload("avatar metadata", "XEP-0084"),
    "http://jabber.org/protocol/nick": Payload("nickname", "XEP-0172"),
    "jabber:iq:register": Payload("registration", "XEP-0077"),
    "http://jabber.org/features/iq-register": Payload("registration", "XEP-0077"),
    "urn:xmpp:captcha": Payload("CAPTCHA", "XEP-0158"),
    "urn:xmpp:bob": Payload("bits of binary", "XEP-0231"),
    "urn:xmpp:media-element": Payload("media element", "XEP-0221"),
    "jabber:iq:auth": Payload("old login", "XEP-0078"),
    "jabber:iq:private": Payload("private storage", "XEP-0049"),
    "storage:bookmarks": Payload("bookmarks", "XEP-0048"),
    "urn:xmpp:bookmarks:1": Payload("bookmarks", "XEP-0402"),
    "jabber:iq:version": Payload("software version", "XEP-0092"),
    "urn:xmpp:time": Payload("entity time", "XEP-0202"),
    "urn:xmpp:ping": Payload("ping", "XEP-0199"),
    "jabber:iq:last": Payload("last activity", "XEP-0012"),
    "urn:xmpp:idle:1": Payload("idle since", "XEP-0319"),
    "urn:xmpp:delay": Payload("delayed delivery", "XEP-0203"),
    FORWARD: Payload("forwarded stanza", "XEP-0297"),
    CARBONS: Payload("carbon copy", "XEP-0280"),
    MAM: Payload("message archive", "XEP-0313"),
    "http://jabber.org/protocol/rsm": Payload("result set", "XEP-0059"),
    RECEIPTS: Payload("delivery receipt", "XEP-0184"),
    MARKERS: Payload("chat marker", "XEP-0333"),
    CHAT_STATES: Payload("chat state", "XEP-0085"),
    "urn:xmpp:message-correct:0": Payload("correction", "XEP-0308"),
    "urn:xmpp:reactions:0": Payload("reactions", "XEP-0444"),
    "urn:xmpp:reply:0": Payload("reply", "XEP-0461"),
    "urn:xmpp:fallback:0": Payload("fallback", "XEP-0428"),
    "urn:xmpp:message-retract:0": Payload("retraction", "XEP-0424"),
    "urn:xmpp:message-retract:1": Payload("retraction", "XEP-0424"),
    "urn:xmpp:message-moderate:0": Payload("moderation", "XEP-0425"),
    "urn:xmpp:message-moderate:1": Payload("moderation", "XEP-0425"),
    "urn:xmpp:fasten:0": Payload("fastening", "XEP-0422"),
    "urn:xmpp:sid:0": Payload("stanza id", "XEP-0359"),
    "urn:xmpp:hints": Payload("processing hint", "XEP-0334"),
    "urn:xmpp:eme:0": Payload("encryption label", "XEP-0380"),
    "eu.siacs.conversations.axolotl": Payload("OMEMO", "XEP-0384"),
    "urn:xmpp:omemo:2": Payload("OMEMO", "XEP-0384"),
    "urn:xmpp:openpgp:0": Payload("OpenPGP", "XEP-0373"),
    "jabber:x:encrypted": Payload("OpenPGP", "XEP-0027"),
    "urn:xmpp:blocking": Payload("blocking", "XEP-0191"),
    "urn:xmpp:reporting:1": Payload("report", "XEP-0377"),
    "http://jabber.org/protocol/commands": Payload("ad-hoc command", "XEP-0050"),
    "http://jabber.org/protocol/xhtml-im": Payload("XHTML", "XEP-0071"),
    "jabber:x:oob": Payload("link", "XEP-0066"),
    "urn:xmpp:http:upload:0": Payload("HTTP upload", "XEP-0363"),
    "http://jabber.org/protocol/ibb": Payload("in-band bytestream", "XEP-0047"),
    "http://jabber.org/protocol/bytestreams": Payload("SOCKS5 bytestream", "XEP-0065"),
    "urn:xmpp:jingle:1": Payload("Jingle", "XEP-0166"),
    "http://jabber.org/protocol/compress": Payload("compression", "XEP-0138"),
    "http://jabber.org/features/compress": Payload("compression", "XEP-0138"),
    "urn:xmpp:sasl-cb:0": Payload("channel bindings", "XEP-0440"),
    "urn:xmpp:bind:0": Payload("bind 2", "XEP-0386"),
}
"""The payloads that chat clients use; registered at xmpp.org/registrar."""

QUIET = frozenset(
    {CLIENT_NAMESPACE, "urn:xmpp:sid:0", "urn:xmpp:hints", "urn:xmpp:delay", "urn:xmpp:fallback:0"}
    | {"http://jabber.org/protocol/caps", "urn:xmpp:occupant-id:0", "vcard-temp:x:update"}
)
"""What accompanies a stanza, and is not what it is about."""
_ENCRYPTED = frozenset(
    {"eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2", "urn:xmpp:openpgp:0"}
    | {"jabber:x:encrypted"}
)
_STANZAS = frozenset({"message", "presence", "iq"})


def read_unit(unit: StreamUnit) -> Element | None:
    """The element of a unit; None for blanks, the XML declaration and the end of the stream.

    Raises StreamFault for what expat does not take.
    """
    if unit.kind is UnitKind.OPENED:
        return parse_header(unit.data)
    return parse_stanza(unit.data) if unit.kind is UnitKind.ELEMENT else None


def is_stanza(element: Element) -> bool:
    """Whether it is a message, a presence or an iq, not a matter of the stream (RFC 6120, 8)."""
    return element.name in _STANZAS


def payloads(element: Element) -> tuple[str, ...]:
    """What a stanza carries beside text, by the names of ``PAYLOADS``; no name twice."""
    found: dict[str, None] = {}
    for child in element.children:
        name = _payload(child)
        if name:
            found[name] = None
    return tuple(found)


def _payload(child: Element) -> str:
    if child.name == "error":
        return f"error: {condition(child)}"
    if child.namespace in QUIET:
        return ""
    if child.namespace == CHAT_STATES:
        return f"chat state: {child.name}"
    if child.namespace in (RECEIPTS, MARKERS):
        return f"{PAYLOADS[child.namespace].name}: {child.name}"
    if child.namespace == CARBONS and child.name in ("sent", "received"):
        return f"carbon copy: {child.name}"
    if child.namespace == MAM and child.name == "result":
        return "archived message"
    known = PAYLOADS.get(child.namespace)
    return known.name if known is not None else f"{child.name} ({child.namespace})"


def condition(error: Element) -> str:
    """The defined condition of a stanza or stream error, e.g. ``item-not-found``."""
    names = [each.name for each in error.children if each.name != "text"]
    return names[0] if names else error.get("code", "unspecified")


def inner_message(element: Element) -> Element | None:
    """The message inside a carbon copy, an archived or a forwarded message (XEP-0297)."""
    for child in element.children:
        if child.namespace in (CARBONS, MAM, FORWARD):
            forwarded = child if child.name == "forwarded" else child.child("forwarded", FORWARD)
            found = forwarded.child("message") if forwarded is not None else None
            if found is not None:
                return found
    return None


def body_of(element: Element) -> str:
    """The words of a message, those inside a carbon copy or an archived message included."""
    if text := element.text_of("body"):
        return text
    inner = inner_message(element)
    return inner.text_of("body") if inner is not None else ""


def is_end_to_end(element: Element) -> bool:
    """Whether a message is encrypted so that servers cannot read it (XEP-0380)."""
    inner = inner_message(element) or element
    return any(child.namespace in _ENCRYPTED for child in inner.children)


def describe(unit: StreamUnit, element: Element | None) -> str:
    """A unit in the manner of analysers: ``message > bob@localhost: hello``."""
    match unit.kind:
        case UnitKind.BLANK:
            return f"keep-alive ({_count(len(unit.data), 'blank')})"
        case UnitKind.DECLARATION:
            return "XML declaration"
        case UnitKind.CLOSED:
            return "stream end"
    if element is None:
        return f"a stanza that cannot be read ({len(unit.data):,} bytes)"
    if unit.kind is UnitKind.OPENED:
        return f"stream header{_arrow(element)}"
    return _stanza_words(element) if is_stanza(element) else _negotiation_words(element)


def _stanza_words(element: Element) -> str:
    kind = element.get("type")
    usual = {"message": ("", "chat", "normal"), "presence": ("",), "iq": ()}[element.name]
    words = element.name + (f" ({kind})" if kind not in usual else "") + _arrow(element)
    if element.name == "presence":
        details = [element.text_of("show"), element.text_of("status"), *payloads(element)]
    else:
        details = [*payloads(element)]
        if subject := element.text_of("subject"):
            details.append(f"subject “{subject}”")
    if details := [detail for detail in details if detail]:
        words += f" [{', '.join(details)}]"
    # The body of an encrypted message is for programs that cannot read it: nobody's words.
    has_words = element.name == "message" and not is_end_to_end(element)
    body = body_of(element) if has_words else ""
    return f"{words}: {body}" if body else words


def _arrow(element: Element) -> str:
    """``> bob`` for what a client says, ``< bob`` for what came from somebody."""
    if sender := element.get("from"):
        return f" < {sender}"
    return f" > {element.get('to')}" if element.get("to") else ""


def _negotiation_words(element: Element) -> str:
    name = element.name
    if element.namespace == STREAMS_NAMESPACE:
        if name == "features":
            return f"stream features: {', '.join(_features(element)) or 'none'}"
        return f"stream error: {condition(element)}" if name == "error" else f"stream:{name}"
    if element.namespace in (SASL, SASL2):
        if name in ("auth", "authenticate"):
            return f"SASL {name} {element.get('mechanism')}".rstrip()
        return f"SASL {name}: {condition(element)}" if name == "failure" else f"SASL {name}"
    if element.namespace == TLS_NAMESPACE:
        return f"STARTTLS {name}" if name != "starttls" else "STARTTLS request"
    if element.namespace == SM:
        numbers = [f"{key}={element.get(key)}" for key in ("h", "previd") if element.get(key)]
        return " ".join([f"SM {name}", *numbers])
    known = PAYLOADS.get(element.namespace)
    return f"{name} ({known.name if known is not None else element.namespace})"


def _features(element: Element) -> list[str]:
    found: list[str] = []
    for child in element.children:
        known = PAYLOADS.get(child.namespace)
        name = known.name if known is not None else child.name
        if child.name == "mechanisms":
            name += f" ({' '.join(each.text.strip() for each in child.children)})"
        elif child.child("required") is not None:
            name += " (required)"
        found.append(name)
    return list(dict.fromkeys(found))


def sasl_text(element: Element) -> str:
    """The decoded payload of a SASL element; empty where there is none or it is no text."""
    text = element.text.strip() or element.text_of("initial-response")
    try:
        data = base64.b64decode(text, validate=True) if text not in ("", "=") else b""
        return data.decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
