"""The list that dialogs share: flat, framed by a hairline, keys that work, words when it is empty."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from chatlab.ui.theme import SPACE, current, on_theme_changed

Index = QModelIndex | QPersistentModelIndex


_ROOM_FOR_ARROW = f"QHeaderView::section {{ padding-right: {2 * SPACE}px; }}"


class _RoomyDelegate(QStyledItemDelegate):
    """Rows with air between them, and no frame around single cells."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.state &= ~QStyle.StateFlag.State_HasFocus

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(hint.width(), QFontMetrics(QApplication.font()).height() + SPACE + 2)


class Table(QTreeView):
    """Rows without branches.

    Signals:
        chosen: row, by Return or double click.
        remove_wanted: Delete was pressed.
        rows_chosen: the selection changed.
    """

    chosen = Signal(int)
    remove_wanted = Signal()
    rows_chosen = Signal()

    def __init__(self, name: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = empty
        self.setAccessibleName(name)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setItemDelegate(_RoomyDelegate(self))
        self.header().setStyleSheet(_ROOM_FOR_ARROW)
        self.setItemsExpandable(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(1, 1, 1, 1)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        self.header().setStretchLastSection(True)
        self.header().setHighlightSections(False)
        self.doubleClicked.connect(lambda index: self.chosen.emit(index.row()))
        on_theme_changed(self.viewport().update)

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if model is not None:
            self.selectionModel().selectionChanged.connect(lambda *_: self.rows_chosen.emit())

    def say_empty(self, words: str) -> None:
        """What stands here while there are no rows."""
        self._empty = words
        self.viewport().update()

    def chosen_rows(self) -> Sequence[int]:
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.currentIndex().row()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row >= 0:
            self.chosen.emit(row)
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_wanted.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        model = self.model()
        if model is None or model.rowCount() == 0:
            painter.setPen(current().color("muted"))
            area = self.viewport().rect().adjusted(3 * SPACE, 0, -3 * SPACE, 0)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area, flags, self._empty)
        if self.hasFocus():
            painter.setPen(QPen(current().color("accent"), 1))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        painter.end()
