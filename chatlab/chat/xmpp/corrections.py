"""Messages that replace another (XEP-0308): from the same author only, or it stays as it was.

A correction whose message is unknown, or not its author’s, is shown as a message of its own: so
nothing that anybody says is lost, and nobody puts words into another’s mouth.
"""

from dataclasses import replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.composing import ACTION_START, ORIGIN_ID, body_of
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import message_to, new_id, without_fallback
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.known import Said
from chatlab.chat.xmpp.replies import REPLY
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.events import MessageRewritten
from chatlab.core.features import ServerFeatures
from chatlab.core.flow import WireRange
from chatlab.core.message import MessageId, MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

CORRECT = "urn:xmpp:message-correct:0"


class Corrections(Feature):
    """Takes corrections in, and sends them (``/correct``)."""

    def take(self, incoming: Incoming) -> bool:
        found = incoming.xml.find(f"{{{CORRECT}}}replace")
        if found is None or incoming.body is None:
            return False
        known, wanted = self.context.lasting.known, found.get("id", "")
        said = known.said_by(incoming.chat, incoming.author, wanted)
        if said is None or not wanted or wanted == incoming.stanza_id:
            return False
        if said is known.said_by(incoming.chat, incoming.author, incoming.stanza_id):
            return True  # It came before, by another way.
        text = without_fallback(incoming.xml, REPLY).removeprefix(ACTION_START)
        if known.correct(said, incoming.stanza_id, text):
            self._tell(said, text, incoming.envelope.time_ns, incoming.envelope.wire)
        return True

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        return replace(features, can_correct=True)

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.CORRECT:
            return False
        self.correct(chat, "", command.argument(0))
        return True

    def correct(self, chat: str, msgid: str, text: str) -> None:
        """Replace a message of ours, without ``msgid`` the last one. Raises UsageError."""
        known, body = self.context.lasting.known, body_of(text, MessageKind.MESSAGE)
        said = known.named(chat, msgid) if msgid else known.last_of_ours(chat)
        if said is not None and not said.is_ours:
            raise UsageError("Only its author can correct a message.", "Choose one of yours.")
        if said is not None and said.is_retracted:
            raise UsageError("This message was taken back.", "Say it anew.")
        if said is not None:
            self._send(said, body)
        elif msgid and self.context.state.room(chat) is None:
            self._send_earlier(chat, msgid, body)
        else:
            raise UsageError(
                "There is no message of yours here that could be corrected.",
                "In a room, only what was said since ChatLab was started can be.",
            )

    def _send(self, said: Said, body: str) -> None:
        wire, stanza_id = self._write(said.chat, said.stanza_id, body, is_room=said.is_room)
        if said.is_room:
            return  # It holds when the room sends it to everybody.
        if self.context.lasting.known.correct(said, stanza_id, body):
            self._tell(said, body, self.context.timing.clock_ns(), wire)

    def _send_earlier(self, chat: str, msgid: str, body: str) -> None:
        """Said before this program was started: in a chat of two, ``msgid`` is the stanza’s id."""
        wire, _ = self._write(chat, msgid, body, is_room=False)
        account, now = self.context.account.id, self.context.timing.clock_ns()
        self.context.emit(
            MessageRewritten(account, chat, MessageId(""), body, now, wire=wire, msgid=msgid)
        )

    def _write(
        self, chat: str, replaced: str, body: str, *, is_room: bool
    ) -> tuple[WireRange, str]:
        """Send it; returns where its bytes lie, and its own id."""
        stanza_id = new_id()
        message = message_to(chat, "groupchat" if is_room else "chat", stanza_id)
        ET.SubElement(message, f"{{{CLIENT_NAMESPACE}}}body").text = body
        ET.SubElement(message, f"{{{CORRECT}}}replace", id=replaced)
        ET.SubElement(message, f"{{{ORIGIN_ID}}}origin-id", id=stanza_id)
        return self.context.send_act(message, chat, "Your correction"), stanza_id

    def _tell(self, said: Said, text: str, time_ns: int, wire: WireRange) -> None:
        account = self.context.account.id
        self.context.emit(
            MessageRewritten(
                account, said.chat, said.id, text, time_ns, wire=wire, msgid=said.msgid
            )
        )
