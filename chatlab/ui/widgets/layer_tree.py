"""The tree of a frame's layers and fields; a node knows its bytes."""

import sys

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from chatlab.core.flow import ByteRange
from chatlab.core.frame import Exposure, Layer
from chatlab.ui import theme
from chatlab.ui.models.frame_tree import (
    EXPOSURE_ROLE,
    SOURCE_ROLE,
    SPAN_ROLE,
    VALUE_ROLE,
    FrameTreeModel,
)
from chatlab.ui.theme import HALF, SPACE

Index = QModelIndex | QPersistentModelIndex
_ICON = 14
_NAME_SHARE = 55
"""Percent of a row that a name has where name and value do not both fit."""
_MAX_OPEN = 24
"""Fields that the innermost layer may unfold by itself."""
_MAX_REMEMBERED = 200
"""Places that the reader opened or closed, kept for the frames to come."""


class LayerDelegate(QStyledItemDelegate):
    """Paints a node: a layer with the icon of who can read it, a field as name and value."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, QFontMetrics(option.font).height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        colors = theme.current()
        rect = QRect(option.rect).adjusted(2, 0, -HALF, 0)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, colors.color("selection"))
        name, value = str(index.data()), str(index.data(VALUE_ROLE) or "")
        exposure = index.data(EXPOSURE_ROLE)
        font = QFont(option.font)
        if isinstance(exposure, Exposure):
            side = theme.scaled(_ICON)
            top = rect.top() + (rect.height() - side) // 2
            painter.drawPixmap(rect.left(), top, theme.exposure_pixmap(exposure, side))
            rect.setLeft(rect.left() + side + HALF + 2)
            font.setWeight(QFont.Weight.DemiBold)
            painter.setPen(colors.color("text"))
            rect.setLeft(rect.left() + _draw(painter, rect, font, name) + SPACE)
            painter.setPen(colors.color("muted"))
        else:
            painter.setPen(colors.color("muted"))
            place = QRect(rect)
            if value:
                taken = QFontMetrics(option.font).horizontalAdvance(value) + 2 * SPACE
                place.setWidth(max(rect.width() * _NAME_SHARE // 100, rect.width() - taken))
            label = f"{name}:" if value else name
            rect.setLeft(rect.left() + _draw(painter, place, font, label) + HALF + 2)
            painter.setPen(colors.color("text"))
        if value:
            _draw(painter, rect, QFont(option.font), theme.isolated(value))


def _draw(painter: QPainter, rect: QRect, font: QFont, text: str) -> int:
    """One line of plain text, cut at the right; returns the width it took."""
    if rect.width() <= 0:
        return 0
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.setFont(font)
    painter.drawText(rect, int(flags | Qt.TextFlag.TextSingleLine), shown)
    return metrics.horizontalAdvance(shown)


class LayerTree(QTreeView):
    """Shows layers, or why there are none. The innermost layer starts open.

    Signals:
        field_selected: the ByteRange of the node that the reader made current, empty if derived,
            and whose bytes it counts.
    """

    field_selected = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = FrameTreeModel(self)
        self._placeholder = ""
        self._is_ours = False
        self._opened: dict[tuple[str, ...], bool] = {}
        self.setObjectName("layers")
        self.setAccessibleName(self.tr("Layers of the frame"))
        self.setModel(self._model)
        self.setItemDelegate(LayerDelegate(self))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(2 * SPACE)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self.expanded.connect(self._on_expanded)
        self.collapsed.connect(self._on_collapsed)
        theme.on_theme_changed(self._on_theme_changed)

    @property
    def layers(self) -> FrameTreeModel:
        return self._model

    @property
    def placeholder(self) -> str:
        """The words below the tree, if there are any."""
        return self._placeholder

    def show_layers(self, layers: tuple[Layer, ...], placeholder: str = "") -> None:
        """Show the tree; ``placeholder`` stands below it while, or if, nothing more comes."""
        self._placeholder = placeholder
        self._is_ours = True
        self._model.show_layers(layers)
        innermost = self._innermost(layers)
        for index in self._model.indexes():
            path = self._model.path(index)
            self.setExpanded(index, self._opened.get(path, path[0] in innermost))
        self._is_ours = False
        if len(layers) > 1:
            self.scrollTo(self._model.index(len(layers) - 1, 0))
        self.viewport().update()

    def _innermost(self, layers: tuple[Layer, ...]) -> tuple[str, ...]:
        """Names of what starts open: the last layer, unless that would be a wall of fields."""
        if len(layers) < 2:
            return ()
        last = layers[-1]
        count = sum(1 + len(item.fields) for item in last.fields)
        return (last.name,) if count <= _MAX_OPEN else ()

    def choose_byte(self, offset: int, source: int = 0) -> ByteRange:
        """Make the innermost field of a byte current, silently; returns that field's bytes."""
        index = self._model.index_at(offset, source)
        self._is_ours = True
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)
        else:
            self.selectionModel().clear()
        self._is_ours = False
        span = index.data(SPAN_ROLE)
        return span if isinstance(span, ByteRange) else ByteRange(offset, offset + 1)

    def name_at(self, offset: int, source: int = 0) -> str:
        """The innermost field of a byte in words: ``Transmission Control Protocol › Flags``."""
        return " › ".join(self._model.path(self._model.index_at(offset, source)))

    def size_at(self, offset: int, source: int) -> int:
        """Bytes of the innermost field of a byte: the fewer, the more is said of it."""
        span = self._model.index_at(offset, source).data(SPAN_ROLE)
        return len(span) if isinstance(span, ByteRange) else sys.maxsize

    # What the reader does ----------------------------------------------------------------------

    @Slot(QModelIndex, QModelIndex)
    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and not self._is_ours:
            self.field_selected.emit(current.data(SPAN_ROLE), current.data(SOURCE_ROLE))

    @Slot(QModelIndex)
    def _on_expanded(self, index: QModelIndex) -> None:
        self._remember(index, True)

    @Slot(QModelIndex)
    def _on_collapsed(self, index: QModelIndex) -> None:
        self._remember(index, False)

    def _remember(self, index: QModelIndex, is_open: bool) -> None:
        if self._is_ours:
            return
        if len(self._opened) >= _MAX_REMEMBERED:
            self._opened.pop(next(iter(self._opened)))
        self._opened[self._model.path(index)] = is_open

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy) and index.isValid():
            value = str(index.data(VALUE_ROLE))
            name = str(index.data())
            QGuiApplication.clipboard().setText(f"{name}: {value}" if value else name)
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._placeholder:
            return
        painter = QPainter(self.viewport())
        painter.setPen(theme.current().color("muted"))
        last = self._model.index(self._model.rowCount() - 1, 0)
        top = self.visualRect(last).bottom() + SPACE if last.isValid() else SPACE
        rect = self.viewport().rect().adjusted(2 * SPACE, top, -SPACE, 0)
        painter.drawText(rect, int(Qt.TextFlag.TextWordWrap), self._placeholder)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.viewport().update()
