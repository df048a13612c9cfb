"""The channels of a network as rows: filtered while one types, sorted, tens of thousands of them.

Rows arrive in blocks; what is shown is worked out anew at most once per ``BATCH_MS``.
"""

from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from chatlab.core.listings import ListedChannel
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
BATCH_MS = 200
_MAX_TOPIC = 400
"""Characters of a topic that are shown and searched."""
_GAP = "\u2002\u2002"
"""Keeps figures, which end at the right, off the topic beside them."""
CHANNEL_ROLE = Qt.ItemDataRole.UserRole


class Column(IntEnum):
    NAME = 0
    USERS = 1
    TOPIC = 2


_TITLES = {Column.NAME: "Channel", Column.USERS: "Users", Column.TOPIC: "Topic"}


class _Row:
    """A channel, its topic without formatting, and what is searched."""

    __slots__ = ("channel", "name", "text", "topic")

    def __init__(self, channel: ListedChannel) -> None:
        self.channel = channel
        self.topic = bare(channel.topic)[:_MAX_TOPIC]
        self.name = channel.name.lower()
        self.text = f"{self.name} {self.topic.lower()}"


class ChannelListModel(QAbstractTableModel):
    """Holds what a server listed.

    Signals:
        settled: the rows shown have caught up with what arrived.
    """

    settled = Signal()

    def __init__(self, parent: QObject | None = None, *, noun: str = "channel") -> None:
        """``noun``: what the listed are called, ``channel`` or ``room``."""
        super().__init__(parent)
        self._titles = _TITLES | {Column.NAME: noun.capitalize()}
        self._all: list[_Row] = []
        self._shown: list[_Row] = []
        self._words: tuple[str, ...] = ()
        self._column, self._is_descending = Column.USERS, True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.flush)

    @property
    def total(self) -> int:
        """Channels listed so far, shown or not."""
        return len(self._all)

    def add(self, channels: tuple[ListedChannel, ...]) -> None:
        self._all += [_Row(channel) for channel in channels]
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        self._all.clear()
        self.flush()

    def set_filter(self, text: str) -> None:
        """Show the channels whose name or topic holds every word of ``text``."""
        self._words = tuple(text.lower().split())
        self.flush()

    def flush(self) -> None:
        """Work out now what is shown."""
        self._timer.stop()
        self.beginResetModel()
        words = self._words
        found = [row for row in self._all if all(word in row.text for word in words)]
        match self._column:
            case Column.NAME:
                found.sort(key=lambda row: row.name, reverse=self._is_descending)
            case Column.USERS:
                found.sort(key=lambda row: row.name)
                found.sort(key=lambda row: row.channel.users, reverse=self._is_descending)
            case _:
                found.sort(key=lambda row: (not row.topic, row.topic.lower()))
                if self._is_descending:
                    found.reverse()
        self._shown = found
        self.endResetModel()
        self.settled.emit()

    def channel(self, row: int) -> ListedChannel | None:
        return self._shown[row].channel if 0 <= row < len(self._shown) else None

    def row_of(self, name: str) -> int:
        """The row of a channel; -1 when it is not shown."""
        return next((i for i, row in enumerate(self._shown) if row.channel.name == name), -1)

    # Qt's questions -------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[Column(section)]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(Column(section))
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        row, column = self._shown[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (bare(row.channel.name), f"{row.channel.users:,}{_GAP}", row.topic)[column]
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.AccessibleTextRole:
                users = f"{row.channel.users} users"
                return ", ".join(filter(None, (bare(row.channel.name), users, row.topic)))
            case _:
                return row.channel if role == CHANNEL_ROLE else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column = Column(column)
        self._is_descending = order is Qt.SortOrder.DescendingOrder
        self.flush()


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column is Column.USERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
