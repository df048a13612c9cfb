"""A nick, checked while it is typed: why it cannot be, and the nearest one that can."""

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatlab.core.nick import DEFAULT_NICK_LENGTH, NameProblem, check_nick
from chatlab.ui.theme import HALF, ICON_SIZE, SPACE, on_theme_changed, pixmap, plain_label

_MAX_TYPED = 200
"""Longer than any nick, so that a pasted one is shown whole and refused with its reason."""


class ProblemLine(QWidget):
    """An icon, the reason, and a button with the suggestion; there only while needed.

    Signals:
        taken: the user took the suggestion (str).
    """

    taken = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suggestion = ""
        self._icon = QLabel(self)
        self._icon.setFixedWidth(ICON_SIZE)
        self._reason = plain_label("", "error", self)
        self._reason.setWordWrap(True)
        self._use = QPushButton(self)
        self._use.clicked.connect(lambda: self.taken.emit(self._suggestion))
        words = QVBoxLayout()
        words.setSpacing(HALF)
        words.addWidget(self._reason)
        button_row = QHBoxLayout()
        button_row.addWidget(self._use)
        button_row.addStretch(1)
        words.addLayout(button_row)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        icon_column = QVBoxLayout()
        icon_column.addWidget(self._icon)
        icon_column.addStretch(1)
        row.addLayout(icon_column)
        row.addLayout(words, 1)
        self._paint_icon()
        on_theme_changed(self._paint_icon)
        self.hide()

    @property
    def reason(self) -> str:
        return self._reason.text()

    def tell(self, reason: str, suggestion: str = "") -> None:
        """Show a reason, or nothing when it is empty."""
        self._suggestion = suggestion
        self._reason.setText(reason)
        self._use.setText(self.tr("Use “{}”").format(suggestion.replace("&", "&&")))
        self._use.setVisible(bool(suggestion))
        self.setVisible(bool(reason))

    def _paint_icon(self) -> None:
        self._icon.setPixmap(pixmap("error", "error"))


class CheckedField(QWidget):
    """One line of input with its check: the reason under it, one click to mend it.

    Signals:
        changed: the text is now this (str).
    """

    changed = Signal(str)

    def __init__(
        self,
        name: str,
        check: Callable[[str], NameProblem | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._check = check
        self._is_quiet = True
        self.edit = QLineEdit(self)
        self.edit.setAccessibleName(name)
        self.edit.setMaxLength(_MAX_TYPED)
        self.setFocusProxy(self.edit)
        self._problem = ProblemLine(self)
        self._problem.taken.connect(self._on_taken)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.editingFinished.connect(self._on_editing_finished)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        column.addWidget(self.edit)
        column.addWidget(self._problem)

    def text(self) -> str:
        return self.edit.text()

    def set_text(self, text: str) -> None:
        self.edit.setText(text)

    @property
    def problem(self) -> NameProblem | None:
        """What is wrong now, shown or not."""
        return self._check(self.text())

    def show_problem(self) -> bool:
        """Say what is wrong even if nothing was typed yet; True when something is."""
        self._is_quiet = False
        self._tell()
        return self.problem is not None

    def _on_text_changed(self, text: str) -> None:
        self._is_quiet = self._is_quiet and not text
        self._tell()
        self.changed.emit(text)

    def _on_editing_finished(self) -> None:
        if self.text():
            self.show_problem()

    def _on_taken(self, suggestion: str) -> None:
        self.edit.setText(suggestion)
        self.edit.setFocus()

    def _tell(self) -> None:
        """An empty field that nobody has touched is not wrong yet."""
        problem = None if self._is_quiet else self.problem
        reason = problem.reason if problem else ""
        is_news = reason != self._problem.reason
        suggestion = problem.suggestion if problem and self.text() else ""
        self._problem.tell(reason, suggestion)
        mark_invalid(self.edit, bool(reason))
        self.edit.setAccessibleDescription(reason)
        if is_news:
            QAccessible.updateAccessibility(
                QAccessibleEvent(self.edit, QAccessible.Event.DescriptionChanged)
            )


class NickField(CheckedField):
    """A nick by the grammar of RFC 2812."""

    def __init__(self, parent: QWidget | None = None, max_length: int = DEFAULT_NICK_LENGTH):
        super().__init__("Nick", lambda text: check_nick(text.strip(), max_length), parent)
        self.edit.setPlaceholderText(self.tr("The name that others see"))


def mark_invalid(edit: QWidget, is_invalid: bool) -> None:
    """Give the field the look of an error, or take it away."""
    if bool(edit.property("invalid")) != is_invalid:
        edit.setProperty("invalid", is_invalid)
        edit.style().unpolish(edit)
        edit.style().polish(edit)
