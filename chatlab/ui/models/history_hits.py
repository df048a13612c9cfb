"""Messages that a search found, the newest first, each with the words around the match."""

import re
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.message import Message
from chatlab.ui.models.transcript import local_time
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_BEFORE, _WHOLE = 32, 240
"""Characters kept before a match that begins further in, and of the whole."""


class HitColumn(IntEnum):
    TIME = 0
    CHAT = 1
    SENDER = 2
    TEXT = 3


_TITLES = {
    HitColumn.TIME: "When",
    HitColumn.CHAT: "Where",
    HitColumn.SENDER: "Who",
    HitColumn.TEXT: "Message",
}


def snippet(text: str, wanted: re.Pattern[str] | None) -> str:
    """The part of a message in which the match is seen."""
    plain = bare(text)
    match = wanted.search(plain) if wanted else None
    start = max(0, match.start() - _BEFORE) if match and match.end() > _BEFORE * 2 else 0
    cut = plain[start : start + _WHOLE]
    return f"…{cut}" if start else cut


class HistoryHits(QAbstractTableModel):
    """What was found last; replaced as a whole."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Message, tuple[str, str, str, str]]] = []
        self.wanted: re.Pattern[str] | None = None
        """What was looked for, to be marked."""

    def show_hits(self, found: list[tuple[Message, str]], wanted: re.Pattern[str] | None) -> None:
        """Show messages, each with the words that say where it stands."""
        self.beginResetModel()
        self.wanted = wanted
        self._rows = [(message, self._cells(message, where)) for message, where in found]
        self.endResetModel()

    def message(self, row: int) -> Message | None:
        return self._rows[row][0] if 0 <= row < len(self._rows) else None

    def _cells(self, message: Message, where: str) -> tuple[str, str, str, str]:
        return (
            f"{local_time(message):%d %b %Y, %H:%M}",
            bare(where),
            bare(message.sender),
            snippet(message.text, self.wanted),
        )

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(HitColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        is_title = role == Qt.ItemDataRole.DisplayRole
        if orientation is Qt.Orientation.Horizontal and is_title:
            return _TITLES[HitColumn(section)]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        cells = self._rows[index.row()][1]
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{cells[2]} in {cells[1]}: {cells[3]}, {cells[0]}"
        return None
