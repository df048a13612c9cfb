"""The transcript: a list that stays quick with 10,000 wrapped rows and follows its end.

It is a ``QListView`` for the sake of selection, keys and screen readers, but lays out its rows
itself: only what is in view is measured (``RowHeights``), and whatever changes above, the row that
the reader looks at keeps its place (the *anchor*). At the end it sticks to the end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from math import ceil

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from chatlab.core.chats import Entry
from chatlab.core.message import Message, MessageId
from chatlab.ui.models.transcript import TranscriptModel
from chatlab.ui.theme import on_theme_changed
from chatlab.ui.widgets.row_heights import RowHeights
from chatlab.ui.widgets.transcript_layout import Metrics, RowLayout, build_row
from chatlab.ui.widgets.transcript_rows import neighbourhood, row_reached, rows_quoting

Index = QModelIndex | QPersistentModelIndex
_MAX_LAYOUTS = 400
"""Row layouts kept; a screen shows some 40."""
_END_SLACK = 4
"""Pixels from the end that still count as being there."""


class TranscriptList(QListView):
    """Geometry and selection of the rows; ``TranscriptView`` paints them and lets them act.

    Signals:
        at_end_changed: the reader came to the newest row (True) or scrolled away from it (False).
        start_reached: the oldest row in memory came into view.
    """

    at_end_changed = Signal(bool)
    start_reached = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heights = RowHeights()
        self._layouts: dict[int, RowLayout] = {}
        self._today = date.today()
        self._picture: list[tuple[RowLayout, int]] = []
        """What is in view, as it was settled last: rows and their tops."""
        self._unfolded: dict[MessageId, int] = {}
        self._reader = ""
        self._metrics = Metrics(360)
        self._is_at_end = True
        self._anchor = (0, 0.0)
        self._is_settling = False
        self._first_new: int | None = None
        self._transcript: TranscriptModel | None = None
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        on_theme_changed(self.relayout)

    # What there is --------------------------------------------------------------------------

    def show_model(self, model: TranscriptModel) -> None:
        """Show another chat, from its end."""
        self._transcript = model
        self._first_new = None
        self._unfolded.clear()
        self._set_at_end(True)
        self.setModel(model)
        model.rowsRemoved.connect(self._on_rows_removed)
        self._heights.reset(self._metrics.estimate(model.entry(r)) for r in range(model.rowCount()))
        self._layouts.clear()
        self.scheduleDelayedItemsLayout()

    def _entry(self, row: int) -> Entry:
        assert self._transcript is not None  # Rows exist only with a model.
        return self._transcript.entry(row)

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        model = self._transcript
        if model is None:
            return
        is_tail = start == len(self._heights)
        self._heights.insert(
            start, [self._metrics.estimate(model.entry(r)) for r in range(start, end + 1)]
        )
        if not is_tail:
            self._layouts.clear()
            self._heights.forget(end + 1)
            self._shift_anchor(start, end - start + 1)
        super().rowsInserted(parent, start, end)
        self.scheduleDelayedItemsLayout()

    def _shift_anchor(self, start: int, count: int) -> None:
        row, y = self._anchor
        if row >= start:
            self._anchor = (row + count, y)
        if self._first_new is not None and self._first_new >= start:
            self._first_new += count

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:
        # The base class would make a neighbour current, as if the reader had chosen it.
        if start <= self.currentIndex().row() <= end:
            self.selectionModel().clear()
        super().rowsAboutToBeRemoved(parent, start, end)

    def _on_rows_removed(self, _parent: Index, start: int, end: int) -> None:
        count = end - start + 1
        self._heights.remove(start, count)
        self._heights.forget(start)
        self._layouts.clear()
        row, y = self._anchor
        self._anchor = (row - count, y) if row > end else (min(row, start), y if row < start else 0)
        if self._first_new is not None:
            self._first_new = max(0, self._first_new - count)
        self.scheduleDelayedItemsLayout()

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        changed = range(first.row(), last.row() + 1)
        quoting = rows_quoting([self._entry(row) for row in changed], self._layouts)
        for row in (*changed, last.row() + 1, *quoting):
            self._layouts.pop(row, None)
            self._heights.forget(row)
        super().dataChanged(first, last, roles)
        self.scheduleDelayedItemsLayout()

    def mark_new(self, row: int | None) -> None:
        """Draw the “new messages” line above ``row``, or nowhere."""
        for touched in (self._first_new, row):
            if touched is not None:
                self._layouts.pop(touched, None)
                self._heights.forget(touched)
        self._first_new = row
        self.scheduleDelayedItemsLayout()

    def go_to_new(self) -> bool:
        """Bring the “new messages” line into view; False when there is none."""
        row = self._first_new
        if row is None:
            return False
        if row >= len(self._heights):  # Nothing new has come.
            self.go_to_end()
        else:
            self._anchor = (row, 0.0)
            self._set_at_end(False)
            self._settle()
        return True

    def set_reader(self, nick: str) -> None:
        """Whose reactions are our own."""
        if nick != self._reader:
            self._reader = nick
            self._layouts.clear()
            self.viewport().update()

    def unfold(self, row: int) -> None:
        """Show one more piece of a long message."""
        entry = self._entry(row)
        if isinstance(entry, Message):
            self._unfolded[entry.id] = self._unfolded.get(entry.id, 1) + 1
            self._layouts.pop(row, None)
            self._heights.forget(row)
            self._settle()

    # Where it lies --------------------------------------------------------------------------

    def relayout(self) -> None:
        """Fonts, colours or the width changed: everything is measured anew."""
        self._metrics = Metrics(self._row_width())
        self._layouts.clear()
        model = self._transcript
        if model is not None:
            rows = range(model.rowCount())
            self._heights.reset(self._metrics.estimate(model.entry(row)) for row in rows)
        self.verticalScrollBar().setSingleStep(round(self._metrics.pitch))
        self._settle()

    def _row_width(self) -> int:
        """The same with and without the scroll bar: its coming must not wrap texts anew."""
        return max(1, self.width() - self.verticalScrollBar().sizeHint().width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._row_width() != self._metrics.width:
            self.relayout()
        else:
            self._settle()
        QWidget.resizeEvent(self, event)

    def doItemsLayout(self) -> None:
        self._settle()

    def updateGeometries(self) -> None:
        """The base class would set the scroll bar by its own layout; ``_settle`` does."""

    def layout_of(self, row: int) -> RowLayout:
        if self._today != (today := date.today()):  # What was today is yesterday.
            self._today = today
            self._layouts.clear()
        found = self._layouts.get(row)
        if found is None:
            if len(self._layouts) >= _MAX_LAYOUTS:
                self._layouts.clear()
            entry = self._entry(row)
            previous = self._entry(row - 1) if row else None
            about = neighbourhood(entry, previous, is_first_new=row == self._first_new)
            if isinstance(entry, Message) and (entry.reply_to or entry.reactions):
                quoted = self._transcript.named(entry.reply_to) if self._transcript else None
                about = replace(about, quoted=quoted, reader=self._reader)
            shown = self._unfolded.get(entry.id, 1) if isinstance(entry, Message) else 1
            found = self._layouts[row] = build_row(entry, about, self._metrics, shown)
            self._heights.measure(row, found.height)
        return found

    def _measured(self, row: int) -> float:
        if not self._heights.is_measured(row):
            self._layouts.pop(row, None)
            self.layout_of(row)
        return self._heights.height(row)

    def _settle(self) -> None:
        """Measure what is in view and put the scroll bar where the anchor says."""
        if self._is_settling:
            return
        self._is_settling = True
        try:
            value = self._place()
            bar = self.verticalScrollBar()
            height = self.viewport().height()
            bar.setPageStep(height)
            bar.setRange(0, max(0, round(self._heights.total) - height))
            bar.setValue(value)
            self._take_anchor(float(bar.value()))
        finally:
            self._is_settling = False
        self._show_changes()

    def _rows_in_view(self) -> Iterator[tuple[int, int]]:
        """Each row, and its top in the viewport."""
        offset, bottom = self.verticalScrollBar().value(), self.viewport().height()
        row = max(0, self._heights.row_at(offset))
        while row < len(self._heights) and (top := self._heights.top(row) - offset) < bottom:
            yield row, round(top)
            row += 1

    def _show_changes(self) -> None:
        """Paint anew what looks otherwise than before: single rows, or if one has moved, all."""
        picture = [(self.layout_of(row), top) for row, top in self._rows_in_view()]
        before, self._picture = self._picture, picture
        if not picture or [top for _, top in picture] != [top for _, top in before]:
            self.viewport().update()
            return
        for (old, _), (new, top) in zip(before, picture, strict=True):
            if new is not old:  # Where it became lower, what stood below is wiped away, too.
                self._paint_row_again(top, max(old.height, new.height))

    def _paint_row_again(self, top: int, height: float) -> None:
        self.viewport().update(0, top - 1, self.viewport().width(), ceil(height) + 2)

    def _place(self) -> int:
        count, height = len(self._heights), self.viewport().height()
        if not count:
            return 0
        if not self._is_at_end:
            row, y = self._anchor
            row = min(row, count - 1)
            below, lower = y, row
            while lower < count and below < height:
                below += self._measured(lower)
                lower += 1
            above, upper = y, row
            while upper > 0 and above > 0:
                upper -= 1
                above -= self._measured(upper)
            if below >= height:
                return max(0, round(self._heights.top(row) - y))
        filled, row = 0.0, count
        while row > 0 and filled < height:
            row -= 1
            filled += self._measured(row)
        return max(0, round(self._heights.total) - height)

    def _take_anchor(self, value: float) -> None:
        row = max(0, self._heights.row_at(value))
        self._anchor = (row, self._heights.top(row) - value)

    def scrollContentsBy(self, _dx: int, dy: int) -> None:
        if self._is_settling:
            return
        bar = self.verticalScrollBar()
        row, y = self._anchor
        y += dy
        height = self.viewport().height()
        is_seen = row < len(self._heights) and -self._heights.height(row) < y < height
        if bar.value() == 0:
            self._anchor = (0, 0.0)  # The start is the start, whatever was estimated.
        elif is_seen:
            self._anchor = (row, y)
        else:
            self._take_anchor(float(bar.value()))
        self._set_at_end(bar.value() >= bar.maximum() - _END_SLACK)
        self._settle()
        if bar.value() == 0 and len(self._heights):
            self.start_reached.emit()

    def _set_at_end(self, is_at_end: bool) -> None:
        if self._is_at_end != is_at_end:
            self._is_at_end = is_at_end
            self.at_end_changed.emit(is_at_end)

    @property
    def is_at_end(self) -> bool:
        return self._is_at_end

    def go_to_end(self) -> None:
        self._set_at_end(True)
        self._settle()

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        row, height = index.row(), self.viewport().height()
        if not 0 <= row < len(self._heights):
            return
        tall = self._measured(row)
        top = self._heights.top(row) - self.verticalScrollBar().value()
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            top = (height - tall) / 2
        elif top < 0 or tall > height:
            top = 0
        elif top + tall > height:
            top = height - tall
        else:
            return
        self._anchor = (row, top)
        self._set_at_end(row == len(self._heights) - 1)
        self._settle()

    def visualRect(self, index: Index) -> QRect:
        row = index.row()
        if not 0 <= row < len(self._heights):
            return QRect()
        top = self._heights.top(row) - self.verticalScrollBar().value()
        return QRectF(0, top, self._metrics.width, self._heights.height(row)).toAlignedRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        y = point.y() + self.verticalScrollBar().value()
        if y >= self._heights.total or self._transcript is None:
            return QModelIndex()
        return self._transcript.index(self._heights.row_at(y))

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        if self._transcript is None or not len(self._heights):
            return
        offset = self.verticalScrollBar().value()
        rect = rect.normalized()
        first = self._heights.row_at(rect.top() + offset)
        last = self._heights.row_at(rect.bottom() + offset)
        rows = QItemSelection(self._transcript.index(first), self._transcript.index(last))
        self.selectionModel().select(rows, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for rows in map(selection.at, range(selection.size())):
            whole = self.visualRect(rows.topLeft()) | self.visualRect(rows.bottomRight())
            region += whole & self.viewport().rect()
        return region

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        count = len(self._heights)
        if not count or self._transcript is None:
            return QModelIndex()
        row, page = self.currentIndex().row(), self.viewport().height()
        there = row_reached(action, row, page, self._heights) if row >= 0 else count - 1
        return self._transcript.index(there)
