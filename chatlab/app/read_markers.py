"""Tells the servers how far we have read, so that our other clients need not show it as new.

A packet for each chat that is read, which is why an account has to allow it (``sends_markers``).
What is read within a second is told at once.
"""

import asyncio
from collections.abc import Callable

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.ports import ChatConnection

DELAY_S = 1.0


class ReadMarkers:
    """Between the chat book, which knows what was read, and the connections."""

    def __init__(
        self,
        book: ChatBook,
        connection: Callable[[AccountId], ChatConnection | None],
        delay_s: float = DELAY_S,
    ) -> None:
        self._book = book
        self._connection = connection
        self._delay_s = delay_s
        self._told: dict[ChatKey, int] = {}
        """How far the server knows that we have read."""
        self._due: dict[ChatKey, asyncio.TimerHandle] = {}
        self._stop_observing = book.observe(
            self._on_book_changed, Change.CHAT_CHANGED, Change.ENTRIES_ADDED
        )

    def close(self) -> None:
        self._stop_observing()
        for timer in self._due.values():
            timer.cancel()
        self._due.clear()

    def take_event(self, event: ev.ChatEvent) -> None:
        """The server told how far we have read: it need not be told again."""
        if isinstance(event, ev.ReadMarkerMoved):
            key = ChatKey(event.account, event.chat.lower())
            self._told[key] = max(self._told.get(key, 0), event.read_ns)

    def _on_book_changed(
        self, _change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if isinstance(what, Chat) and what.key not in self._due and self._is_news(what):
            loop = asyncio.get_running_loop()
            self._due[what.key] = loop.call_later(self._delay_s, self._tell, what.key)

    def _is_news(self, chat: Chat) -> bool:
        state = self._book.accounts.get(chat.key.account)
        is_wanted = state is not None and state.account.sends_markers
        is_talk = chat.kind is not ChatKind.SERVER
        return is_wanted and is_talk and chat.read_ns > self._told.get(chat.key, 0)

    def _tell(self, key: ChatKey) -> None:
        del self._due[key]
        chat, connection = self._book.chats.get(key), self._connection(key.account)
        if chat is not None and connection is not None and self._is_news(chat):
            self._told[key] = chat.read_ns
            connection.mark_read(chat.title, chat.read_ns)
