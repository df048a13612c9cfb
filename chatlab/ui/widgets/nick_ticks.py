"""People to be ticked: some of a channel, or all of it."""

from collections.abc import Iterable, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from chatlab.ui.rich_text import bare
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed
from chatlab.ui.widgets.controls import paint_tick

Index = QModelIndex | QPersistentModelIndex
_NICK_ROLE = Qt.ItemDataRole.UserRole
_BOX = 16


class NickTicks(QListView):
    """A list with a tick before each nick.

    Signals:
        changed: other people are ticked now.
    """

    changed = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(self)
        self.setModel(self._model)
        self.setAccessibleName(name)
        self.setObjectName("ticks")
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(1, 1, 1, 1)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(_TickDelegate(self))
        self._model.itemChanged.connect(lambda _item: self.changed.emit())
        on_theme_changed(self.viewport().update)

    def show_nicks(self, nicks: Iterable[str], ticked: Iterable[str] = ()) -> None:
        chosen = {nick.lower() for nick in ticked}
        self._model.clear()
        for nick in sorted(nicks, key=str.lower):
            item = QStandardItem(bare(nick))
            item.setData(nick, _NICK_ROLE)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsUserCheckable
            )
            is_ticked = nick.lower() in chosen
            item.setCheckState(Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked)
            self._model.appendRow(item)
        if self._model.rowCount():
            self.setCurrentIndex(self._model.index(0, 0))

    def ticked(self) -> tuple[str, ...]:
        items = (self._model.item(row) for row in range(self._model.rowCount()))
        return tuple(
            item.data(_NICK_ROLE) for item in items if item.checkState() is Qt.CheckState.Checked
        )

    def tick_all(self, is_ticked: bool) -> None:
        """All of those that the filter shows."""
        state = Qt.CheckState.Checked if is_ticked else Qt.CheckState.Unchecked
        self._model.blockSignals(True)
        for row in range(self._model.rowCount()):
            if not self.isRowHidden(row):
                self._model.item(row).setCheckState(state)
        self._model.blockSignals(False)
        self.viewport().update()
        self.changed.emit()

    def filter(self, words: str) -> None:
        """Show those whose nick has these letters; who is ticked stays so."""
        wanted = words.strip().lower()
        for row in range(self._model.rowCount()):
            nick: str = self._model.item(row).data(_NICK_ROLE)
            self.setRowHidden(row, wanted not in nick.lower())

    def nicks(self) -> Sequence[str]:
        return [self._model.item(row).data(_NICK_ROLE) for row in range(self._model.rowCount())]

    def sizeHint(self) -> QSize:
        rows = max(3, min(6, self._model.rowCount()))
        return QSize(200, rows * _row_height() + HALF)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def _row_height() -> int:
    return QFontMetrics(QApplication.font()).height() + SPACE + 2


class _TickDelegate(QStyledItemDelegate):
    """Our own tick, and the nick in its colour."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, _row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = current()
        area: QRect = option.rect
        painter.save()
        view = self.parent()
        has_focus = isinstance(view, QWidget) and view.hasFocus()
        if has_focus and option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, theme.color("raised"))
        box = QRectF(area.left() + SPACE, area.center().y() - _BOX / 2 + 1, _BOX, _BOX)
        checked = index.data(Qt.ItemDataRole.CheckStateRole)
        paint_tick(painter, box.adjusted(1, 1, -1, -1), is_on=_is_checked(checked))
        painter.setFont(QApplication.font())
        painter.setPen(nick_color(str(index.data(_NICK_ROLE)), theme))
        room = area.adjusted(SPACE + _BOX + SPACE, 0, -HALF, 0)
        words = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()


def _is_checked(state: object) -> bool:
    """The role comes back as an enum or as its number, by the way that it went in."""
    return state in (Qt.CheckState.Checked, Qt.CheckState.Checked.value)
