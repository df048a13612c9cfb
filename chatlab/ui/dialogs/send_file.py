"""Which file, to whom, who listens; and what the others learn by it, before anything is sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from chatlab.ui.dialogs.parts import Form, Hint, Notice, Sheet, header, show_row
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import SPACE
from chatlab.ui.transfer_words import size_text
from chatlab.ui.typed_path import is_file, is_folder, size_of, typed_path
from chatlab.ui.widgets.controls import Select, Tick
from chatlab.ui.widgets.nick_field import mark_invalid
from chatlab.ui.widgets.nick_ticks import NickTicks

WIDTH, MAX_HEIGHT = 70 * SPACE, 720
MAX_AT_ONCE = 100
FILTER_FROM = 12
_WAYS = (
    (None, "Automatic", "As the addresses allow; after 20 seconds in vain, the other way round."),
    (False, "Active", "This computer listens, their program connects to it."),
    (True, "Passive", "Their program listens, this computer connects. Helps behind a router."),
)


@dataclass(frozen=True, slots=True)
class SendChoice:
    """What is to be offered."""

    path: Path
    nicks: tuple[str, ...]
    is_passive: bool | None
    """None: let the addresses decide."""


class SendFileDialog(Sheet):
    """Asks; use it with ``open()``. It sends nothing itself, and stays open when that is refused.

    Signals:
        submitted: a SendChoice.
    """

    submitted = Signal(object)

    def __init__(
        self,
        people: Sequence[str],
        advise: Callable[[Sequence[str]], Sequence[str]],
        parent: QWidget | None = None,
        *,
        chosen: Sequence[str] = (),
        channel: str = "",
        path: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        """``people``: whom to choose from; none: a nick is typed. ``channel``: where they are.

        ``advise`` says what these people will learn, and how they can reach this computer.
        """
        super().__init__("Send a file", parent)
        self._advise = advise
        self._people = tuple(people)
        self._folder = folder or Path.home()
        words = "Straight from this computer to theirs (DCC); the server carries only the offer."
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.file = QLineEdit(str(path) if path else "", self)
        self.file.setPlaceholderText(self.tr("Choose a file, or drop it on a chat"))
        self.browse_button = QPushButton(self.tr("Choose…"), self)
        self._file_hint = Hint(parent=self)
        self.nick = QLineEdit(", ".join(chosen), self)
        self.nick.setPlaceholderText(self.tr("Nick; several with commas"))
        self._nick_hint = Hint(parent=self)
        everyone = f"Everyone in {isolated(channel)} ({len(self._people)})"
        self.everyone = Tick(everyone if channel else self.tr("All of them"), self)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setAccessibleName(self.tr("Filter people"))
        self.filter.setClearButtonEnabled(True)
        self.ticks = NickTicks(self.tr("To"), self)
        self.ticks.show_nicks(self._people, chosen)
        self.way = Select(self)
        self.way.addItems([name for _, name, _ in _WAYS])
        self._way_hint = Hint(parent=self)
        self.notice = Notice(self)
        self.failure = Notice(self)
        self._lay_out()
        self._connect()
        self._refresh()
        self.settle(self.send_button)
        self.fit(WIDTH, MAX_HEIGHT)
        (self.ticks if path and self._people and not chosen else self.file).setFocus()

    def _lay_out(self) -> None:
        form = Form(parent=self)
        field = QWidget(self)
        row = QHBoxLayout(field)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.file, 1)
        row.addWidget(self.browse_button)
        field.setFocusProxy(self.file)
        self.file.setAccessibleName(self.tr("File"))
        form.add("File", field, self._file_hint)
        if self._people:
            self.nick.hide()
            is_long = len(self._people) > FILTER_FROM
            whom = form.add("To", self.everyone)
            show_row(whom, True)
            if is_long:
                form.add_wide(self.filter)
            form.add_wide(self.ticks)
            form.add_wide(self._nick_hint)
            self.filter.setVisible(is_long)
        else:
            for part in (self.everyone, self.filter, self.ticks):
                part.hide()
            form.add("To", self.nick, self._nick_hint)
        form.add("Who listens", self.way, self._way_hint)
        form.add_wide(self.notice)
        form.add_wide(self.failure)
        self.failure.hide()
        self.body.addWidget(form)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.send_button = self.add_button(self.tr("Send"), is_primary=True)

    def _connect(self) -> None:
        self.file.textChanged.connect(self._refresh)
        self.nick.textChanged.connect(self._refresh)
        self.ticks.changed.connect(self._refresh)
        self.everyone.clicked.connect(self.ticks.tick_all)
        self.filter.textChanged.connect(self.ticks.filter)
        self.way.currentIndexChanged.connect(self._refresh)
        self.browse_button.clicked.connect(self._browse)
        self.cancel_button.clicked.connect(self.reject)
        self.send_button.clicked.connect(self._submit)

    # -- what was chosen

    def path(self) -> Path | None:
        text = self.file.text().strip()
        return typed_path(text) if text else None

    def nicks(self) -> tuple[str, ...]:
        if self._people:
            return self.ticks.ticked()
        words = self.nick.text().replace(",", " ").split()
        return tuple(dict.fromkeys(words))

    def _fault(self, path: Path | None) -> str:
        if path is None:
            return ""
        if is_folder(path):
            return self.tr("This is a folder; pack it into one file first.")
        if not is_file(path):
            return self.tr("There is no such file.")
        return "" if size_of(path) else self.tr("This file is empty.")

    # -- looks

    def _refresh(self) -> None:
        self.failure.hide()
        path, nicks = self.path(), self.nicks()
        fault = self._fault(path)
        self._file_hint.say(size_text(size_of(path)) if path and not fault else "")
        self._file_hint.tell(fault)
        mark_invalid(self.file, bool(fault))
        too_many = len(nicks) > MAX_AT_ONCE
        most = f"{len(nicks)} people are chosen; {MAX_AT_ONCE} can be offered it at once."
        several = f"{len(nicks)} people, each by an offer and a connection of their own."
        self._nick_hint.say(several if len(nicks) > 1 else "")
        self._nick_hint.tell(most if too_many else "")
        self.everyone.setChecked(bool(nicks) and len(nicks) == len(self._people))
        self._way_hint.say(_WAYS[self.way.currentIndex()][2])
        can_send = path is not None and not fault and bool(nicks) and not too_many
        self.send_button.setEnabled(can_send)
        self.send_button.setText(f"Send to {len(nicks)}" if len(nicks) > 1 else self.tr("Send"))
        self._explain(nicks)

    def _explain(self, nicks: tuple[str, ...]) -> None:
        """What the others learn, and who else can read it."""
        words = ["Anyone on the path can read it, also where the chat itself is sealed by TLS."]
        words += self._advise(nicks[:MAX_AT_ONCE])
        self.notice.tell("eye", "readable", "Nothing encrypts the file", bare_lines(words))

    def _browse(self) -> None:
        before = self.path()
        folder = before.parent if before is not None else self._folder
        dialog = QFileDialog(self, self.windowTitle(), str(folder))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.file.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _submit(self) -> None:
        path = self.path()
        if path is not None and self.send_button.isEnabled():
            way = _WAYS[self.way.currentIndex()][0]
            self.submitted.emit(SendChoice(path, self.nicks(), way))

    def say_refused(self, words: str) -> None:
        """It was not offered; why, and what to do."""
        self.failure.tell("error", "error", self.tr("Not sent"), words)
        self.failure.show()


def bare_lines(words: Sequence[str]) -> str:
    """Sentences with foreign names in them, a line each."""
    return "\n".join(bare(line) for line in words)
