"""What a chat pane is put together from: its page with a chat, and the words for none."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from chatlab.ui.action_ids import ActionId
from chatlab.ui.shortcuts import how_to
from chatlab.ui.theme import SPACE, plain_label
from chatlab.ui.widgets.icon_label import IconLabel


def make_line(role: str, parent: QWidget) -> QFrame:
    """A thin line between two parts."""
    line = QFrame(parent)
    line.setProperty("role", role)
    return line


def make_empty_page(parent: QWidget) -> QWidget:
    """What stands where no chat is."""
    page = QWidget(parent)
    picture = IconLabel("channel", "faint", 32, page)
    title = plain_label("No chat here yet", "heading", page)
    words = f"Choose a chat on the left. {how_to(ActionId.PALETTE)} finds chats, commands and more."
    text = plain_label(words, "muted", page)
    column = QVBoxLayout(page)
    column.setContentsMargins(3 * SPACE, 0, 3 * SPACE, 6 * SPACE)
    column.setSpacing(SPACE)
    column.addStretch()
    column.addWidget(picture)
    for label in (title, text):
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setWordWrap(True)
        column.addWidget(label)
    column.addStretch()
    return page
