"""A data form of a server's or a room's, to be filled in (XEP-0004)."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.ui.dialogs.data_form_fields import MAX_WORDS, FieldRow, editor_for
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, plain_label

MAX_FIELDS = 200
_MAX_INSTRUCTIONS = 4_000
_LONG_FIXED = 60
"""Fixed words up to here stand as a headline, longer ones as a paragraph."""


class DataFormView(QWidget):
    """Shows a form and gives it back with the answers. Labels stand above their fields, because
    nobody knows how long a server's words are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = DataForm()
        self._rows: list[FieldRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE + SPACE // 2)

    def show_form(self, form: DataForm) -> None:
        """Another form; answers to the one before are gone."""
        while item := self._column.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        self._form, self._rows = form, []
        self._add_words(form.title, "heading")
        self._add_words(form.instructions, "muted")
        for field in form.fields[:MAX_FIELDS]:
            self._add_field(field)
        if any(row.field.is_required for row in self._rows):
            self._add_words("* The server needs an answer.", "small")

    def answers(self) -> DataForm:
        """The form as it stands now; hidden fields go back as they came."""
        filled = {id(row.field): row.answer() for row in self._rows}
        fields = tuple(filled.get(id(field), field) for field in self._form.fields)
        return DataForm(title=self._form.title, instructions=self._form.instructions, fields=fields)

    def check(self) -> bool:
        """Mark every needed answer that is missing and go to the first; True when all is well."""
        wrong = [row for row in self._rows if not row.check()]
        if wrong:
            wrong[0].editor.focus_widget.setFocus(Qt.FocusReason.OtherFocusReason)
        return not wrong

    def tell(self, name: str, error: str) -> bool:
        """Mark the field of this name; False when there is none."""
        row = self.row(name)
        if row is not None:
            row.tell(error)
            row.editor.focus_widget.setFocus(Qt.FocusReason.OtherFocusReason)
        return row is not None

    def row(self, name: str) -> FieldRow | None:
        return next((row for row in self._rows if row.field.name == name), None)

    def focus_first(self) -> None:
        """To the first needed field without an answer, else to the first."""
        rows = [row for row in self._rows if row.field.is_required and not row.answer().values]
        if found := rows or self._rows:
            found[0].editor.focus_widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_field(self, field: FormField) -> None:
        if field.kind is FieldKind.FIXED:
            words = "\n".join(field.values)
            self._add_words(words, "heading" if len(words) <= _LONG_FIXED else "muted")
            return
        if (editor := editor_for(field, self)) is not None:
            row = FieldRow(field, editor, self)
            self._rows.append(row)
            self._column.addWidget(row)

    def _add_words(self, words: str, role: str) -> QLabel | None:
        if not words.strip():
            return None
        limit = MAX_WORDS if role == "heading" else _MAX_INSTRUCTIONS
        lines = "\n".join(bare(line) for line in words.strip().splitlines())
        label = plain_label(lines[:limit], role, self)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(label)
        return label
