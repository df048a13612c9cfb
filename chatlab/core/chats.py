"""What there is to show: chats, their entries and members, folded from chat events.

``ChatBook.apply`` takes one event and tells its observer what changed, in the terms that a list
needs (added, changed, dropped). It knows no window, so scripts and tests read the same book.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chatlab.core.account import Account, AccountId
from chatlab.core.chat import (
    CHANNEL_SIGNS,
    SERVER_CHAT,
    AccountState,
    Change,
    Chat,
    ChatKey,
    ChatKind,
    Entry,
    Note,
    NoteKind,
    kind_of,
)
from chatlab.core.condensing import condense_all
from chatlab.core.labels import label_of
from chatlab.core.listeners import Listeners
from chatlab.core.message import Message, MessageId
from chatlab.core.message_index import MessageIndex
from chatlab.core.replay_place import place_of
from chatlab.core.unread import newest_that_counts

if TYPE_CHECKING:
    from chatlab.core.events import ChatEvent
    from chatlab.core.folding import Folding

__all__ = [
    "CHANNEL_SIGNS", "MAX_ENTRIES", "SERVER_CHAT", "AccountState", "Change", "Chat", "ChatBook",
    "ChatKey", "ChatKind", "Entry", "Note", "NoteKind", "Observer",
]  # fmt: skip

MAX_ENTRIES = 10_000
"""Kept in memory per chat; older ones stay on disk."""
_DROP_BLOCK = 1_000
"""How many go at once when a chat is full, so that the views are not told for every line."""
Observer = Callable[[Change, "Chat | AccountState", int, int], None]
"""Called as ``(change, chat or account, first index, count)``; the numbers are 0 where idle."""


class ChatBook:
    """All accounts and chats of a session."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, AccountState] = {}
        self.chats: dict[ChatKey, Chat] = {}
        self._observers = Listeners[Change, Observer](Change)
        self.index = MessageIndex()
        self._folding: Folding | None = None
        self._in_view: set[ChatKey] = set()
        self._muted: frozenset[ChatKey] = frozenset()
        self.is_condensing = True
        """Comings and goings in a row become one line."""

    def observe(self, observer: Observer, *changes: Change) -> Callable[[], None]:
        """Call ``observer`` with changes of these kinds from now on, or with all of them.

        The function returned ends that.
        """
        return self._observers.add(observer, changes)

    def add_account(self, account: Account) -> AccountState:
        """Add an account, or take over its new settings; its server chat opens with it."""
        state = self.accounts.get(account.id)
        if state is None:
            state = self.accounts[account.id] = AccountState(account, nick=account.nick)
            self.tell(Change.ACCOUNT_CHANGED, state)
            self.open(account.id, SERVER_CHAT)
        else:
            state.account = account
            self.tell(Change.ACCOUNT_CHANGED, state)
        return state

    def remove_account(self, account: AccountId) -> None:
        for key in [key for key in self.chats if key.account == account]:
            self.close(key)
        if state := self.accounts.pop(account, None):
            self.tell(Change.ACCOUNT_CHANGED, state)

    def open(self, account: AccountId, name: str, kind: ChatKind | None = None) -> Chat:
        """The chat called ``name``, made when there is none yet."""
        key = ChatKey(account, name.lower())
        if (chat := self.chats.get(key)) is None:
            chat = self.chats[key] = Chat(key, name, kind or kind_of(name))
            chat.is_muted = key in self._muted
            chat.label = label_of(self.accounts.get(account), key.name)
            self.tell(Change.CHAT_ADDED, chat)
        return chat

    def close(self, key: ChatKey) -> None:
        if chat := self.chats.pop(key, None):
            self._in_view.discard(key)
            self.index.forget(key, chat.entries)
            self.tell(Change.CHAT_REMOVED, chat)

    def set_in_view(self, keys: set[ChatKey]) -> None:
        """Chats that the reader sees now: what arrives there is read at once."""
        self._in_view = set(keys)
        for key in keys:
            self.mark_read(key)

    def mark_read(self, key: ChatKey) -> None:
        """Nothing in this chat is unread any more."""
        if (chat := self.chats.get(key)) is None:
            return
        newest_ns = newest_that_counts(chat)
        if chat.unread or chat.highlights or newest_ns > chat.read_ns:
            chat.unread = chat.highlights = 0
            chat.read_ns = max(chat.read_ns, newest_ns)
            self.tell(Change.CHAT_CHANGED, chat)

    def set_muted(self, keys: frozenset[ChatKey]) -> None:
        """Chats in which nothing counts as unread."""
        changed, self._muted = self._muted ^ keys, keys
        for chat in [self.chats[key] for key in changed if key in self.chats]:
            chat.is_muted = chat.key in keys
            self.tell(Change.CHAT_CHANGED, chat)

    def clear(self, key: ChatKey) -> None:
        """Empty a chat's view; what is on disk stays."""
        if chat := self.chats.get(key):
            self._drop(chat, len(chat.entries))

    def find(self, message: MessageId) -> tuple[Chat, int] | None:
        """The chat and the index of a message that is still in memory."""
        if (key := self.index.chat_of(message)) is None or (chat := self.chats.get(key)) is None:
            return None
        for index in range(len(chat.entries) - 1, -1, -1):
            entry = chat.entries[index]
            if isinstance(entry, Message) and entry.id == message:
                return chat, index
        return None

    def named(self, key: ChatKey, msgid: str) -> Message | None:
        """The message that the server calls ``msgid`` (``Message.msgid``), if it is in memory."""
        found = self.find(message) if (message := self.index.named(key, msgid)) else None
        entry = found[0].entries[found[1]] if found else None
        return entry if isinstance(entry, Message) else None

    def prepend(self, key: ChatKey, entries: list[Entry]) -> None:
        """Put older entries (history from disk) before those in memory."""
        if (chat := self.chats.get(key)) and entries:
            shown = condense_all(entries) if self.is_condensing else entries
            entries = [self._known(key, entry) for entry in shown]
            chat.entries[:0] = entries
            self.tell(Change.ENTRIES_ADDED, chat, 0, len(entries))

    def apply(self, event: "ChatEvent") -> None:
        """Fold one event into the book."""
        if self._folding is None:
            from chatlab.core.folding import Folding  # Before the first event nobody needs it.

            self._folding = Folding(self)
        self._folding.apply(event)

    # -- for ``Folding``

    def is_in_view(self, key: ChatKey) -> bool:
        return key in self._in_view

    def tell(
        self, change: Change, what: Chat | AccountState, first: int = 0, count: int = 0
    ) -> None:
        """Say to everybody what changed."""
        for observer in self._observers.of(change):
            observer(change, what, first, count)

    def append(self, chat: Chat, entry: Entry) -> None:
        """Add in order of arrival, except replayed history, which goes where its time says."""
        at = len(chat.entries)
        if isinstance(entry, Message) and entry.is_history:
            is_here = self.index.named(chat.key, entry.msgid) is not None
            if is_here or (place := place_of(chat.entries, entry)) is None:
                return
            at = place
        chat.entries.insert(at, self._known(chat.key, entry))
        self.tell(Change.ENTRIES_ADDED, chat, at, 1)
        if len(chat.entries) > MAX_ENTRIES:
            self._drop(chat, _DROP_BLOCK)

    def _known(self, key: ChatKey, entry: Entry) -> Entry:
        """Note where a message is; it is returned with what was heard about it before."""
        if isinstance(entry, Message):
            self.index.add(key, entry)
            return self.index.with_waiting(key, entry)
        return entry

    def _drop(self, chat: Chat, count: int) -> None:
        self.index.forget(chat.key, chat.entries[:count])
        del chat.entries[:count]
        chat.dropped += count
        self.tell(Change.ENTRIES_DROPPED, chat, 0, count)

    def replace(self, message: MessageId, change: Callable[[Message], Message]) -> None:
        """Change a message where it is in memory."""
        if (found := self.find(message)) is None:
            return
        chat, index = found
        old = chat.entries[index]
        assert isinstance(old, Message)  # find() returns nothing else
        if (new := change(old)) != old:
            chat.entries[index] = new
            self.index.add(chat.key, new)
            self.tell(Change.ENTRY_CHANGED, chat, index, 1)
