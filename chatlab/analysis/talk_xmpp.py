"""XMPP messages read out of captured stanzas, as the client of that connection would have told them.

Nothing but the packets is asked: who we are is what the server bound, or whom it addresses; a room
is what sends ``groupchat``, or what somebody entered; a room's reflection of ours is its echo.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from chatlab.core.account import AccountId, Application
from chatlab.core.flow import ConnectionId, Direction, WireRange
from chatlab.core.jid import bare_of
from chatlab.core.message import Delivery, Message, MessageId, MessageKind, may_become
from chatlab.protocol.stamps import stamp_ns
from chatlab.protocol.xmpp_element import STREAMS_NAMESPACE, Element
from chatlab.protocol.xmpp_masking import SASL
from chatlab.protocol.xmpp_words import (
    CARBONS,
    MAM,
    MARKERS,
    RECEIPTS,
    SM,
    inner_message,
    is_end_to_end,
    is_stanza,
    sasl_text,
)

_MUC = "http://jabber.org/protocol/muc"
_BIND = "urn:ietf:params:xml:ns:xmpp-bind"
_DELAY = "urn:xmpp:delay"
_REPLACE = "urn:xmpp:message-correct:0"
_STANZA_IDS = "urn:xmpp:sid:0"
_REPLY = "urn:xmpp:reply:0"
_ACTION = "/me "
_RECEIPTS = {
    (RECEIPTS, "received"): Delivery.DELIVERED,
    (MARKERS, "displayed"): Delivery.DISPLAYED,
}
_SEALED = "A message encrypted end to end, which ChatLab cannot read."
_COUNT_DIGITS = 10
"""Of XEP-0198's counters, which have 32 bits; int() refuses thousands of digits by an exception."""
MAX_SENT = 2_000
"""Sent messages that an echo or a correction may still come for."""


class HeardStanza(NamedTuple):
    """An element, whoever sent it, with its place on the wire."""

    element: Element
    direction: Direction
    wire: WireRange
    time_ns: int
    is_acknowledged: bool = False
    """The other end's TCP has it."""


