"""Accounts with their chats below, as the sidebar shows them.

The account's row stands for its server chat as well, so that no chat is listed twice. Unread
counters change with every line of a burst; rows are therefore told about at most once per
``BATCH_MS``.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)

from chatlab.core.account import AccountId
from chatlab.core.chats import SERVER_CHAT, AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.connection import LinkState
from chatlab.core.roster import Availability, Contact
from chatlab.ui.presence_words import PRESENCE_WORDS, contact_line
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
BATCH_MS = 50
_TOP = 0
"""Internal id of an account's index; that of a chat's is the number of its account."""


class Role(IntEnum):
    """What ``data`` answers beside the usual roles."""

    STATE = Qt.ItemDataRole.UserRole
    """The AccountState of an account's row; None for a chat's."""
    CHAT = Qt.ItemDataRole.UserRole + 1
    """The Chat of a row; an account's row answers with its server chat."""
    ONLINE = Qt.ItemDataRole.UserRole + 2
    """An account's row: the buddies who are online, a tuple of nicks. A chat's: whether it is with
    one of them."""
    CONTACT = Qt.ItemDataRole.UserRole + 3
    """A chat's row: the Contact whom it is with, as far as the roster knows them now."""


LINK_WORDS = {
    LinkState.OFFLINE: "Offline",
    LinkState.RESOLVING: "Looking up the address…",
    LinkState.CONNECTING: "Connecting…",
    LinkState.SECURING: "Agreeing on TLS…",
    LinkState.REGISTERING: "Registering…",
    LinkState.ONLINE: "Online",
    LinkState.WAITING: "Waiting to reconnect",
    LinkState.CLOSING: "Leaving…",
}


def link_words(state: AccountState, waited_s: float = 0.0) -> str:
    """How an account is doing; ``waited_s`` of its waiting time are over."""
    if state.state is LinkState.WAITING and state.retry_in_s is not None:
        return f"Reconnects in {max(0, round(state.retry_in_s - waited_s))} s"
    is_plain = state.availability is Availability.AVAILABLE
    if state.state is LinkState.ONLINE and not is_plain:
        return PRESENCE_WORDS[state.availability]
    return LINK_WORDS[state.state]


def unread_words(chat: Chat) -> str:
    """The counters of a chat as a screen reader should say them; empty when all is read."""
    if not chat.unread:
        return ""
    words = f"{chat.unread} unread"
    return f"{words}, {chat.highlights} for you" if chat.highlights else words


@dataclass(slots=True, eq=False)
class _Account:
    state: AccountState
    number: int
    server_chat: Chat | None = None
    chats: list[Chat] = field(default_factory=list)
    online: tuple[str, ...] = ()
    """Buddies, in lower case."""


def _order(chat: Chat) -> tuple[bool, str]:
    return chat.kind is not ChatKind.CHANNEL, chat.key.name


