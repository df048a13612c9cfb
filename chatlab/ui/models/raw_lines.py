"""Protocol lines of one account as rows: as they came, or those of them that a filter lets through.

An IRC line is a row; a stanza is one row or, unfolded, as many as it has elements.
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
from chatlab.ui.models.stanza_rows import (
    UNFOLDED_AT_ONCE,
    UNFOLDED_UP_TO,
    RawRow,
    folded_row,
    keeps_alive,
    stanza_rows,
)

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
    ROW = Qt.ItemDataRole.UserRole + 1
    """The RawRow: a piece of a line, or all of it."""


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
        self._is_xmpp = False
        self._folds = False
        self._rows: list[RawRow] = []
        self._shown = 0
        """Lines that fill the rows."""
        self._seen = 0

    @property
    def account(self) -> AccountId | None:
        return self._account

    @property
    def is_xmpp(self) -> bool:
        """Whether the rows are stanzas."""
        return self._is_xmpp

    @property
    def is_filtered(self) -> bool:
        return bool(self._wanted) or self._hides_keep_alive

    def show_account(self, account: AccountId | None, *, is_xmpp: bool = False) -> None:
        if (account, is_xmpp) != (self._account, self._is_xmpp):
            self._account, self._is_xmpp = account, is_xmpp
            self._start_over()

    def fold_all(self, folds: bool) -> None:
        """Show each stanza in one row, or with one element a row; new ones, too."""
        if folds != self._folds:
            self._folds = folds
            self._start_over()

    def set_folded(self, row: int, is_folded: bool) -> None:
        """Fold or unfold the stanza that a row belongs to."""
        first = self.first_row(row)
        shown = self._rows[first]
        if not self._is_xmpp or shown.pieces == 1 or shown.is_folded == is_folded:
            return
        new = stanza_rows(shown.number, shown.line, is_folded=is_folded)
        old = 1 if shown.is_folded else shown.pieces
        self._rows[first] = new[0]
        if len(new) > old:
            self.beginInsertRows(_ROOT, first + 1, first + len(new) - 1)
            self._rows[first + 1 : first + 1] = new[1:]
            self.endInsertRows()
        elif old > len(new):
            self.beginRemoveRows(_ROOT, first + 1, first + old - 1)
            del self._rows[first + 1 : first + old]
            self.endRemoveRows()
        self.dataChanged.emit(self.index(first, RawColumn.TIME), self.index(first, RawColumn.LINE))

    def first_row(self, row: int) -> int:
        """The row where the line begins that ``row`` belongs to."""
        return row - self._rows[row].piece

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
        return self._rows[row].line

    def row(self, row: int) -> RawRow:
        return self._rows[row]

    def lines_shown(self) -> int:
        """Lines that fill the rows, those that the filter hides left out."""
        return self._shown

    def total(self) -> int:
        """Lines that are kept, those that the filter hides included."""
        if self._account is None:
            return 0
        return self._log.count(self._account) - self._log.first(self._account) + 1

    def row_of(self, wire: WireRange) -> int | None:
        """The newest row whose bytes are these; None when there is none."""
        rows = range(len(self._rows) - 1, -1, -1)
        found = next((row for row in rows if self._rows[row].line.wire == wire), None)
        return None if found is None else self.first_row(found)

    def _passing(self, lines: list[LineSeen], count: int) -> list[RawRow]:
        numbered = enumerate(lines, count - len(lines) + 1)
        passing = [(number, line) for number, line in numbered if self._passes(line.line)]
        self._shown += len(passing)
        if not self._is_xmpp:
            return [RawRow(number, line, line.line) for number, line in passing]
        old = max(0, len(passing) - UNFOLDED_AT_ONCE)
        rows = [folded_row(number, line) for number, line in passing[:old]]
        for number, line in passing[old:]:
            if len(line.line) > UNFOLDED_UP_TO:
                rows.append(folded_row(number, line))
            else:
                rows += stanza_rows(number, line, is_folded=self._folds)
        return rows

    def _passes(self, line: str) -> bool:
        if self._hides_keep_alive:
            is_chatter = keeps_alive(line) if self._is_xmpp else command_of(line) in _KEEP_ALIVE
            if is_chatter:
                return False
        return not self._wanted or self._wanted in line.casefold()

    def _trim(self, first: int) -> None:
        gone = 0
        while gone < len(self._rows) and self._rows[gone].number < first:
            gone += 1
        if gone >= _TRIM or (gone and gone == len(self._rows)):
            self.beginRemoveRows(_ROOT, 0, gone - 1)
            self._shown -= sum(1 for row in self._rows[:gone] if not row.piece)
            del self._rows[:gone]
            self.endRemoveRows()

    def _start_over(self) -> None:
        self.beginResetModel()
        self._rows, self._seen, self._shown = [], 0, 0
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
        shown = self._rows[index.row()]
        line = shown.line
        column = RawColumn(index.column())
        match role:
            case RawRole.LINE:
                return line
            case RawRole.ROW:
                return shown
            case Qt.ItemDataRole.DisplayRole:
                return _cell(shown, column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(shown, column)
            case Qt.ItemDataRole.ToolTipRole:
                words = _fault(line) or WAY_WORDS[line.direction]
                return theme.plain_tool_tip(f"{words}\n{theme.isolated(visible(line.line))}")
        return None


def _cell(row: RawRow, column: RawColumn) -> str:
    if column is RawColumn.LINE:
        return visible(row.text)
    if row.piece:
        return ""
    return clock(row.line) if column is RawColumn.TIME else WAY_SIGNS[row.line.direction]


def _fault(line: LineSeen) -> str:
    return "Malformed: the grammar of the protocol forbids this" if line.is_malformed else ""


def _spoken(row: RawRow, column: RawColumn) -> str:
    if column is RawColumn.LINE:
        more = f", folded, {row.pieces} lines" if row.is_folded and row.pieces > 1 else ""
        return visible(row.text) + more
    if row.piece:
        return ""
    if column is RawColumn.TIME:
        return clock(row.line)
    return ". ".join(filter(None, (WAY_WORDS[row.line.direction], _fault(row.line))))
