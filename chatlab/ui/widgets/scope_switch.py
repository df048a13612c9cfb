"""A segmented control: whose frames the wire pane shows."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from chatlab.ui import theme
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.theme import HALF, SPACE

_EDGE = 1
_SEGMENTS: dict[Scope, tuple[str, str, str]] = {
    Scope.MESSAGE: (
        "This message",
        "Message",
        "Only the frames that carry, acknowledge or echo the chosen message",
    ),
    Scope.CHAT: ("This chat", "Chat", "Only the frames of this chat’s messages"),
    Scope.ACCOUNT: ("This account", "Account", "All frames of this account’s connections"),
    Scope.ALL: ("All", "All", "Every captured frame"),
}


class _Segment(QAbstractButton):
    """One word of the control; the chosen one lies on the selection colour."""

    def __init__(self, scope: Scope, parent: QWidget) -> None:
        super().__init__(parent)
        self.scope = scope
        self.long, self.short, words = _SEGMENTS[scope]
        self.setText(self.long)
        self.setAccessibleName(self.long)
        self.setToolTip(words)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def width_of(self, text: str) -> int:
        return self.fontMetrics().horizontalAdvance(text) + 2 * SPACE

    def paintEvent(self, _event: QPaintEvent) -> None:
        colors = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect().toRectF().adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(colors.color("surface" if not colors.is_dark else "selection"))
            painter.setPen(QPen(colors.mixed("line", "faint", 0.35), 1))
        elif self.underMouse() and self.isEnabled():
            painter.setBrush(colors.color("line"))
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 1.5))
        painter.drawRoundedRect(box, 5, 5)
        ink = "faint" if not self.isEnabled() else "text" if self.isChecked() else "muted"
        painter.setPen(colors.color(ink))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.text())


class ScopeSwitch(QWidget):
    """Four segments, one chosen; arrow keys move between them, words shorten when it is narrow.

    Signals:
        scope_changed: the Scope that the reader chose.
    """

    scope_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Which frames are shown"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._segments = {scope: _Segment(scope, self) for scope in Scope}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(_EDGE, _EDGE, _EDGE, _EDGE)
        self._row.setSpacing(0)
        for segment in self._segments.values():
            self._group.addButton(segment)
            self._row.addWidget(segment)
        self._segments[Scope.ALL].setChecked(True)
        self._group.buttonClicked.connect(self._on_clicked)
        theme.on_theme_changed(self._on_theme_changed)
        self.set_room(10_000)

    @property
    def scope(self) -> Scope:
        return next(scope for scope, segment in self._segments.items() if segment.isChecked())

    @property
    def current(self) -> QAbstractButton:
        """The chosen segment."""
        return self._segments[self.scope]

    def show_scope(self, scope: Scope) -> None:
        """Choose a segment without telling."""
        self._segments[scope].setChecked(True)

    def set_available(self, scope: Scope, is_available: bool) -> None:
        """Grey out what nothing is chosen for."""
        self._segments[scope].setEnabled(is_available)

    def set_room(self, width: int) -> None:
        """Use the short words where the long ones would not fit in ``width``."""
        self._room = width
        segments = self._segments.values()
        is_wide = sum(segment.width_of(segment.long) for segment in segments) + 2 * _EDGE <= width
        for segment in segments:
            segment.setText(segment.long if is_wide else segment.short)
            segment.setFixedSize(
                segment.width_of(segment.text()), segment.fontMetrics().height() + SPACE + HALF
            )
        self.setFixedSize(self._row.sizeHint())

    @Slot()
    def _on_theme_changed(self) -> None:
        self.set_room(self._room)
        self.update()

    @Slot(QAbstractButton)
    def _on_clicked(self, button: QAbstractButton) -> None:
        if isinstance(button, _Segment):
            self.scope_changed.emit(button.scope)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """QButtonGroup moves the choice with the arrows, but does not call that a click."""
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.scope_changed.emit(self.scope)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.current().color("raised"))
        painter.drawRoundedRect(self.rect().toRectF(), 6, 6)
