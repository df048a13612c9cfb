"""What the program has to say, without a dialog: stays until read, offers what mends it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatlab.core.errors import Severity
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, current, plain_label, set_icon
from chatlab.ui.widgets.icon_label import IconLabel

MAX_MESSAGES = 20
"""Waiting to be read; when more come, the oldest that only inform give way."""
_LOOKS = {
    Severity.INFO: ("info", "accent", "selection"),
    Severity.WARNING: ("warning", "attention", "attention_soft"),
    Severity.ERROR: ("error", "error", "error_soft"),
}
_WORDS = {Severity.INFO: "Information", Severity.WARNING: "Warning", Severity.ERROR: "Error"}


@dataclass(frozen=True, slots=True)
class BarChoice:
    """One more button, where there is more than one answer."""

    text: str
    do: Callable[[], None]


@dataclass(frozen=True, slots=True)
class BarMessage:
    """Something to be read; ``hint`` is the next step, ``action`` the button that does it."""

    severity: Severity
    text: str
    hint: str = ""
    action: str = ""
    on_action: Callable[[], None] | None = None
    choices: tuple[BarChoice, ...] = ()
    """What else can be done about it; each settles the matter."""
    topic: str = ""
    """A message of the same topic replaces the one before; ``withdraw`` takes it back."""


class MessageBar(QWidget):
    """Shows one message at a time; the others wait.

    Signals:
        emptied: the last message was read.
    """

    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: deque[BarMessage] = deque()
        self.setObjectName("message_bar")
        self._sign = IconLabel("info", "accent", parent=self)
        self._text = plain_label("", "", self)
        self._hint = plain_label("", "muted", self)
        for label in (self._text, self._hint):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = plain_label("", "small", self)
        self._action = QPushButton(self)
        self._action.clicked.connect(self._on_action)
        self._choices: list[QPushButton] = []
        self._close = QToolButton(self)
        self._close.setAccessibleName(self.tr("Read; close this message"))
        self._close.setToolTip(self.tr("Close this message"))
        set_icon(self._close, "close")
        self._close.clicked.connect(self.dismiss)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._text)
        words.addWidget(self._hint)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + HALF, HALF + 2, SPACE, HALF + 2)
        line.setSpacing(SPACE)
        line.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addLayout(words, 1)
        line.addWidget(self._more)
        self._choice_line = QHBoxLayout()
        self._choice_line.setSpacing(SPACE)
        line.addLayout(self._choice_line)
        line.addWidget(self._action)
        line.addWidget(self._close)

    # Messages -------------------------------------------------------------------------------

    def post(self, message: BarMessage) -> None:
        """Show a message, or queue it behind the one that is being read."""
        if message.topic:
            self._remove(message.topic)
        elif message in self._messages:
            return
        is_urgent = message.severity is Severity.ERROR
        if is_urgent and self._messages and self._messages[0].severity is not Severity.ERROR:
            self._messages.appendleft(message)
        else:
            self._messages.append(message)
        if len(self._messages) > MAX_MESSAGES:
            self._drop_one()
        self._show_first()
        self._announce(message)

    def withdraw(self, topic: str) -> None:
        """The matter is settled: its message need not be read any more."""
        self._remove(topic)
        self._show_first()

    def dismiss(self) -> None:
        """The shown message was read."""
        if self._messages:
            self._messages.popleft()
        self._show_first()

    def messages(self) -> tuple[BarMessage, ...]:
        """What is shown and what waits, in that order."""
        return tuple(self._messages)

    def _remove(self, topic: str) -> None:
        self._messages = deque(item for item in self._messages if item.topic != topic)

    def _drop_one(self) -> None:
        for item in list(self._messages)[1:]:
            if item.severity is Severity.INFO:
                self._messages.remove(item)
                return
        del self._messages[1]

    def _on_action(self) -> None:
        if self._messages and (act := self._messages[0].on_action):
            self.dismiss()
            act()

    def _on_choice(self, choice: BarChoice) -> None:
        self.dismiss()
        choice.do()

    # Looks ----------------------------------------------------------------------------------

    def _show_first(self) -> None:
        if not self._messages:
            if not self.isHidden():
                self.hide()
                self.emptied.emit()
            return
        message = self._messages[0]
        self._text.setText(bare(message.text))
        self._hint.setText(bare(message.hint))
        self._hint.setVisible(bool(message.hint))
        self._action.setText(message.action)
        self._action.setVisible(bool(message.action and message.on_action))
        self._show_choices(message.choices)
        waiting = len(self._messages) - 1
        self._more.setText(self.tr("{n} more").format(n=waiting) if waiting else "")
        self._more.setVisible(bool(waiting))
        self.setAccessibleName(f"{_WORDS[message.severity]}: {bare(message.text)}")
        name, token, _ = _LOOKS[message.severity]
        self._sign.show_icon(name, token)
        self.show()
        self.update()

    def _show_choices(self, choices: tuple[BarChoice, ...]) -> None:
        for button in self._choices:
            button.hide()
            button.deleteLater()
        self._choices = []
        for choice in choices:
            button = QPushButton(choice.text, self)
            button.clicked.connect(partial(self._on_choice, choice))
            self._choice_line.addWidget(button)
            self._choices.append(button)

    def _announce(self, message: BarMessage) -> None:
        if QAccessible.isActive():
            words = " ".join(filter(None, (message.text, message.hint)))
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, bare(words)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._messages:
            return
        _, token, ground = _LOOKS[self._messages[0].severity]
        painter = QPainter(self)
        painter.fillRect(self.rect(), current().color(ground))
        painter.fillRect(QRectF(0, 0, 3, self.height()), current().color(token))
