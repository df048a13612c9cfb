"""Controls that the platform style cannot dress by a style sheet alone: painted with our tokens."""

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QIntValidator,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QWidget,
)

from chatlab.ui.theme import HALF, ICON_SIZE, SPACE, current, on_theme_changed, pixmap, scaled

__all__ = ["IconLabel", "PortField", "Select", "Tick", "paint_tick", "scaled"]

_RADIUS = 6
_MAX_PORT = 65_535


class Select(QComboBox):
    """One of a list, looking like the fields around it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Never shown: it knows how high a field is. (As a child it would be dressed as our editor.)
        self._field = QLineEdit()
        self.setMinimumContentsLength(1)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), self._height())

    def _height(self) -> int:
        self._field.ensurePolished()
        return self._field.sizeHint().height()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel scrolls the form; it must not change a choice in passing."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border = theme.color("accent") if self.hasFocus() else theme.mixed("line", "faint", 0.35)
        painter.setPen(QPen(border, 1))
        painter.setBrush(theme.color("surface" if self.isEnabled() else "window"))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS
        )
        painter.setPen(theme.color("text" if self.isEnabled() else "faint"))
        area = self.rect().adjusted(SPACE + 3, 0, -(ICON_SIZE + 2 * SPACE), 0)
        shown = QFontMetrics(self.font()).elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, area.width()
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        icon = pixmap("chevron-down", "muted")
        left = self.width() - ICON_SIZE - SPACE
        painter.drawPixmap(left, (self.height() - ICON_SIZE) // 2, icon)
        painter.end()


def paint_tick(painter: QPainter, box: QRectF, *, is_on: bool, has_focus: bool = False) -> None:
    """A check box whose state is plain to see in both themes."""
    theme = current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    border = theme.color("accent" if has_focus or is_on else "faint")
    painter.setPen(QPen(border, 2 if has_focus and not is_on else 1.2))
    painter.setBrush(theme.color("accent" if is_on else "surface"))
    painter.drawRoundedRect(box, HALF, HALF)
    if is_on:
        painter.setPen(QPen(theme.color("on_accent"), 1.8, c=Qt.PenCapStyle.RoundCap))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        size, left, top = box.width(), box.left(), box.top()
        points = ((0.25, 0.53), (0.43, 0.71), (0.76, 0.32))
        painter.drawPolyline(
            QPolygonF([QPointF(left + size * x, top + size * y) for x, y in points])
        )


class Tick(QCheckBox):
    """A check box whose state is plain to see in both themes."""

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._box(option)
        is_on = self.isChecked()
        paint_tick(painter, box, is_on=is_on, has_focus=self.hasFocus())
        area = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self)
        painter.setPen(theme.color("text" if self.isEnabled() else "faint"))
        flags = (
            Qt.AlignmentFlag.AlignVCenter
            | Qt.AlignmentFlag.AlignLeft
            | Qt.TextFlag.TextShowMnemonic
        )
        painter.drawText(area, flags, self.text())
        if self.hasFocus() and is_on:
            painter.setPen(QPen(theme.color("text"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), HALF + 2, HALF + 2)
        painter.end()

    def _box(self, option: QStyleOptionButton) -> QRectF:
        where: QRect = self.style().subElementRect(
            QStyle.SubElement.SE_CheckBoxIndicator, option, self
        )
        side = min(where.width(), where.height(), 16)
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(where).center())
        return box.adjusted(1, 1, -1, -1)


class IconLabel(QLabel):
    """An icon in a colour token that follows the theme."""

    def __init__(
        self, name: str, token: str = "muted", size: int = ICON_SIZE, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name, self._token, self._size = name, token, size
        self._paint()
        on_theme_changed(self._paint)

    def set(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._paint()

    def _paint(self) -> None:
        side = scaled(self._size)
        self.setFixedSize(side, side)
        self.setPixmap(pixmap(self._name, self._token, side))


class PortField(QLineEdit):
    """A transport port."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setValidator(QIntValidator(1, _MAX_PORT, self))
        self.setMaxLength(len(str(_MAX_PORT)))
        self.setFixedWidth(scaled(9 * SPACE))

    def value(self) -> int:
        """0 while it is no port."""
        number = int(self.text()) if self.text().isdecimal() else 0
        return number if 0 < number <= _MAX_PORT else 0

    def set_value(self, port: int) -> None:
        self.setText(str(port))
