"""Messages whose signs are to be taken as they are (XEP-0393, section 6)."""

from dataclasses import replace

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.incoming import Incoming
from chatlab.core.message import Message

STYLING = "urn:xmpp:styling:0"


class Unstyled(Feature):
    """Notes what the author wants."""

    def enrich(self, message: Message, incoming: Incoming) -> Message:
        if incoming.xml.find(f"{{{STYLING}}}unstyled") is None:
            return message
        return replace(message, is_unstyled=True)
