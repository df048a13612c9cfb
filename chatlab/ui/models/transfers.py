"""Files and direct chats as rows, the newest on top."""

from collections.abc import Iterable
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.transfer import Transfer, TransferId
from chatlab.ui import theme
from chatlab.ui.rich_text import bare, tooltip
from chatlab.ui.transfer_words import (
    look,
    peer_text,
    percent,
    progress_text,
    rate_text,
    size_text,
    state_text,
    title,
)

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
TRANSFER_ROLE = Qt.ItemDataRole.UserRole
PERCENT_ROLE = Qt.ItemDataRole.UserRole + 1


class TransferColumn(IntEnum):
    FILE = 0
    PEER = 1
    STATE = 2
    PROGRESS = 3
    RATE = 4
    SIZE = 5
    WAY = 6


TITLES = {
    TransferColumn.FILE: "File",
    TransferColumn.PEER: "With",
    TransferColumn.STATE: "State",
    TransferColumn.PROGRESS: "Progress",
    TransferColumn.RATE: "Rate",
    TransferColumn.SIZE: "Size",
    TransferColumn.WAY: "Way",
}
_RIGHT = frozenset({TransferColumn.RATE, TransferColumn.SIZE})


class TransferModel(QAbstractTableModel):
    """Holds what it is given; ``put`` adds or replaces one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Transfer] = []

    def show_all(self, transfers: Iterable[Transfer]) -> None:
        """Exactly these, given in the order they began."""
        self.beginResetModel()
        self._rows = list(transfers)[::-1]
        self.endResetModel()

    def put(self, transfer: Transfer) -> None:
        """A transfer began, or moved on."""
        row = self.row_of(transfer.id)
        if row is None:
            self.beginInsertRows(_ROOT, 0, 0)
            self._rows.insert(0, transfer)
            self.endInsertRows()
        else:
            self._rows[row] = transfer
            last = self.index(row, len(TransferColumn) - 1)
            self.dataChanged.emit(self.index(row, 0), last)

    def remove(self, transfer: TransferId) -> None:
        if (row := self.row_of(transfer)) is not None:
            self.beginRemoveRows(_ROOT, row, row)
            del self._rows[row]
            self.endRemoveRows()

    def transfer(self, row: int) -> Transfer | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, transfer: TransferId) -> int | None:
        return next((row for row, one in enumerate(self._rows) if one.id == transfer), None)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(TransferColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(TITLES):
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _RIGHT:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return TITLES[TransferColumn(section)] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        transfer, column = self._rows[index.row()], TransferColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _cell(transfer, column)
            case Qt.ItemDataRole.DecorationRole if column is TransferColumn.FILE:
                return theme.icon(*look(transfer))
            case Qt.ItemDataRole.TextAlignmentRole if column in _RIGHT:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.ToolTipRole:
                return tooltip(_whole(transfer))
            case Qt.ItemDataRole.AccessibleTextRole:
                return _whole(transfer)
            case _ if role == TRANSFER_ROLE:
                return transfer
            case _ if role == PERCENT_ROLE:
                return percent(transfer)
        return None


def _cell(transfer: Transfer, column: TransferColumn) -> str:
    match column:
        case TransferColumn.FILE:
            return bare(title(transfer))
        case TransferColumn.PEER:
            return peer_text(transfer)
        case TransferColumn.STATE:
            return state_text(transfer)
        case TransferColumn.PROGRESS:
            there = percent(transfer)
            return "" if there is None else f"{there}\u00a0%"
        case TransferColumn.RATE:
            return rate_text(transfer.rate)
        case TransferColumn.SIZE:
            return size_text(transfer.size) if transfer.size else ""
        case TransferColumn.WAY:
            return transfer.way.value.capitalize() if transfer.way else ""


def _whole(transfer: Transfer) -> str:
    """One sentence with all of it, for tooltips and screen readers."""
    parts = (
        f"{title(transfer)} {peer_text(transfer)}",
        state_text(transfer),
        progress_text(transfer),
        transfer.detail,
        transfer.hint,
    )
    return ". ".join(part.rstrip(".") for part in parts if part)
