"""Messages that were meant for the reader, over all chats, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, Entry
from chatlab.core.flow import Direction
from chatlab.core.message import Message
from chatlab.ui.models.transcript import local_time
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
MAX_ROWS = 500
_MAX_TEXT = 300


class Column(IntEnum):
    TIME = 0
    CHAT = 1
    SENDER = 2
    TEXT = 3


_TITLES = {
    Column.TIME: "When",
    Column.CHAT: "Where",
    Column.SENDER: "Who",
    Column.TEXT: "Message",
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A message and where it stands."""

    chat: ChatKey
    where: str
    message: Message


class MentionsModel(QAbstractTableModel):
    """Gathers once, then follows the book."""

    def __init__(self, book: ChatBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._book = book
        found = [
            mention for chat in book.chats.values() for mention in self._of(chat, chat.entries)
        ]
        found.sort(key=lambda mention: mention.message.time_ns, reverse=True)
        self._rows = found[:MAX_ROWS]
        self._stop_observing = book.observe(self._on_book_changed, Change.ENTRIES_ADDED)
        self._is_open = True

    def close(self) -> None:
        """Stop following the book."""
        if self._is_open:
            self._is_open = False
            self._stop_observing()

    def mention(self, row: int) -> Mention | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def _of(self, chat: Chat, entries: Sequence[Entry]) -> list[Mention]:
        state = self._book.accounts.get(chat.key.account)
        account = state.account.name if state else ""
        return [
            Mention(chat.key, f"{chat.heading} · {account}", entry)
            for entry in entries
            if isinstance(entry, Message)
            and entry.is_highlight
            and entry.direction is Direction.RECEIVED
        ]

    def _on_book_changed(
        self, _change: Change, what: Chat | AccountState, first: int, count: int
    ) -> None:
        if isinstance(what, Chat):
            for mention in self._of(what, what.entries[first : first + count]):
                self._insert(mention)

    def _insert(self, mention: Mention) -> None:
        time_ns = mention.message.time_ns
        row = next(
            (i for i, other in enumerate(self._rows) if other.message.time_ns <= time_ns),
            len(self._rows),
        )
        if row >= MAX_ROWS:
            return
        self.beginInsertRows(QModelIndex(), row, row)
        self._rows.insert(row, mention)
        self.endInsertRows()
        if len(self._rows) > MAX_ROWS:
            self.beginRemoveRows(QModelIndex(), MAX_ROWS, MAX_ROWS)
            self._rows.pop()
            self.endRemoveRows()

    # Qt's questions -------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        is_title = role == Qt.ItemDataRole.DisplayRole
        if orientation is Qt.Orientation.Horizontal and is_title:
            return _TITLES[Column(section)]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        mention = self._rows[index.row()]
        message = mention.message
        cells = (
            f"{local_time(message):%d %b %H:%M}",
            bare(mention.where),
            bare(message.sender),
            bare(message.text[:_MAX_TEXT]),
        )
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{cells[2]} in {cells[1]}: {cells[3]}, {cells[0]}"
        return None
