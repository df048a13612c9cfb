"""A few emoji to answer a message with, to be picked by mouse, arrows or number; or any other."""

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from chatlab.ui.theme import HALF, SPACE, current, plain_label

SUGGESTED = (
    ("👍", "Thumbs up"),
    ("❤️", "Heart"),
    ("😄", "Laughing"),
    ("🎉", "Hooray"),
    ("😮", "Surprised"),
    ("😢", "Sad"),
    ("👀", "Looking"),
    ("✅", "Done"),
)
"""Sign and name; the number of each is its key."""
MAX_LENGTH = 64
_SIDE = 32


class ReactionChooser(QWidget):
    """A small popup; it goes away by itself.

    Signals:
        chosen: the reaction.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("Choose a reaction"))
        self.buttons = [self._make_button(*pair, key) for key, pair in enumerate(SUGGESTED, 1)]
        self.other = QLineEdit(self)
        self.other.setMaxLength(MAX_LENGTH)
        self.other.setAccessibleName(self.tr("Another reaction"))
        self.other.setPlaceholderText(self.tr("Another emoji or word"))
        self.other.returnPressed.connect(lambda: self._choose(self.other.text().strip()))
        signs = QHBoxLayout()
        signs.setSpacing(2)
        for button in self.buttons:
            signs.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(HALF + 2)
        column.addLayout(signs)
        column.addWidget(self.other)
        column.addWidget(
            plain_label(self.tr("Keys 1 to {}, or Return").format(len(SUGGESTED)), "small", self)
        )

    def _make_button(self, sign: str, name: str, key: int) -> QToolButton:
        button = QToolButton(self)
        button.setText(sign)
        button.setAutoRaise(True)
        button.setFixedSize(_SIDE, _SIDE)
        font = button.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        button.setFont(font)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(self.tr(name))
        button.setToolTip(f"{self.tr(name)} ({key})")
        button.clicked.connect(lambda: self._choose(sign))
        return button

    def show_at(self, place: QPoint) -> None:
        """Open with the lower left corner at a point of the screen, whole on that screen."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = min(place.x(), screen.right() - self.width())
        y = place.y() - self.height() - HALF
        self.move(max(screen.left(), x), y if y >= screen.top() else place.y() + HALF)
        self.show()
        self.buttons[0].setFocus(Qt.FocusReason.PopupFocusReason)

    def _choose(self, sign: str) -> None:
        if sign:
            self.chosen.emit(sign)
            self.close()

    # Qt's side ------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        at = self.buttons.index(focused) if isinstance(focused, QToolButton) else 0
        number = event.text()
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                step = 1 if event.key() == Qt.Key.Key_Right else -1
                self.buttons[(at + step) % len(self.buttons)].setFocus()
            case Qt.Key.Key_Down:
                self.other.setFocus()
            case Qt.Key.Key_Up:
                self.buttons[at].setFocus()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if isinstance(focused, QToolButton):
                focused.click()
            case _ if number.isdecimal() and 0 < int(number) <= len(SUGGESTED):
                self._choose(SUGGESTED[int(number) - 1][0])
            case _:
                super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("surface"))
        painter.setPen(QPen(theme.mixed("line", "faint", 0.35), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
