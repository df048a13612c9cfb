"""Whether a message has arrived (XEP-0184), between two people only.

Everybody can send a receipt for any id; it counts when it comes from the one to whom we sent that
message. Answering is the account’s choice, because it makes packets and tells that we are there.
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import hint, message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.core.jid import bare_of
from chatlab.core.message import Delivery

RECEIPTS = "urn:xmpp:receipts"


class Receipts(Feature):
    """Asks for receipts, gives them, and believes those that are from the addressee."""

    def decorate(self, utterance: Utterance, message: ET.Element) -> None:
        if is_between_two(self, utterance):
            ET.SubElement(message, f"{{{RECEIPTS}}}request")

    def take(self, incoming: Incoming) -> bool:
        received = incoming.xml.find(f"{{{RECEIPTS}}}received")
        if received is not None and incoming.body is None:
            confirm(self, incoming, received.get("id", ""), Delivery.DELIVERED)
            return True
        if incoming.xml.find(f"{{{RECEIPTS}}}request") is not None:
            self._answer(incoming)
        return False

    def _answer(self, incoming: Incoming) -> None:
        is_wanted = self.context.account.sends_receipts and incoming.is_live
        is_direct = not incoming.is_room and self.context.state.room(incoming.chat) is None
        if not (is_wanted and is_direct and incoming.stanza_id and incoming.body):
            return
        if not self.context.lasting.may_answer(incoming.sender):
            return
        receipt = message_to(incoming.sender, "chat")
        ET.SubElement(receipt, f"{{{RECEIPTS}}}received", id=incoming.stanza_id)
        hint(receipt, "store")
        self.context.stream.send_element(receipt)


def is_between_two(feature: Feature, utterance: Utterance) -> bool:
    """Whether a message goes to one person, and not through a room."""
    return not utterance.is_room and feature.context.state.room(utterance.chat) is None


def confirm(feature: Feature, incoming: Incoming, stanza_id: str, delivery: Delivery) -> bool:
    """Somebody says what became of a message of ours; False when it is not theirs to say."""
    sent = feature.context.deliveries.find(stanza_id)
    if sent is None or incoming.is_room or incoming.is_ours or sent.utterance.is_room:
        return False
    if bare_of(sent.utterance.chat).lower() != bare_of(incoming.sender).lower():
        return False
    feature.context.deliveries.confirmed(sent, delivery)
    return True
