"""The line above the editor: a question about what is written, or a notice about the chat."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from chatlab.ui.theme import HALF, SPACE, plain_label
from chatlab.ui.widgets.icon_label import IconLabel

_ICON_TOKENS = {"warning": "attention", "info": "accent"}


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it means to the program, and what it says."""

    key: str
    words: str


class ComposerBar(QWidget):
    """Asks or tells, inline, never in a dialog.

    Signals:
        chosen: the key of the choice; ``""`` when the question was left by Escape.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_about_notice = False
        self._sign = IconLabel("info", "accent", parent=self)
        self._words = plain_label("", "", self)
        self._words.setWordWrap(True)
        self._buttons: list[QPushButton] = []
        self._line = QHBoxLayout()
        self._line.setSpacing(SPACE)
        self._line.addWidget(self._sign)
        self._line.addWidget(self._words, 1)
        self._below = QHBoxLayout()
        self._below.setSpacing(HALF)
        self._below.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, HALF, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._line)
        column.addLayout(self._below)

    @property
    def is_question(self) -> bool:
        """A question about what is written stands open."""
        return not self.isHidden() and not self.is_about_notice

    def ask(
        self, sign: str, words: str, choices: tuple[Choice, ...], is_notice: bool = False
    ) -> None:
        """Show ``words`` with a button for each choice, the first one the likeliest."""
        self.is_about_notice = is_notice
        self._sign.show_icon(sign, _ICON_TOKENS.get(sign, "muted"))
        self._words.setText(words)
        for button in self._buttons:
            button.hide()
            button.deleteLater()
        # One button stands beside the words; several need a line of their own in a narrow pane.
        place = self._line if len(choices) == 1 else self._below
        self._buttons = [self._make_button(choice, place) for choice in choices]
        self.setAccessibleName(words)
        self.show()

    def focus_first(self) -> None:
        if self._buttons:
            self._buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_button(self, choice: Choice, place: QHBoxLayout) -> QPushButton:
        button = QPushButton(choice.words, self)
        button.setProperty("flat", True)
        button.setAutoDefault(True)  # Return presses it once it has the focus.
        button.clicked.connect(lambda: self.chosen.emit(choice.key))
        place.addWidget(button)
        return button

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.chosen.emit("")
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            focused = self.focusWidget()
            if isinstance(focused, QPushButton):
                focused.click()
        else:
            super().keyPressEvent(event)
