"""Messages that arrive: talk of two, talk in rooms, and errors about what we sent."""

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.xmpp.composing import ACTION_START, ORIGIN_ID
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.stanza_errors import refusal_of
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.events import MessageAdded, Severity
from chatlab.core.flow import Direction, WireRange
from chatlab.core.jid import bare_of
from chatlab.core.message import Message, MessageId, MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

DELAY = "urn:xmpp:delay"
MUC_USER = "http://jabber.org/protocol/muc#user"
_BODY = f"{{{CLIENT_NAMESPACE}}}body"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_numbers = count(1)
_RUN = uuid.uuid4().hex[:12]


def next_message_id() -> MessageId:
    """A name that no other message of any session has."""
    return MessageId(f"x{_RUN}-{next(_numbers)}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a message reached us; what its own stanza does not say."""

    wire: WireRange
    time_ns: int
    is_history: bool = False
    is_copy: bool = False
    """Of a message that another program of ours sent or got (XEP-0280, XEP-0313)."""


def time_ns_of(stamp: str) -> int:
    """Nanoseconds since the epoch of a date (XEP-0082); 0 when it is unreadable."""
    try:
        moment = datetime.fromisoformat(stamp)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return 0
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


class Messages(Feature):
    """The way in for messages, for what arrives live as for copies and archives."""

    def handle(self, stream: Stream) -> None:
        stream.on("message", self._on_message)

    def _on_message(self, stanza: StanzaBase) -> None:
        arrival = self.context.arrival
        if stanza.xml.get("type") == "error":
            self._on_error(stanza.xml)
            return
        self.receive(stanza.xml, Envelope(arrival.wire, arrival.time_ns))

    def receive(self, message: ET.Element, envelope: Envelope) -> Message | None:
        """Show a message; None when it is nothing to show, or of ours and known."""
        sender, kind = message.get("from", ""), message.get("type", "normal")
        if (body := message.findtext(_BODY)) is None or not sender:
            return None
        envelope = self._delayed(message, envelope, sender)
        room = self.context.state.room(sender)
        if kind == "groupchat":
            return self._room_message(message, body, sender, envelope) if room else None
        if room is None and "@" not in sender:
            # A server or a service has something to say; that is no talk.
            self.context.inform(body, source=sender)
            return None
        is_alone = room is None or "/" not in sender
        chat = bare_of(sender) if is_alone else sender
        if self.context.state.is_me(sender) and envelope.is_copy:
            chat = message.get("to", "")
            chat = chat if self.context.state.room(chat) else bare_of(chat)
            return self._show(message, body, chat, self.context.state.bare_jid, envelope, True)
        who = sender.partition("/")[2] if room is not None and "/" in sender else chat
        return self._show(message, body, chat, who, envelope, False)

    def _room_message(
        self, message: ET.Element, body: str, sender: str, envelope: Envelope
    ) -> Message | None:
        room = self.context.state.room(sender)
        assert room is not None  # the caller has looked
        nick = sender.partition("/")[2]
        is_ours = nick == room.nick
        if is_ours and self._is_reflection(message, body, room.name, envelope):
            return None
        if not nick:
            self.context.inform(body, chat=room.name, source=room.name)
            return None
        return self._show(message, body, room.name, nick, envelope, is_ours)

    def _is_reflection(self, message: ET.Element, body: str, room: str, envelope: Envelope) -> bool:
        """The room sent a message of ours to everybody, us included: it has it."""
        deliveries = self.context.deliveries
        origin = message.find(f"{{{ORIGIN_ID}}}origin-id")
        sent = deliveries.find(message.get("id", ""))
        if sent is None and origin is not None:
            sent = deliveries.find(origin.get("id", ""))
        sent = sent or deliveries.oldest_untaken(room, body)
        if sent is None or sent.utterance.chat.lower() != room.lower():
            return False
        if not sent.is_taken:
            name = stanza_id_of(message, room)
            deliveries.echoed(sent, envelope.wire, msgid=name)
        return True

    def _show(
        self,
        message: ET.Element,
        body: str,
        chat: str,
        who: str,
        envelope: Envelope,
        is_ours: bool,
    ) -> Message:
        room = self.context.state.room(chat)
        is_room = room is not None and "/" not in chat
        self.context.open_chat(chat, is_room=is_room)
        is_action = body.startswith(ACTION_START)
        name = stanza_id_of(message, bare_of(chat)) if is_room else message.get("id", "")
        shown = Message(
            id=next_message_id(),
            account=self.context.account.id,
            application=self.context.account.application,
            direction=Direction.SENT if is_ours else Direction.RECEIVED,
            sender=who,
            target=chat,
            text=body.removeprefix(ACTION_START) if is_action else body,
            kind=MessageKind.ACTION if is_action else MessageKind.MESSAGE,
            time_ns=envelope.time_ns,
            wire=envelope.wire,
            is_history=envelope.is_history,
            user_host=message.get("from", ""),
            msgid=name,
        )
        self.context.emit(MessageAdded(shown))
        return shown

    def _delayed(self, message: ET.Element, envelope: Envelope, sender: str) -> Envelope:
        """A message that waited somewhere says since when, and who says so (XEP-0203)."""
        for delay in message.iterfind(f"{{{DELAY}}}delay"):
            by = delay.get("from", "")
            if by and bare_of(by).lower() not in self._may_delay(sender):
                continue
            if time_ns := time_ns_of(delay.get("stamp", "")):
                is_room = message.get("type") == "groupchat"
                is_history = envelope.is_history or is_room
                return replace(envelope, time_ns=time_ns, is_history=is_history)
        return envelope

    def _may_delay(self, sender: str) -> set[str]:
        state = self.context.state
        return {state.bare_jid.lower(), state.domain.lower(), bare_of(sender).lower()}

    def _on_error(self, message: ET.Element) -> None:
        """A message of ours came back, or somebody pretends so."""
        stanza_id, sender = message.get("id", ""), message.get("from", "")
        error = refusal_of(message)
        sent = self.context.deliveries.find(stanza_id)
        if sent is None:
            return
        state = self.context.state
        expected = {sent.utterance.chat.lower(), bare_of(sent.utterance.chat).lower(), state.domain}
        if sender and not {sender.lower(), bare_of(sender).lower()} & expected:
            self.context.inform(
                f"{sender} says that a message to {sent.utterance.chat} did not arrive; it is not "
                "theirs to say.",
                severity=Severity.WARNING,
            )
            return
        self.context.deliveries.refused(stanza_id, str(error))


def stanza_id_of(message: ET.Element, by: str) -> str:
    """The name that ``by`` gave a message (XEP-0359), else the sender's own id."""
    for found in message.iterfind(f"{{{ORIGIN_ID}}}stanza-id"):
        if found.get("by", "").lower() == by.lower():
            return found.get("id", "")
    return message.get("id", "")