class XmppTalk:
    """One connection's messages, in order; ``take`` gives each as it is now, echoes anew."""

    def __init__(self, connection: ConnectionId, local: str) -> None:
        """``local``: what to call ourselves while no address is known."""
        self._connection = connection
        self._local = local
        self.account = AccountId(connection)
        """To be set before the first message: whose connection it is."""
        self.jid = ""
        """Bare; empty until it is known."""
        self.domain = ""
        """Of the server, as its stream or ours names it."""
        self._count = 0
        self._nicks: dict[str, str] = {}
        """Our nickname by room, both as in the JID that entered it."""
        self._sent: OrderedDict[str, Message] = OrderedDict()
        """Messages of ours by stanza id."""
        self._counted: int | None = None
        """Stanzas of ours that the server counts (XEP-0198); None while it does not."""
        self._untaken: deque[tuple[int, str]] = deque(maxlen=MAX_SENT)
        """Messages by that count, and their stanza ids."""
        self._by_id: OrderedDict[tuple[str, str], Message] = OrderedDict()
        """All messages by chat and stanza id, for corrections."""

    def take(self, heard: HeardStanza) -> Iterator[Message]:
        """The messages that a stanza makes, or tells more of."""
        element = heard.element
        if is_stanza(element) and heard.direction is Direction.SENT and self._counted is not None:
            self._counted += 1
        match element.name:
            case "enable" if element.namespace == SM and heard.direction is Direction.SENT:
                self._counted = 0
            case "a" if element.namespace == SM and heard.direction is Direction.RECEIVED:
                yield from self._acknowledged(element.get("h"))
            case "stream" | "auth" | "iq":
                self._learn(heard)
            case "presence":
                self._learn(heard)
                self._on_presence(heard)
            case "message" if element.get("type") != "error":
                self._learn(heard)
                yield from self._on_receipt(heard)
                yield from self._on_message(heard)

    @property
    def rooms(self) -> frozenset[str]:
        """Rooms that were met so far, by their addresses in lower case."""
        return frozenset(self._nicks)

    # --- who we are --------------------------------------------------------------------------

    def _learn(self, heard: HeardStanza) -> None:
        """Our own address: what was bound is sure, all others are taken until then."""
        element, is_ours = heard.element, heard.direction is Direction.SENT
        if element.namespace == STREAMS_NAMESPACE:
            self.domain = element.get("to" if is_ours else "from") or self.domain
        elif element.namespace == SASL and is_ours:
            name = sasl_text(element).split("\0")
            if len(name) == 3 and name[1] and self.domain:
                self.jid = self.jid or f"{name[1]}@{self.domain}".lower()
        elif element.name == "iq" and not is_ours:
            bind = element.child("bind", _BIND)
            if bind is not None and bind.text_of("jid"):
                self.jid = bare_of(bind.text_of("jid").strip())
        if not self.jid and not is_ours and "@" in element.get("to"):
            self.jid = bare_of(element.get("to"))
        if not self.jid and is_ours and "@" in element.get("from"):
            self.jid = bare_of(element.get("from"))

    def _on_presence(self, heard: HeardStanza) -> None:
        """Rooms that we enter, or are in."""
        element = heard.element
        is_ours = heard.direction is Direction.SENT
        room = element.get("to" if is_ours else "from")
        wanted = _MUC if is_ours else f"{_MUC}#user"
        if "/" not in room or not any(each.namespace == wanted for each in element.children):
            return
        bare, _, nick = room.partition("/")
        user = element.child("x", f"{_MUC}#user")
        codes = [each.get("code") for each in user.children] if user is not None else []
        if is_ours or "110" in codes:
            self._nicks[bare.lower()] = nick
        else:
            self._nicks.setdefault(bare.lower(), "")

    def _on_message(self, heard: HeardStanza) -> Iterator[Message]:
        element, is_history, is_copy = heard.element, False, False
        inner = inner_message(element)
        if inner is not None and heard.direction is Direction.RECEIVED:
            if not self._may_forward(element, inner):
                return
            is_history = any(each.namespace == MAM for each in element.children)
            is_copy = any(each.namespace == CARBONS for each in element.children)
            heard = heard._replace(element=inner, time_ns=_delay_of(element) or heard.time_ns)
            element = inner
        body = element.text_of("body")
        is_sealed = is_end_to_end(element)
        if is_sealed:
            if not _has_payload(element):
                return
            body = _SEALED
        if element.child("body") is None and not is_sealed:
            return
        if (corrected := self._corrected(heard, body)) is not None:
            yield corrected
            return
        if heard.direction is Direction.SENT:
            yield self._sent_message(heard, body, is_sealed=is_sealed)
        else:
            made = self._received(heard, body, is_history=is_history, is_copy=is_copy)
            if made is not None:
                yield replace(made, is_sealed=is_sealed)

    # --- what became of ours -----------------------------------------------------------------

    def _acknowledged(self, handled: str) -> Iterator[Message]:
        """The server has taken so many stanzas of ours (XEP-0198)."""
        is_number = handled.isascii() and handled.isdigit() and len(handled) <= _COUNT_DIGITS
        count = int(handled) if is_number else 0
        while self._untaken and self._untaken[0][0] <= count:
            _, name = self._untaken.popleft()
            sent = self._sent.get(name)
            if sent is not None and sent.delivery and may_become(sent.delivery, Delivery.ECHOED):
                yield self._changed(name, replace(sent, delivery=Delivery.ECHOED))

    def _on_receipt(self, heard: HeardStanza) -> Iterator[Message]:
        """The other party’s program has a message, or has shown it (XEP-0184, XEP-0333)."""
        if heard.direction is Direction.SENT:
            return
        for child in heard.element.children:
            later = _RECEIPTS.get((child.namespace, child.name))
            sent = self._sent.get(child.get("id")) if later is not None else None
            sender = heard.element.get("from")
            if sent is None or later is None or sent.delivery is None:
                continue
            is_theirs = bare_of(sent.target).lower() == bare_of(sender).lower()
            if is_theirs and may_become(sent.delivery, later):
                yield self._changed(child.get("id"), replace(sent, delivery=later))

    def _changed(self, name: str, message: Message) -> Message:
        self._sent[name] = message
        self._remember(message, name)
        return message

    # --- messages ----------------------------------------------------------------------------

    def _may_forward(self, element: Element, inner: Element) -> bool:
        """Copies and archives come from our own account (XEP-0280, section 11; XEP-0313, 6).

        A room has an archive of what was said in it, and of nothing else. Anybody can look like a
        room, so all else is pretended.
        """
        sender = bare_of(element.get("from")).lower()
        if sender in ("", self.jid.lower()):
            return True
        is_archive = any(each.namespace == MAM for each in element.children)
        is_from_there = bare_of(inner.get("from")).lower() == sender
        return is_archive and is_from_there and sender in self._nicks

    def _sent_message(self, heard: HeardStanza, body: str, *, is_sealed: bool) -> Message:
        element = heard.element
        target, name = element.get("to"), element.get("id")
        is_room = element.get("type") == "groupchat"
        is_private = bare_of(target).lower() in self._nicks and "/" in target
        chat = target if is_private else bare_of(target)
        if is_room:
            self._nicks.setdefault(chat.lower(), "")
        nick = self._nicks.get(chat.lower(), "") if is_room else ""
        made = replace(
            self._message(heard, body, chat, nick or self.jid or self._local),
            direction=Direction.SENT,
            delivery=Delivery.ACKNOWLEDGED if heard.is_acknowledged else Delivery.WRITTEN,
            msgid="" if is_room else name,
            is_sealed=is_sealed,
        )
        self._remember(made, name)
        if name:
            self._sent[name] = made
            if self._counted is not None:
                self._untaken.append((self._counted, name))
            while len(self._sent) > MAX_SENT:
                self._sent.popitem(last=False)
        return made

    def _received(
        self, heard: HeardStanza, body: str, *, is_history: bool, is_copy: bool
    ) -> Message | None:
        element = heard.element
        sender, name = element.get("from"), element.get("id")
        if delayed := _delay_of(element):
            heard = heard._replace(time_ns=min(delayed, heard.time_ns))
            is_history = is_history or element.get("type") == "groupchat"
        bare, _, resource = sender.partition("/")
        if element.get("type") == "groupchat":
            self._nicks.setdefault(bare.lower(), "")
            if not resource:
                return None
            is_ours = resource == self._nicks[bare.lower()]
            if is_ours and not is_history and (echo := self._echoed(heard, bare)) is not None:
                return echo
            made = self._message(heard, body, bare, resource)
            made = replace(made, msgid=_given_id(element, bare) or name, is_history=is_history)
            if is_ours:
                made = replace(made, direction=Direction.SENT, delivery=Delivery.ECHOED)
            self._remember(made, name)
            return made
        if bare.lower() not in self._nicks and "@" not in sender:
            return None  # A server has something to say; that is no talk.
        is_private = bare.lower() in self._nicks and bool(resource)
        chat, who = (sender, resource) if is_private else (bare, bare)
        is_ours = (is_copy or is_history) and bare.lower() == self.jid.lower()
        if is_ours:
            chat, who = bare_of(element.get("to")), self.jid
        made = replace(self._message(heard, body, chat, who), is_history=is_history, msgid=name)
        if is_ours:
            made = replace(made, direction=Direction.SENT, delivery=Delivery.ECHOED)
        self._remember(made, name)
        return made

    def _message(self, heard: HeardStanza, body: str, chat: str, sender: str) -> Message:
        self._count += 1
        is_action = body.startswith(_ACTION)
        reply = heard.element.child("reply", _REPLY)
        return Message(
            id=MessageId(f"{self._connection}-{self._count}"),
            account=self.account,
            application=Application.XMPP,
            direction=Direction.RECEIVED,
            sender=sender,
            target=chat,
            text=body.removeprefix(_ACTION) if is_action else body,
            kind=MessageKind.ACTION if is_action else MessageKind.MESSAGE,
            time_ns=heard.time_ns,
            wire=heard.wire,
            user_host=heard.element.get("from"),
            reply_to=reply.get("id") if reply is not None else "",
        )

    def _echoed(self, heard: HeardStanza, room: str) -> Message | None:
        """The message of ours that a room sends to all."""
        element = heard.element
        origin = element.child("origin-id", _STANZA_IDS)
        for name in (element.get("id"), origin.get("id") if origin is not None else ""):
            sent = self._sent.get(name)
            if sent is not None and sent.target.lower() == room.lower() and sent.echo is None:
                msgid = _given_id(element, room) or element.get("id")
                return self._changed(
                    name, replace(sent, delivery=Delivery.ECHOED, echo=heard.wire, msgid=msgid)
                )
        return None

    def _remember(self, message: Message, name: str) -> None:
        if name:
            self._by_id[message.target.lower(), name] = message
            while len(self._by_id) > MAX_SENT:
                self._by_id.popitem(last=False)

    def _corrected(self, heard: HeardStanza, body: str) -> Message | None:
        """The message that this one puts right (XEP-0308), where it is the same author's."""
        element = heard.element
        found = element.child("replace", _REPLACE)
        if found is None:
            return None
        is_sent = heard.direction is Direction.SENT
        sender = element.get("from")
        chats = [element.get("to")] if is_sent else [sender]
        for chat in (*chats, *(bare_of(each) for each in chats)):
            before = self._by_id.get((chat.lower(), found.get("id")))
            if before is None:
                continue
            nick = sender.partition("/")[2]
            by_us = before.direction is Direction.SENT
            if by_us if is_sent else before.sender in (nick, bare_of(sender)):
                after = replace(before, text=body.removeprefix(_ACTION), is_corrected=True)
                if (sent := self._sent.get(found.get("id"))) is not None and is_sent:
                    self._sent[found.get("id")] = replace(sent, text=after.text, is_corrected=True)
                self._by_id[before.target.lower(), found.get("id")] = after
                return after
        return None


def _delay_of(element: Element) -> int:
    """Since when a message waited (XEP-0203); of an archive’s also around it. 0 where it did not."""
    for each in element.walk():
        if each.name == "delay" and each.namespace == _DELAY:
            return stamp_ns(each.get("stamp"))
    return 0


def _given_id(element: Element, by: str) -> str:
    """The name that a room or an archive gave a message (XEP-0359)."""
    for each in element.children:
        is_name = each.name == "stanza-id" and each.namespace == _STANZA_IDS
        if is_name and each.get("by").lower() == by.lower():
            return each.get("id")
    return ""


def _has_payload(element: Element) -> bool:
    """Whether words were encrypted, not only keys handed over (XEP-0384, section 4.6)."""
    for each in element.children:
        if each.name == "encrypted" and ("omemo" in each.namespace or "axolotl" in each.namespace):
            return each.child("payload") is not None
    return True
