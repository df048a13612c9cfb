"""A switch of a few words, one of them chosen: pages, and observers."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from chatlab.ui.theme import HALF, ICON_SIZE, SPACE, current, on_theme_changed, pixmap, scaled

_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


class _Segment(QAbstractButton):
    def __init__(self, icon: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setText(words)
        self.setAccessibleName(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.fit()

    def fit(self) -> None:
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + scaled(ICON_SIZE) + 3 * SPACE
        self.setFixedSize(width, metrics.height() + SPACE + HALF)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().toRectF().adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(theme.color("selection" if theme.is_dark else "surface"))
            painter.setPen(QPen(theme.mixed("line", "faint", 0.35), 1))
        elif self.underMouse():
            painter.setBrush(theme.color("line"))
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.drawRoundedRect(box, 5, 5)
        token = "accent" if self.isChecked() else "muted"
        side = scaled(ICON_SIZE)
        painter.drawPixmap(SPACE, (self.height() - side) // 2, pixmap(self._icon, token, side))
        painter.setPen(theme.color("text" if self.isChecked() else "muted"))
        words = self.rect().adjusted(SPACE + side + HALF, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())


class Segments(QWidget):
    """One choice of several; the arrow keys move it.

    Signals:
        changed: the number of the segment that the reader chose.
    """

    changed = Signal(int)

    def __init__(
        self, entries: Sequence[tuple[str, str, str]], name: str, parent: QWidget | None = None
    ) -> None:
        """``entries``: an icon, the words, and a sentence for the tooltip."""
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._segments: list[_Segment] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(1, 1, 1, 1)
        row.setSpacing(0)
        for number, (icon, words, tip) in enumerate(entries):
            segment = _Segment(icon, words, self)
            segment.setToolTip(tip)
            self._group.addButton(segment, number)
            self._segments.append(segment)
            row.addWidget(segment)
        self._segments[0].setChecked(True)
        self._group.idClicked.connect(self.changed)
        on_theme_changed(self._on_theme_changed)

    @property
    def current(self) -> int:
        return self._group.checkedId()

    def choose(self, number: int) -> None:
        """As if it were clicked."""
        self._segments[number].click()

    def segment(self, number: int) -> QAbstractButton:
        return self._segments[number]

    def _on_theme_changed(self) -> None:
        for segment in self._segments:
            segment.fit()
        self.adjustSize()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """QButtonGroup moves the choice with the arrows, but does not call that a click."""
        super().keyPressEvent(event)
        if event.key() in _ARROWS:
            self.changed.emit(self.current)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(current().color("raised"))
        painter.drawRoundedRect(self.rect().toRectF(), 6, 6)
