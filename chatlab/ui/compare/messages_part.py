"""First page of the comparison: bars and figures above, the chosen row's bytes in step below."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from chatlab.core.comparison import Comparison, Side
from chatlab.core.observing import Observer
from chatlab.ui.compare.byte_columns import ByteColumns, Dump
from chatlab.ui.compare.message_sheet import MessageSheet
from chatlab.ui.compare.ports import Comparer
from chatlab.ui.compare.ruler import Ruler, RulerLine
from chatlab.ui.compare.sheet_view import SheetView
from chatlab.ui.compare.words import column_words
from chatlab.ui.theme import HALF

_ABOVE, _BELOW = 320, 360
"""Below stand a ruler and as many rows of bytes as a short message needs."""


class MessagesPart(QWidget):
    """Signals:
    frame_requested: a Side and the number of a frame that is wanted in the wire pane.
    """

    frame_requested = Signal(object, int)

    def __init__(self, comparer: Comparer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison = Comparison()
        self._sides: tuple[Side, ...] = ()
        self.sheet = MessageSheet()
        self.view = SheetView(self.sheet, self.tr("Messages compared"), self)
        self.ruler = Ruler(self)
        self.bytes = ByteColumns(comparer, self)
        below = QWidget(self)
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.ruler)
        column.addWidget(self.bytes, 1)
        self.splitter = QSplitter(Qt.Orientation.Vertical, self)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.view)
        self.splitter.addWidget(below)
        for index in range(2):
            self.splitter.setStretchFactor(index, 1)
        self.splitter.setSizes([_ABOVE, _BELOW])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, HALF, 0, 0)
        whole.addWidget(self.splitter)
        self.view.chosen.connect(lambda _key: self._show_row())
        self.bytes.frame_requested.connect(
            lambda column, frame: self.frame_requested.emit(column.side, frame)
        )

    def show_comparison(self, comparison: Comparison, sides: Sequence[Side]) -> None:
        """What holds now. A new row is chosen where the newest one was."""
        before = self._comparison.rows
        was_newest = not before or self.sheet.chosen == before[-1].twin
        self._comparison, self._sides = comparison, tuple(sides)
        self.sheet.show(comparison, sides)
        if was_newest and comparison.rows:
            self.sheet.choose(comparison.rows[-1].twin)
        self.view.refresh()
        if was_newest:
            self.view.go_to_end()
            if comparison.rows:
                self.view.choose(comparison.rows[-1].twin)
        self._show_row()

    def choose(self, twin: str) -> None:
        if twin in {row.twin for row in self._comparison.rows}:
            self.view.choose(twin)
            self._show_row()

    def _show_row(self) -> None:
        row = self.sheet.row
        dumps, lines = [], []
        for at, column in self.sheet.columns():
            cost = row.cells[at] if row is not None else None
            if cost is None:
                continue
            title = column_words(self._comparison, column)
            frames = cost.carried.numbers if cost.carried is not None else ()
            dumps.append(Dump(title, column, frames, cost))
            lines.append(RulerLine(title, column, cost))
        self.ruler.show_lines(tuple(lines))
        self.bytes.show_dumps(dumps, Observer.NETWORK)
