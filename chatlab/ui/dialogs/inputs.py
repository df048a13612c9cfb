"""Inputs that several forms need: passwords, files, lists of channels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.account import Autojoin
from chatlab.core.nick import NameProblem, check_channel
from chatlab.ui.dialogs.parts import Hint
from chatlab.ui.theme import HALF, SPACE, set_icon
from chatlab.ui.widgets.nick_field import mark_invalid

MAX_CHANNELS = 50


@dataclass(frozen=True, slots=True)
class RowKind:
    """What the rows of ``ChannelRows`` hold, in words and by rule."""

    name: str
    placeholder: str
    key: str
    key_placeholder: str
    add: str
    remove: str
    check: Callable[[str], NameProblem | None]
    complete: Callable[[str], str]
    """What a shortened name means."""
    unfinished: tuple[str, ...] = ()
    """Beginnings that are no fault while somebody types."""
    key_may_have_spaces: bool = False


CHANNEL_ROWS = RowKind(
    name="Channel",
    placeholder="#channel",
    key="Key of the channel",
    key_placeholder="Key, if it has one",
    add="Add a channel",
    remove="Take this channel out",
    check=check_channel,
    complete=lambda name: "#" + name if name[:1].isalnum() else name,
    unfinished=("#", "&", "+", "!"),
)


class PasswordField(QLineEdit):
    """A password, never loaded: it says whether one is stored and takes a new one.

    ``change`` is None while nothing was changed, a new password, or "" to forget the old.
    """

    def __init__(self, name: str, *, is_stored: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._is_stored = is_stored
        self._is_forgotten = False
        self._reveal = QAction(self.tr("Show the password"), self, checkable=True)
        self._reveal.toggled.connect(self._on_reveal_toggled)
        self.addAction(self._reveal, QLineEdit.ActionPosition.TrailingPosition)
        self._forget = QAction(self.tr("Forget the stored password"), self)
        self._forget.triggered.connect(self._on_forget)
        set_icon(self._forget, "trash")
        if is_stored:
            self.addAction(self._forget, QLineEdit.ActionPosition.TrailingPosition)
        self._on_reveal_toggled(False)
        self._say()

    @property
    def has_password(self) -> bool:
        """One is stored and stays, or a new one is typed."""
        return bool(self.text()) or (self._is_stored and not self._is_forgotten)

    @property
    def change(self) -> str | None:
        if self.text():
            return self.text()
        return "" if self._is_stored and self._is_forgotten else None

    def _on_reveal_toggled(self, is_shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password
        self.setEchoMode(mode)
        set_icon(self._reveal, "eye-off" if is_shown else "eye")
        self._reveal.setText(self.tr("Hide the password" if is_shown else "Show the password"))

    def _on_forget(self) -> None:
        self._is_forgotten = not self._is_forgotten
        self.clear()
        self._say()
        self.textChanged.emit("")

    def _say(self) -> None:
        words = self.tr("Stored. Type to replace it") if self._is_stored else ""
        if self._is_forgotten:
            words = self.tr("Will be forgotten when you save")
        self.setPlaceholderText(words)


class FileField(QWidget):
    """A file by name or by choosing it."""

    changed = Signal()

    def __init__(self, name: str, pattern: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._pattern = name, pattern
        self.setAccessibleName(name)
        self.edit = QLineEdit(self)
        self.edit.setAccessibleName(name)
        self.edit.setPlaceholderText(self.tr("No file"))
        self.edit.textChanged.connect(self.changed)
        self.setFocusProxy(self.edit)
        browse = QPushButton(self.tr("Choose…"), self)
        browse.setAccessibleName(self.tr("Choose: {}").format(name))
        browse.clicked.connect(self._browse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.edit, 1)
        row.addWidget(browse)

    def text(self) -> str:
        return self.edit.text().strip()

    def error(self) -> str:
        if self.text() and not Path(self.text()).is_file():
            return self.tr("There is no such file.")
        return ""

    def _browse(self) -> None:
        dialog = QFileDialog(self.window(), self._name, str(Path(self.text()).parent))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self._pattern, self.tr("All files (*)")])
        dialog.fileSelected.connect(self.edit.setText)
        dialog.open()


class LinesField(QPlainTextEdit):
    """A few lines of text, each of them a value."""

    def __init__(self, name: str, lines_shown: int = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines_shown + 2 * SPACE)

    def lines(self) -> tuple[str, ...]:
        """Those with something in them, without the blanks around it."""
        return tuple(line.strip() for line in self.toPlainText().split("\n") if line.strip())

    def show_lines(self, lines: Sequence[str]) -> None:
        self.setPlainText("\n".join(lines))


class _ChannelRow(QWidget):
    """One channel, its key, and a button that takes it out."""

    def __init__(self, kind: RowKind, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind = kind
        self.channel = QLineEdit(self)
        self.channel.setAccessibleName(self.tr(kind.name))
        self.channel.setPlaceholderText(kind.placeholder)
        self.key = QLineEdit(self)
        self.key.setAccessibleName(self.tr(kind.key))
        self.key.setPlaceholderText(self.tr(kind.key_placeholder))
        self.remove = QToolButton(self)
        self.remove.setToolTip(self.tr(kind.remove))
        self.remove.setAccessibleName(self.tr(kind.remove))
        self.remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(self.remove, "close")
        self.hint = Hint(parent=self)
        fields = QHBoxLayout()
        fields.setSpacing(SPACE)
        fields.addWidget(self.channel, 3)
        fields.addWidget(self.key, 2)
        fields.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addLayout(fields)
        column.addWidget(self.hint)
        self.channel.textEdited.connect(lambda: self.check(is_final=False))
        self.channel.editingFinished.connect(self._on_finished)

    def is_empty(self) -> bool:
        return not self.channel.text().strip()

    def check(self, *, is_final: bool) -> str:
        """What is wrong; while somebody types, only what typing on cannot mend."""
        name = self.channel.text().strip()
        problem = self._kind.check(name) if name else None
        is_unfinished = name in self._kind.unfinished
        error = problem.reason if problem and (is_final or not is_unfinished) else ""
        if (
            not self._kind.key_may_have_spaces
            and not error
            and any(char.isspace() or char == "," for char in self.key.text().strip())
        ):
            error = self.tr("A key has no space and no comma in it.")
        self.hint.tell(error)
        mark_invalid(self.channel, bool(error))
        return error

    def _on_finished(self) -> None:
        """``lab`` means ``#lab``; people leave the sign out."""
        name = self.channel.text().strip()
        if name and (whole := self._kind.complete(name)) != name:
            self.channel.setText(whole)
        self.check(is_final=True)


