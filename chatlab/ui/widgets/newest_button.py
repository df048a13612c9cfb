"""The button over the end of a transcript: how much is new there, and the way to it."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QPushButton, QWidget

from chatlab.ui.theme import SPACE, set_icon


class NewestButton(QPushButton):
    """Stands in the middle of the lower edge while the reader is elsewhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("newest")
        self.setAccessibleName(self.tr("Jump to the newest message"))
        self.setToolTip(self.tr("Jump to the newest message (End)"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The End key does the same.
        set_icon(self, "arrow-down", "accent")
        self.hide()

    def show_count(self, unseen: int, area: QRect) -> None:
        """Say how many messages came meanwhile, in an area of the parent."""
        words = self.tr("{count} new").format(count=unseen) if unseen else self.tr("Newest")
        self.setText(words)
        self.adjustSize()
        x = area.center().x() - self.width() // 2
        self.move(x, area.bottom() - self.height() - SPACE)
        self.show()
        self.raise_()
