"""Our own presence: being there, and being away (RFC 6121, section 4)."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.discovery import describe_us
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import LocalProtocolError
from chatlab.core.events import AwayChanged
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE


class OwnPresence(Feature):
    """Tells the server that we can be reached, and in which mood."""

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            self.send()

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb not in (Verb.AWAY, Verb.BACK):
            return False
        is_away = command.verb is Verb.AWAY
        before = self.context.lasting.away
        self.context.lasting.away = (command.argument(0) or "away") if is_away else ""
        try:
            self.send()
        except LocalProtocolError:
            self.context.lasting.away = before
            raise
        context = self.context
        context.emit(AwayChanged(context.account.id, is_away, context.timing.clock_ns()))
        return True

    def send(self, to: str = "") -> None:
        """Send our presence, to everybody who may see it or to one address."""
        self.context.stream.send_element(self.element(to))

    def element(self, to: str = "") -> ET.Element:
        """A presence stanza that says how we are."""
        presence = ET.Element(f"{{{CLIENT_NAMESPACE}}}presence", {"to": to} if to else {})
        if away := self.context.lasting.away:
            ET.SubElement(presence, f"{{{CLIENT_NAMESPACE}}}show").text = "away"
            if away != "away":
                ET.SubElement(presence, f"{{{CLIENT_NAMESPACE}}}status").text = away
        describe_us(presence)
        return presence
