"""What units of an XMPP stream tell whoever can read them (RFC 6120, RFC 6121 and the XEPs)."""

from collections.abc import Iterator

from chatlab.analysis.observer_words import Heard, decoded, sasl_heard, shown
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.jid import bare_of
from chatlab.core.observing import Topic
from chatlab.protocol.xmpp import StreamFault, UnitKind
from chatlab.protocol.xmpp_element import (
    STREAMS_NAMESPACE,
    Element,
    attribute_spans,
    parse_header,
    parse_stanza,
)
from chatlab.protocol.xmpp_masking import SASL, SASL2, secret_spans
from chatlab.protocol.xmpp_words import (
    BIND,
    CHAT_STATES,
    MARKERS,
    RECEIPTS,
    inner_message,
    is_end_to_end,
)

_ROOM = "http://jabber.org/protocol/muc"
_ROOM_USER = "http://jabber.org/protocol/muc#user"
_ROSTER = "jabber:iq:roster"
_CAPS = "http://jabber.org/protocol/caps"
_VERSION = "jabber:iq:version"
_NOT_ANONYMOUS = "100"
"""Status of a room in which everybody sees real addresses (XEP-0045, section 7.2.3)."""


class XmppEar:
    """Listens to both directions of one stream; remembers what later stanzas depend on."""

    def __init__(self) -> None:
        self.jid = ""
        """The full address, once the server has said it."""
        self.shows_jids = False
        """A room has said that its members see real addresses."""
        self._mechanism = ""
        self._places: set[str] = set()
        """Who we are in rooms: ``room@service/nick``."""

    def hear(self, direction: Direction, kind: UnitKind, data: bytes) -> list[Heard]:
        """What a whole unit says."""
        try:
            if kind is UnitKind.OPENED:
                return self._header(direction, data, parse_header(data))
            if kind is not UnitKind.ELEMENT:
                return []
            element = parse_stanza(data)
        except StreamFault:
            return []
        found = _secrets(data, element)
        if element.namespace in (SASL, SASL2):
            return self._sasl(direction, element) or found
        match element.name:
            case "message":
                found += self._message(direction, data, element)
            case "presence":
                found += self._presence(direction, data, element)
            case "iq":
                found += self._query(direction, data, element)
            case "features" if element.namespace == STREAMS_NAMESPACE:
                found += _mechanisms(element)
            case _:
                pass
        return found

    # --- the stream --------------------------------------------------------------------------

    def _header(self, direction: Direction, data: bytes, header: Element) -> list[Heard]:
        spans = attribute_spans(data, header)
        name, jid = ("to", "from") if direction is Direction.SENT else ("from", "to")
        found: list[Heard] = []
        if name in spans:
            words = "The server that is wanted goes before everything else."
            found.append(Heard(Topic.SERVER_NAME, shown(header.get(name)), spans[name], words))
        if jid in spans:
            words = "The address is in the stream’s header (RFC 6120, section 4.7.1)."
            found.append(Heard(Topic.JID, shown(header.get(jid)), spans[jid], words))
        return found

    def _sasl(self, direction: Direction, element: Element) -> list[Heard]:
        if direction is not Direction.SENT:
            return []
        found: list[Heard] = []
        inner = element.child("initial-response")
        content = inner or element
        if element.name in ("auth", "authenticate"):
            self._mechanism = element.get("mechanism").upper()
            words = "How the login is proved."
            found.append(Heard(Topic.PROTOCOL, f"SASL {self._mechanism}", element.span, words))
        text = decoded(content.text.strip())
        return found + sasl_heard(self._mechanism, text, content.content)

    # --- stanzas -----------------------------------------------------------------------------

    def _message(self, direction: Direction, data: bytes, stanza: Element) -> list[Heard]:
        is_sent = direction is Direction.SENT
        found = self._other_end(direction, data, stanza)
        if is_end_to_end(stanza):
            words = "The words are encrypted from end to end: not even the server can read them."
            return [*found, Heard(Topic.TEXT, "", stanza.span, words, is_learnt=False)]
        body = (inner_message(stanza) or stanza).child("body")
        if body is not None and len(body.content):
            # A room sends our own words back to us just as it sends them to the others.
            sender = stanza.get("from")
            is_passed_on = is_sent or sender in self._places
            other = shown(stanza.get("to") if is_sent else sender)
            words = f"What {other} says."
            if is_passed_on:
                words = f"What we say to {bare_of(other)}."
            heard = Heard(Topic.TEXT, shown(body.text), body.content, words)
            found.append(heard._replace(is_passed_on=is_passed_on))
        for child in stanza.children:
            if child.namespace == CHAT_STATES and is_sent:
                words = "What we do in this chat just now (XEP-0085)."
                heard = Heard(Topic.TYPING, child.name, child.span, words, is_passed_on=True)
                found.append(heard)
            elif child.namespace in (RECEIPTS, MARKERS) and is_sent and child.name != "request":
                words = "That a message has arrived or was read (XEP-0184, XEP-0333)."
                found.append(Heard(Topic.OTHER, child.name, child.span, words, is_passed_on=True))
        return found

    def _other_end(self, direction: Direction, data: bytes, stanza: Element) -> list[Heard]:
        name = "to" if direction is Direction.SENT else "from"
        span = attribute_spans(data, stanza).get(name)
        address = stanza.get(name)
        if span is None or bare_of(address) == bare_of(self.jid):
            return []
        if stanza.get("type") == "groupchat":
            where = bare_of(address)
            span = ByteRange(span.start, min(span.stop, span.start + len(where.encode())))
            is_sent = direction is Direction.SENT
            words = "The room of a message."
            return [Heard(Topic.CHANNEL, shown(where), span, words, is_passed_on=is_sent)]
        return [Heard(Topic.CONTACT, shown(address), span, "Who is talked with.")]

    def _presence(self, direction: Direction, data: bytes, stanza: Element) -> list[Heard]:
        if direction is Direction.RECEIVED:
            return self._heard_presence(data, stanza)
        found: list[Heard] = []
        to = attribute_spans(data, stanza).get("to")
        is_room = any(each.namespace == _ROOM for each in stanza.children)
        if to is not None and is_room:
            self._places.add(stanza.get("to"))
            found += _room(stanza.get("to"), to)
        elif to is not None:
            found.append(Heard(Topic.CONTACT, shown(stanza.get("to")), to, "A contact."))
        for child in stanza.children:
            if child.namespace == _CAPS:
                words = "Which program this is (capabilities, XEP-0115)."
                node = shown(child.get("node"))
                found.append(Heard(Topic.RESOURCE, node, child.span, words, is_passed_on=True))
            elif child.name in ("show", "status") and child.text.strip():
                words = "How available we are, for everybody in the roster."
                value = shown(child.text)
                found.append(Heard(Topic.PRESENCE, value, child.content, words, is_passed_on=True))
        if to is None:
            value = stanza.get("type") or "available"
            words = "That we are there, for everybody in the roster."
            found.append(Heard(Topic.PRESENCE, value, stanza.span, words, is_passed_on=True))
        return found

    def _heard_presence(self, data: bytes, stanza: Element) -> list[Heard]:
        for child in stanza.children:
            if child.namespace == _ROOM_USER:
                codes = {each.get("code") for each in child.children if each.name == "status"}
                self.shows_jids = self.shows_jids or _NOT_ANONYMOUS in codes
        span = attribute_spans(data, stanza).get("from")
        sender = stanza.get("from")
        if span is None or bare_of(sender) == bare_of(self.jid) or sender in self._places:
            return []
        words = "Somebody whose presence the server tells us."
        return [Heard(Topic.CONTACT, shown(sender), span, words)]

    def _query(self, direction: Direction, data: bytes, stanza: Element) -> list[Heard]:
        found: list[Heard] = []
        for child in stanza.children:
            if child.namespace == BIND:
                found += self._bound(child)
            elif child.namespace == _ROSTER:
                words = "Somebody in the contact list (roster)."
                for item in child.children:
                    if (span := attribute_spans(data, item).get("jid")) is not None:
                        found.append(Heard(Topic.CONTACT, shown(item.get("jid")), span, words))
            elif child.namespace == _VERSION and direction is Direction.SENT:
                words = "The answer to “which program is this?” (XEP-0092)."
                found += [
                    Heard(Topic.RESOURCE, shown(each.text), each.content, words, is_passed_on=True)
                    for each in child.children
                    if each.text.strip()
                ]
        return found

    def _bound(self, bind: Element) -> Iterator[Heard]:
        resource, jid = bind.child("resource"), bind.child("jid")
        if resource is not None and resource.text.strip():
            words = "The name of this program at the account (resource)."
            value = shown(resource.text)
            yield Heard(Topic.RESOURCE, value, resource.content, words, is_passed_on=True)
        if jid is not None and jid.text.strip():
            self.jid = jid.text.strip()
            words = "The full address, with this program’s name (RFC 6120, section 7)."
            yield Heard(Topic.JID, shown(self.jid), jid.content, words, is_passed_on=True)


