"""What works on this system, what does not, and the command that mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from chatlab.ui.dialogs.parts import Sheet, header, line
from chatlab.ui.theme import (
    HALF,
    SPACE,
    mono_font,
    on_theme_changed,
    plain_label,
    set_icon,
    set_role,
)
from chatlab.ui.widgets.controls import IconLabel

WIDTH = 76 * SPACE
MAX_HEIGHT = 680
_COPIED_MS = 1_500


class CheckState(Enum):
    """How a check ended, in the words that stand beside its icon."""

    OK = "works"
    INFO = "good to know"
    WARNING = "limited"
    FAILED = "does not work"


_LOOKS = {
    CheckState.OK: ("check", "accent"),
    CheckState.INFO: ("info", "muted"),
    CheckState.WARNING: ("warning", "attention"),
    CheckState.FAILED: ("error", "error"),
}


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One thing that was looked at."""

    name: str
    state: CheckState
    words: str
    remedy: str = ""
    """Commands or steps, one a line; shown as they are, to be copied."""


def as_text(rows: Sequence[CheckRow]) -> str:
    """For a mail to the teacher."""
    lines: list[str] = []
    for row in rows:
        lines.append(f"{row.name}: {row.state.value}. {row.words}")
        lines += [f"    {step}" for step in row.remedy.splitlines()]
    return "\n".join(lines)


class SystemCheckDialog(Sheet):
    """Shows rows it is given; use it with ``show()``.

    Signals:
        check_again_requested: the caller looks once more and calls ``show_rows``.
    """

    check_again_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("System check", parent)
        self._rows: tuple[CheckRow, ...] = ()
        self._code_labels: list[QLabel] = []
        self.head.addWidget(header(self.windowTitle(), "", self))
        self._summary = plain_label("Looking…", "muted", self)
        self.head.addWidget(self._summary)
        self.copy_button = self.add_button(self.tr("Copy as text"))
        self.again_button = self.add_button(self.tr("Check again"))
        close = self.add_button(self.tr("Close"), is_primary=True)
        self.foot.insertStretch(1, 1)
        self.copy_button.clicked.connect(lambda: _copy(as_text(self._rows), self.copy_button))
        self.again_button.clicked.connect(self._on_again)
        close.clicked.connect(self.accept)
        on_theme_changed(self._set_fonts)
        self.settle(close)
        self.fit(WIDTH, MAX_HEIGHT)

    def show_rows(self, rows: Sequence[CheckRow]) -> None:
        """Replace what is shown."""
        self._clear()
        self._rows = tuple(rows)
        checks = [row.state for row in rows if row.state is not CheckState.INFO]
        bad, all_of_them = sum(state is not CheckState.OK for state in checks), len(checks)
        words = f"{bad} of {all_of_them} need a look."
        if not bad:
            words = f"All {all_of_them} checks passed."
        self._summary.setText(self.tr(words))
        for row in rows:
            if self.body.count():
                self.body.addWidget(line(self))
            self.body.addWidget(self._make_row(row))
        self.body.addStretch(1)
        self._set_fonts()
        self.again_button.setEnabled(True)
        self.settle(None)
        self.fit(WIDTH, MAX_HEIGHT)

    def _on_again(self) -> None:
        self.again_button.setEnabled(False)
        self._summary.setText(self.tr("Looking…"))
        self.check_again_requested.emit()

    def _clear(self) -> None:
        self._code_labels.clear()
        while (item := self.body.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _make_row(self, row: CheckRow) -> QWidget:
        made = QWidget(self)
        box = QHBoxLayout(made)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(SPACE + HALF)
        icon, token = _LOOKS[row.state]
        box.addWidget(IconLabel(icon, token, 20, made), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(HALF)
        top = QHBoxLayout()
        top.addWidget(plain_label(row.name, "heading", made))
        top.addStretch(1)
        top.addWidget(plain_label(row.state.value, "small", made))
        words = plain_label(row.words, "muted", made)
        words.setWordWrap(True)
        column.addLayout(top)
        column.addWidget(words)
        if row.remedy:
            column.addWidget(self._make_remedy(row))
        box.addLayout(column, 1)
        made.setAccessibleName(f"{row.name}: {row.state.value}. {row.words}")
        return made

    def _make_remedy(self, row: CheckRow) -> QWidget:
        made = QWidget(self)
        set_role(made, "surface")
        made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        box = QHBoxLayout(made)
        box.setContentsMargins(SPACE + HALF, HALF, HALF, HALF)
        code = plain_label(row.remedy, parent=made)
        code.setWordWrap(True)
        code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._code_labels.append(code)
        copy = QToolButton(made)
        copy.setToolTip(self.tr("Copy"))
        copy.setAccessibleName(self.tr("Copy the remedy for {}").format(row.name))
        copy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_icon(copy, "copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(row.remedy))
        box.addWidget(code, 1)
        box.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        return made

    def _set_fonts(self) -> None:
        for label in self._code_labels:
            label.setFont(mono_font())


def _copy(text: str, button: QPushButton) -> None:
    """Copy, and say so on the button for a moment."""
    QGuiApplication.clipboard().setText(text)
    usual = button.text()
    button.setText(button.tr("Copied"))
    button.setEnabled(False)

    def restore() -> None:
        button.setText(usual)
        button.setEnabled(True)

    QTimer.singleShot(_COPIED_MS, button, restore)
