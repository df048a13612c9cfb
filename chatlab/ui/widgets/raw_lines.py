"""The list of protocol lines: fixed pitch, the command in bold, what is malformed marked.

A stanza that fills several rows has a sign before its first one, which folds it; so do the arrow
keys, to the left and to the right.
"""

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from chatlab.core.events import LineSeen
from chatlab.core.flow import Direction
from chatlab.ui import theme
from chatlab.ui.models.raw_lines import (
    RawColumn,
    RawLineModel,
    RawRole,
    as_text,
    clock,
    visible,
)
from chatlab.ui.models.stanza_rows import RawRow
from chatlab.ui.theme import HALF, SPACE
from chatlab.ui.widgets.raw_pieces import parts_of, without_tags, xml_parts

Index = QModelIndex | QPersistentModelIndex
_LEFT_TO_RIGHT = "\u200e"
"""A protocol line reads from left to right, whatever the first letter of a word says."""
_PAD = 6
_FLAGS = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine
_ICON, _FOLD = 14, 12
"""The sides of icons beside usual text."""
_FOLD_ICONS = {True: "chevron-right", False: "chevron-down"}
_WAY_ICONS = {Direction.SENT: "arrow-up", Direction.RECEIVED: "arrow-down"}


class _RawDelegate(QStyledItemDelegate):
    """Paints cells without asking the style: thousands of them a second in a flood."""

    def __init__(self, view: "RawLineView") -> None:
        super().__init__(view)
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Take over the fonts of the theme."""
        self._font: QFont = theme.mono_font(0.94)
        self._bold = QFont(self._font)
        self._bold.setWeight(QFont.Weight.Bold)
        self._metrics = QFontMetrics(self._font)
        self._bold_metrics = QFontMetrics(self._bold)
        self.cell = self._metrics.horizontalAdvance("0")
        self.icon, self.fold = theme.scaled(_ICON), theme.scaled(_FOLD)

    @property
    def row_height(self) -> int:
        return self._metrics.height() + 6

    def width_of(self, text: str) -> int:
        """Room that a text needs; measured only where figures of a fixed pitch will not do."""
        room = 2 * _PAD + SPACE + (self.fold + HALF if self._view.shows_stanzas else 0)
        if text.isascii():
            return len(text) * self.cell + room
        return self._metrics.horizontalAdvance(text) + room

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(60, self.row_height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(RawRole.ROW)
        if not isinstance(row, RawRow):
            return
        line = row.line
        rect, colors = option.rect, theme.current()
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = "attention_soft" if line.is_malformed else "surface"
        painter.fillRect(rect, colors.color("selection" if is_selected else ground))
        match RawColumn(index.column()):
            case RawColumn.TIME if not row.piece:
                painter.setFont(self._font)
                painter.setPen(colors.color("muted"))
                painter.drawText(rect.adjusted(SPACE + HALF, 0, 0, 0), _FLAGS, clock(line))
            case RawColumn.WAY if not row.piece:
                self._paint_way(painter, rect, line)
            case RawColumn.LINE:
                self._paint_line(painter, rect.adjusted(_PAD, 0, -_PAD, 0), row)
        if is_selected and self._view.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 1))
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_way(self, painter: QPainter, rect: QRect, line: LineSeen) -> None:
        top = rect.top() + (rect.height() - self.icon) // 2
        token = "accent" if line.direction is Direction.SENT else "muted"
        painter.drawPixmap(
            rect.left() + HALF, top, theme.pixmap(_WAY_ICONS[line.direction], token, self.icon)
        )
        if line.is_malformed:
            left = rect.left() + self.icon + 2 * HALF
            painter.drawPixmap(left, top, theme.pixmap("warning", "attention", self.icon))

    def _paint_line(self, painter: QPainter, rect: QRect, row: RawRow) -> None:
        colors = theme.current()
        left = rect.left()
        if is_stanza := self._view.shows_stanzas:
            if row.pieces > 1 and not row.piece:
                sign = theme.pixmap(_FOLD_ICONS[row.is_folded], "muted", self.fold)
                painter.drawPixmap(left, rect.top() + (rect.height() - self.fold) // 2, sign)
            left += self.fold + HALF
        shown = self._view.shown(row.text)
        for words, token, is_bold in xml_parts(shown) if is_stanza else parts_of(shown):
            painter.setFont(self._bold if is_bold else self._font)
            painter.setPen(colors.color(token))
            area = QRect(left, rect.top(), max(0, rect.right() - left), rect.height())
            painter.drawText(area, _FLAGS, words if words.isascii() else _LEFT_TO_RIGHT + words)
            metrics = self._bold_metrics if is_bold else self._metrics
            left += metrics.horizontalAdvance(words)


class RawLineView(QTableView):
    """Shows a ``RawLineModel``; follows the newest line until somebody reads.

    Signals:
        line_selected: the LineSeen that the reader made current.
        reuse_requested: the text of a line, to be changed and sent.
    """

    line_selected = Signal(object)
    reuse_requested = Signal(str)

    def __init__(self, model: RawLineModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._is_at_end = True
        self._is_ours = False
        self._is_folding = False
        self._shows_tags = False
        self._empty_words = ""
        self._delegate = _RawDelegate(self)
        self.setObjectName("raw-lines")
        self.setAccessibleName(self.tr("Protocol lines"))
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.hide()
            header.setMinimumSectionSize(1)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.selectionModel().currentRowChanged.connect(self._on_row_changed)
        model.rowsAboutToBeInserted.connect(self._note_end)
        model.rowsInserted.connect(self._on_inserted)
        model.modelReset.connect(self._on_reset)
        theme.on_theme_changed(self._on_theme_changed)
        self._on_theme_changed()

    def show_tags(self, are_shown: bool) -> None:
        """Show tags in full, or only that there are some."""
        self._shows_tags = are_shown
        self._on_reset()
        self.viewport().update()

    @property
    def shows_stanzas(self) -> bool:
        return self._model.is_xmpp

    def shown(self, line: str) -> str:
        """A line as it is painted; the tooltip and the clipboard have it whole."""
        if self._shows_tags or self.shows_stanzas:
            return visible(line)
        return visible(without_tags(line))

    def set_empty_words(self, words: str) -> None:
        self._empty_words = words
        self.viewport().update()

    def show_row(self, row: int | None) -> None:
        """Choose a line without telling."""
        self._is_ours = True
        try:
            if row is None:
                self.selectionModel().clear()
            else:
                self.selectRow(row)
                self.scrollTo(self._model.index(row, RawColumn.TIME))
        finally:
            self._is_ours = False

    def selected_lines(self) -> list[LineSeen]:
        rows = (index.row() for index in self.selectionModel().selectedRows())
        return [
            self._model.line(row) for row in sorted({self._model.first_row(row) for row in rows})
        ]

    def copy_selection(self) -> None:
        if lines := self.selected_lines():
            QGuiApplication.clipboard().setText("\n".join(as_text(line) for line in lines))

    # Following the newest -----------------------------------------------------------------------

    def _note_end(self) -> None:
        bar = self.verticalScrollBar()
        self._is_at_end = bar.value() >= bar.maximum()

    def _on_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._widen(range(first, last + 1))
        if self._is_at_end and not self._is_folding:
            self.scrollToBottom()

    def _on_reset(self) -> None:
        self.setColumnWidth(RawColumn.LINE, 0)
        self._widen(range(self._model.rowCount()))
        self.scrollToBottom()

    def _widen(self, rows: range) -> None:
        """As wide as the longest line, and never narrower than the view."""
        lines = (self.shown(self._model.row(row).text) for row in rows)
        widest = max((self._delegate.width_of(line) for line in lines), default=0)
        room = self.viewport().width() - self.columnViewportPosition(RawColumn.LINE)
        room -= self.horizontalScrollBar().value()
        wanted = max(widest, room, self.columnWidth(RawColumn.LINE))
        self.setColumnWidth(RawColumn.LINE, wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._widen(range(0))

    def _on_theme_changed(self) -> None:
        self._delegate.refresh()
        self.verticalHeader().setDefaultSectionSize(self._delegate.row_height)
        self.setColumnWidth(RawColumn.TIME, 13 * self._delegate.cell + SPACE)
        self.setColumnWidth(RawColumn.WAY, 2 * self._delegate.icon + 3 * HALF)
        self._widen(range(self._model.rowCount()))
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._model.rowCount() or not self._empty_words:
            return
        painter = QPainter(self.viewport())
        painter.setPen(theme.current().color("muted"))
        area = self.viewport().rect().adjusted(3 * SPACE, 0, -3 * SPACE, 0)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(area, flags, self._empty_words)
        painter.end()

    # What the reader does -----------------------------------------------------------------------

    def _on_row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_ours:
            self.line_selected.emit(self._model.line(current.row()))

    def focusInEvent(self, event: QFocusEvent) -> None:
        if not self.currentIndex().isValid() and self._model.rowCount():
            # The base class would choose the oldest line; the newest is where one reads, and
            # nobody chose it yet.
            self._is_ours = True
            newest = self._model.index(self._model.rowCount() - 1, RawColumn.TIME)
            keep = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(newest, keep)
            self._is_ours = False
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex().row()
        is_fold = event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif is_fold and self.shows_stanzas and current >= 0 and not event.modifiers():
            self._set_folded(current, event.key() == Qt.Key.Key_Left)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if event.button() is Qt.MouseButton.LeftButton and self._is_on_sign(at):
            row = self.rowAt(at.y())
            self._set_folded(row, not self._model.row(row).is_folded)
            event.accept()
        else:
            super().mousePressEvent(event)

    def _is_on_sign(self, at: QPoint) -> bool:
        index = self.indexAt(at)
        if not (index.isValid() and self.shows_stanzas and index.column() == RawColumn.LINE):
            return False
        row = self._model.row(index.row())
        left = self.visualRect(index).left()
        right = left + _PAD + self._delegate.fold + HALF
        return row.pieces > 1 and not row.piece and at.x() < right

    def _set_folded(self, row: int, is_folded: bool) -> None:
        """Fold or unfold in place: the list stays where it is, the stanza stays current."""
        first = self._model.first_row(row)
        self._is_folding = True
        try:
            self._model.set_folded(row, is_folded)
        finally:
            self._is_folding = False
        if self.currentIndex().row() != first and row != first:
            self.show_row(first)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.make_menu(event.pos())
        menu.popup(event.globalPos())

    def make_menu(self, at: QPoint) -> QMenu:
        """What can be done with the line under a point, or with those that are chosen."""
        index = self.indexAt(at)
        if index.isValid() and not self.selectionModel().isSelected(index):
            self.selectRow(index.row())
        lines = self.selected_lines()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(theme.icon("copy"), self.tr("Copy"), self.copy_selection)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setEnabled(bool(lines))
        bare = menu.addAction(self.tr("Copy without time"), lambda: _copy_bare(lines))
        bare.setEnabled(bool(lines))
        if len(lines) == 1 and lines[0].direction is Direction.SENT:
            menu.addSeparator()
            menu.addAction(
                theme.icon("edit"),
                self.tr("Change and send again"),
                lambda: self.reuse_requested.emit(lines[0].line),
            )
        return menu


def _copy_bare(lines: list[LineSeen]) -> None:
    QGuiApplication.clipboard().setText("\n".join(line.line for line in lines))
