"""Keeps transcripts on disk and brings them back when a chat is opened."""

import asyncio
from collections.abc import Callable, Mapping

from chatlab.core.account import AccountId
from chatlab.core.chats import (
    MAX_ENTRIES,
    AccountState,
    Change,
    Chat,
    ChatBook,
    ChatKey,
    Entry,
    Note,
)
from chatlab.core.message import Message
from chatlab.store.history import History

BLOCK = 100
"""Entries that are brought at once when the reader scrolls back."""
MOST_FOUND = 300
_LONG_WAY = 1_000
"""Entries that are brought at once on the way back to an old message."""
_MOST_BROUGHT = MAX_ENTRIES - _LONG_WAY


class HistoryKeeper:
    """Between the chat book and the history on disk. Temporary accounts leave no trace."""

    def __init__(self, book: ChatBook, history: History, lines: int) -> None:
        """``lines`` are brought back when a chat opens."""
        self._book = book
        self._history = history
        self._lines = lines
        self._loading: dict[ChatKey, asyncio.Event] = {}
        """Chats whose lines are on their way, and what is set when they have come."""
        self._is_bringing = False
        """What is added to the book at this moment comes from the disk."""
        self.on_opened: Callable[[ChatKey], None] = lambda key: None
        """Told of each chat that opens; has ``fill`` awaited for it."""
        book.observe(
            self._on_book_changed,
            *(Change.CHAT_ADDED, Change.ENTRIES_ADDED, Change.ENTRY_CHANGED),
        )

    def set_keeping(self, is_keeping: bool, lines: int) -> None:
        """Whether anything more is written, and how much comes back when a chat opens."""
        self._history.is_keeping = is_keeping
        self._lines = lines

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, first: int, count: int
    ) -> None:
        if not isinstance(what, Chat) or not self._is_kept(what.key.account):
            return
        if change is Change.CHAT_ADDED:
            self.on_opened(what.key)
        elif change is Change.ENTRIES_ADDED and not self._is_bringing:
            for entry in what.entries[first : first + count]:
                self._history.append(what.key, entry)
        elif change is Change.ENTRY_CHANGED:
            entry = what.entries[first]
            if isinstance(entry, Message):
                self._history.change(what.key, entry)
            elif entry.parts:  # One sentence more; each is kept as it was said.
                self._history.append(what.key, Note(entry.time_ns, entry.kind, entry.parts[-1]))

    def _is_kept(self, account: AccountId) -> bool:
        state = self._book.accounts.get(account)
        return state is not None and not state.account.is_temporary

    async def fill(self, key: ChatKey) -> None:
        """Bring the last lines of a chat that was just opened."""
        await self._load(key, self._lines)

    async def load_older(self, key: ChatKey) -> None:
        """Bring a block of lines older than the oldest in memory."""
        await self._load(key, BLOCK)

    async def load_back_to(self, key: ChatKey, time_ns: int) -> None:
        """Bring the lines of a chat back as far as ``time_ns``, and some before it for context.

        It ends early where there is no more on disk, or where memory is full.
        """
        has_context = False
        while (chat := self._book.chats.get(key)) is not None:
            if (busy := self._loading.get(key)) is not None:
                await busy.wait()
                continue
            is_reached = bool(chat.entries) and chat.entries[0].time_ns <= time_ns
            if (is_reached and has_context) or len(chat.entries) >= _MOST_BROUGHT:
                return
            has_context = is_reached
            before = len(chat.entries)
            await self._load(key, BLOCK if is_reached else _LONG_WAY)
            if len(chat.entries) == before:
                return

    async def load_named(self, key: ChatKey, msgid: str) -> None:
        """Bring the lines of a chat back as far as the message that the server calls ``msgid``."""
        time_ns = await self._history.time_of(key, msgid)
        if time_ns is not None:
            await self.load_back_to(key, time_ns)

    async def newest(self, account: AccountId) -> Mapping[str, int]:
        """When the newest message of each chat was said (``core.xmpp_ports.Memory``)."""
        return await self._history.newest(account) if self._is_kept(account) else {}

    async def search(self, wanted: str) -> tuple[Message, ...]:
        """The newest messages on disk that contain ``wanted``."""
        return await self._history.search(wanted, MOST_FOUND)

    async def _load(self, key: ChatKey, count: int) -> None:
        chat = self._book.chats.get(key)
        if chat is None or key in self._loading or not self._is_kept(key.account):
            return
        self._loading[key] = done = asyncio.Event()
        try:
            if chat.entries:
                older = await self._history.last(key, count, chat.entries[0].time_ns)
            else:
                older = await self._history.last(key, count)
            # What was said meanwhile may have been written and read already.
            first_ns = chat.entries[0].time_ns if chat.entries else None
            self._is_bringing = True
            brought = [
                entry
                for entry in older
                if (first_ns is None or entry.time_ns < first_ns) and not self._is_here(key, entry)
            ]
            self._book.prepend(key, brought)
            self._keep_what_waited(chat, brought)
        finally:
            self._is_bringing = False
            del self._loading[key]
            done.set()

    def _is_here(self, key: ChatKey, entry: Entry) -> bool:
        """An archive of the server may have brought it already, at a slightly other time."""
        return isinstance(entry, Message) and self._book.index.named(key, entry.msgid) is not None

    def _keep_what_waited(self, chat: Chat, brought: list[Entry]) -> None:
        """Reactions may have come while their message was on disk alone."""
        known = set(brought)
        for entry in chat.entries[: len(brought)]:
            if isinstance(entry, Message) and entry.reactions and entry not in known:
                self._history.change(chat.key, entry)

    async def delete_account(self, account: AccountId) -> None:
        """Forget what was said on an account that is gone."""
        await self._history.delete_account(account)

    def close(self) -> None:
        """Have everything written. Blocks while the disk is slow."""
        self._history.close()
