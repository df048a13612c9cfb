"""The keys of every action: see them, filter them, choose others; two meanings are never saved."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QKeySequenceEdit,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from chatlab.ui.action_ids import ActionId, ActionSpec
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.models.shortcut_rows import ShortcutColumn, ShortcutModel
from chatlab.ui.shortcuts import NUMBER_SIGN, Chosen, fault_of, key_text, owner_of, portable
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 92 * SPACE, 84 * SPACE
_WIDTHS = {ShortcutColumn.ACTION: 38, ShortcutColumn.KEYS: 27, ShortcutColumn.MENU: 10}
_FIELD_WIDTH = 24 * SPACE
_SLOTS = ("Keys", "Or")
_USUAL = "Click into a field, then press the keys together. Backspace alone takes them away."


class KeyField(QKeySequenceEdit):
    """Takes what is pressed; Tab goes on, Backspace alone empties it.

    Signals:
        pressed: the key in its portable spelling; empty when it is to go.
    """

    pressed = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumSequenceLength(1)
        self.setClearButtonEnabled(True)
        self.setAccessibleName(name)
        self.setFixedWidth(scaled(_FIELD_WIDTH))
        self.keySequenceChanged.connect(self._on_changed)

    def show_key(self, key: str) -> None:
        """A key, or none; of a numbered action the first of its nine."""
        with QSignalBlocker(self):
            self.setKeySequence(QKeySequence(key.replace(NUMBER_SIGN, "1")))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the dialog, as everywhere; with Shift it is a key like others."""
        if event.key() == Qt.Key.Key_Escape and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _on_changed(self, sequence: QKeySequence) -> None:
        text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        self.pressed.emit("" if text == "Backspace" else text)


