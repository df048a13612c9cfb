"""A label for foreign text of any length: plain, one line, cut with an ellipsis."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption, QWidget

from chatlab.ui.rich_text import bare, tooltip


class ElidedLabel(QLabel):
    """Shows as much of its text as fits; the whole text is its tooltip.

    Signals:
        clicked: by mouse, or by Return and Space when it takes the focus.
    """

    clicked = Signal()

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""
        self._extra_tip = self._short = ""
        if role:
            self.setProperty("role", role)
        self.set_text(text)

    def set_text(self, text: str, tip: str = "", *, short: str = "") -> None:
        """Show ``text``; ``tip`` is one more line of the tooltip.

        ``short`` is shown where ``text`` has no room, rather than a part of it.
        """
        self._whole, self._extra_tip, self._short = bare(text), tip, bare(short)
        self.setText(self._whole)
        self._update_tip()
        self.updateGeometry()

    def set_clickable(self, is_clickable: bool) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_clickable else Qt.FocusPolicy.NoFocus)
        shape = Qt.CursorShape.PointingHandCursor if is_clickable else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def _update_tip(self) -> None:
        self.setToolTip(tooltip("\n".join(filter(None, (self._whole, self._extra_tip)))))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + 2, size.height())

    @property
    def in_view(self) -> str:
        """What of it there is room for."""
        metrics, words = self.fontMetrics(), self._whole
        if self._short and metrics.horizontalAdvance(words) > self.width():
            words = self._short
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, self.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.in_view
        )
        if self.hasFocus():
            option = QStyleOption()
            option.initFrom(self)
            primitive = QStyle.PrimitiveElement.PE_FrameFocusRect
            self.style().drawPrimitive(primitive, option, painter, self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        is_click = event.button() is Qt.MouseButton.LeftButton
        if is_click and self.focusPolicy() and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
