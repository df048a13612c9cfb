"""Power in rooms (XEP-0045, sections 8 and 9): roles for this visit, affiliations for good.

What is asked of the room is answered by it: a refusal is shown in the room, in words.
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Feature
from chatlab.chat.xmpp.rooms import Rooms
from chatlab.chat.xmpp.state import Room
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.jid import bare_of, parse_jid
from chatlab.core.listings import ListedMask, MasksListed

MUC_ADMIN = "http://jabber.org/protocol/muc#admin"
AFFILIATIONS = ("owner", "admin", "member", "none", "outcast")
LISTS = ("owner", "admin", "member", "outcast")
MAX_LISTED = 10_000
_ROLES = {
    Verb.OP: "moderator",
    Verb.DEOP: "participant",
    Verb.VOICE: "participant",
    Verb.DEVOICE: "visitor",
}


class RoomAdmin(Feature):
    """Asks rooms to change what people may do there."""

    def execute(self, command: Command, chat: str) -> bool:
        match command.verb:
            case Verb.KICK:
                room = self._room(chat)
                self._set_role(room, command.argument(0), "none", command.argument(1))
            case Verb.OP | Verb.DEOP | Verb.VOICE | Verb.DEVOICE:
                room = self._room(chat)
                for nick in self._nicks(room, command.argument(0)):
                    self._set_role(room, nick, _ROLES[command.verb], "")
            case Verb.BAN | Verb.KICKBAN:
                room = self._room(chat)
                reason = command.argument(1)
                self._set_affiliation(room, command.argument(0), "outcast", reason)
            case Verb.UNBAN:
                self._set_affiliation(self._room(chat), command.argument(0), "none", "")
            case Verb.AFFILIATION:
                self._set_affiliation(
                    self._room(chat), command.argument(0), command.argument(1).lower(), ""
                )
            case _:
                return False
        return True

    def request_masks(self, chat: str, mode: str) -> bool:
        room = self._room(chat)
        if mode not in LISTS:
            raise UsageError(
                f"Rooms keep no list “{mode}”.", "There are owner, admin, member and outcast."
            )
        self.context.ask_later(lambda: self._list(room, mode), room.name)
        return True

    def _room(self, chat: str) -> Room:
        return self.context.feature(Rooms).needed(chat)

    def _nicks(self, room: Room, words: str) -> list[str]:
        """One nickname with blanks in it, or several without."""
        return [words] if words in room.members else words.split()

    def _set_role(self, room: Room, nick: str, role: str, reason: str) -> None:
        if nick not in room.members:
            raise UsageError(f"There is no {nick} in this room.", "/names tells who is there.")
        self._set(room, reason, nick=nick, role=role)

    def _set_affiliation(self, room: Room, who: str, affiliation: str, reason: str) -> None:
        if affiliation not in AFFILIATIONS:
            raise UsageError(
                f"There is no standing “{affiliation}”.", f"There are {', '.join(AFFILIATIONS)}."
            )
        member = room.members.get(who)
        jid = bare_of(member.user_host) if member is not None else who
        if member is not None and not jid:
            if affiliation == "outcast":
                # Only the room knows the address; some take the nickname instead of it.
                self._set(room, reason, nick=who, affiliation=affiliation)
                return
            raise UsageError(
                f"The room does not tell the address of {who}.", "Give the address itself."
            )
        if member is None and "@" not in jid and "." not in jid:
            raise UsageError(f"There is no {who} in this room.", "Give an address, or a nickname.")
        self._set(room, reason, jid=parse_jid(jid).bare, affiliation=affiliation)

    def _set(self, room: Room, reason: str, **attributes: str) -> None:
        query = ET.Element(f"{{{MUC_ADMIN}}}query")
        item = ET.SubElement(query, f"{{{MUC_ADMIN}}}item", attributes)
        if reason:
            ET.SubElement(item, f"{{{MUC_ADMIN}}}reason").text = reason
        stream = self.context.stream

        async def work() -> None:
            await stream.ask(stream.query("set", room.name, query))

        self.context.ask_later(work, room.name)

    async def _list(self, room: Room, affiliation: str) -> None:
        query = ET.Element(f"{{{MUC_ADMIN}}}query")
        ET.SubElement(query, f"{{{MUC_ADMIN}}}item", affiliation=affiliation)
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", room.name, query))
        items = iq.xml.findall(f"{{{MUC_ADMIN}}}query/{{{MUC_ADMIN}}}item")[:MAX_LISTED]
        masks = [
            ListedMask(jid, _by(item)) for item in items if (jid := bare_of(item.get("jid", "")))
        ]
        now = self.context.timing.clock_ns()
        account = self.context.account.id
        self.context.emit(MasksListed(account, room.name, affiliation, tuple(masks), now))


def _by(item: ET.Element) -> str:
    actor = item.find(f"{{{MUC_ADMIN}}}actor")
    return (actor.get("nick") or actor.get("jid") or "") if actor is not None else ""
