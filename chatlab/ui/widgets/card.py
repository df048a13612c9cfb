"""A big button that explains itself: an icon, a title, a sentence; pressed or chosen."""

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatlab.ui.theme import HALF, ICON_SIZE, SPACE, current, on_theme_changed, pixmap, plain_label

_RADIUS = 8
_BIG_ICON = 28


class Card(QAbstractButton):
    """Checkable cards of one parent exclude one another; arrow keys move among them.

    ``is_big``: the icon stands above the words and there is room around them.
    """

    def __init__(
        self,
        icon: str,
        token: str,
        title: str,
        text: str,
        *,
        is_big: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._icon_name, self._token = icon, token
        self._icon_size = _BIG_ICON if is_big else ICON_SIZE
        self.setText(title)  # Not drawn: what screen readers and tests find it by.
        self.setAccessibleDescription(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon = QLabel(self)
        self._icon.setFixedSize(self._icon_size, self._icon_size)
        self.title = plain_label(title, "title" if is_big else "heading", self)
        self.description = plain_label(text, "muted" if is_big else "small", self)
        self._lay_out(is_big)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._paint_icon()
        on_theme_changed(self._paint_icon)

    def _lay_out(self, is_big: bool) -> None:
        margin = 3 * SPACE if is_big else SPACE + 2
        direction = QBoxLayout.Direction.TopToBottom if is_big else QBoxLayout.Direction.LeftToRight
        box = QBoxLayout(direction, self)
        box.setContentsMargins(margin, margin, margin, margin)
        box.setSpacing(2 * SPACE if is_big else SPACE)
        top = Qt.AlignmentFlag.AlignTop
        box.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignLeft if is_big else top)
        self.words = QVBoxLayout()
        self.words.setSpacing(SPACE if is_big else HALF // 2)
        for label in (self.title, self.description):
            label.setWordWrap(True)
            label.setAlignment(top | Qt.AlignmentFlag.AlignLeft)
            self.words.addWidget(label)
        self.words.addStretch(1)
        box.addLayout(self.words, 1)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.update()
        super().leaveEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        is_marked = self.isChecked() or self.hasFocus()
        fill = theme.color("surface")
        if self.isCheckable() and self.isChecked():
            fill = theme.mixed("surface", "selection", 0.55)
        if self.isDown():
            fill = theme.color("raised")
        border = theme.color("accent") if is_marked else theme.mixed("line", "faint", 0.35)
        if self.underMouse() and not is_marked:
            border = theme.color("faint")
        width = 2.0 if self.hasFocus() else 1.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(border, width))
        painter.setBrush(fill)
        inset = width / 2
        area = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(area, _RADIUS, _RADIUS)
        painter.end()

    def _paint_icon(self) -> None:
        self._icon.setPixmap(pixmap(self._icon_name, self._token, self._icon_size))
        self.update()
