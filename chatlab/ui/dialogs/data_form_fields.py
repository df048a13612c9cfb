"""One editor per kind of field in a data form (XEP-0004, section 3.3).

All words in it are a server's: they are shown as plain text, cut to a bearable length, and never
decide how the window looks.
"""

from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPixmap
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from chatlab.core.forms import FieldKind, FormField
from chatlab.ui.dialogs.inputs import PasswordField
from chatlab.ui.dialogs.parts import Hint
from chatlab.ui.pictures import read_picture
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, plain_label
from chatlab.ui.widgets.controls import Select, Tick, scaled
from chatlab.ui.widgets.nick_field import mark_invalid

MAX_OPTIONS = 200
_SHOWN_SIDE = 44 * SPACE
MAX_WORDS = 500
_MAX_TYPED = 4_000
_LINES_SHOWN = 4
KNOWN_NAMES = {
    "username": "User name",
    "nick": "Nickname",
    "password": "Password",
    "name": "Full name",
    "first": "First name",
    "last": "Last name",
    "email": "E-mail address",
    "address": "Street",
    "city": "City",
    "state": "State or region",
    "zip": "Postal code",
    "phone": "Telephone",
    "url": "Web page",
    "date": "Date",
    "misc": "Other",
    "text": "Other text",
    "key": "Key",
}
"""Fields of XEP-0077, section 14.3, which come without a label."""


def title_of(field: FormField) -> str:
    """What to call a field that may have no label of its own."""
    return bare(field.label)[:MAX_WORDS] or KNOWN_NAMES.get(field.name, bare(field.name))


class Editor(Protocol):
    """What a form asks of the editor of one field."""

    def values(self) -> tuple[str, ...]: ...

    def set_invalid(self, is_invalid: bool) -> None: ...

    @property
    def focus_widget(self) -> QWidget: ...


class LineEditor(QLineEdit):
    """text-single, jid-single, and whatever a server invents."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMaxLength(_MAX_TYPED)
        self.setText("".join(field.values[:1]))

    def values(self) -> tuple[str, ...]:
        text = self.text().strip()
        return (text,) if text else ()

    def set_invalid(self, is_invalid: bool) -> None:
        mark_invalid(self, is_invalid)

    @property
    def focus_widget(self) -> QWidget:
        return self


class SecretEditor(PasswordField):
    """text-private."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        super().__init__(title_of(field), is_stored=False, parent=parent)
        self.setText("".join(field.values[:1]))

    def values(self) -> tuple[str, ...]:
        return (self.text(),) if self.text() else ()

    def set_invalid(self, is_invalid: bool) -> None:
        mark_invalid(self, is_invalid)

    @property
    def focus_widget(self) -> QWidget:
        return self


class LinesEditor(QPlainTextEdit):
    """text-multi and jid-multi: one value per line."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setPlainText("\n".join(field.values)[:_MAX_TYPED])
        height = self.fontMetrics().lineSpacing() * _LINES_SHOWN
        self.setFixedHeight(height + 2 * SPACE)
        self._is_address = field.kind is FieldKind.JID_MULTI

    def values(self) -> tuple[str, ...]:
        lines = self.toPlainText().splitlines()
        if self._is_address:
            return tuple(line.strip() for line in lines if line.strip())
        return tuple(lines)

    def set_invalid(self, is_invalid: bool) -> None:
        self.setProperty("invalid", is_invalid)
        self.style().unpolish(self)
        self.style().polish(self)

    @property
    def focus_widget(self) -> QWidget:
        return self


class ChoiceEditor(Select):
    """list-single."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        super().__init__(parent)
        chosen = "".join(field.values[:1])
        options = list(field.options[:MAX_OPTIONS])
        if chosen not in [value for _, value in options]:
            # The form names no choice, or one that is not on offer: it must not change unasked.
            options.insert(0, (chosen, chosen))
        for label, value in options:
            self.addItem(bare(label)[:MAX_WORDS] or value or "–", value)
        self.setCurrentIndex([value for _, value in options].index(chosen))

    def values(self) -> tuple[str, ...]:
        value = str(self.currentData())
        return (value,) if value else ()

    def set_invalid(self, is_invalid: bool) -> None:
        self.setAccessibleDescription("needed" if is_invalid else "")

    @property
    def focus_widget(self) -> QWidget:
        return self