def _secrets(data: bytes, element: Element) -> list[Heard]:
    """Passwords outside of SASL: of rooms, of accounts that are made (XEP-0077)."""
    if element.namespace in (SASL, SASL2):
        return []
    words = "A password, as it was typed."
    return [
        Heard(
            Topic.PASSWORD,
            data[span.start : span.stop].decode("utf-8", "replace"),
            span,
            words,
            is_secret=True,
        )
        for span in secret_spans(data, element)
    ]


def _room(address: str, span: ByteRange) -> list[Heard]:
    where, _, nick = address.partition("/")
    middle = min(span.stop, span.start + len(where.encode()))
    found = [
        Heard(
            Topic.CHANNEL,
            shown(where),
            ByteRange(span.start, middle),
            "A room that is joined (XEP-0045).",
            is_passed_on=True,
        )
    ]
    if nick:
        inside = ByteRange(min(middle + 1, span.stop), span.stop)
        words = "The nickname in the room."
        found.append(Heard(Topic.NICK, shown(nick), inside, words, is_passed_on=True))
    return found


def _mechanisms(features: Element) -> list[Heard]:
    found: list[Heard] = []
    for child in features.children:
        if child.name == "mechanisms" and child.namespace == SASL:
            names = " ".join(each.text.strip() for each in child.children if each.text.strip())
            words = "The ways to log in that the server offers."
            found.append(Heard(Topic.PROTOCOL, shown(f"SASL offers {names}"), child.span, words))
    return found


def body_span(data: bytes) -> ByteRange | None:
    """Where the words of a message are in a stanza, as they are escaped there; None without any."""
    try:
        stanza = parse_stanza(data)
    except StreamFault:
        return None
    if stanza.name != "message" or is_end_to_end(stanza):
        return None
    body = (inner_message(stanza) or stanza).child("body")
    return body.content if body is not None and len(body.content) else None
