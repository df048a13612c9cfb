"""Messages that arrive: talk of two, talk in rooms, and errors about what we sent."""

import uuid
from dataclasses import replace
from itertools import count
from xml.etree import ElementTree as ET

from slixmpp.xmlstream.stanzabase import StanzaBase

from chatlab.chat.timing import stamp_ns
from chatlab.chat.xmpp.composing import ACTION_START, ORIGIN_ID
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.incoming import Envelope, Incoming
from chatlab.chat.xmpp.known import Said
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.chat.xmpp.stanza_errors import refusal_of
from chatlab.chat.xmpp.state import Room
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.events import MessageAdded
from chatlab.core.flow import Direction
from chatlab.core.jid import bare_of
from chatlab.core.message import Message, MessageId, MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

DELAY = "urn:xmpp:delay"
MUC_USER = "http://jabber.org/protocol/muc#user"
OCCUPANT_ID = "urn:xmpp:occupant-id:0"
MARKERS = "urn:xmpp:chat-markers:0"
_NAMES_MESSAGES = frozenset({"urn:xmpp:sid:0", "urn:xmpp:mam:2"})
"""What a room can do that names messages itself, and takes such names of others out."""
_NEAR_NS = 600 * 1_000_000_000
"""Our clock and the server's may differ by so much."""
_BODY = f"{{{CLIENT_NAMESPACE}}}body"
_numbers = count(1)
_RUN = uuid.uuid4().hex[:12]


def next_message_id() -> MessageId:
    """A name that no other message of any session has."""
    return MessageId(f"x{_RUN}-{next(_numbers)}")


