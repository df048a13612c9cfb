"""Ways from one chat to another: by the order of the sidebar, by what is unread, by what was last."""

from dataclasses import dataclass

from PySide6.QtCore import QElapsedTimer

from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.ui.actions import ActionId
from chatlab.ui.presenter import Presenter

WALK_MS = 1_500
"""The same key again within this time goes one chat further back."""
MAX_CLOSED = 20


@dataclass(frozen=True, slots=True)
class _Closed:
    key: ChatKey
    title: str
    was_joined: bool


class ChatWalk:
    """Remembers which chats were shown, and which were closed."""

    def __init__(self, presenter: Presenter, book: ChatBook) -> None:
        self._presenter = presenter
        self._book = book
        self._recent: list[ChatKey] = []
        """Chats in the order in which they were last shown, the newest first."""
        self._walked: list[ChatKey] = []
        """That order as it was when walking back began."""
        self._since = QElapsedTimer()
        self._closed: list[_Closed] = []
        table = presenter.window.actions_table
        table.on(ActionId.NEXT_CHAT, lambda: self._step(1))
        table.on(ActionId.PREVIOUS_CHAT, lambda: self._step(-1))
        table.on(ActionId.NEXT_UNREAD, lambda: self._to_unread(1))
        table.on(ActionId.PREVIOUS_UNREAD, lambda: self._to_unread(-1))
        table.on(ActionId.RECENT_CHAT, lambda: self._back(1))
        table.on(ActionId.RECENT_CHAT_BACK, lambda: self._back(-1))
        table.on(ActionId.MARK_READ, self._mark_read)
        table.on(ActionId.ALL_READ, self._mark_all_read)
        table.on(ActionId.REOPEN_CHAT, self._reopen)
        table.on_number(ActionId.GO_TO_CHAT, self._go_to)
        presenter.window.chats.active_changed.connect(self._on_shown)
        book.observe(self._on_book_changed, Change.CHAT_REMOVED)

    # -- what happens

    def _on_shown(self, key: ChatKey | None) -> None:
        if key is not None:
            self._recent = [key, *(other for other in self._recent if other != key)]

    def _on_book_changed(
        self, _change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if isinstance(what, Chat):
            if what.kind is not ChatKind.SERVER:
                self._closed.append(_Closed(what.key, what.title, what.is_joined))
                del self._closed[:-MAX_CLOSED]
            self._recent = [key for key in self._recent if key != what.key]

    # -- by the sidebar

    def _in_order(self) -> list[Chat]:
        """As the sidebar shows them: by account, the server's page first."""
        accounts = list(self._book.accounts)
        return sorted(self._book.chats.values(), key=lambda c: accounts.index(c.key.account))

    def _current(self) -> Chat | None:
        return self._presenter.window.chats.active.chat

    def _others(self, by: int) -> list[Chat]:
        """All but the current chat, the nearest first in the direction."""
        chats, chat = self._in_order()[::by], self._current()
        if chat not in chats:
            return chats
        at = chats.index(chat)
        return chats[at + 1 :] + chats[:at]

    def _step(self, by: int) -> None:
        if others := self._others(by):
            self._presenter.show_chat(others[0].key)

    def _go_to(self, number: int) -> None:
        talks = [chat for chat in self._in_order() if chat.kind is not ChatKind.SERVER]
        if number <= len(talks):
            self._presenter.show_chat(talks[number - 1].key)

    # -- by what is unread

    def _to_unread(self, by: int) -> None:
        if chat := next((chat for chat in self._others(by) if chat.unread), None):
            self._presenter.show_chat(chat.key)

    def _mark_read(self) -> None:
        if chat := self._current():
            self._book.mark_read(chat.key)

    def _mark_all_read(self) -> None:
        for key in list(self._book.chats):
            self._book.mark_read(key)

    # -- by what was last

    def _back(self, by: int) -> None:
        """``by`` 1: one further back; -1: one nearer, which begins with the oldest."""
        is_walking = self._since.isValid() and self._since.elapsed() < WALK_MS
        order = [key for key in self._walked if key in self._book.chats] if is_walking else []
        if len(order) < 2:
            order = list(self._recent)
        if len(order) < 2:
            return
        # The walk is a ring: the key again goes on from where the last one led.
        order = order[by:] + order[:by]
        self._walked = order
        self._since.restart()
        self._presenter.show_chat(order[0])

    def _reopen(self) -> None:
        while self._closed:
            closed = self._closed.pop()
            if closed.key in self._book.chats or closed.key.account not in self._book.accounts:
                continue
            chat = self._book.open(closed.key.account, closed.title)
            self._presenter.show_chat(chat.key)
            if closed.was_joined:
                self._presenter.speaker.say(chat.key, f"/join {closed.title}")
            return
