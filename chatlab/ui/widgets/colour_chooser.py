"""The sixteen colours that every IRC client knows, to be picked by mouse, arrows or number."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from chatlab.ui.formatting import COLOUR_NAMES
from chatlab.ui.text_color import contrasting, exact_color
from chatlab.ui.theme import HALF, SPACE, current, small_font

_COLUMNS = 8
_SIDE = 28
_FOOT = 20
_WORDS = "Shift: behind the words"
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}


class ColourChooser(QWidget):
    """A small popup; it goes away by itself.

    Signals:
        chosen: the number of the colour, and whether it is meant for the ground.
    """

    chosen = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._current = 4
        self._digits = ""
        self.setFixedSize(self.sizeHint())
        self._say()

    @property
    def current(self) -> int:
        return self._current

    def sizeHint(self) -> QSize:
        rows = len(COLOUR_NAMES) // _COLUMNS
        return QSize(_COLUMNS * _SIDE + 2 * SPACE, rows * _SIDE + 2 * SPACE + _FOOT)

    def show_above(self, place: QPoint) -> None:
        """Open with the lower left corner at a point of the screen."""
        self.move(place - QPoint(0, self.height() + HALF))
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def rect_of(self, colour: int) -> QRect:
        row, column = divmod(colour, _COLUMNS)
        return QRect(SPACE + column * _SIDE, SPACE + row * _SIDE, _SIDE, _SIDE)

    def _at(self, point: QPoint) -> int | None:
        numbers = range(len(COLOUR_NAMES))
        return next((n for n in numbers if self.rect_of(n).contains(point)), None)

    def _go(self, colour: int) -> None:
        self._current = colour % len(COLOUR_NAMES)
        self._say()
        self.update()

    def _say(self) -> None:
        name = COLOUR_NAMES[self._current]
        self.setAccessibleName(self.tr("Colour {}: {}").format(self._current, name))

    def _choose(self, modifiers: Qt.KeyboardModifier) -> None:
        is_ground = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self.chosen.emit(self._current, is_ground)
        self.close()

    # Qt's side ------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.setPen(QPen(theme.mixed("line", "faint", 0.35), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setFont(small_font())
        for colour in range(len(COLOUR_NAMES)):
            fill = exact_color(colour)
            box = QRectF(self.rect_of(colour)).adjusted(2.5, 2.5, -2.5, -2.5)
            is_current = colour == self._current
            border = theme.color("accent") if is_current else theme.mixed("line", "faint", 0.35)
            painter.setPen(QPen(border, 2.5 if is_current else 1))
            painter.setBrush(fill)
            painter.drawRoundedRect(box, HALF, HALF)
            painter.setPen(contrasting(fill, theme))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(colour))
        painter.setPen(theme.color("muted"))
        foot = self.rect().adjusted(SPACE + 3, self.height() - _FOOT - HALF, -SPACE, -HALF)
        name = COLOUR_NAMES[self._current]
        painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(foot, right, self.tr(_WORDS))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._go(self._current + _STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(event.modifiers())
        elif event.text().isdecimal():
            self._type(event.text())
        else:
            super().keyPressEvent(event)

    def _type(self, digit: str) -> None:
        """``4`` goes to 4, ``1`` then ``2`` to 12."""
        both = int(self._digits + digit)
        self._digits = digit if both >= len(COLOUR_NAMES) or self._digits else self._digits + digit
        self._go(both if both < len(COLOUR_NAMES) else int(digit))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if (colour := self._at(event.position().toPoint())) is not None:
            self._go(colour)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        colour = self._at(event.position().toPoint())
        if colour is not None:
            self._go(colour)
            self._choose(event.modifiers())
        elif not self.rect().contains(event.position().toPoint()):
            self.close()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            colour = self._at(event.pos())
            QToolTip.showText(event.globalPos(), COLOUR_NAMES[colour] if colour is not None else "")
            return True
        return super().event(event)
