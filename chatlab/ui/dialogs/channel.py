"""A channel and what its operators can change: topic, modes, lists of masks."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.chat import Member
from chatlab.core.features import ServerFeatures
from chatlab.core.listings import ListedMask
from chatlab.ui.dialogs.channel_masks import MasksPage
from chatlab.ui.dialogs.channel_modes import ModesPage
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.mode_words import LIST_TITLES
from chatlab.ui.theme import SPACE, isolated, plain_label, set_role
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 86 * SPACE, 76 * SPACE
_HALF_OPERATOR = "%"
_LINE_ENDS = str.maketrans({"\n": " ", "\r": " ", "\u2028": " ", "\u2029": " "})


class TopicPage(QWidget):
    """The topic as one long line that wraps, with what is left of its length.

    Signals:
        submitted: the new topic.
    """

    submitted = Signal(str)

    def __init__(self, most: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most = most
        self._before = ""
        self.edit = _Line(self)
        self.edit.setAccessibleName(self.tr("Topic"))
        self.edit.setPlaceholderText(self.tr("No topic"))
        self.edit.setTabChangesFocus(True)
        self.edit.textChanged.connect(self._update)
        self.edit.finished.connect(self._submit)
        self.count = plain_label("", "small", self)
        self.button = QPushButton(self.tr("Set the topic"), self)
        self.button.clicked.connect(self._submit)
        words = plain_label(
            "One line that everybody sees who enters. Empty takes the topic away.", "muted", self
        )
        words.setWordWrap(True)
        below = QHBoxLayout()
        below.addWidget(self.count, 1)
        below.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + SPACE // 2)
        column.addWidget(words)
        column.addWidget(self.edit)
        column.addLayout(below)
        column.addStretch(1)
        self.edit.setFixedHeight(scaled(18 * SPACE))
        self._update()

    def text(self) -> str:
        return self.edit.toPlainText().translate(_LINE_ENDS).strip()

    def show_topic(self, topic: str) -> None:
        """The topic as it is now; a changed text of the reader's stays."""
        is_untouched = self.text() == self._before.strip()
        self._before = topic
        if is_untouched:
            self.edit.setPlainText(topic)
        self._update()

    def set_may_change(self, may_change: bool) -> None:
        self.edit.setReadOnly(not may_change)
        self._update()

    def _update(self) -> None:
        size = len(self.text().encode())
        is_long = bool(self._most) and size > self._most
        words = f"{size} of {self._most} bytes" if self._most else f"{size} bytes"
        if is_long:
            words = f"{words}: the server would cut off the end"
        self.count.setText(words)
        set_role(self.count, "error" if is_long else "small")
        is_new = self.text() != self._before.strip()
        self.button.setEnabled(is_new and not is_long and not self.edit.isReadOnly())

    def _submit(self) -> None:
        if self.button.isEnabled():
            self.submitted.emit(self.text())


class _Line(QPlainTextEdit):
    """Wraps, and holds no line end all the same.

    Signals:
        finished: Return was pressed.
    """

    finished = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit()
        else:
            super().keyPressEvent(event)