class _ClickLabel(QLabel):
    """Signals:
    clicked: as on a label that belongs to a tick.
    """

    clicked = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class TickRow(QWidget):
    """A tick whose words wrap, as QCheckBox's do not."""

    def __init__(self, words: str, is_on: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.tick = Tick(self)
        self.tick.setChecked(is_on)
        self.tick.setAccessibleName(words)
        label = _ClickLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setText(words)
        label.clicked.connect(self.tick.toggle)
        label.clicked.connect(self.tick.setFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(HALF)
        row.addWidget(self.tick, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(label, 1)
        self.setFocusProxy(self.tick)


class BooleanEditor(TickRow):
    """boolean; the words of the field are those of the tick."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        is_on = "".join(field.values[:1]).lower() in ("1", "true")
        super().__init__(title_of(field), is_on, parent)

    def values(self) -> tuple[str, ...]:
        return ("1" if self.tick.isChecked() else "0",)

    def set_invalid(self, is_invalid: bool) -> None:
        """Nothing: a tick is always one of two answers."""

    @property
    def focus_widget(self) -> QWidget:
        return self.tick


class ChoicesEditor(QWidget):
    """list-multi: a tick per option."""

    def __init__(self, field: FormField, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[tuple[TickRow, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        for label, value in field.options[:MAX_OPTIONS]:
            words = bare(label)[:MAX_WORDS] or value
            row = TickRow(words, value in field.values, self)
            column.addWidget(row)
            self._rows.append((row, value))

    def values(self) -> tuple[str, ...]:
        return tuple(value for row, value in self._rows if row.tick.isChecked())

    def set_invalid(self, is_invalid: bool) -> None:
        """Nothing beside the words below: there is no one field to mark."""

    @property
    def focus_widget(self) -> QWidget:
        return self._rows[0][0].tick if self._rows else self


def editor_for(field: FormField, parent: QWidget) -> QWidget | None:
    """The editor of a field; None where there is nothing to fill in."""
    match field.kind:
        case FieldKind.FIXED | FieldKind.HIDDEN:
            return None
        case FieldKind.BOOLEAN:
            return BooleanEditor(field, parent)
        case FieldKind.LIST_SINGLE:
            return ChoiceEditor(field, parent)
        case FieldKind.LIST_MULTI:
            return ChoicesEditor(field, parent)
        case FieldKind.TEXT_MULTI | FieldKind.JID_MULTI:
            return LinesEditor(field, parent)
        case FieldKind.TEXT_PRIVATE:
            return SecretEditor(field, parent)
        case FieldKind.TEXT_SINGLE if field.name == "password":
            return SecretEditor(field, parent)  # Whatever the server calls it.
        case _:
            return LineEditor(field, parent)


def picture_label(data: bytes, name: str, parent: QWidget) -> QLabel:
    """The picture, or words in its place."""
    image = read_picture(data)
    if image is None:
        label = plain_label(
            "There was a picture here that cannot be shown: it is too large, or damaged.",
            "muted",
            parent,
        )
        label.setWordWrap(True)
        return label
    side = scaled(_SHOWN_SIDE)
    if max(image.width(), image.height()) > side:
        image = image.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    label = QLabel(parent)
    label.setPixmap(QPixmap.fromImage(image))
    label.setAccessibleName(f"Picture that belongs to: {name}")
    label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return label


class FieldRow(QWidget):
    """A field with its words above, its pictures, and what is wrong below."""

    def __init__(self, field: FormField, editor: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = field
        self.editor: Editor = editor  # type: ignore[assignment]  # editor_for() makes no others
        name = title_of(field)
        self.hint = Hint(bare(field.description)[:MAX_WORDS], self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(HALF)
        if field.kind is not FieldKind.BOOLEAN:
            label = plain_label(f"{name} *" if field.is_required else name, "muted", self)
            label.setWordWrap(True)
            label.setBuddy(self.editor.focus_widget)
            column.addWidget(label)
            editor.setAccessibleName(name)
        for data in field.media:
            column.addWidget(picture_label(data, name, self))
        column.addWidget(editor)
        column.addWidget(self.hint)
        if field.is_required:
            self.editor.focus_widget.setAccessibleDescription("needed")

    def answer(self) -> FormField:
        return replace(self.field, values=self.editor.values())

    def check(self) -> bool:
        """Say so when a needed answer is missing; True when all is well."""
        is_missing = self.field.is_required and not any(self.editor.values())
        self.tell("The server needs this." if is_missing else "")
        return not is_missing

    def tell(self, error: str) -> None:
        """What is wrong with the answer; nothing when empty."""
        self.hint.tell(error)
        self.editor.set_invalid(bool(error))
