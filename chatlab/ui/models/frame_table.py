"""Frames of a capture as rows, or those of them that a scope lets through.

The model holds frame numbers, never frames: a row is asked from the feed when it is painted and
kept at hand (``FrameRows``). The scope is part of the model: a proxy in Python would double the
cost of each cell; what it stores is one number a row, and nothing at all when it shows everything.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum, IntEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.flow import Direction
from chatlab.core.message import MessageId
from chatlab.ui import theme
from chatlab.ui.models.frame_links import LINK_WORDS, Link, differing, links_of
from chatlab.ui.models.frame_rows import FrameRows

if TYPE_CHECKING:
    from chatlab.analysis.rows import FrameRow
    from chatlab.ui.ports import WireFeed

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
NUMBER_ROLE = Qt.ItemDataRole.UserRole
_MAX_REPAINTED = 100
"""Rows that are painted anew one by one; beyond that all are."""
_SCAN_SLICE = 10_000
"""Frames whose owner is asked for in one go when a scope by account is chosen."""
_MAX_UNDECIDED = 1_000
"""Latest frames without an owner yet: a connection may become known after its first frames."""


class Scope(Enum):
    """Which frames are shown."""

    MESSAGE = "message"
    CHAT = "chat"
    ACCOUNT = "account"
    ALL = "all"


class Column(IntEnum):
    """Wireshark's columns, after one for the marks of ours."""

    MARK = 0
    NUMBER = 1
    TIME = 2
    SOURCE = 3
    DESTINATION = 4
    PROTOCOL = 5
    LENGTH = 6
    INFO = 7


WAY_WORDS: dict[Direction, str] = {
    Direction.SENT: "Sent by this computer",
    Direction.RECEIVED: "Received by this computer",
}
_TITLES: dict[Column, tuple[str, str]] = {
    Column.MARK: ("", "Who can read it, which way it went, whether it carries a message"),
    Column.NUMBER: ("No.", "Number of the frame in this capture"),
    Column.TIME: ("Time", "Seconds since the first frame"),
    Column.SOURCE: ("Source", "Address that it came from"),
    Column.DESTINATION: ("Destination", "Address that it went to"),
    Column.PROTOCOL: ("Protocol", "Highest protocol recognised in it"),
    Column.LENGTH: ("Len", "Length: bytes on the wire, headers included"),
    Column.INFO: ("Info", "What it says, in short"),
}
_RIGHT = frozenset({Column.NUMBER, Column.TIME, Column.LENGTH})


def time_text(seconds: float) -> str:
    """Milliseconds for the column; the tree shows the rest."""
    return f"{seconds:.3f}"


