"""The modes of a channel as switches with words."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from chatlab.core.features import ServerFeatures
from chatlab.ui.dialogs.parts import Fold, Hint
from chatlab.ui.mode_words import FLAGS_SHOWN, MODE_TITLES, MODE_WORDS
from chatlab.ui.theme import HALF, SPACE, plain_label
from chatlab.ui.widgets.controls import Tick, scaled

_INDENT = 3 * SPACE
_FIELD_WIDTH = 18 * SPACE
_MAX_LIMIT = 1_000_000


def read_modes(modes: str, features: ServerFeatures) -> dict[str, str]:
    """``+ntl 20`` as letters with their parameters; a key is known to be set, not what it is."""
    letters, _, rest = modes.removeprefix("+").partition(" ")
    parameters = rest.split()
    takes = features.modes_with_parameter.replace("k", "") + features.modes_set_with_parameter
    return {
        letter: parameters.pop(0) if letter in takes and parameters else "" for letter in letters
    }


class ModesPage(QWidget):
    """Switches for the modes that the server announces; ``changes`` says what to send."""

    def __init__(self, features: ServerFeatures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._features = features
        self._before: dict[str, str] = {}
        self.ticks: dict[str, Tick] = {}
        self.key = QLineEdit(self)
        self.limit = QLineEdit(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + HALF)
        known = [letter for letter in FLAGS_SHOWN if letter in features.flag_modes]
        rows = [self._make_row(letter) for letter in known]
        if "k" in features.modes_with_parameter:
            self._set_up(self.key, "Key of the channel")
            rows.append(self._make_row("k", self.key))
        if "l" in features.modes_set_with_parameter:
            self._set_up(self.limit, "Most members")
            self.limit.setValidator(QIntValidator(1, _MAX_LIMIT, self))
            rows.append(self._make_row("l", self.limit))
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * SPACE)
        grid.setVerticalSpacing(2 * SPACE)
        for number, row in enumerate(rows):
            grid.addWidget(row, number // 2, number % 2, Qt.AlignmentFlag.AlignTop)
        for number in range(2):
            grid.setColumnStretch(number, 1)
        column.addLayout(grid)
        for edit in (self.key, self.limit):
            edit.setHidden(edit.parent() is self)  # The server has no such mode.
        others = [letter for letter in features.flag_modes if letter not in known]
        if others:
            column.addWidget(self._make_others(others))
        column.addStretch(1)

    def _set_up(self, edit: QLineEdit, name: str) -> None:
        edit.setAccessibleName(name)
        edit.setFixedWidth(scaled(_FIELD_WIDTH))

    def _make_row(self, letter: str, field: QLineEdit | None = None) -> QWidget:
        row = QWidget(self)
        tick = self.ticks[letter] = Tick(f"{MODE_TITLES[letter]}  (+{letter})", row)
        tick.setAccessibleDescription(MODE_WORDS[letter])
        head = QHBoxLayout()
        head.setSpacing(SPACE)
        head.addWidget(tick)
        if field is not None:
            head.addWidget(field)
            field.setEnabled(False)
            tick.toggled.connect(field.setEnabled)
            field.textEdited.connect(lambda: tick.setChecked(True))
        head.addStretch(1)
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        column.addLayout(head)
        words = plain_label(MODE_WORDS[letter], "small", row)
        words.setWordWrap(True)
        words.setContentsMargins(_INDENT, 0, 0, 0)
        column.addWidget(words)
        return row

    def _make_others(self, letters: Sequence[str]) -> QWidget:
        """Letters that networks use as they like: their help tells what they mean."""
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(_INDENT, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(Hint("What these mean differs between networks; their help tells.", box))
        for start in range(0, len(letters), 8):
            row = QHBoxLayout()
            row.setSpacing(2 * SPACE)
            for letter in letters[start : start + 8]:
                tick = self.ticks[letter] = Tick(f"+{letter}", box)
                row.addWidget(tick)
            row.addStretch(1)
            column.addLayout(row)
        return Fold("More modes of this network", box, self)

    def show_modes(self, modes: str) -> None:
        """The modes as they are now; what was changed here and not sent is given up."""
        self._before = read_modes(modes, self._features)
        for letter, tick in self.ticks.items():
            tick.setChecked(letter in self._before)
        self.key.clear()
        is_set = "k" in self._before
        self.key.setPlaceholderText("Type to replace" if is_set else "The key")
        self.limit.setText(self._before.get("l", ""))
        self.limit.setPlaceholderText("Number")

    def error(self) -> str:
        """What is missing; empty when the changes can be sent."""
        key = self.key.text().strip()
        if self._wants("k") and "k" not in self._before and not key:
            return "Type the key, or take the tick off."
        if " " in key or "," in key:
            return "A key has no space and no comma in it."
        if self._wants("l") and not self.limit.text():
            return "Type how many members there may be, or take the tick off."
        return ""

    def changes(self) -> list[str]:
        """What to type after ``/mode`` so that the channel becomes what is shown here."""
        flags = set(self.ticks) - {"k", "l"}
        on = "".join(sorted(x for x in flags if self._wants(x) and x not in self._before))
        off = "".join(sorted(x for x in flags if not self._wants(x) and x in self._before))
        found = [(f"+{on}" if on else "") + (f"-{off}" if off else "")]
        if self._wants("k") and (key := self.key.text().strip()):
            found += (["-k"] if "k" in self._before else []) + [f"+k {key}"]
        elif "k" in self._before and not self._wants("k"):
            found.append("-k")
        limit = self.limit.text().strip()
        if self._wants("l") and limit != self._before.get("l"):
            found.append(f"+l {limit}")
        elif "l" in self._before and not self._wants("l"):
            found.append("-l")
        return [change for change in found if change]

    def _wants(self, letter: str) -> bool:
        return letter in self.ticks and self.ticks[letter].isChecked()
