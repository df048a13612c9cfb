"""The public rooms of a service (XEP-0045, section 6.3), page by page (XEP-0059).

How many people are in a room, and what about, is asked of the room itself where its service does
not put the number behind the name; for the first few only, because each costs a question.
"""

import re
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.data_forms import FORM
from chatlab.chat.xmpp.discovery import ITEMS, Discovery
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, UsageError
from chatlab.core.features import ServerFeatures
from chatlab.core.jid import check_jid, check_room
from chatlab.core.listings import ChannelsListed, ListedChannel

RSM = "http://jabber.org/protocol/rsm"
PAGE = 100
MAX_ROOMS = 5_000
MAX_ASKED = 40
"""Rooms that are asked how many people they have."""
_MAX_TITLE = 200
_COUNT = re.compile(r"\s*\((?:\d+/)?(\d{1,6})\)\s*\Z")
"""How ejabberd and others write the number of people behind a room’s name."""


class RoomList(Feature):
    """Lists rooms (``/list``), until it is told to stop."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._run = 0
        """Counts lists; one that is not the newest any more ends."""

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.LIST:
            return False
        words = command.argument(0).strip()
        self._run += 1
        if words.lower() == "stop":
            self._tell((), is_complete=True, problem="You stopped it.")
            return True
        service, wanted = self._service_and_words(words)
        run = self._run
        self.context.timers.spawn(lambda: self._list(run, service, wanted))
        return True

    def _service_and_words(self, words: str) -> tuple[str, str]:
        """``/list rooms.example.org lab`` asks another service; else it is our server’s."""
        first, _, rest = words.partition(" ")
        if "." in first and "@" not in first and not check_jid(f"x@{first}"):
            return first, rest.strip().lower()
        found = ServerFeatures()
        found = self.context.feature(Discovery).tell(found)
        if not found.room_service:
            raise UsageError(
                "Your server names no service for rooms.",
                "Name one: /list conference.example.org",
            )
        return found.room_service, words.lower()

    async def _list(self, run: int, service: str, wanted: str) -> None:
        seen: set[str] = set()
        after, asked, problem = "", 0, ""
        try:
            while len(seen) < MAX_ROOMS:
                page, after = await self._page(service, after)
                news = [room for room in page if room.name.lower() not in seen]
                seen.update(room.name.lower() for room in news)
                rooms = [room for room in news if _is_wanted(room, wanted)]
                if run != self._run:
                    return
                unknown = [room for room in rooms if not room.users][: MAX_ASKED - asked]
                asked += len(unknown)
                self._tell(tuple(room for room in rooms if room not in unknown))
                for room in unknown:
                    self._tell((await self._described(room),))
                    if run != self._run:
                        return
                if not after or not news:
                    break  # The last page, or a service that repeats itself.
            else:
                problem = f"There are more than {MAX_ROOMS:,} rooms; the others are left out."
        except ChatlabError as error:
            problem = str(error)
        if run == self._run:
            self._tell((), is_complete=True, problem=problem)

    async def _page(self, service: str, after: str) -> tuple[list[ListedChannel], str]:
        """Rooms, and the mark behind which the next page begins; empty for the last one."""
        query = ET.Element(f"{{{ITEMS}}}query")
        page = ET.SubElement(query, f"{{{RSM}}}set")
        ET.SubElement(page, f"{{{RSM}}}max").text = str(PAGE)
        if after:
            ET.SubElement(page, f"{{{RSM}}}after").text = after
        stream = self.context.stream
        iq = await stream.ask(stream.query("get", service, query))
        found = iq.xml.find(f"{{{ITEMS}}}query")
        if found is None:
            return [], ""
        rooms = [_listed(item) for item in found.iterfind(f"{{{ITEMS}}}item")][:MAX_ROOMS]
        last = found.findtext(f"{{{RSM}}}set/{{{RSM}}}last") or ""
        return [room for room in rooms if room is not None], last if last != after else ""

    async def _described(self, room: ListedChannel) -> ListedChannel:
        """With what a room tells of itself (section 6.4)."""
        info = await self.context.feature(Discovery).info(room.name)
        fields = info.findall(f"{{{FORM}}}x/{{{FORM}}}field") if info is not None else []
        told = {each.get("var", ""): each.findtext(f"{{{FORM}}}value") or "" for each in fields}
        count = told.get("muc#roominfo_occupants", "").strip()
        users = int(count[:6]) if count.isascii() and count.isdigit() else 0
        subject = " ".join(told.get("muc#roominfo_subject", "").split())[:_MAX_TITLE]
        return ListedChannel(room.name, users, subject or room.topic)

    def _tell(
        self, rooms: tuple[ListedChannel, ...], *, is_complete: bool = False, problem: str = ""
    ) -> None:
        if rooms or is_complete:
            now = self.context.timing.clock_ns()
            account = self.context.account.id
            self.context.emit(ChannelsListed(account, rooms, now, is_complete, problem))


def _listed(item: ET.Element) -> ListedChannel | None:
    address = item.get("jid", "")
    if check_room(address):
        return None
    title = " ".join(item.get("name", "").split())
    count = _COUNT.search(title)
    if count is not None:
        title = title[: count.start()]
    if title.lower() == address.partition("@")[0].lower():
        title = ""
    return ListedChannel(address, int(count[1]) if count else 0, title[:_MAX_TITLE])


def _is_wanted(room: ListedChannel, words: str) -> bool:
    return all(word.strip("*") in f"{room.name} {room.topic}".lower() for word in words.split())
