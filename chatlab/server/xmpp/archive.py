"""The archive of one account or one room (XEP-0313), and pages of it (XEP-0059). No IO."""

from collections.abc import Sequence
from dataclasses import dataclass

from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.jid import Jid
from chatlab.server.xmpp.limits import MAX_ARCHIVE


@dataclass(frozen=True, slots=True)
class Entry:
    """One archived message."""

    id: str
    """Unique in the archive; also the message’s ``stanza-id`` (XEP-0359)."""
    time: float
    """Seconds since the epoch."""
    peer: Jid
    """With whom the message was exchanged, seen from the archive’s owner."""
    stanza: Element


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted (XEP-0313, section 4.1)."""

    peer: Jid | None = None
    """A bare JID stands for all its resources."""
    start: float | None = None
    end: float | None = None
    before_id: str = ""
    after_id: str = ""
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a result set is wanted (XEP-0059)."""

    limit: int
    after: str = ""
    before: str | None = None
    """Empty for the last page; None for no such wish."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a result set, oldest first."""

    entries: Sequence[Entry]
    index: int
    """How many of the set stand before the first entry."""
    total: int
    is_complete: bool
    """Nothing more follows in the direction of the paging."""


class UnknownEntry(LookupError):
    """The client refers to an entry that is not in the archive."""


class Archive:
    """Messages in the order in which they came."""

    def __init__(self, limit: int = MAX_ARCHIVE) -> None:
        self._entries: list[Entry] = []
        self._limit = limit

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        if len(self._entries) > self._limit:
            # A tenth at once: cutting one off the front each time would copy all the others.
            del self._entries[: self._limit // 10 + 1]

    def find(self, entry_id: str) -> Entry | None:
        return next((entry for entry in reversed(self._entries) if entry.id == entry_id), None)

    def replace(self, entry_id: str, stanza: Element) -> None:
        """Put a tombstone where a message was."""
        for index, entry in enumerate(self._entries):
            if entry.id == entry_id:
                self._entries[index] = Entry(entry.id, entry.time, entry.peer, stanza)

    def page(self, wanted: Filter, request: PageRequest) -> Page:
        """Raises UnknownEntry."""
        found = self._matching(wanted)
        start, stop = 0, len(found)
        if request.after:
            start = _position(found, request.after) + 1
        if request.before:
            stop = _position(found, request.before)
        if request.before is not None:
            first = max(start, stop - request.limit)
            return Page(found[first:stop], first, len(found), first == start)
        last = min(stop, start + request.limit)
        return Page(found[start:last], start, len(found), last == stop)

    def _matching(self, wanted: Filter) -> list[Entry]:
        entries = self._entries
        if wanted.after_id:
            entries = entries[_position(entries, wanted.after_id) + 1 :]
        if wanted.before_id:
            entries = entries[: _position(entries, wanted.before_id)]
        if wanted.ids:
            known = {entry.id for entry in entries}
            if not known.issuperset(wanted.ids):
                raise UnknownEntry
        return [entry for entry in entries if _fits(entry, wanted)]


def _fits(entry: Entry, wanted: Filter) -> bool:
    peer = wanted.peer
    if peer and entry.peer != peer and not (peer.is_bare and entry.peer.bare == peer):
        return False
    if wanted.start is not None and entry.time < wanted.start:
        return False
    if wanted.end is not None and entry.time > wanted.end:
        return False
    return not wanted.ids or entry.id in wanted.ids


def _position(entries: Sequence[Entry], entry_id: str) -> int:
    for index, entry in enumerate(entries):
        if entry.id == entry_id:
            return index
    raise UnknownEntry
