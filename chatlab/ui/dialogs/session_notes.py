"""A place for the reader's own notes; they are saved with the session."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from chatlab.ui.dialogs.parts import Hint, Sheet, header
from chatlab.ui.theme import SPACE

WIDTH, MAX_HEIGHT = 68 * SPACE, 600
_LEAST_HEIGHT = 36 * SPACE
MAX_LENGTH = 200_000
"""Characters; a longer text belongs into an editor."""


class SessionNotesDialog(Sheet):
    """Plain text, or Markdown for who likes it; beside the window, so that one can look there.

    Signals:
        changed: the notes as they are now, at every change.
    """

    changed = Signal(str)

    def __init__(self, notes: str, parent: QWidget | None = None) -> None:
        super().__init__("Session notes", parent)
        subtitle = "Saved with the session as notes.md; never put into an exported copy."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.editor = QPlainTextEdit(self)
        self.editor.setAccessibleName(self.tr("Notes"))
        self.editor.setPlaceholderText(
            self.tr("What you saw, and in which frames: “Frame 41 holds the password in clear.”")
        )
        self.editor.setPlainText(notes)
        self.editor.setTabChangesFocus(True)
        self.editor.setMinimumHeight(_LEAST_HEIGHT)
        self.body.addWidget(self.editor, 1)
        self.hint = Hint(parent=self)
        self.body.addWidget(self.hint)
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"), is_primary=True)
        self.close_button.clicked.connect(self.accept)
        self.editor.textChanged.connect(self._on_text_changed)
        self.settle(None)
        self.fit(WIDTH, MAX_HEIGHT)
        self.editor.setFocus()

    def _on_text_changed(self) -> None:
        text = self.editor.toPlainText()
        self.hint.tell(_too_long(len(text) - MAX_LENGTH))
        self.changed.emit(text[:MAX_LENGTH])


def _too_long(excess: int) -> str:
    if excess <= 0:
        return ""
    return f"The last {excess:,} characters are too many: they are not saved."