class AccountTreeModel(QAbstractItemModel):
    """Shows a book that it does not own; channels first, then people, each by name."""

    def __init__(self, book: ChatBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._accounts: list[_Account] = []
        self._numbers = count(1)
        self._dirty: set[ChatKey] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.flush)
        for state in book.accounts.values():
            self._add_account(state)
        for chat in book.chats.values():
            self._add_chat(chat)
        self._stop_observing = book.observe(
            self._on_book_changed,
            *(Change.CHAT_ADDED, Change.CHAT_REMOVED, Change.CHAT_CHANGED, Change.ACCOUNT_CHANGED),
        )
        self._book = book

    def close(self) -> None:
        """Stop following the book."""
        self._timer.stop()
        self._stop_observing()

    # Where things are -----------------------------------------------------------------------

    def account_index(self, account: AccountId) -> QModelIndex:
        for row, node in enumerate(self._accounts):
            if node.state.account.id == account:
                return self.createIndex(row, 0, _TOP)
        return QModelIndex()

    def chat_index(self, key: ChatKey) -> QModelIndex:
        """The row of a chat; a server chat's is its account's."""
        top = self.account_index(key.account)
        if not top.isValid() or key.name == SERVER_CHAT:
            return top
        node = self._accounts[top.row()]
        for row, chat in enumerate(node.chats):
            if chat.key == key:
                return self.createIndex(row, 0, node.number)
        return QModelIndex()

    def chat_keys(self) -> list[ChatKey]:
        """Every chat in the order shown, server chats included."""
        keys = []
        for node in self._accounts:
            keys.append(ChatKey(node.state.account.id, SERVER_CHAT))
            keys += [chat.key for chat in node.chats]
        return keys

    def show_online(self, account: AccountId, nicks: Iterable[str]) -> None:
        """Who of the buddies on an account is online, as its server said."""
        index = self.account_index(account)
        online = tuple(sorted(nick.lower() for nick in nicks))
        if index.isValid() and self._accounts[index.row()].online != online:
            node = self._accounts[index.row()]
            changed, node.online = {*node.online} ^ {*online}, online
            self._touch(ChatKey(account, SERVER_CHAT))
            for chat in node.chats:
                if chat.key.name in changed:
                    self._touch(chat.key)

    def is_waiting(self) -> bool:
        """Whether a row counts seconds."""
        return any(node.state.state is LinkState.WAITING for node in self._accounts)

    def _node(self, index: Index) -> _Account | None:
        """The account that an account's or chat's index belongs to."""
        number = index.internalId()
        if number == _TOP:
            return self._accounts[index.row()] if index.row() < len(self._accounts) else None
        return next((node for node in self._accounts if node.number == number), None)

    # Qt's questions -------------------------------------------------------------------------

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        if column != 0 or row < 0 or row >= self.rowCount(parent):
            return QModelIndex()
        number = self._accounts[parent.row()].number if parent.isValid() else _TOP
        return self.createIndex(row, 0, number)

    def parent(self, index: Index = _ROOT) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        node = self._node(index)
        return self.createIndex(self._accounts.index(node), 0, _TOP) if node else QModelIndex()

    def rowCount(self, parent: Index = _ROOT) -> int:
        if not parent.isValid():
            return len(self._accounts)
        if parent.internalId() != _TOP or parent.column() > 0:
            return 0
        return len(self._accounts[parent.row()].chats)

    def columnCount(self, _parent: Index = _ROOT) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        node = self._node(index) if index.isValid() else None
        if node is None:
            return None
        is_account = index.internalId() == _TOP
        chat = node.server_chat if is_account else node.chats[index.row()]
        match role:
            case Role.STATE:
                return node.state if is_account else None
            case Role.CHAT:
                return chat
            case Role.ONLINE:
                is_online = chat is not None and chat.key.name in node.online
                return node.online if is_account else is_online
            case Role.CONTACT:
                return _contact_of(node.state, chat)
            case Qt.ItemDataRole.DisplayRole:
                return node.state.account.name if is_account else chat.heading if chat else ""
            case Qt.ItemDataRole.AccessibleTextRole:
                if contact := None if is_account else _contact_of(node.state, chat):
                    return f"{_spoken(None, chat, ())}, {contact_line(contact)}"
                return _spoken(node.state if is_account else None, chat, node.online)
        return None

    # What changes ---------------------------------------------------------------------------

    def flush(self) -> None:
        """Tell the views about every row that changed."""
        self._timer.stop()
        dirty, self._dirty = self._dirty, set()
        for key in dirty:
            index = self.chat_index(key)
            if index.isValid():
                self.dataChanged.emit(index, index)

    def _on_book_changed(self, change: Change, what: Chat | AccountState, *_: int) -> None:
        if isinstance(what, AccountState):
            self._change_account(what)
        elif change is Change.CHAT_ADDED:
            self._add_chat(what)
        elif change is Change.CHAT_REMOVED:
            self._remove_chat(what)
        elif change is Change.CHAT_CHANGED:
            self._put_in_place(what)
            self._touch(what.key)

    def _put_in_place(self, chat: Chat) -> None:
        """A chat that turned out to be a room stands among the channels from then on."""
        index = self.chat_index(chat.key)
        node = self._node(index) if index.isValid() and index.parent().isValid() else None
        if node is None:
            return
        row, others = index.row(), [other for other in node.chats if other is not chat]
        place = bisect_left(others, _order(chat), key=_order)
        if place != row:
            top = index.parent()
            self.beginMoveRows(top, row, row, top, place if place < row else place + 1)
            others.insert(place, chat)
            node.chats = others
            self.endMoveRows()

    def _touch(self, key: ChatKey) -> None:
        self._dirty.add(key)
        if not self._timer.isActive():
            self._timer.start()

    def _change_account(self, state: AccountState) -> None:
        account = state.account.id
        index = self.account_index(account)
        if not index.isValid():
            self._add_account(state)
        elif account not in self._book.accounts:
            self.beginRemoveRows(QModelIndex(), index.row(), index.row())
            del self._accounts[index.row()]
            self.endRemoveRows()
        else:
            self._touch(ChatKey(account, SERVER_CHAT))
            if state.contacts:  # How somebody is stands in the row of the chat with them.
                for chat in self._accounts[index.row()].chats:
                    if chat.key.name in state.contacts:
                        self._touch(chat.key)

    def _add_account(self, state: AccountState) -> None:
        row = len(self._accounts)
        self.beginInsertRows(QModelIndex(), row, row)
        self._accounts.append(_Account(state, next(self._numbers)))
        self.endInsertRows()

    def _add_chat(self, chat: Chat) -> None:
        top = self.account_index(chat.key.account)
        if not top.isValid():
            return
        node = self._accounts[top.row()]
        if chat.kind is ChatKind.SERVER:
            node.server_chat = chat
            self._touch(chat.key)
            return
        row = bisect_left(node.chats, _order(chat), key=_order)
        self.beginInsertRows(top, row, row)
        node.chats.insert(row, chat)
        self.endInsertRows()

    def _remove_chat(self, chat: Chat) -> None:
        index = self.chat_index(chat.key)
        if not index.isValid():
            return
        node = self._node(index)
        assert node is not None  # The index was just made from it.
        if chat.kind is ChatKind.SERVER:
            node.server_chat = None
            return
        self.beginRemoveRows(self.parent(index), index.row(), index.row())
        del node.chats[index.row()]
        self.endRemoveRows()


