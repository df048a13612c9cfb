"""Messages that replace another (XEP-0308): from the same author only, or it stays as it was.

A correction whose message is unknown, or not its author’s, is shown as a message of its own: so
nothing that anybody says is lost, and nobody puts words into another’s mouth.
"""

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
from chatlab.core.flow import WireRange
from chatlab.core.message import MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

CORRECT = "urn:xmpp:message-correct:0"


class Corrections(Feature):
    """Takes corrections in, and sends them (``/correct``)."""

    def take(self, incoming: Incoming) -> bool:
        replace = incoming.xml.find(f"{{{CORRECT}}}replace")
        if replace is None or incoming.body is None:
            return False
        known, wanted = self.context.lasting.known, replace.get("id", "")
        said = known.said_by(incoming.chat, incoming.author, wanted)
        if said is None or not wanted or wanted == incoming.stanza_id:
            return False
        if said is known.said_by(incoming.chat, incoming.author, incoming.stanza_id):
            return True  # It came before, by another way.
        text = without_fallback(incoming.xml, REPLY).removeprefix(ACTION_START)
        if known.correct(said, incoming.stanza_id, text):
            self._tell(said, text, incoming.envelope.time_ns, incoming.envelope.wire)
        return True

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.CORRECT:
            return False
        said = self.context.lasting.known.last_of_ours(chat)
        if said is None:
            raise UsageError(
                "There is no message of yours here that could be corrected.",
                "Only what was said since ChatLab was started can be.",
            )
        self._send(said, body_of(command.argument(0), MessageKind.MESSAGE))
        return True

    def _send(self, said: Said, body: str) -> None:
        stanza_id = new_id()
        message = message_to(said.chat, "groupchat" if said.is_room else "chat", stanza_id)
        ET.SubElement(message, f"{{{CLIENT_NAMESPACE}}}body").text = body
        ET.SubElement(message, f"{{{CORRECT}}}replace", id=said.stanza_id)
        ET.SubElement(message, f"{{{ORIGIN_ID}}}origin-id", id=stanza_id)
        wire = self.context.stream.send_element(message)
        if said.is_room:
            return  # It holds when the room sends it to everybody.
        if self.context.lasting.known.correct(said, stanza_id, body):
            self._tell(said, body, self.context.timing.clock_ns(), wire)

    def _tell(self, said: Said, text: str, time_ns: int, wire: WireRange) -> None:
        account = self.context.account.id
        self.context.emit(
            MessageRewritten(
                account, said.chat, said.id, text, time_ns, wire=wire, msgid=said.msgid
            )
        )
