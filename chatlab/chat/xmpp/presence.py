"""Our own presence: being there, and in which mood (RFC 6121, section 4)."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.discovery import describe_us
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import AwayChanged
from chatlab.core.roster import Availability
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

_BY_WORD = {
    "online": Availability.AVAILABLE,
    "chat": Availability.CHAT,
    "away": Availability.AWAY,
    "xa": Availability.EXTENDED_AWAY,
    "dnd": Availability.DO_NOT_DISTURB,
}
_IS_HERE = (Availability.AVAILABLE, Availability.CHAT)


class OwnPresence(Feature):
    """Tells the server that we can be reached, and in which mood."""

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            self.send()
        if self.context.lasting.availability is not Availability.AVAILABLE:
            self._tell()  # The window took us for being here when the connection was lost.

    def execute(self, command: Command, chat: str) -> bool:
        match command.verb:
            case Verb.AWAY:
                self._change(Availability.AWAY, command.argument(0))
            case Verb.BACK:
                self._change(Availability.AVAILABLE, "")
            case Verb.PRESENCE:
                word = command.argument(0).lower()
                if word not in _BY_WORD:
                    known = ", ".join(_BY_WORD)
                    raise UsageError(f"“{word}” is no presence.", f"There are {known}.")
                self._change(_BY_WORD[word], command.argument(1))
            case _:
                return False
        return True

    def send(self, to: str = "") -> None:
        """Send our presence, to everybody who may see it or to one address."""
        self.context.stream.send_element(self.element(to))

    def element(self, to: str = "") -> ET.Element:
        """A presence stanza that says how we are."""
        presence = ET.Element(f"{{{CLIENT_NAMESPACE}}}presence", {"to": to} if to else {})
        lasting = self.context.lasting
        if lasting.availability is not Availability.AVAILABLE:
            show = ET.SubElement(presence, f"{{{CLIENT_NAMESPACE}}}show")
            show.text = lasting.availability.value
        if lasting.away:
            ET.SubElement(presence, f"{{{CLIENT_NAMESPACE}}}status").text = lasting.away
        describe_us(presence)
        return presence

    # -- inner

    def _change(self, availability: Availability, words: str) -> None:
        lasting = self.context.lasting
        before = lasting.availability, lasting.away
        lasting.availability, lasting.away = availability, words
        try:
            self.send()
            for room in self.context.state.rooms.values():
                if room.is_joined:
                    self.send(f"{room.name}/{room.nick}")
        except LocalProtocolError:
            lasting.availability, lasting.away = before
            raise
        self._tell()

    def _tell(self) -> None:
        context, availability = self.context, self.context.lasting.availability
        is_away = availability not in _IS_HERE
        now = context.timing.clock_ns()
        context.emit(AwayChanged(context.account.id, is_away, now, availability))
