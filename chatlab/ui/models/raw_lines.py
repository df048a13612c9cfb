"""Protocol lines of one account as rows: as they came, or those of them that a filter lets through.

A flood of 50,000 lines a second is taken over in blocks by ``pull``; rows that left the log leave
the model in blocks, too, so that no view is told about every line.
"""

from datetime import datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.account import AccountId
from chatlab.core.events import LineSeen
from chatlab.core.flow import Direction, WireRange
from chatlab.core.raw_lines import RawLineLog
from chatlab.ui import theme

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_TRIM = 500
"""Rows beyond the log that may linger, so that a full log does not cost a removal a line."""
_KEEP_ALIVE = frozenset({"PING", "PONG"})
MAX_SHOWN = 2_000
"""Characters of a line that are drawn; the rest is copied all the same."""
_DIRECTION_CONTROLS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_VISIBLE = {
    code: f"‹{code:02X}›"
    for code in (*range(0x20), *range(0x7F, 0xA0), *_DIRECTION_CONTROLS, 0x2028, 0x2029)
}

WAY_WORDS = {Direction.SENT: "Sent to the server", Direction.RECEIVED: "Received from the server"}
WAY_SIGNS = {Direction.SENT: "→", Direction.RECEIVED: "←"}


class RawColumn(IntEnum):
    """When, which way, what."""

    TIME = 0
    WAY = 1
    LINE = 2


class RawRole(IntEnum):
    """What ``data`` answers beside the usual roles."""

    LINE = Qt.ItemDataRole.UserRole


def visible(line: str) -> str:
    """A line as it is, its control characters to be seen (``‹01›``) instead of obeyed."""
    shown = line[:MAX_SHOWN]
    if not shown.isprintable():
        shown = shown.translate(_VISIBLE)
    return f"{shown}…" if len(line) > MAX_SHOWN else shown


def clock(line: LineSeen) -> str:
    """When the line crossed the wire, to the millisecond, on this computer's clock."""
    moment = datetime.fromtimestamp(line.time_ns / 1e9)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}"


def command_of(line: str) -> str:
    """The command or numeric of a line."""
    words = line.split(" ")
    at = 0
    while at < len(words) and (words[at][:1] in ("@", ":") or not words[at]):
        at += 1
    return words[at].upper() if at < len(words) else ""


def as_text(line: LineSeen) -> str:
    """A line as it is copied: ``12:03:04.567 → PRIVMSG #lab :hi``."""
    return f"{clock(line)} {WAY_SIGNS[line.direction]} {visible(line.line)}"


class RawLineModel(QAbstractTableModel):
    """Shows a log that it does not own; a timer pulls, one insertion per burst."""

    def __init__(self, log: RawLineLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self._account: AccountId | None = None
        self._wanted = ""
        self._hides_keep_alive = False
        self._rows: list[tuple[int, LineSeen]] = []
        self._seen = 0

    @property
    def account(self) -> AccountId | None:
        return self._account

    @property
    def is_filtered(self) -> bool:
        return bool(self._wanted) or self._hides_keep_alive

    def show_account(self, account: AccountId | None) -> None:
        if account != self._account:
            self._account = account
            self._start_over()

    def set_filter(self, wanted: str, *, hides_keep_alive: bool) -> None:
        """Show only lines that contain ``wanted``, whatever the case; perhaps without PINGs."""
        now = wanted.strip().casefold(), hides_keep_alive
        if now != (self._wanted, self._hides_keep_alive):
            self._wanted, self._hides_keep_alive = now
            self._start_over()

    def clear(self) -> None:
        """Forget the account's lines so far."""
        if self._account is not None:
            self._log.clear(self._account)
            self._start_over()

    def pull(self) -> None:
        """Take over what the log has gained since the last time."""
        if self._account is None:
            return
        count = self._log.count(self._account)
        if new := self._passing(self._log.since(self._account, self._seen), count):
            first = len(self._rows)
            self.beginInsertRows(_ROOT, first, first + len(new) - 1)
            self._rows += new
            self.endInsertRows()
        self._seen = count
        self._trim(self._log.first(self._account))

    def line(self, row: int) -> LineSeen:
        return self._rows[row][1]

    def total(self) -> int:
        """Lines that are kept, those that the filter hides included."""
        if self._account is None:
            return 0
        return self._log.count(self._account) - self._log.first(self._account) + 1

    def row_of(self, wire: WireRange) -> int | None:
        """The newest row whose bytes are these; None when there is none."""
        rows = range(len(self._rows) - 1, -1, -1)
        return next((row for row in rows if self._rows[row][1].wire == wire), None)

    def _passing(self, lines: list[LineSeen], count: int) -> list[tuple[int, LineSeen]]:
        numbered = enumerate(lines, count - len(lines) + 1)
        return [(number, line) for number, line in numbered if self._passes(line.line)]

    def _passes(self, line: str) -> bool:
        if self._hides_keep_alive and command_of(line) in _KEEP_ALIVE:
            return False
        return not self._wanted or self._wanted in line.casefold()

    def _trim(self, first: int) -> None:
        gone = 0
        while gone < len(self._rows) and self._rows[gone][0] < first:
            gone += 1
        if gone >= _TRIM or (gone and gone == len(self._rows)):
            self.beginRemoveRows(_ROOT, 0, gone - 1)
            del self._rows[:gone]
            self.endRemoveRows()

    def _start_over(self) -> None:
        self.beginResetModel()
        self._rows, self._seen = [], 0
        if self._account is not None:
            self._seen = self._log.count(self._account)
            self._rows = self._passing(self._log.since(self._account, 0), self._seen)
        self.endResetModel()

    # Qt's side ------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(RawColumn)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        line = self._rows[index.row()][1]
        column = RawColumn(index.column())
        match role:
            case RawRole.LINE:
                return line
            case Qt.ItemDataRole.DisplayRole:
                return _cell(line, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(line, column)
            case Qt.ItemDataRole.ToolTipRole:
                words = _fault(line) or WAY_WORDS[line.direction]
                return theme.plain_tool_tip(f"{words}\n{theme.isolated(visible(line.line))}")
        return None


def _cell(line: LineSeen, column: RawColumn) -> str:
    match column:
        case RawColumn.TIME:
            return clock(line)
        case RawColumn.WAY:
            return WAY_SIGNS[line.direction]
        case RawColumn.LINE:
            return visible(line.line)


def _fault(line: LineSeen) -> str:
    return "Malformed: the grammar of IRC forbids this line" if line.is_malformed else ""


def _spoken(line: LineSeen, column: RawColumn) -> str:
    match column:
        case RawColumn.TIME:
            return clock(line)
        case RawColumn.WAY:
            return ". ".join(filter(None, (WAY_WORDS[line.direction], _fault(line))))
        case RawColumn.LINE:
            return visible(line.line)
