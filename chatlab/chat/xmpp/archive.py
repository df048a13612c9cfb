"""What servers and rooms keep (XEP-0313): caught up with after a break, and paged back on request.

A result is believed when we asked with its query id and it comes from the archive that was asked
(CVE-2019-16237 and its kin). After a break everything since the newest message that we have is
fetched, in pages; where that would be too much, the newest page is, and the gap is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from chatlab.chat.timing import stamp_ns, stamp_of
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.elements import new_id
from chatlab.chat.xmpp.incoming import Envelope
from chatlab.chat.xmpp.messages import DELAY, Messages
from chatlab.chat.xmpp.state import Room
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, Severity, UsageError
from chatlab.core.events import Informed
from chatlab.core.message import Message
from chatlab.protocol.xmpp_element import CLIENT_NAMESPACE

MAM = "urn:xmpp:mam:2"
FORWARD = "urn:xmpp:forward:0"
RSM = "http://jabber.org/protocol/rsm"
FORM = "jabber:x:data"
PAGE = 50
MAX_PAGES = 10
"""Fetched by ourselves after a break."""
_MARGIN_NS = 600 * 1_000_000_000
"""Our clock and the server's may differ by so much; what comes twice is known by its name."""
_SURPLUS = 4
"""How many times what was asked for a page may hold."""


@dataclass(frozen=True, slots=True)
class _Result:
    name: str
    message: ET.Element
    envelope: Envelope


@dataclass(slots=True)
class _Query:
    """A page that was asked for and has not come in full."""

    archive: str
    results: list[_Result] = field(default_factory=list)
    is_complete: bool = False
    first: str = ""
    last: str = ""


