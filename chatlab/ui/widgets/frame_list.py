"""The list of frames, with Wireshark's columns; follows the newest until somebody reads."""

from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, Signal, Slot
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from chatlab.ui import theme
from chatlab.ui.models.frame_table import Column, FrameTableModel, cell_text
from chatlab.ui.widgets.frame_delegate import Cell, FramePainter, mark_width

_NARROW = 84
"""Characters across below which the addresses give way to Info, unless the reader wants them.

Each row still has its arrow, and the addresses in its tooltip and in the layers below.
"""
_ADDRESSES = (Column.SOURCE, Column.DESTINATION)
_ADDRESS_ROOM = ((96, 11), (136, 15), (1 << 30, 24))
"""How much of an address a list up to so many characters across shows; long ones lose the middle."""
_LIMITS: dict[Column, tuple[int, int]] = {
    Column.NUMBER: (3, 8),
    Column.TIME: (5, 11),
    Column.SOURCE: (9, 24),
    Column.DESTINATION: (9, 24),
    Column.PROTOCOL: (7, 9),
    Column.LENGTH: (3, 6),
}
"""Fewest and most characters that a column is fitted to."""


class FrameList(QTableView):
    """Shows a ``FrameTableModel`` and says which frame was picked.

    Signals:
        frame_selected: number of the frame that the reader made current.
        frame_activated: the same, by Return or a double click.
    """

    frame_selected = Signal(int)
    frame_activated = Signal(int)

    def __init__(self, model: FrameTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._current: int | None = None
        self._is_at_end = True
        self._is_ours = False
        self._fitted: dict[Column, int] = {}
        self._by_hand: set[Column] = set()
        self._painter = FramePainter(model)
        self._set_up()
        self._set_up_columns()
        self.selectionModel().currentRowChanged.connect(self._on_row_changed)
        self.activated.connect(self._on_activated)
        model.rowsAboutToBeInserted.connect(self._on_about_to_insert)
        model.rowsInserted.connect(self._on_inserted)
        model.modelReset.connect(self._on_reset)
        theme.on_theme_changed(self._on_theme_changed)

    def _set_up(self) -> None:
        self.setObjectName("frames")
        self.setAccessibleName(self.tr("Captured frames"))
        self.setModel(self._model)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(self._painter.row_height)

    def _set_up_columns(self) -> None:
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(Column.MARK, QHeaderView.ResizeMode.Fixed)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._on_header_menu)
        header.sectionResized.connect(self._on_section_resized)
        self._resize_column(Column.MARK, mark_width())
        for column, (fewest, _most) in _LIMITS.items():
            self._fitted[column] = fewest
            self._resize_column(column, self._painter.width_of(fewest))

    # For the pane ----------------------------------------------------------------------------

    @property
    def current_frame(self) -> int | None:
        """The frame that is chosen, even while the scope hides it."""
        return self._current

    def show_frame(self, number: int | None) -> bool:
        """Make a frame current without telling; False when the scope hides it."""
        self._current = number
        row = self._model.row_of(number) if number is not None else None
        self._is_ours = True
        try:
            if row is None:
                self.selectionModel().clear()
                return False
            index = self._model.index(row, Column.NUMBER)
            self.setCurrentIndex(index)
            self.scrollTo(index, QAbstractItemView.ScrollHint.EnsureVisible)
            return True
        finally:
            self._is_ours = False

    def reveal(self, numbers: Iterable[int]) -> None:
        """Scroll so that as many of ``numbers`` as fit are seen, the first one surely."""
        rows = [row for number in numbers if (row := self._model.row_of(number)) is not None]
        for row in reversed(rows):
            self.scrollTo(self._model.index(row, 0), QAbstractItemView.ScrollHint.EnsureVisible)

    def paintEvent(self, event: QPaintEvent) -> None:
        first, last = self._rows_in(event.rect())
        cells = [
            Cell(column, self.columnViewportPosition(column), self.columnWidth(column))
            for column in Column
            if not self.isColumnHidden(column)
        ]
        chosen = {index.row() for index in self.selectionModel().selectedRows()}
        has_focus, width = self.hasFocus(), self.viewport().width()
        height = self._painter.row_height
        painter = QPainter(self.viewport())
        for row in range(first, last + 1):
            self._painter.paint(
                painter,
                self._model.number_at(row),
                QRect(0, self.rowViewportPosition(row), width, height),
                cells,
                is_selected=row in chosen,
                has_focus=has_focus,
            )
        painter.end()

    def _rows_in(self, area: QRect) -> tuple[int, int]:
        """The first and the last row that are seen in a part of the viewport; (0, -1) for none."""
        top, bottom = self.rowAt(area.top()), self.rowAt(area.bottom())
        if top < 0:
            return 0, -1
        return top, bottom if bottom >= 0 else self._model.rowCount() - 1

    def fit_columns(self) -> None:
        """Widen columns to what is in sight; they never shrink, so nothing jumps."""
        first, last = self._rows_in(self.viewport().rect())
        rows = [self._model.frame_row(self._model.number_at(r)) for r in range(first, last + 1)]
        if not rows:
            return
        for column, (fewest, most) in _LIMITS.items():
            longest = max(len(cell_text(row, column)) for row in rows)
            if column in _ADDRESSES:
                most = next(room for width, room in _ADDRESS_ROOM if self._across <= width)
            wanted = min(most, max(fewest, longest))
            if wanted > self._fitted[column] and column not in self._by_hand:
                self._fitted[column] = wanted
                self._resize_column(column, self._painter.width_of(wanted))

    @property
    def _across(self) -> int:
        """Characters of the list's font that fit across it."""
        return self.width() // max(1, self._painter.cell)

    # Following the newest ----------------------------------------------------------------------

    @Slot()
    def _on_about_to_insert(self) -> None:
        bar = self.verticalScrollBar()
        self._is_at_end = bar.value() >= bar.maximum()

    @Slot()
    def _on_inserted(self) -> None:
        if self._is_at_end:
            self.scrollToBottom()

    @Slot()
    def _on_reset(self) -> None:
        if not self.show_frame(self._current):
            self.scrollToBottom()
        self.fit_columns()

    # What the reader does ----------------------------------------------------------------------

    @Slot(QModelIndex, QModelIndex)
    def _on_row_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_ours:
            self._current = self._model.number_at(current.row())
            self.frame_selected.emit(self._current)

    @Slot(QModelIndex)
    def _on_activated(self, index: QModelIndex) -> None:
        self.frame_activated.emit(self._model.number_at(index.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.currentIndex().isValid():
            self._copy_row()
            return
        super().keyPressEvent(event)

    def _copy_row(self) -> None:
        row = self._model.frame_row(self._model.number_at(self.currentIndex().row()))
        cells = (cell_text(row, column) for column in Column if column is not Column.MARK)
        QGuiApplication.clipboard().setText("\t".join(cells))

    # Columns -----------------------------------------------------------------------------------

    def _resize_column(self, column: Column, width: int) -> None:
        title = self.horizontalHeader().sectionSizeHint(column)
        self._is_ours = True
        self.setColumnWidth(column, max(width, title) if column in _ADDRESSES else width)
        self._is_ours = False

    @Slot(int, int, int)
    def _on_section_resized(self, section: int, old: int, new: int) -> None:
        is_hiding = not old or not new  # Told as a change of size, and later than it is done.
        if not (self._is_ours or is_hiding) and self.isVisible() and section != Column.INFO:
            self._by_hand.add(Column(section))

    @Slot(QPoint)
    def _on_header_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for column in (c for c in Column if c not in (Column.MARK, Column.INFO)):
            title = self._model.headerData(column, Qt.Orientation.Horizontal)
            action = menu.addAction(str(title))
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(column))
            action.toggled.connect(lambda is_on, c=column: self._show_column(c, is_on))
        menu.popup(self.horizontalHeader().mapToGlobal(at))

    def _show_column(self, column: Column, is_shown: bool) -> None:
        self._by_hand.add(column)
        self.setColumnHidden(column, not is_shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room(event.size().width() < event.oldSize().width())

    def _make_room(self, is_narrower: bool) -> None:
        """Hide the addresses where Info would have no room left; fit them to what there is."""
        for column in _ADDRESSES:
            if column in self._by_hand:
                continue
            self.setColumnHidden(column, self._across < _NARROW)
            if is_narrower:
                self._fitted[column] = 0
        self.fit_columns()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._painter.refresh()
        self.verticalHeader().setDefaultSectionSize(self._painter.row_height)
        for column, characters in self._fitted.items():
            if column not in self._by_hand:
                self._resize_column(column, self._painter.width_of(characters))
        self._make_room(is_narrower=True)
        self.viewport().update()
