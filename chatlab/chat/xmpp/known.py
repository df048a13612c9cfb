"""What was said lately, so that later stanzas can refer to it, by whoever may.

Corrections name a message by the ``id`` of its stanza (XEP-0308); reactions, replies and
retractions use ``Message.msgid``. Who may change a message is decided by its author: an address in
a chat of two; in a room the occupant id (XEP-0421), else the nickname for as long as it is not
given up. Outlives sessions, is bounded, and holds nothing that is not in a transcript.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

from chatlab.core.message import MessageId

MAX_KNOWN = 5_000
MAX_ALIASES = 50
"""Corrections of one message; more are not believed."""


@dataclass(slots=True, kw_only=True)
class Said:
    """One message."""

    id: MessageId
    chat: str
    msgid: str
    stanza_id: str
    author: str
    address: str
    """The ``from`` of its stanza; ours for what we said."""
    text: str
    time_ns: int
    is_room: bool
    is_ours: bool
    wants_marker: bool = False
    is_retracted: bool = False
    corrections: int = 0


class Known:
    """The messages of one account."""

    def __init__(self) -> None:
        self._all: OrderedDict[MessageId, Said] = OrderedDict()
        self._by_msgid: dict[tuple[str, str], Said] = {}
        self._by_stanza: dict[tuple[str, str, str], Said] = {}
        self._authors: set[str] = set()
        """Of all that is here, so that who never spoke is found out at once."""
        self._archived: set[tuple[str, str]] = set()
        self._archived_order: deque[tuple[str, str]] = deque()

    def add(self, said: Said) -> None:
        self._all[said.id] = said
        if said.msgid:
            self._by_msgid[said.chat.lower(), said.msgid] = said
        self._authors.add(said.author)
        if said.stanza_id and said.author:
            self._by_stanza[said.chat.lower(), said.author, said.stanza_id] = said
        if len(self._all) > MAX_KNOWN:
            self._forget()

    def named(self, chat: str, msgid: str) -> Said | None:
        """The message that the other side calls ``msgid``."""
        return self._by_msgid.get((chat.lower(), msgid))

    def said_by(self, chat: str, author: str, stanza_id: str) -> Said | None:
        """The message that ``author`` sent with this stanza id."""
        return self._by_stanza.get((chat.lower(), author, stanza_id)) if author else None

    def correct(self, said: Said, stanza_id: str, text: str) -> bool:
        """Take in a correction; False when there were too many, or the message is no more."""
        if said.corrections >= MAX_ALIASES or said.is_retracted:
            return False
        said.corrections += 1
        said.text = text
        # Some programs correct the correction instead of the message.
        if stanza_id:
            self._by_stanza.setdefault((said.chat.lower(), said.author, stanza_id), said)
        return True

    def rename(self, said: Said, msgid: str) -> None:
        """A room gave a message of ours its name."""
        said.msgid = msgid
        self._by_msgid[said.chat.lower(), msgid] = said

    def last_of_ours(self, chat: str) -> Said | None:
        return self._last(chat, is_ours=True)

    def last_to_mark(self, chat: str, time_ns: int) -> Said | None:
        """The newest message up to a time whose author wants to know that it was read."""
        for said in reversed(self._all.values()):
            if said.chat.lower() == chat.lower() and said.time_ns <= time_ns and not said.is_ours:
                return said if said.wants_marker else None
        return None

    def disown(self, author: str) -> None:
        """Whoever comes under this name now is not to be taken for who had it before."""
        if author not in self._authors:
            return
        self._authors.discard(author)
        for said in self._all.values():
            if said.author == author:
                said.author = ""
        for key in [key for key in self._by_stanza if key[1] == author]:
            del self._by_stanza[key]

    def note_archived(self, archive: str, name: str) -> bool:
        """Note a message by its name in an archive; False when it was noted before."""
        key = (archive.lower(), name)
        if not name or key in self._archived:
            return not name
        self._archived.add(key)
        self._archived_order.append(key)
        if len(self._archived_order) > 2 * MAX_KNOWN:
            self._archived.discard(self._archived_order.popleft())
        return True

    def _last(self, chat: str, *, is_ours: bool) -> Said | None:
        for said in reversed(self._all.values()):
            if said.chat.lower() == chat.lower() and said.is_ours is is_ours:
                return None if said.is_retracted else said
        return None

    def _forget(self) -> None:
        """A tenth at once: looking through the indices for each would take too long."""
        gone = {self._all.popitem(last=False)[0] for _ in range(MAX_KNOWN // 10)}
        self._authors = {said.author for said in self._all.values()}
        self._by_msgid = {k: said for k, said in self._by_msgid.items() if said.id not in gone}
        self._by_stanza = {k: said for k, said in self._by_stanza.items() if said.id not in gone}