class Archive(Feature):
    """Asks the account’s archive and those of rooms."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._open: dict[str, _Query] = {}
        self._since: dict[str, str] = {}
        """By archive: the newest message that we had when we came online, or entered the room."""
        self._reached: dict[str, str] = {}
        """By archive that is being caught up with: up to where."""
        self._oldest: dict[str, str] = {}
        """By chat: from where to page back."""

    # -- when

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            self._note_since(self._own)  # What arrives before the answers is newer than the gap.

    def discovered(self) -> None:
        if MAM in self.context.state.account_features:
            since = self._since.pop(self._own.lower(), "")
            if not since and self.context.account.is_temporary:
                return  # Who says one thing, or looks at a lab, wants no packets of old talk.
            start_ns = 0 if since else self._remembered_outside_rooms()
            self.context.ask_later(lambda: self._catch_up(self._own, since, start_ns))

    def entered(self, room: Room) -> None:
        self._note_since(room.name)

    def described(self, room: Room) -> None:
        since = self._since.pop(room.name.lower(), "")
        remembered = self.context.lasting.remembered or {}
        start_ns = 0 if since else remembered.get(room.name.lower(), 0)
        if MAM in room.features and (since or start_ns):
            self.context.ask_later(lambda: self._catch_up(room.name, since, start_ns), room.name)

    def ended(self, reason: str) -> None:
        """What came live meanwhile is not the end of what we have: there is a gap before it."""
        last_archived = self.context.lasting.last_archived
        for archive, name in (self._since | self._reached).items():
            last_archived.pop(archive, None)
            if name:
                last_archived[archive] = name

    def execute(self, command: Command, chat: str) -> bool:
        if command.verb is not Verb.HISTORY:
            return False
        if not chat:
            raise UsageError("Nothing is said here.", "Open a chat first.")
        room = self.context.state.room(chat)
        is_room = room is not None and "/" not in chat
        features = room.features if room is not None and is_room else self._features
        if MAM not in features:
            who = chat if is_room else "Your server"
            raise UsageError(f"{who} keeps no messages.", "What this computer has is all there is.")
        self.context.ask_later(lambda: self._page_back(chat, is_room=is_room), chat)
        return True

    # -- taking in

    def unpack(self, message: ET.Element, envelope: Envelope) -> bool:
        result = message.find(f"{{{MAM}}}result")
        if result is None:
            return False
        sender, query = message.get("from", ""), self._open.get(result.get("queryid", ""))
        is_asked = query is not None and (sender or self._own).lower() == query.archive.lower()
        if query is None or not is_asked:
            self.context.inform(
                f"{sender or 'Somebody'} sent messages of an archive that was not asked for; "
                "they were left out.",
                severity=Severity.WARNING,
                source=sender,
            )
            return True
        forwarded = result.find(f"{{{FORWARD}}}forwarded")
        inner = forwarded.find(f"{{{CLIENT_NAMESPACE}}}message") if forwarded is not None else None
        if forwarded is None or inner is None or len(query.results) >= PAGE * _SURPLUS:
            return True
        delay = forwarded.find(f"{{{DELAY}}}delay")
        stamp = stamp_ns(delay.get("stamp", "")) if delay is not None else 0
        name = result.get("id", "")
        moment = min(stamp or envelope.time_ns, envelope.time_ns)
        told = Envelope(envelope.wire, moment, True, True, name)
        query.results.append(_Result(name, inner, told))
        return True

    # -- inner

    @property
    def _own(self) -> str:
        return self.context.state.bare_jid

    @property
    def _features(self) -> frozenset[str]:
        return self.context.state.account_features

    def _note_since(self, archive: str) -> None:
        archive = archive.lower()
        self._since[archive] = self.context.lasting.last_archived.get(archive, "")

    def _remembered_outside_rooms(self) -> int:
        """When the newest message in a chat of two was said that earlier runs have kept."""
        lasting = self.context.lasting
        rooms = {room.channel.lower() for room in lasting.channels}
        kept = (lasting.remembered or {}).items()
        return max((time_ns for chat, time_ns in kept if chat not in rooms), default=0)

    async def _ask(self, archive: str, *, whom: str = "", start: str = "", **place: str) -> _Query:
        """One page, from the moment ``start`` on; ``place`` is ``after`` or ``before`` a message.

        Raises ChatlabError.
        """
        name = new_id()
        query = ET.Element(f"{{{MAM}}}query", queryid=name)
        form = ET.SubElement(query, f"{{{FORM}}}x", type="submit")
        for key, value in (("FORM_TYPE", MAM), ("with", whom), ("start", start)):
            if value:
                kind = {"type": "hidden"} if key == "FORM_TYPE" else {}
                entry = ET.SubElement(form, f"{{{FORM}}}field", {"var": key, **kind})
                ET.SubElement(entry, f"{{{FORM}}}value").text = value
        limits = ET.SubElement(query, f"{{{RSM}}}set")
        ET.SubElement(limits, f"{{{RSM}}}max").text = str(PAGE)
        for key, name_there in place.items():
            ET.SubElement(limits, f"{{{RSM}}}{key}").text = name_there
        asked = self._open[name] = _Query(archive)
        stream = self.context.stream
        to = "" if archive == self._own else archive
        try:
            iq = await stream.ask(stream.query("set", to, query))
        finally:
            del self._open[name]
        fin = iq.xml.find(f"{{{MAM}}}fin")
        asked.is_complete = fin is None or fin.get("complete") in ("true", "1")
        names = [result.name for result in asked.results if result.name]
        asked.first = _end_of(fin, "first") or (names[0] if names else "")
        asked.last = _end_of(fin, "last") or (names[-1] if names else "")
        return asked

    async def _catch_up(self, archive: str, since: str, start_ns: int) -> None:
        """Fetch what was missed. Raises ChatlabError; the next session then begins where we were."""
        self._reached[archive.lower()] = since
        await self._fetch_since(archive, since, start_ns)
        del self._reached[archive.lower()]

    async def _fetch_since(self, archive: str, since: str, start_ns: int) -> None:
        if not since and not start_ns:
            page = await self._ask(archive, before="")
            self._note_last(archive, page)
            self._show_all(page)
            return
        for _ in range(MAX_PAGES):
            try:
                page = await (
                    self._ask(archive, after=since)
                    if since
                    else self._ask(archive, start=stamp_of(start_ns - _MARGIN_NS))
                )
            except ChatlabError:
                # The archive does not know that message any more: it keeps a few days only.
                break
            self._show_all(page)
            self._note_last(archive, page)
            if page.is_complete or not page.last or page.last == since:
                return
            since = self._reached[archive.lower()] = page.last
        page = await self._ask(archive, before="")
        self._note_last(archive, page)
        self._tell_gaps(page)
        self._show_all(page)

    async def _page_back(self, chat: str, *, is_room: bool) -> None:
        archive, key = (chat if is_room else self._own), chat.lower()
        before = self._oldest.get(key, "")
        shown = 0
        for _ in range(MAX_PAGES):
            page = await self._ask(archive, whom="" if is_room else chat, before=before)
            shown += len(self._show_all(page))
            if page.first:
                before = self._oldest[key] = page.first
            if page.is_complete or not page.first:
                self._say(chat, "This is where it begins: nothing older is kept.")
                return
            if shown:
                return  # Pages of what is here already are passed over.

    def _show_all(self, page: _Query) -> list[Message]:
        messages = self.context.feature(Messages)
        found = (messages.receive(each.message, each.envelope) for each in page.results)
        return [message for message in found if message is not None]

    def _note_last(self, archive: str, page: _Query) -> None:
        if page.last:
            self.context.lasting.last_archived[archive.lower()] = page.last

    def _tell_gaps(self, page: _Query) -> None:
        """Say in each chat, before its first message, that others come before it."""
        for chat, first in self._first_of_each(page):
            self.context.emit(
                Informed(
                    self.context.account.id,
                    "Messages are missing here: too many were said while you were away.",
                    first.envelope.time_ns - 1,
                    chat,
                    Severity.WARNING,
                    "/history loads older ones from the server.",
                    "archive-gap",
                )
            )

    def _first_of_each(self, page: _Query) -> Iterator[tuple[str, _Result]]:
        seen: set[str] = set()
        for result in page.results:
            incoming = self.context.feature(Messages).addressed(result.message, result.envelope)
            if incoming is None or incoming.body is None or incoming.chat.lower() in seen:
                continue
            seen.add(incoming.chat.lower())
            self.context.open_chat(incoming.chat, is_room=incoming.is_room)
            yield incoming.chat, result

    def _say(self, chat: str, words: str) -> None:
        self.context.inform(words, chat=chat)


def _end_of(fin: ET.Element | None, name: str) -> str:
    found = fin.findtext(f"{{{RSM}}}set/{{{RSM}}}{name}") if fin is not None else None
    return (found or "")[:1024]