class ShortcutsDialog(Sheet):
    """Use it with ``open()``. ``actions`` are those that the window obeys.

    Signals:
        submitted: keys by the name of an action, for those that have others than usual.
    """

    submitted = Signal(object)

    def __init__(
        self, actions: Sequence[ActionSpec], chosen: Chosen, parent: QWidget | None = None
    ) -> None:
        super().__init__("Keyboard shortcuts", parent)
        words = "Choose an action, then press the keys that are to do it."
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.model = ShortcutModel(actions, chosen, self)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter: an action, a menu, a key"))
        self.filter.setAccessibleName(self.tr("Filter actions"))
        self.filter.setClearButtonEnabled(True)
        empty = self.tr("No action is called so, and none has such a key.")
        self.table = Table(self.windowTitle(), empty, self)
        self.table.setModel(self.model)
        self.fields = tuple(KeyField(name, self) for name in _SLOTS)
        self.take_button = QPushButton(self)
        self.take_button.hide()
        self._hint = Hint(_USUAL, self)
        self._wish: tuple[int, str, ActionId] | None = None
        """A field, the key that was pressed in it, and the action that has it."""
        self._lay_out()
        self._connect()
        self.settle(None)
        self.resize(scaled(WIDTH), scaled(HEIGHT))
        self.table.setCurrentIndex(self.model.index(0, 0))
        self.filter.setFocus()

    def _lay_out(self) -> None:
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, scaled(width * SPACE))
        self.body.addWidget(self.filter)
        self.body.addWidget(self.table, 1)
        self._form = Form(parent=self)
        row = QWidget(self)
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(SPACE)
        for field in self.fields:
            box.addWidget(field)
        self.reset_button = QPushButton(self.tr("As usual"), self)
        box.addWidget(self.reset_button)
        box.addStretch(1)
        row.setFocusProxy(self.fields[0])
        below = QWidget(self)
        lines = QVBoxLayout(below)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(SPACE)
        lines.addWidget(self._hint)
        lines.addWidget(self.take_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._form.add("Its keys", row, below)
        self.body.addWidget(self._form)
        self.reset_all_button = self.add_button(self.tr("All as usual"))
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.save_button = self.add_button(self.tr("Save"), is_primary=True)

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._on_filter)
        self.table.rows_chosen.connect(self._show_chosen)
        self.table.chosen.connect(lambda _row: self.fields[0].setFocus())
        self.table.remove_wanted.connect(lambda: self._give(()))
        for slot, field in enumerate(self.fields):
            field.pressed.connect(lambda key, slot=slot: self._on_pressed(slot, key))
        self.take_button.clicked.connect(self._take_over)
        self.reset_button.clicked.connect(self._reset)
        self.reset_all_button.clicked.connect(self._reset_all)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._submit)

    @property
    def chosen(self) -> ActionSpec | None:
        """The action whose keys are shown, with the keys as they are now in the form."""
        rows = self.table.chosen_rows()
        return self.model.spec(rows[0]) if rows else None

    def _on_filter(self, words: str) -> None:
        before = self.chosen
        self.model.set_filter(words)
        row = self.model.row_of(before.id) if before is not None else None
        self.table.setCurrentIndex(self.model.index(row or 0, 0))
        self._show_chosen()

    def _show_chosen(self) -> None:
        """The chosen action’s keys; a wish that was not granted is forgotten."""
        spec = self.chosen
        self._wish = None
        self._tell("")
        for field in self.fields:
            field.setEnabled(spec is not None)
        self._refresh()

    def _refresh(self) -> None:
        spec = self.chosen
        keys = spec.shortcuts if spec is not None else ()
        for slot, field in enumerate(self.fields):
            field.show_key(keys[slot] if slot < len(keys) else "")
        self.reset_button.setEnabled(spec is not None and self.model.is_changed(spec.id))
        self.reset_all_button.setEnabled(bool(self.model.chosen))

    def _on_pressed(self, slot: int, key: str) -> None:
        spec = self.chosen
        if spec is None:
            return
        self._wish = None
        self._refresh()  # What is not granted is not shown, either.
        if key and spec.is_numbered and key[-1:] in "123456789":
            key = f"{key[:-1]}{NUMBER_SIGN}"
        key = portable(key) if key else ""
        if key and (fault := fault_of(spec, key)):
            self._tell(fault)
            return
        owner = owner_of(key, self.model.keys) if key else None
        if owner is not None and owner is not spec.id:
            self._wish = (slot, key, owner)
            name = self.model.name_of(owner)
            shown = key_text(key.replace(NUMBER_SIGN, "1"))
            self._tell(f"{shown} already does something: {name}.")
            self.take_button.setText(self.tr("Take it from “{}”").format(name))
            self.take_button.show()
            return
        self._put(slot, key)

    def _tell(self, fault: str) -> None:
        self._hint.tell(fault)
        self.take_button.hide()

    def _put(self, slot: int, key: str) -> None:
        """Give the chosen action a key in one of its fields, or take it away there."""
        spec = self.chosen
        assert spec is not None  # its fields are off otherwise
        keys = [*spec.shortcuts, "", ""][: max(len(spec.shortcuts), len(self.fields))]
        keys[slot] = key
        self._give(tuple(dict.fromkeys(one for one in keys if one)))

    def _give(self, keys: tuple[str, ...]) -> None:
        spec = self.chosen
        if spec is not None:
            self.model.set_keys(spec.id, keys)
            self._tell("")
            self._refresh()

    def _take_over(self) -> None:
        if self._wish is None:
            return
        slot, key, owner = self._wish
        self.model.take_from(owner, key)
        self._put(slot, key)
        self._show_chosen()
        self.fields[slot].setFocus()

    def _reset(self) -> None:
        spec = self.chosen
        if spec is not None:
            self.model.reset(spec.id)
            self._show_chosen()

    def _reset_all(self) -> None:
        self.model.reset_all()
        self._show_chosen()

    def _submit(self) -> None:
        self.accept()
        self.submitted.emit(self.model.chosen)
