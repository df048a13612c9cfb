"""Business cards (XEP-0054): what people tell of themselves to everybody who asks (``/whois``)."""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.personal_events import VCARD
from chatlab.chat.xmpp.state import Room
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.jid import parse_jid

MAX_WORDS = 200
"""Characters of one line of a card."""
_FIELDS = (
    ("FN", "name"),
    ("NICKNAME", "nickname"),
    ("ORG/ORGNAME", "organisation"),
    ("TITLE", "title"),
    ("EMAIL/USERID", "e-mail"),
    ("URL", "web"),
    ("ADR/CTRY", "country"),
    ("DESC", "about"),
)


class Cards(Feature):
    """Asks for cards."""

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.WHOIS:
            return False
        room = self.context.state.room(chat)
        named = command.argument(0)
        if room is not None and named in room.members:
            self._tell_occupant(room, named)
            address = f"{room.name}/{named}"
        elif "@" in named:
            address = parse_jid(named).bare
        else:
            raise UsageError(f"There is no {named} here.", "Give an address.")
        self.context.ask_later(lambda: self._ask(address, chat), chat)
        return True

    def _tell_occupant(self, room: Room, nick: str) -> None:
        member = room.members[nick]
        parts = [part for part in (member.role, member.affiliation, member.user_host) if part]
        self.context.inform(f"{nick}: {', '.join(parts) or 'nothing is told'}.", chat=room.name)

    async def _ask(self, address: str, chat: str) -> None:
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", address, ET.Element(f"{{{VCARD}}}vCard")))
        card = iq.xml.find(f"{{{VCARD}}}vCard")
        told = [
            f"{label}: {words}"
            for path, label in _FIELDS
            if card is not None and (words := _text(card, path))
        ]
        what = "; ".join(told) or "a card with nothing on it"
        self.context.inform(f"{address} says of themselves: {what}.", chat=chat)


def _text(card: ET.Element, path: str) -> str:
    steps = "/".join(f"{{{VCARD}}}{step}" for step in path.split("/"))
    return " ".join((card.findtext(steps) or "").split())[:MAX_WORDS]
