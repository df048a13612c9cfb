"""Where bookmarks of rooms are kept on a server: one item each (XEP-0402), or one list (XEP-0048).

What other programs put into a bookmark is kept as it is. Nothing is published where others could
read it: a node that is open to them is closed first.
"""

import asyncio
from copy import deepcopy
from dataclasses import dataclass
from typing import Protocol
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.data_forms import FORM
from chatlab.chat.xmpp.personal_events import PUBSUB, items_query
from chatlab.chat.xmpp.stream import Stream
from chatlab.core.errors import ChatlabError
from chatlab.core.jid import check_resource, check_room

BOOKMARKS = "urn:xmpp:bookmarks:1"
OLD = "storage:bookmarks"
PRIVATE = "jabber:iq:private"
_OWNER = "http://jabber.org/protocol/pubsub#owner"
_UNMET = ".//{http://jabber.org/protocol/pubsub#errors}precondition-not-met"
MAX_BOOKMARKS = 1_000
_OPTIONS = {
    "pubsub#persist_items": "true",
    "pubsub#max_items": "max",
    "pubsub#send_last_published_item": "never",
    "pubsub#access_model": "whitelist",
}
_TRUE = ("true", "1")


@dataclass(frozen=True, slots=True)
class Bookmark:
    """One room that its owner wants to find again."""

    room: str
    is_auto: bool
    """It is to be entered after login."""
    nick: str = ""
    password: str = ""
    xml: ET.Element | None = None
    """As it was read; None for one that is new."""


class Store(Protocol):
    """One way of keeping them."""

    async def fetch(self) -> list[Bookmark]:
        """Raises ChatlabError."""
        ...

    async def put(self, bookmark: Bookmark) -> None:
        """Raises ChatlabError."""
        ...


class ModernStore:
    """An item for each room in a node of the account (XEP-0402)."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def fetch(self) -> list[Bookmark]:
        try:
            iq = await self._stream.ask(self._stream.query("get", "", items_query(BOOKMARKS)))
        except ChatlabError as error:
            if _has(error, ".//{urn:ietf:params:xml:ns:xmpp-stanzas}item-not-found"):
                return []  # Nothing was ever kept there.
            raise
        items = iq.xml.find(f"{{{PUBSUB}}}pubsub/{{{PUBSUB}}}items")
        return read_items(items) if items is not None else []

    async def put(self, bookmark: Bookmark) -> None:
        try:
            await self._publish(bookmark)
        except ChatlabError as error:
            if not _has(error, _UNMET):
                raise
            await self._configure()
            await self._publish(bookmark)

    async def _publish(self, bookmark: Bookmark) -> None:
        pubsub = ET.Element(f"{{{PUBSUB}}}pubsub")
        publish = ET.SubElement(pubsub, f"{{{PUBSUB}}}publish", node=BOOKMARKS)
        item = ET.SubElement(publish, f"{{{PUBSUB}}}item", id=bookmark.room)
        item.append(_changed(bookmark, BOOKMARKS))
        options = ET.SubElement(pubsub, f"{{{PUBSUB}}}publish-options")
        options.append(_form(f"{PUBSUB}#publish-options"))
        await self._stream.ask(self._stream.query("set", "", pubsub))

    async def _configure(self) -> None:
        """The node is there, but otherwise: perhaps others may read it."""
        pubsub = ET.Element(f"{{{_OWNER}}}pubsub")
        configure = ET.SubElement(pubsub, f"{{{_OWNER}}}configure", node=BOOKMARKS)
        configure.append(_form(f"{PUBSUB}#node_config"))
        await self._stream.ask(self._stream.query("set", "", pubsub))


class OldStore:
    """One list of all in private XML (XEP-0048, XEP-0049), for servers that know no better."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._writing = asyncio.Lock()
        """Held while the list is read and written: who wrote meanwhile would be undone."""

    async def fetch(self) -> list[Bookmark]:
        found = (_read(each, each.get("jid", "")) for each in await self._list())
        return [bookmark for bookmark in found if bookmark is not None][:MAX_BOOKMARKS]

    async def put(self, bookmark: Bookmark) -> None:
        async with self._writing:
            await self._put(bookmark)

    async def _put(self, bookmark: Bookmark) -> None:
        storage = await self._list()
        for each in storage.findall(f"{{{OLD}}}conference"):
            if each.get("jid", "").lower() == bookmark.room.lower():
                storage.remove(each)
        conference = _changed(bookmark, OLD)
        conference.set("jid", bookmark.room)
        storage.append(conference)
        query = ET.Element(f"{{{PRIVATE}}}query")
        query.append(storage)
        await self._stream.ask(self._stream.query("set", "", query))

    async def _list(self) -> ET.Element:
        query = ET.Element(f"{{{PRIVATE}}}query")
        ET.SubElement(query, f"{{{OLD}}}storage")
        iq = await self._stream.ask(self._stream.query("get", "", query))
        found = iq.xml.find(f"{{{PRIVATE}}}query/{{{OLD}}}storage")
        return deepcopy(found) if found is not None else ET.Element(f"{{{OLD}}}storage")


def read_items(items: ET.Element) -> list[Bookmark]:
    """Bookmarks out of what a node holds, or out of an event about it."""
    made = []
    for item in list(items)[:MAX_BOOKMARKS]:
        conference = item.find(f"{{{BOOKMARKS}}}conference")
        if conference is not None:
            made.append(_read(conference, item.get("id", "")))
    return [bookmark for bookmark in made if bookmark is not None]


def _read(conference: ET.Element, room: str) -> Bookmark | None:
    """None for what names no room."""
    namespace = conference.tag[1:].partition("}")[0]
    if not conference.tag.endswith("}conference") or check_room(room):
        return None
    nick = conference.findtext(f"{{{namespace}}}nick") or ""
    return Bookmark(
        room,
        conference.get("autojoin") in _TRUE,
        "" if nick and check_resource(nick) else nick,
        conference.findtext(f"{{{namespace}}}password") or "",
        deepcopy(conference),
    )


def _changed(bookmark: Bookmark, namespace: str) -> ET.Element:
    if bookmark.xml is not None:
        conference = deepcopy(bookmark.xml)
    else:
        name = bookmark.room.partition("@")[0]
        conference = ET.Element(f"{{{namespace}}}conference", name=name)
        if bookmark.nick:
            ET.SubElement(conference, f"{{{namespace}}}nick").text = bookmark.nick
    conference.set("autojoin", "true" if bookmark.is_auto else "false")
    return conference


def _form(form_type: str) -> ET.Element:
    form = ET.Element(f"{{{FORM}}}x", type="submit")
    for name, value in {"FORM_TYPE": form_type, **_OPTIONS}.items():
        field = ET.SubElement(form, f"{{{FORM}}}field", {"var": name})
        if name == "FORM_TYPE":
            field.set("type", "hidden")
        ET.SubElement(field, f"{{{FORM}}}value").text = value
    return form


def _has(error: ChatlabError, path: str) -> bool:
    """Whether the stanza that an error came from holds something."""
    iq = getattr(error.__cause__, "iq", None)
    return iq is not None and iq.xml.find(path) is not None