class FrameTableModel(QAbstractTableModel):
    """Shows a feed it does not own. ``pull`` takes over what is new, one insertion per burst.

    Signals:
        shown_changed: the number of rows, or which they are, changed.
    """

    shown_changed = Signal()

    def __init__(self, feed: "WireFeed", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._scope = Scope.ALL
        self._message: MessageId | None = None
        self._chat: ChatKey | None = None
        self._account: AccountId | None = None
        self._numbers: array[int] = array("Q")
        self._seen = 0
        self._undecided: list[int] = []
        self._links: dict[int, Link] = {}
        self._rows = FrameRows(feed, self)
        self._rows.changed.connect(self._repaint)
        self._scan = QTimer(self)
        self._scan.setSingleShot(True)
        self._scan.setInterval(0)
        self._scan.timeout.connect(self._scan_more)

    # What is shown ---------------------------------------------------------------------------

    @property
    def scope(self) -> Scope:
        return self._scope

    def set_scope(self, scope: Scope, chat: ChatKey | None, account: AccountId | None) -> None:
        """Show the frames of a message, a chat, an account, or all."""
        if (scope, chat, account) == (self._scope, self._chat, self._account):
            return
        before = self._subject()
        self._scope, self._chat, self._account = scope, chat, account
        if self._subject() != before:
            self._start_over()

    def set_message(self, message: MessageId | None) -> None:
        """Mark the frames that belong to ``message``; show only them when that is the scope."""
        if message == self._message:
            return
        self._message = message
        links = self._links
        self._read_links()
        if self._scope is Scope.MESSAGE:
            self._start_over()
        self._repaint(differing(links, self._links))

    def reset(self) -> None:
        """Another capture is behind the feed: forget everything."""
        self._rows.clear()
        self._message = None
        self._links = {}
        self._start_over()

    def pull(self) -> None:
        """Take over what the feed has learnt since the last time."""
        self._rows.renew()
        links = self._links
        self._read_links()
        match self._scope:
            case Scope.ALL:
                self._grow(self._feed.count)
            case Scope.ACCOUNT:
                self._decide_late()
                self._scan_more()
            case Scope.MESSAGE:
                self._become(sorted(self._links))
            case Scope.CHAT:
                self._become(self._chat_numbers())
        self._repaint(differing(links, self._links))

    def number_at(self, row: int) -> int:
        """The number of the frame in a row."""
        return row + 1 if self._is_whole else self._numbers[row]

    def row_of(self, number: int) -> int | None:
        """The row that shows a frame, or None where the scope hides it."""
        if self._is_whole:
            return number - 1 if 1 <= number <= self._seen else None
        at = bisect_left(self._numbers, number)
        return at if at < len(self._numbers) and self._numbers[at] == number else None

    def frame_row(self, number: int) -> "FrameRow":
        """What a frame's row says."""
        return self._rows.row(number)

    def link(self, number: int) -> Link | None:
        """What a frame is to the chosen message."""
        return self._links.get(number)

    # Qt's side -------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        if parent.isValid():
            return 0
        return self._seen if self._is_whole else len(self._numbers)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        title, words = _TITLES[Column(section)]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return title
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return words
            case Qt.ItemDataRole.TextAlignmentRole:
                side = (
                    Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
                )
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        number = self.number_at(index.row())
        match role:
            case Qt.ItemDataRole.UserRole:
                return number
            case Qt.ItemDataRole.DisplayRole:
                return cell_text(self.frame_row(number), Column(index.column()))
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(number, Column(index.column()))
            case Qt.ItemDataRole.ToolTipRole:
                return theme.plain_tool_tip(self._words(number))
        return None

    def _spoken(self, number: int, column: Column) -> str:
        row = self.frame_row(number)
        if column is not Column.MARK:
            return f"{_TITLES[column][0]} {cell_text(row, column)}"
        link = self._links.get(number)
        said = (
            theme.EXPOSURE_WORDS[row.exposure],
            WAY_WORDS[row.direction] if row.direction else "",
            LINK_WORDS[link] if link else "",
        )
        return ". ".join(filter(None, said))

    def _words(self, number: int) -> str:
        row = self.frame_row(number)
        link = self._links.get(number)
        lines = [f"{theme.EXPOSURE_WORDS[row.exposure]}: {row.why}" if row.why else ""]
        lines[0] = lines[0] or theme.EXPOSURE_WORDS[row.exposure]
        lines.append(f"{row.source} → {row.destination}, {row.length} bytes")
        if row.direction:
            lines.append(WAY_WORDS[row.direction])
        lines.append(theme.isolated(row.info))
        if link:
            lines.append(LINK_WORDS[link])
        return "\n".join(lines)

    @property
    def _is_whole(self) -> bool:
        """Every frame is shown: nothing has to be stored."""
        return self._scope is Scope.ALL

    # Keeping up ------------------------------------------------------------------------------

    def _subject(self) -> tuple[object, ...]:
        """What the rows depend on, beside the capture itself."""
        match self._scope:
            case Scope.ALL:
                return (Scope.ALL,)
            case Scope.MESSAGE:
                return Scope.MESSAGE, self._message
            case Scope.CHAT:
                return Scope.CHAT, self._chat
            case Scope.ACCOUNT:
                return Scope.ACCOUNT, self._account

    def _start_over(self) -> None:
        self.beginResetModel()
        self._numbers = array("Q")
        self._undecided.clear()
        self._seen = 0
        match self._scope:
            case Scope.ALL:
                self._seen = self._feed.count
            case Scope.MESSAGE:
                self._numbers.extend(sorted(self._links))
            case Scope.CHAT:
                self._numbers.extend(self._chat_numbers())
            case Scope.ACCOUNT:
                pass
        self.endResetModel()
        if self._scope is Scope.ACCOUNT:
            self._scan_more()
        self.shown_changed.emit()

    def _chat_numbers(self) -> list[int]:
        return sorted(self._feed.chat_frames(self._chat)) if self._chat else []

    def _grow(self, count: int) -> None:
        if count < self._seen:
            self._start_over()
        elif count > self._seen:
            self.beginInsertRows(_ROOT, self._seen, count - 1)
            self._seen = count
            self.endInsertRows()
            self.shown_changed.emit()

    def _become(self, wanted: Sequence[int]) -> None:
        """Show exactly ``wanted``; nearly always that is what was shown, and some more."""
        shown = len(self._numbers)
        if list(wanted[:shown]) == self._numbers.tolist():
            self._append(wanted[shown:])
            return
        self.beginResetModel()
        self._numbers = array("Q", wanted)
        self.endResetModel()
        self.shown_changed.emit()

    def _append(self, numbers: Sequence[int]) -> None:
        if numbers:
            first = len(self._numbers)
            self.beginInsertRows(_ROOT, first, first + len(numbers) - 1)
            self._numbers.extend(numbers)
            self.endInsertRows()
            self.shown_changed.emit()

    def _scan_more(self) -> None:
        """Ask whose the next frames are; a long capture is gone through in slices."""
        if self._scope is not Scope.ACCOUNT:
            return
        count = self._feed.count
        stop = min(count, self._seen + _SCAN_SLICE)
        mine: list[int] = []
        for number in range(self._seen + 1, stop + 1):
            owner = self._feed.account_of(number)
            if owner is None:
                self._undecided.append(number)
            elif owner == self._account:
                mine.append(number)
        del self._undecided[:-_MAX_UNDECIDED]
        self._seen = stop
        self._append(mine)
        if stop < count:
            self._scan.start()

    def _decide_late(self) -> None:
        """Insert frames whose connection has become known since they were scanned."""
        still: list[int] = []
        for number in self._undecided:
            owner = self._feed.account_of(number)
            if owner is None:
                still.append(number)
            elif owner == self._account:
                at = bisect_left(self._numbers, number)
                self.beginInsertRows(_ROOT, at, at)
                self._numbers.insert(at, number)
                self.endInsertRows()
                self.shown_changed.emit()
        self._undecided = still

    def _read_links(self) -> None:
        self._links = links_of(self._feed.attribution(self._message)) if self._message else {}

    def _repaint(self, numbers: set[int]) -> None:
        """These frames say something else now; painting the others again would take a while."""
        spans = [(row, row) for number in numbers if (row := self.row_of(number)) is not None]
        if len(spans) > _MAX_REPAINTED:
            spans = [(0, self.rowCount() - 1)]
        for first, last in spans:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))


def cell_text(row: "FrameRow", column: Column) -> str:
    """What a cell says."""
    match column:
        case Column.MARK:
            return ""
        case Column.NUMBER:
            return str(row.number)
        case Column.TIME:
            return time_text(row.time_s)
        case Column.SOURCE:
            return row.source
        case Column.DESTINATION:
            return row.destination
        case Column.PROTOCOL:
            return row.protocol
        case Column.LENGTH:
            return str(row.length)
        case Column.INFO:
            return row.info
