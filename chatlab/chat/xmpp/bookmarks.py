"""Rooms that are entered after login, by every program of the account (XEP-0402, else XEP-0048).

A room that is entered or left by hand is bookmarked so, a moment later; what another program of
the account does is done here as well. Rooms of the account’s own settings, and rooms with a
password, stay where they are: no password of a room is handed to a server to keep. An account of
one command, or of the lab, neither reads nor writes bookmarks.
"""

from dataclasses import replace
from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.bookmark_store import (
    BOOKMARKS,
    Bookmark,
    ModernStore,
    OldStore,
    Store,
    read_items,
)
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.chat.xmpp.personal_events import EVENT, PUBSUB
from chatlab.chat.xmpp.rooms import Rooms
from chatlab.chat.xmpp.state import Room

MAX_ENTERED = 100
"""Rooms that are entered at once, however many are bookmarked."""
SETTLE_S = 2.0
"""Leaving and coming back at once is no change."""
_COMPAT = f"{BOOKMARKS}#compat"


class Bookmarks(Feature):
    """Keeps rooms and bookmarks in step."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._store: Store = OldStore(context.stream)
        self._kept: dict[str, Bookmark] | None = None
        """By address in lower case; None until the server has told."""
        self._before: frozenset[str] = frozenset()
        """Rooms that were to be entered anyway."""

    def online(self, is_resumed: bool) -> None:
        if not is_resumed:
            names = (room.channel.lower() for room in self.context.lasting.channels)
            self._before = frozenset(names)

    def discovered(self) -> None:
        if not self.context.account.is_temporary:
            self.context.ask_later(self._fetch)

    def entered(self, room: Room) -> None:
        self._settle_later(room.name)

    def left(self, room: Room) -> None:
        self._before -= {room.name.lower()}
        self._settle_later(room.name)

    def published(self, sender: str, items: ET.Element) -> None:
        if items.get("node") != BOOKMARKS or self._kept is None or "/" in sender:
            return
        if not self.context.state.is_me(sender):
            return  # Whoever else publishes bookmarks publishes theirs.
        for bookmark in read_items(items):
            self._kept[bookmark.room.lower()] = bookmark
            self._follow(bookmark)
        for retract in items.iterfind(f"{{{EVENT}}}retract"):
            if gone := self._kept.pop(retract.get("id", "").lower(), None):
                self._follow(replace(gone, is_auto=False))

    # -- from the server

    async def _fetch(self) -> None:
        features, stream = self.context.state.account_features, self.context.stream
        old = OldStore(stream)
        if f"{PUBSUB}#publish-options" in features:
            self._store = ModernStore(stream)
            found = await self._store.fetch()
            if not found and _COMPAT not in features:
                found = await old.fetch()
        else:
            found = await old.fetch()
        self._kept = {bookmark.room.lower(): bookmark for bookmark in found}
        for bookmark in [each for each in found if each.is_auto][:MAX_ENTERED]:
            self._follow(bookmark)
        for room in list(self.context.state.rooms.values()):
            self._settle_later(room.name)

    def _follow(self, bookmark: Bookmark) -> None:
        """Enter or leave, as a bookmark says."""
        room = self.context.state.room(bookmark.room)
        rooms = self.context.feature(Rooms)
        if bookmark.is_auto and room is None:
            nick = self.context.lasting.nick_in(bookmark.room) or bookmark.nick
            rooms.join(bookmark.room, bookmark.password, nick)
        elif not bookmark.is_auto and room is not None and not self._is_setting(room.name):
            rooms.leave(room, "")
            self.context.inform("Another program of yours left this room.", chat=room.name)

    # -- to the server

    def _settle_later(self, name: str) -> None:
        if not self.context.account.is_temporary:
            self.context.timers.call_later(SETTLE_S, lambda: self._settle(name))

    def _settle(self, name: str) -> None:
        """See that the bookmark of a room says where we are."""
        if self._kept is None or not self.context.state.is_online or self._is_setting(name):
            return
        room, kept = self.context.state.room(name), self._kept.get(name.lower())
        is_in = room is not None and room.is_joined
        is_auto = kept is not None and kept.is_auto
        is_ours = name.lower() not in self._before and not self.context.lasting.key_of(name)
        if is_in and not is_auto and is_ours:
            nick = self.context.lasting.nick_in(name)
            self._put(replace(kept, is_auto=True) if kept else Bookmark(name, True, nick))
        elif room is None and kept is not None and kept.is_auto:
            self._put(replace(kept, is_auto=False))

    def _put(self, bookmark: Bookmark) -> None:
        assert self._kept is not None  # asked before
        self._kept[bookmark.room.lower()] = bookmark
        self.context.ask_later(lambda: self._store.put(bookmark), bookmark.room)

    def _is_setting(self, name: str) -> bool:
        """The account’s own settings say that it is entered."""
        return any(room.channel.lower() == name.lower() for room in self.context.account.channels)