def _contact_of(state: AccountState, chat: Chat | None) -> Contact | None:
    """Whom a chat is with; nobody can be seen without a connection."""
    if chat is None or chat.kind is not ChatKind.PRIVATE or state.state is not LinkState.ONLINE:
        return None
    return state.contacts.get(chat.key.name)


def buddy_words(nicks: Sequence[str]) -> str:
    """``2 buddies online: bob, eve``; empty without any."""
    if not nicks:
        return ""
    count = "1 buddy" if len(nicks) == 1 else f"{len(nicks)} buddies"
    return f"{count} online: {', '.join(bare(nick) for nick in nicks)}"


def _spoken(state: AccountState | None, chat: Chat | None, online: Sequence[str]) -> str:
    unread = unread_words(chat) if chat else ""
    if state is not None:
        parts = (state.account.name, link_words(state), buddy_words(online), unread)
        return ", ".join(filter(None, parts))
    if chat is None:
        return ""
    kind = "channel" if chat.kind is ChatKind.CHANNEL else "private chat"
    out = "not joined" if chat.kind is ChatKind.CHANNEL and not chat.is_joined else ""
    muted = "muted" if chat.is_muted else ""
    here = "online" if chat.key.name in online else ""
    return ", ".join(filter(None, (f"{kind} {bare(chat.heading)}", here, out, muted, unread)))
