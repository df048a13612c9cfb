"""How far somebody has read (XEP-0333), between two people only; in rooms it would tell everybody.

What another program of ours displayed comes as a copy (XEP-0280) and is not unread here any more.
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.elements import hint, message_to
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.chat.xmpp.messages import MARKERS
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.chat.xmpp.receipts import confirm, is_between_two
from chatlab.core.events import ReadMarkerMoved
from chatlab.core.message import Delivery

_MARKS = {"received": Delivery.DELIVERED, "displayed": Delivery.DISPLAYED}


class Markers(Feature):
    """Asks for markers, sends them where the account wants it, believes the addressee’s."""

    def decorate(self, utterance: Utterance, message: ET.Element) -> None:
        if is_between_two(self, utterance):
            ET.SubElement(message, f"{{{MARKERS}}}markable")

    def take(self, incoming: Incoming) -> bool:
        for name, delivery in _MARKS.items():
            mark = incoming.xml.find(f"{{{MARKERS}}}{name}")
            if mark is None:
                continue
            if incoming.is_ours and delivery is Delivery.DISPLAYED:
                self._read_elsewhere(incoming, mark.get("id", ""))
            else:
                confirm(self, incoming, mark.get("id", ""), delivery)
            return incoming.body is None
        return False

    def _read_elsewhere(self, incoming: Incoming, stanza_id: str) -> None:
        known = self.context.lasting.known
        said = known.said_by(incoming.chat, incoming.chat.lower(), stanza_id)
        if said is not None:
            account = self.context.account.id
            self.context.emit(ReadMarkerMoved(account, incoming.chat, said.time_ns))

    def mark_read(self, chat: str, time_ns: int) -> None:
        if not self.context.account.sends_markers or self.context.state.room(chat) is not None:
            return
        said = self.context.lasting.known.last_to_mark(chat, time_ns)
        if said is None or not said.stanza_id:
            return
        said.wants_marker = False
        mark = message_to(chat, "chat")
        ET.SubElement(mark, f"{{{MARKERS}}}displayed", id=said.stanza_id)
        hint(mark, "store")
        self.context.stream.send_element(mark)
