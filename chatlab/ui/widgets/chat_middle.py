"""Between header and composer: the transcript, and the members beside it or over it."""

from PySide6.QtCore import QEvent, QMargins, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.chat_pages import make_line
from chatlab.ui.widgets.controls import scaled

_LINE = 1
_MEMBERS_WIDTH = 19 * SPACE
_NARROW = 52 * SPACE
"""Below it words would stand one under the other if the members stood beside them."""
_LEFT_OPEN = 8 * SPACE
"""So much of the transcript stays in view beside the members that cover it."""


class ChatMiddle(QWidget):
    """Shows the members beside the transcript; in a narrow pane over it, when asked for there.

    Signals:
        folded_changed: the pane became narrow, and the members gave way; or wide, and they are back.
    """

    folded_changed = Signal()

    def __init__(
        self, transcript: QWidget, foot: QWidget, members: QWidget, parent: QWidget | None = None
    ) -> None:
        """``foot`` stands below the transcript, and like it beside the members."""
        super().__init__(parent)
        self._transcript, self._foot, self._members = transcript, foot, members
        self._line = make_line("column-line", self)
        self._is_wanted = False
        self._is_narrow = False
        self._is_folded = False
        for part in (transcript, foot, members):
            part.setParent(self)
        foot.installEventFilter(self)
        members.setProperty("role", "surface")
        members.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        members.raise_()
        self._line.raise_()
        self._show_parts()

    @property
    def is_folded(self) -> bool:
        """Whether members that are wanted wait for more room, or to be asked for again."""
        return self._is_folded

    def want_members(self, is_wanted: bool) -> None:
        """Whether the chat has members that are wanted; a narrow pane may still fold them away."""
        self._is_wanted = is_wanted
        self._show_parts()

    def unfold(self) -> None:
        """The reader asked for the members just now, however narrow it is."""
        self._is_folded = False
        self._show_parts()

    def sizeHint(self) -> QSize:
        return self._transcript.sizeHint().grownBy(QMargins(0, 0, 0, self._foot.minimumHeight()))

    def minimumSizeHint(self) -> QSize:
        least = self._transcript.minimumSizeHint()
        return least.grownBy(QMargins(0, 0, 0, self._foot.minimumHeight()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < scaled(_NARROW)
        if is_narrow is not self._is_narrow:
            self._is_narrow = self._is_folded = is_narrow
            self._show_parts()
            self.folded_changed.emit()
        else:
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The foot comes or goes."""
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent):
            self._place()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:  # The foot has bigger text.
            self._place()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        covers = self._is_narrow and not self._members.isHidden()
        if event.key() != Qt.Key.Key_Escape or not covers:
            super().keyPressEvent(event)
            return
        self._is_folded = True
        self._show_parts()
        self.folded_changed.emit()
        self._transcript.setFocus()

    def _show_parts(self) -> None:
        is_shown = self._is_wanted and not self._is_folded
        self._members.setVisible(is_shown)
        self._line.setVisible(is_shown)
        self._place()

    def _place(self) -> None:
        width, height = self.width(), self.height()
        taken = 0
        if not self._members.isHidden():
            taken = min(scaled(_MEMBERS_WIDTH), max(0, width - _LEFT_OPEN))
        self._members.setGeometry(width - taken, 0, taken, height)
        self._line.setGeometry(width - taken - _LINE, 0, _LINE, height)
        is_beside = taken and not self._is_narrow
        left = width - taken - _LINE if is_beside else width
        below = 0 if self._foot.isHidden() else self._foot.minimumHeight()
        self._transcript.setGeometry(0, 0, left, height - below)
        self._foot.setGeometry(0, height - below, left, below)
