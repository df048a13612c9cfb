"""Answers to one message (XEP-0461), with its words quoted for programs that know no answers."""

from dataclasses import replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.composing import ACTION_START
from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import FALLBACK, body_of, without_fallback
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.known import Said
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.core.features import ServerFeatures
from chatlab.core.message import Message

REPLY = "urn:xmpp:reply:0"
MAX_QUOTE = 1_000
"""Characters of the message that is answered."""
MAX_MSGID = 300


class Replies(Feature):
    """Marks answers, and reads the marks of others."""

    def tell(self, features: ServerFeatures) -> ServerFeatures:
        return replace(features, can_reply=True)

    def decorate(self, utterance: Utterance, message: ET.Element) -> None:
        if not utterance.reply_to:
            return
        said = self.context.lasting.known.named(utterance.chat, utterance.reply_to)
        reply = ET.SubElement(message, f"{{{REPLY}}}reply", id=utterance.reply_to)
        if said is not None and said.address:
            reply.set("to", said.address)
        body = body_of(message)
        if said is None or body is None or said.is_retracted or not said.text:
            return
        quote = _quoted(said)
        body.text = quote + (body.text or "")
        fallback = ET.SubElement(message, f"{{{FALLBACK}}}fallback", {"for": REPLY})
        ET.SubElement(fallback, f"{{{FALLBACK}}}body", start="0", end=str(len(quote)))

    def enrich(self, message: Message, incoming: Incoming) -> Message:
        reply = incoming.xml.find(f"{{{REPLY}}}reply")
        name = reply.get("id", "") if reply is not None else ""
        if not name or len(name) > MAX_MSGID:
            return message
        text = without_fallback(incoming.xml, REPLY).removeprefix(ACTION_START)
        # An answer that would say nothing at all keeps its quotation.
        return replace(message, reply_to=name, text=text if text.strip() else message.text)


def _quoted(said: Said) -> str:
    lines = said.text[:MAX_QUOTE].split("\n")
    return "".join(f"> {line}\n" for line in lines)