class ChannelRows(QWidget):
    """The channels or rooms to join after connecting, each with its key or password."""

    def __init__(self, parent: QWidget | None = None, kind: RowKind = CHANNEL_ROWS) -> None:
        super().__init__(parent)
        self._kind = kind
        self._rows: list[_ChannelRow] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(SPACE)
        self._add = QToolButton(self)
        self._add.setText(self.tr(kind.add))
        self._add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._add.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(self._add, "plus", "accent")
        self._add.clicked.connect(lambda: self._append().channel.setFocus())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(HALF)
        outer.addLayout(self._column)
        outer.addWidget(self._add)
        self._append()

    def channels(self) -> tuple[Autojoin, ...]:
        """Without the empty rows, each channel once."""
        found: dict[str, Autojoin] = {}
        for row in self._rows:
            name = row.channel.text().strip()
            if name:
                found.setdefault(name.lower(), Autojoin(name, row.key.text().strip()))
        return tuple(found.values())

    def show_channels(self, channels: tuple[Autojoin, ...]) -> None:
        for row in list(self._rows):
            self._remove(row)
        for channel in channels[:MAX_CHANNELS]:
            row = self._append()
            row.channel.setText(channel.channel)
            row.key.setText(channel.key)
        if not self._rows:
            self._append()

    def add_channel(self, name: str) -> None:
        """Add one unless it is there."""
        if name.lower() in {channel.channel.lower() for channel in self.channels()}:
            return
        free = next((row for row in self._rows if row.is_empty()), None) or self._append()
        free.channel.setText(name)

    def first_error(self) -> tuple[QWidget, str]:
        """The first field at fault and why; an empty text when all is well."""
        for row in self._rows:
            if error := row.check(is_final=True):
                return row.channel, error
        return self._rows[0].channel, ""

    def _append(self) -> _ChannelRow:
        row = _ChannelRow(self._kind, self)
        row.remove.clicked.connect(lambda: self._on_remove(row))
        self._rows.append(row)
        self._column.addWidget(row)
        self._add.setEnabled(len(self._rows) < MAX_CHANNELS)
        return row

    def _on_remove(self, row: _ChannelRow) -> None:
        self._remove(row)
        if not self._rows:
            self._append()
        self._rows[-1].channel.setFocus()

    def _remove(self, row: _ChannelRow) -> None:
        self._rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()
        self._add.setEnabled(True)
