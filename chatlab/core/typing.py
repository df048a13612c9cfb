"""Who is writing at the moment, folded from what the servers tell; pure, the caller has the clock.

ACTIVE holds for 6 seconds, PAUSED for 30 (IRCv3 +typing); XEP-0085 names no time, and gets the
same. Whoever has said something, left, or emptied the field is not writing any more.
"""

from chatlab.core import events as ev
from chatlab.core.chat import ChatKey
from chatlab.core.connection import LinkState

HOLDS_NS = {ev.Typing.ACTIVE: 6_000_000_000, ev.Typing.PAUSED: 30_000_000_000}
EVENTS = (ev.TypingSeen, ev.MessageAdded, ev.MemberLeft, ev.MemberRenamed, ev.LinkChanged)
"""All that says something about it."""
MAX_WRITERS = 50
"""Per chat; a line of text has no room for more."""


class Writers:
    """Who writes in which chat."""

    def __init__(self) -> None:
        self._until: dict[ChatKey, dict[str, tuple[str, int]]] = {}
        """Folded nick to nick and the time at which it ends."""

    def take(self, event: ev.ChatEvent, now_ns: int) -> frozenset[ChatKey]:
        """Fold one event; returns the chats where something may have changed."""
        match event:
            case ev.TypingSeen(account, name, nick, state):
                key = ChatKey(account, name.lower())
                holds_ns = HOLDS_NS.get(state)
                if holds_ns is None:
                    return self._drop(nick, key)
                writers = self._until.setdefault(key, {})
                if len(writers) < MAX_WRITERS or nick.lower() in writers:
                    writers[nick.lower()] = (nick, now_ns + holds_ns)
                return frozenset({key})
            case ev.MessageAdded(message) if not message.is_history:
                key = ChatKey(message.account, message.target.lower())
                return self._drop(message.sender, key)
            case ev.MemberLeft(account, chats, nick):
                return self._drop(nick, *(ChatKey(account, name.lower()) for name in chats))
            case ev.MemberRenamed(account, chats, old):
                return self._drop(old, *(ChatKey(account, name.lower()) for name in chats))
            case ev.LinkChanged(account, state) if state is not LinkState.ONLINE:
                gone = frozenset(key for key in self._until if key.account == account)
                for key in gone:
                    del self._until[key]
                return gone
            case _:
                return frozenset()

    def names(self, key: ChatKey, now_ns: int) -> tuple[str, ...]:
        """Who writes in a chat now, in the order in which they began."""
        writers = self._until.get(key, {})
        return tuple(nick for nick, until_ns in writers.values() if until_ns > now_ns)

    def expire(self, now_ns: int) -> frozenset[ChatKey]:
        """Forget who stopped; returns the chats where somebody did."""
        touched = set()
        for key, writers in list(self._until.items()):
            over = [nick for nick, (_, until_ns) in writers.items() if until_ns <= now_ns]
            for nick in over:
                del writers[nick]
            if over:
                touched.add(key)
            if not writers:
                del self._until[key]
        return frozenset(touched)

    def next_end_ns(self) -> int | None:
        """When the next of them is to be forgotten; None when nobody writes."""
        ends = [end for writers in self._until.values() for _, end in writers.values()]
        return min(ends, default=None)

    def _drop(self, nick: str, *keys: ChatKey) -> frozenset[ChatKey]:
        if not self._until:
            return frozenset()
        return frozenset(
            key for key in keys if self._until.get(key, {}).pop(nick.lower(), None) is not None
        )