class ChannelDialog(Sheet):
    """Pages for what the server announces; use it with ``open()``.

    Signals:
        command_wanted: what to type in the channel, e.g. ``/mode +m``.
        masks_wanted: letter of a list to be asked for.
    """

    command_wanted = Signal(str)
    masks_wanted = Signal(str)

    def __init__(
        self,
        title: str,
        features: ServerFeatures,
        members: Mapping[str, Member],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(f"Channel {title}", parent)
        self._features = features
        self._asked: set[str] = set()
        self._modes: str | None = None
        self._may_change: bool | None = None
        head = header(isolated(title), "Topic, modes and lists, as the server keeps them.", self)
        self.head.addWidget(head)
        self.tabs = QTabBar(self)
        self.tabs.setAccessibleName(self.tr("Parts of the channel"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        self.pages = QStackedWidget(self)
        self._notice = Notice(self)
        self._notice.hide()
        self.topic = TopicPage(features.topic_length, self)
        self.modes = ModesPage(features, self)
        self.masks = {
            letter: MasksPage(letter, features.list_limit(letter), members, self)
            for letter in features.mask_lists
        }
        self._lay_out()
        self._connect()
        self.settle(None)
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        self._add_page(self.tr("Topic"), self.topic)
        modes = QWidget(self)
        column = QVBoxLayout(modes)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.modes, 1)
        self.modes_button = QPushButton(self.tr("Set the modes"), modes)
        self._modes_error = plain_label("", "error", modes)
        self._modes_error.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._modes_error, 1)
        row.addWidget(self.modes_button)
        column.addLayout(row)
        self._add_page(self.tr("Modes"), modes)
        for letter, page in self.masks.items():
            self._add_page(LIST_TITLES[letter], page)
        self.head.addSpacing(SPACE)
        self.head.addWidget(self.tabs)
        margins = self.head.contentsMargins()
        self.head.setContentsMargins(margins.left(), margins.top(), margins.right(), 0)
        self.body.addWidget(self._notice)
        self.body.addWidget(self.pages, 1)
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))

    def _add_page(self, title: str, page: QWidget) -> None:
        self.tabs.addTab(title)
        self.pages.addWidget(page)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.close_button.clicked.connect(self.reject)
        self.topic.submitted.connect(lambda text: self._command(f"/topic {text or '-'}"))
        self.modes_button.clicked.connect(self._set_modes)
        for page in self.masks.values():
            page.mode_wanted.connect(lambda change: self._command(f"/mode {change}"))

    # What to show ---------------------------------------------------------------------------

    def show_channel(self, topic: str, modes: str, own_signs: str) -> None:
        """The channel as it is now; ``own_signs`` is the reader's rank in it."""
        may_change = any(sign in self._features.operator_signs for sign in own_signs)
        self.topic.show_topic(topic)
        self.topic.set_may_change(may_change or "t" not in modes.partition(" ")[0])
        if modes != self._modes:  # Somebody joining must not undo what is being chosen here.
            self._modes = modes
            self.modes.show_modes(modes)
        self.modes.setEnabled(may_change)
        self.modes_button.setEnabled(may_change)
        for page in self.masks.values():
            page.set_may_change(may_change or _HALF_OPERATOR in own_signs)
        if may_change == self._may_change:
            return  # What the notice says now, perhaps a refusal, still holds.
        self._may_change = may_change
        self._notice.setVisible(not may_change)
        if not may_change:
            words = "Only its operators (marked @) change it; you can look at everything."
            self._notice.tell("lock", "plumbing", "You are no operator here", words)

    def show_masks(self, letter: str, masks: tuple[ListedMask, ...]) -> None:
        if page := self.masks.get(letter):
            page.show_masks(masks)

    def say_refused(self, words: str) -> None:
        """The server did not do what was asked."""
        self._notice.tell("error", "error", self.tr("The server refused"), words)
        self._notice.show()

    def renew(self, letters: str) -> None:
        """Lists have changed: ask for those again that were looked at."""
        for letter in letters:
            if letter in self._asked:
                self.masks_wanted.emit(letter)

    def go_to(self, letter: str, nick: str = "") -> None:
        """Open the page of a list, with somebody proposed for it."""
        if letter in self.masks:
            self.tabs.setCurrentIndex(2 + list(self.masks).index(letter))
            self.masks[letter].set_who(nick)

    # What is wanted -------------------------------------------------------------------------

    def _on_tab_changed(self, number: int) -> None:
        self.pages.setCurrentIndex(number)
        letters = list(self.masks)
        if number >= 2 and (letter := letters[number - 2]) not in self._asked:
            self._asked.add(letter)
            self.masks_wanted.emit(letter)

    def _set_modes(self) -> None:
        error = self.modes.error()
        self._modes_error.setText(error)
        for change in [] if error else self.modes.changes():
            self._command(f"/mode {change}")

    def _command(self, line: str) -> None:
        self._notice.hide()
        self.command_wanted.emit(line)
