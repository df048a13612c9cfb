"""How much of a file is there: a bar with its number, in a cell or a strip."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from chatlab.ui.models.transfers import PERCENT_ROLE, TRANSFER_ROLE
from chatlab.ui.theme import HALF, SPACE, current
from chatlab.ui.transfer_words import look

Index = QModelIndex | QPersistentModelIndex
_BAR = 6
_WIDEST = "100\u00a0%"


class ProgressDelegate(QStyledItemDelegate):
    """Paints the bar of a ``TransferModel``’s row."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(15 * SPACE, QFontMetrics(QApplication.font()).height() + SPACE + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = current()
        area: QRect = option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.color("selection"))
        there, transfer = index.data(PERCENT_ROLE), index.data(TRANSFER_ROLE)
        if isinstance(there, int) and transfer is not None:
            words = f"{there}\u00a0%"
            room = QFontMetrics(painter.font()).horizontalAdvance(_WIDEST)
            text = area.adjusted(0, 0, -SPACE, 0)
            painter.setPen(theme.color("muted"))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(text, flags, words)
            bar = QRectF(
                area.left() + HALF,
                area.center().y() - _BAR / 2 + 1,
                max(0, area.width() - room - 2 * SPACE - HALF),
                _BAR,
            )
            token = "accent" if not transfer.state.is_over else look(transfer)[1]
            paint_bar(painter, bar, there, token)
        painter.restore()


def paint_bar(painter: QPainter, area: QRectF, there: int, token: str) -> None:
    """A flat bar that is ``there`` per cent full."""
    theme = current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("line"))
    painter.drawRoundedRect(area, _BAR / 2, _BAR / 2)
    if there:
        full = QRectF(area)
        full.setWidth(max(_BAR, area.width() * there / 100))
        painter.setBrush(theme.color(token))
        painter.drawRoundedRect(full, _BAR / 2, _BAR / 2)