class Messages(Feature):
    """The way in for messages, for what arrives live as for copies and archives."""

    def handle(self, stream: Stream) -> None:
        stream.on("message", self._on_message)

    def _on_message(self, stanza: StanzaBase) -> None:
        arrival = self.context.arrival
        if stanza.xml.get("type") == "error":
            self._on_error(stanza.xml)
            return
        envelope = Envelope(arrival.wire, arrival.time_ns)
        features = self.context.features.values()
        if not any(feature.unpack(stanza.xml, envelope) for feature in features):
            self.receive(stanza.xml, envelope)

    def receive(self, message: ET.Element, envelope: Envelope) -> Message | None:
        """Take a message in; None when there is nothing to show, or it is known."""
        incoming = self.addressed(message, envelope)
        if incoming is None or message.get("type") == "error":
            return None
        features = self.context.features.values()
        if any(feature.take(incoming) for feature in features):
            return None
        return self.show(incoming)

    def show(self, incoming: Incoming) -> Message | None:
        """Put a message into its chat, unless it is there."""
        if incoming.body is None or self._is_known(incoming):
            return None
        message = self._message(incoming)
        for feature in self.context.features.values():
            message = feature.enrich(message, incoming)
        self.context.open_chat(incoming.chat, is_room=incoming.is_room)
        self._remember(message, incoming)
        self.context.emit(MessageAdded(message))
        return message

    # -- from whom, and where it belongs

    def addressed(self, message: ET.Element, envelope: Envelope) -> Incoming | None:
        """Whom a message concerns; None where it is nobody’s, or none of ours."""
        sender, kind = message.get("from", ""), message.get("type", "normal")
        if not sender:
            return None
        envelope = self._delayed(message, envelope, sender)
        room = self.context.state.room(sender)
        if kind == "groupchat":
            return self._from_room(message, room, envelope) if room is not None else None
        if room is None and "@" not in sender:
            # A server or a service has something to say; that is no talk.
            if body := message.findtext(_BODY):
                self.context.inform(body, source=sender)
            return None
        is_alone = room is None or "/" not in sender
        chat = bare_of(sender) if is_alone else sender
        who = sender.partition("/")[2] if room is not None and "/" in sender else chat
        author = chat.lower() if is_alone else self._author_in(room, message, envelope)
        is_ours = self.context.state.is_me(sender) and envelope.is_copy
        if is_ours:
            chat = message.get("to", "")
            chat = chat if self.context.state.room(chat) else bare_of(chat)
            who = author = self.context.state.bare_jid
        return Incoming(
            xml=message,
            envelope=envelope,
            chat=chat,
            who=who,
            author=author,
            is_room=False,
            is_ours=is_ours,
        )

    def _from_room(self, message: ET.Element, room: Room, envelope: Envelope) -> Incoming:
        nick = message.get("from", "").partition("/")[2]
        author = self._author_in(room, message, envelope) if nick else room.name.lower()
        own = room.members.get(room.nick)
        is_ours = bool(nick) and nick == room.nick
        if envelope.is_history and own is not None and own.occupant_id and nick:
            # Who had our nickname before is somebody else, and we may have had another.
            is_ours = author == occupant_author(room.name, own.occupant_id)
        return Incoming(
            xml=message,
            envelope=envelope,
            chat=room.name,
            who=nick,
            author=self.context.state.bare_jid if is_ours else author,
            is_room=True,
            is_ours=is_ours,
        )

    def _author_in(self, room: Room | None, message: ET.Element, envelope: Envelope) -> str:
        """Who said it in a room: an occupant id where the room gives them, else the nickname."""
        if room is None:
            return ""
        nick = message.get("from", "").partition("/")[2]
        member = room.members.get(nick)
        if room.gives_occupant_ids or (member is not None and member.occupant_id):
            found = message.find(f"{{{OCCUPANT_ID}}}occupant-id")
            told = found.get("id", "") if found is not None else ""
            if told:
                return occupant_author(room.name, told)
        return "" if envelope.is_history or not nick else f"{room.name.lower()}/{nick}"

    # -- what is there already

    def _is_known(self, incoming: Incoming) -> bool:
        known = self.context.lasting.known
        if incoming.is_room:
            if not incoming.who:
                self.context.inform(incoming.body or "", chat=incoming.chat, source=incoming.sender)
                return True
            if incoming.is_ours and self._is_reflection(incoming):
                return True
        is_again = incoming.envelope.is_history or incoming.envelope.is_copy
        by = incoming.chat if incoming.is_room else self.context.state.bare_jid
        name = incoming.envelope.archive_id
        if not name:
            is_room = incoming.is_room
            name = self._room_name(incoming) if is_room else archive_id_of(incoming.xml, by)
        if not known.note_archived(by, name):
            return True
        if name and not incoming.envelope.archive_id:
            self.context.lasting.last_archived[by.lower()] = name
        if not is_again:
            return False
        said = known.said_by(incoming.chat, incoming.author, incoming.stanza_id)
        if said is None or not incoming.stanza_id or not _is_same(said, incoming):
            return False
        if incoming.is_ours and (sent := self.context.deliveries.recover(incoming.stanza_id)):
            self.context.deliveries.echoed(sent, incoming.envelope.wire)
        return True

    def _room_name(self, incoming: Incoming) -> str:
        """The name that a room gave a message, where it is the room that gives such names."""
        room = self.context.state.room(incoming.chat)
        is_trusted = room is None or not room.features or bool(room.features & _NAMES_MESSAGES)
        return archive_id_of(incoming.xml, incoming.chat) if is_trusted else ""

    def _is_reflection(self, incoming: Incoming) -> bool:
        """The room sent a message of ours to everybody, us included: it has it."""
        deliveries, envelope = self.context.deliveries, incoming.envelope
        origin = incoming.xml.find(f"{{{ORIGIN_ID}}}origin-id")
        sent = deliveries.find(incoming.stanza_id)
        if sent is None and origin is not None:
            sent = deliveries.find(origin.get("id", ""))
        if sent is None:
            sent = deliveries.recover(incoming.stanza_id)
        if sent is None and not envelope.is_history:
            sent = deliveries.oldest_untaken(incoming.chat, incoming.body or "")
        if sent is None or sent.utterance.chat.lower() != incoming.chat.lower():
            return False
        archived = self._room_name(incoming)
        name = archived or incoming.stanza_id
        said = self.context.lasting.known.said_by(
            incoming.chat, incoming.author, sent.utterance.stanza_id
        )
        if said is not None and name:
            self.context.lasting.known.rename(said, name)
        if archived:
            self.context.lasting.known.note_archived(incoming.chat, archived)
            self.context.lasting.last_archived[incoming.chat.lower()] = archived
        if not sent.is_taken:
            deliveries.echoed(sent, envelope.wire, msgid=name)
        return True

    # -- what is shown

    def _message(self, incoming: Incoming) -> Message:
        body, envelope = incoming.body or "", incoming.envelope
        is_action = body.startswith(ACTION_START)
        name = (
            envelope.archive_id or self._room_name(incoming) or incoming.stanza_id
            if incoming.is_room
            else incoming.stanza_id or envelope.archive_id
        )
        return Message(
            id=next_message_id(),
            account=self.context.account.id,
            application=self.context.account.application,
            direction=Direction.SENT if incoming.is_ours else Direction.RECEIVED,
            sender=incoming.who,
            target=incoming.chat,
            text=body.removeprefix(ACTION_START) if is_action else body,
            kind=MessageKind.ACTION if is_action else MessageKind.MESSAGE,
            time_ns=envelope.time_ns,
            wire=envelope.wire,
            is_history=envelope.is_history,
            user_host=incoming.sender,
            msgid=name,
        )

    def _remember(self, message: Message, incoming: Incoming) -> None:
        marker = incoming.xml.find(f"{{{MARKERS}}}markable")
        self.context.lasting.known.add(
            Said(
                id=message.id,
                chat=incoming.chat,
                msgid=message.msgid,
                stanza_id=incoming.stanza_id,
                author=incoming.author,
                address=incoming.sender,
                text=message.text,
                time_ns=message.time_ns,
                is_room=incoming.is_room,
                is_ours=incoming.is_ours,
                wants_marker=marker is not None and incoming.is_live and not incoming.is_room,
            )
        )

    def written(self, utterance: Utterance) -> None:
        """Others may answer it, and we may change it."""
        state = self.context.state
        self.context.lasting.known.add(
            Said(
                id=utterance.id,
                chat=utterance.chat,
                msgid="" if utterance.is_room else utterance.stanza_id,
                stanza_id=utterance.stanza_id,
                author=state.bare_jid,
                address=state.bare_jid,
                text=utterance.body.removeprefix(ACTION_START),
                time_ns=self.context.timing.clock_ns(),
                is_room=utterance.is_room,
                is_ours=True,
            )
        )

    def _delayed(self, message: ET.Element, envelope: Envelope, sender: str) -> Envelope:
        """A message that waited somewhere says since when, and who says so (XEP-0203)."""
        for delay in message.iterfind(f"{{{DELAY}}}delay"):
            by = delay.get("from", "")
            if by and bare_of(by).lower() not in self._may_delay(sender):
                continue
            if time_ns := stamp_ns(delay.get("stamp", "")):
                time_ns = min(time_ns, envelope.time_ns)  # Nobody speaks out of the future.
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
            self._on_refused_act(stanza_id, sender, error)
        elif self._is_theirs(sender, sent.utterance.chat):
            self.context.deliveries.refused(stanza_id, str(error))
        else:
            self.context.inform(
                f"{sender} says that a message to {sent.utterance.chat} did not arrive; it is not "
                "theirs to say.",
                severity=Severity.WARNING,
            )

    def _on_refused_act(self, stanza_id: str, sender: str, error: ChatlabError) -> None:
        act = self.context.lasting.acts.get(stanza_id)
        if act is not None and self._is_theirs(sender, act.to):
            del self.context.lasting.acts[stanza_id]
            words = f"{act.words} did not arrive. {error.message}"
            self.context.complain(ChatlabError(words, error.hint), act.chat)

    def _is_theirs(self, sender: str, to: str) -> bool:
        """Whether it is for ``sender`` to say what became of a stanza that went ``to`` somebody."""
        expected = {to.lower(), bare_of(to).lower(), self.context.state.domain.lower()}
        return not sender or bool({sender.lower(), bare_of(sender).lower()} & expected)


def _is_same(said: Said, incoming: Incoming) -> bool:
    """Some programs begin with the same ids each time: then words or time tell messages apart."""
    is_changed = said.corrections > 0 or said.is_retracted
    body = (incoming.body or "").removeprefix(ACTION_START)
    is_near = abs(said.time_ns - incoming.envelope.time_ns) <= _NEAR_NS
    return is_changed or is_near or body == said.text


def archive_id_of(message: ET.Element, by: str) -> str:
    """The name that an archive gave a message (XEP-0359); empty where it gave none."""
    for found in message.iterfind(f"{{{ORIGIN_ID}}}stanza-id"):
        if found.get("by", "").lower() == by.lower():
            return found.get("id", "")
    return ""


def occupant_author(room: str, occupant_id: str) -> str:
    """The author of what somebody in a room says, by whatever nickname."""
    return f"{room.lower()}#{occupant_id}"
