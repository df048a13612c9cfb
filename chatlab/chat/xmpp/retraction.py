"""Messages taken back: by their author (XEP-0424), or by a room’s moderator (XEP-0425).

The room itself tells what its moderators took back; the same from anybody else in it is nothing.
"""

from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import FALLBACK, hint, message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.known import Said
from chatlab.chat.xmpp.state import Room
from chatlab.core.errors import UsageError
from chatlab.core.events import MessageRewritten
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import WireRange
from chatlab.core.message import MessageId
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

RETRACT = "urn:xmpp:message-retract:1"
MODERATE = "urn:xmpp:message-moderate:1"
OLD_RETRACT = "urn:xmpp:message-retract:0"
OLD_MODERATE = "urn:xmpp:message-moderate:0"
FASTEN = "urn:xmpp:fasten:0"
"""The versions before said it inside an element that names the message (XEP-0422)."""
_FALLBACK_WORDS = (
    "This person attempted to retract a previous message, but it is unsupported by your client."
)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a stanza wants taken back."""

    name: str
    """As the stanza calls the message."""
    by: str = ""
    """A moderator of the room, by their address in it."""
    reason: str = ""
    is_moderated: bool = False


class Retraction(Feature):
    """Takes messages back, and sees others do so."""

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        return replace(features, can_retract=True)

    def take(self, incoming: Incoming) -> bool:
        wish = _wish_of(incoming.xml)
        if wish is None:
            return self._tombstone(incoming)
        envelope = incoming.envelope
        if wish.is_moderated:
            if incoming.is_room and not incoming.who and wish.name:
                self._moderated(incoming, wish)
            return True
        said = self._of_author(incoming, wish.name)
        if said is not None:
            self._tell(said, envelope.time_ns, envelope.wire)
        return True  # Its body is for programs that know no retraction.

    def _tombstone(self, incoming: Incoming) -> bool:
        """What stands in an archive where a message was (XEP-0424, section 5)."""
        envelope = incoming.envelope
        if not envelope.archive_id or incoming.xml.find(f"{{{RETRACT}}}retracted") is None:
            return False
        if incoming.is_room:
            self._tell_named(incoming.chat, envelope.archive_id, envelope.time_ns, envelope.wire)
        elif (said := self._of_author(incoming, incoming.stanza_id)) is not None:
            self._tell(said, envelope.time_ns, envelope.wire)
        return True

    def retract(self, chat: str, msgid: str, reason: str) -> bool:
        known, state = self.context.lasting.known, self.context.state
        room = state.room(chat)
        is_room = room is not None and "/" not in chat
        if not msgid:
            raise UsageError(
                "This message has no name, so nothing can refer to it.",
                "Newer messages may have one.",
            )
        said = known.named(chat, msgid)
        own = room.members.get(room.nick) if room is not None and is_room else None
        if (
            room is not None
            and own is not None
            and own.role == "moderator"
            and not (said and said.is_ours)
        ):
            self._moderate(room, msgid, reason)
            return True
        if said is not None and not said.is_ours:
            who = "its author and the room’s moderators" if is_room else "its author"
            raise UsageError(f"Only {who} can take it back.", "You can ignore its author.")
        self._send(chat, msgid, said, is_room=is_room)
        return True

    def _send(self, chat: str, msgid: str, said: Said | None, *, is_room: bool) -> None:
        message = message_to(chat, "groupchat" if is_room else "chat")
        ET.SubElement(message, f"{{{RETRACT}}}retract", id=msgid)
        ET.SubElement(message, f"{{{FALLBACK}}}fallback", {"for": RETRACT})
        ET.SubElement(message, f"{{{CLIENT_NAMESPACE}}}body").text = _FALLBACK_WORDS
        hint(message, "store")
        wire = self.context.send_act(message, chat, "Your wish to take a message back")
        if is_room:
            return  # It holds when the room sends it to everybody.
        now = self.context.timing.clock_ns()
        if said is not None:
            self._tell(said, now, wire)
        else:
            self._tell_named(chat, msgid, now, wire)

    def _moderate(self, room: Room, msgid: str, reason: str) -> None:
        """In the newest way that the room knows. Raises UsageError where it knows none."""
        if room.features and room.features.isdisjoint((MODERATE, OLD_MODERATE)):
            raise UsageError(
                f"{room.name} has no way to take back what others said.",
                "You can send its author out: /kick",
            )
        is_old = OLD_MODERATE in room.features and MODERATE not in room.features
        request = _old_request(msgid, reason) if is_old else _request(msgid, reason)
        stream = self.context.stream

        async def work() -> None:
            await stream.ask(stream.query("set", room.name, request))

        self.context.ask_later(work, room.name)

    def _of_author(self, incoming: Incoming, name: str) -> Said | None:
        known = self.context.lasting.known
        said = known.named(incoming.chat, name) if incoming.is_room else None
        if said is None:
            return known.said_by(incoming.chat, incoming.author, name)
        return said if incoming.author and said.author == incoming.author else None

    def _moderated(self, incoming: Incoming, wish: _Wish) -> None:
        envelope = incoming.envelope
        said = self.context.lasting.known.named(incoming.chat, wish.name)
        if said is not None:
            self._tell(said, envelope.time_ns, envelope.wire)
        else:
            self._tell_named(incoming.chat, wish.name, envelope.time_ns, envelope.wire)
        if envelope.is_history:
            return
        by = wish.by.partition("/")[2] or "A moderator"
        words = f"{by} took a message back" + (f": {wish.reason}" if wish.reason else ".")
        self.context.inform(words, chat=incoming.chat)

    def _tell(self, said: Said, time_ns: int, wire: WireRange) -> None:
        said.is_retracted, said.text = True, ""
        self._emit(said.chat, said.id, said.msgid, time_ns, wire)

    def _tell_named(self, chat: str, msgid: str, time_ns: int, wire: WireRange) -> None:
        """For what was said before this program was started."""
        self._emit(chat, MessageId(""), msgid, time_ns, wire)

    def _emit(
        self, chat: str, message: MessageId, msgid: str, time_ns: int, wire: WireRange
    ) -> None:
        account = self.context.account.id
        self.context.emit(
            MessageRewritten(account, chat, message, "", time_ns, True, wire=wire, msgid=msgid)
        )


def _wish_of(message: ET.Element) -> _Wish | None:
    """Read it in whichever version; None where nothing is to be taken back."""
    retract = message.find(f"{{{RETRACT}}}retract")
    if retract is not None:
        moderated = retract.find(f"{{{MODERATE}}}moderated")
        by = moderated.get("by", "") if moderated is not None else ""
        reason = _words(retract.findtext(f"{{{RETRACT}}}reason"))
        return _Wish(retract.get("id", ""), by, reason, moderated is not None)
    fastened = message.find(f"{{{FASTEN}}}apply-to")
    if fastened is None:
        return None
    name = fastened.get("id", "")
    moderated = fastened.find(f"{{{OLD_MODERATE}}}moderated")
    if moderated is not None and moderated.find(f"{{{OLD_RETRACT}}}retract") is not None:
        reason = _words(moderated.findtext(f"{{{OLD_MODERATE}}}reason"))
        return _Wish(name, moderated.get("by", ""), reason, True)
    return _Wish(name) if fastened.find(f"{{{OLD_RETRACT}}}retract") is not None else None


def _words(text: str | None) -> str:
    return " ".join((text or "").split())[:300]


def _request(msgid: str, reason: str) -> ET.Element:
    request = ET.Element(f"{{{MODERATE}}}moderate", id=msgid)
    ET.SubElement(request, f"{{{RETRACT}}}retract")
    if reason:
        ET.SubElement(request, f"{{{MODERATE}}}reason").text = reason
    return request


def _old_request(msgid: str, reason: str) -> ET.Element:
    request = ET.Element(f"{{{FASTEN}}}apply-to", id=msgid)
    moderate = ET.SubElement(request, f"{{{OLD_MODERATE}}}moderate")
    ET.SubElement(moderate, f"{{{OLD_RETRACT}}}retract")
    if reason:
        ET.SubElement(moderate, f"{{{OLD_MODERATE}}}reason").text = reason
    return request
