"""Above the editor: which message is being answered, and the way to answer none."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from chatlab.core.message import Message
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, plain_label, set_icon
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.icon_label import IconLabel


class ReplyStrip(QWidget):
    """One line: whom, the beginning of what they said, and a button to let it be.

    Signals:
        cancelled: the message that is written answers nothing any more.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whom: QLabel = plain_label("", "", self)
        self._words = ElidedLabel("", "muted", self)
        self._close = QToolButton(self)
        self._close.setAccessibleName(self.tr("Answer no message"))
        self._close.setToolTip(self.tr("Answer no message (Esc)"))
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_icon(self._close, "close")
        self._close.clicked.connect(self.cancelled)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE, 0, 0, 0)
        line.setSpacing(SPACE)
        line.addWidget(IconLabel("reply", "accent", parent=self))
        line.addWidget(self._whom)
        line.addWidget(self._words, 1)
        line.addSpacing(HALF)
        line.addWidget(self._close)
        self.hide()

    def show_message(self, message: Message | None) -> None:
        """The message to be answered, or none: then the strip is gone."""
        self.setVisible(message is not None)
        if message is not None:
            whom = self.tr("Answer to {nick}").format(nick=isolated(message.sender))
            self._whom.setText(whom)
            self._words.set_text(bare(message.text))
            self.setAccessibleName(f"{whom}: {bare(message.text)}")
