"""Messages that are encrypted from end to end, which this program cannot read (XEP-0380).

What stands beside such a message in clear is written by the other program for those who cannot
read it; it is nobody’s message, and is never shown as one. The reader is told which encryption it
was. Keys that are only handed over, without a text, are not shown.
"""

from dataclasses import replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import FALLBACK, body_of
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.core.message import Message, MessageKind
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

MARK = "urn:xmpp:eme:0"
_OMEMO = "eu.siacs.conversations.axolotl"
_OMEMO_2 = "urn:xmpp:omemo:2"
_OTR = "urn:xmpp:otr:0"
_NAMES = {
    _OTR: "OTR",
    "jabber:x:encrypted": "OpenPGP",
    "urn:xmpp:openpgp:0": "OpenPGP for XMPP",
    _OMEMO: "OMEMO",
    "urn:xmpp:omemo:1": "OMEMO",
    _OMEMO_2: "OMEMO",
}
"""By namespace (XEP-0380, section 4)."""
_PAYLOADS = (
    f"{{{_OMEMO}}}encrypted",
    f"{{{_OMEMO_2}}}encrypted",
    "{urn:xmpp:omemo:1}encrypted",
    "{jabber:x:encrypted}x",
    "{urn:xmpp:openpgp:0}openpgp",
)
_OTR_START = "?OTR"
_MAX_NAME = 40


class Encrypted(Feature):
    """Stands before all features that look at the body of a message."""

    def take(self, incoming: Incoming) -> bool:
        xml = incoming.xml
        name = encryption_of(xml)
        if not name:
            return False
        if _is_key_transport(xml):
            return True
        body = body_of(xml)
        if body is None:
            body = ET.SubElement(xml, f"{{{CLIENT_NAMESPACE}}}body")
        body.text = sealed_words(name)
        if xml.find(f"{{{MARK}}}encryption") is None:
            # So that it is known once its body is another.
            ET.SubElement(xml, f"{{{MARK}}}encryption", namespace=_namespace_of(name))
        for fallback in xml.findall(f"{{{FALLBACK}}}fallback"):
            xml.remove(fallback)  # Its places are those of the body that was there.
        return False

    def enrich(self, message: Message, incoming: Incoming) -> Message:
        if not encryption_of(incoming.xml):
            return message
        return replace(message, is_sealed=True, kind=MessageKind.MESSAGE)


def encryption_of(message: ET.Element) -> str:
    """What a message is encrypted with, for the reader; empty when it is in clear."""
    if (mark := message.find(f"{{{MARK}}}encryption")) is not None:
        return _named(mark.get("namespace", ""), mark.get("name", ""))
    for payload in _PAYLOADS:
        if message.find(payload) is not None:
            return _NAMES[payload[1:].partition("}")[0]]
    body = body_of(message)
    if body is not None and (body.text or "").startswith(_OTR_START):
        return _NAMES[_OTR]
    return ""


def sealed_words(name: str) -> str:
    """What is shown instead of the message."""
    return f"A message encrypted end to end with {name}, which ChatLab cannot read."


def _named(namespace: str, name: str) -> str:
    if known := _NAMES.get(namespace):
        return known
    printable = "".join(char for char in name or namespace if char.isprintable())
    return " ".join(printable.split())[:_MAX_NAME] or "something that it does not name"


def _namespace_of(name: str) -> str:
    return next(namespace for namespace, known in _NAMES.items() if known == name)


def _is_key_transport(message: ET.Element) -> bool:
    """OMEMO without a payload: programs hand keys over so (XEP-0384, section 4.6)."""
    for namespace in (_OMEMO, _OMEMO_2, "urn:xmpp:omemo:1"):
        sealed = message.find(f"{{{namespace}}}encrypted")
        if sealed is not None:
            return sealed.find(f"{{{namespace}}}payload") is None
    return False
