"""From a typed text to messages and their stanzas; nothing is sent here."""

import re
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.outbox import Utterance
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.jid import parse_jid
from chatlab.core.message import MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

ACTION_START = "/me "
"""XEP-0245."""
MAX_BODY = 64 * 1024
"""Bytes of one message; many servers refuse stanzas above 64 KiB or some such number."""
ORIGIN_ID = "urn:xmpp:sid:0"
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def check_target(chat: str) -> None:
    """Raises LocalProtocolError when this is nobody to write to."""
    try:
        jid = parse_jid(chat)
    except UsageError as error:
        raise LocalProtocolError(error.message, error.hint) from error
    if not jid.domain:
        raise LocalProtocolError(f"“{chat}” is nobody to write to.", "Give an address.")


def body_of(text: str, kind: MessageKind) -> str:
    """What goes onto the wire for a text. Raises LocalProtocolError when it cannot be sent."""
    if kind is MessageKind.NOTICE:
        raise LocalProtocolError("There are no notices on XMPP.", "Send it as a message.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        raise LocalProtocolError("There is nothing to send.", "Type a text.")
    if odd := _NO_XML.search(text):
        raise LocalProtocolError(
            f"The text holds the character U+{ord(odd[0]):04X}, which XML cannot carry.",
            "Take it out.",
        )
    body = ACTION_START + text if kind is MessageKind.ACTION else text
    if len(body.encode()) > MAX_BODY:
        raise LocalProtocolError(
            f"The text has {len(body.encode()):,} bytes; servers refuse more than {MAX_BODY:,}.",
            "Send it in parts.",
        )
    return body


def to_message(utterance: Utterance) -> ET.Element:
    """The bare stanza of a message, which features add to."""
    message = ET.Element(
        f"{{{CLIENT_NAMESPACE}}}message",
        {
            "type": "groupchat" if utterance.is_room else "chat",
            "to": utterance.chat,
            "id": utterance.stanza_id,
        },
    )
    ET.SubElement(message, f"{{{CLIENT_NAMESPACE}}}body").text = utterance.body
    # A server that gives messages ids of its own leaves this one alone (XEP-0359).
    ET.SubElement(message, f"{{{ORIGIN_ID}}}origin-id", id=utterance.stanza_id)
    return message
