"""One of a channel's lists of masks: look, add, remove."""

from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatlab.core.chat import Member
from chatlab.core.listings import ListedMask
from chatlab.core.masks import MaskForm, forms_of, full_mask
from chatlab.ui.dialogs.table import Table
from chatlab.ui.mode_words import LIST_TITLES, LIST_WORDS
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated, plain_label, set_icon
from chatlab.ui.widgets.controls import Select, scaled

_TITLES = ("Mask", "By", "Since")
_MASK_WIDTH, _BY_WIDTH = 34 * SPACE, 12 * SPACE
_LIST_HEIGHT = 16 * SPACE


class MasksPage(QWidget):
    """A list, a line to add to it, a button to take from it.

    Signals:
        wanted: the list is to be asked for.
        mode_wanted: ``+b mask`` or ``-b mask``.
    """

    wanted = Signal()
    mode_wanted = Signal(str)

    def __init__(
        self, letter: str, limit: int, members: Mapping[str, Member], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.letter = letter
        self._limit = limit
        self._members = members
        self._forms: tuple[MaskForm, ...] = ()
        self._may_change = True
        self._model = QStandardItemModel(0, len(_TITLES), self)
        self._model.setHorizontalHeaderLabels(list(_TITLES))
        self.table = Table(LIST_TITLES[letter], self.tr("Asking the server…"), self)
        self.table.setModel(self._model)
        self.table.setSelectionMode(Table.SelectionMode.ExtendedSelection)
        self.table.setMinimumHeight(scaled(_LIST_HEIGHT))
        self.table.setColumnWidth(0, scaled(_MASK_WIDTH))
        self.table.setColumnWidth(1, scaled(_BY_WIDTH))
        self.count = plain_label("", "small", self)
        self.who = QLineEdit(self)
        self.who.setPlaceholderText(self.tr("Nick or mask"))
        self.who.setAccessibleName(self.tr("Nick or mask"))
        self.form = Select(self)
        self.form.setAccessibleName(self.tr("How to name them"))
        self.add_button = QPushButton(self.tr("Add"), self)
        self.remove_button = QPushButton(self.tr("Remove"), self)
        set_icon(self.remove_button, "trash")
        self._lay_out()
        self._connect()
        self._on_who_changed()
        self._update()

    def _lay_out(self) -> None:
        words = plain_label(LIST_WORDS[self.letter], "muted", self)
        words.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.who, 2)
        line.addWidget(self.form, 3)
        line.addWidget(self.add_button)
        below = QHBoxLayout()
        below.setSpacing(SPACE)
        below.addWidget(self.count, 1)
        below.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + SPACE // 2)
        column.addWidget(words)
        column.addLayout(line)
        column.addWidget(self.table, 1)
        column.addLayout(below)

    def _connect(self) -> None:
        nicks = sorted((bare(member.nick) for member in self._members.values()), key=str.lower)
        completer = QCompleter(QStringListModel(nicks, self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.who.setCompleter(completer)
        self.who.textChanged.connect(self._on_who_changed)
        self.who.returnPressed.connect(self._add)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)
        self.table.remove_wanted.connect(self._remove)
        self.table.rows_chosen.connect(self._update)

    def show_masks(self, masks: tuple[ListedMask, ...]) -> None:
        """The list as the server told it."""
        self._model.removeRows(0, self._model.rowCount())
        for mask in masks:
            since = f"{datetime.fromtimestamp(mask.set_ns / 1e9):%Y-%m-%d %H:%M}"
            cells = (bare(mask.mask), bare(mask.by), since if mask.set_ns else "")
            items = [QStandardItem(cell) for cell in cells]
            items[0].setData(mask.mask, Qt.ItemDataRole.UserRole)
            self._model.appendRow(items)
        self.table.say_empty(self.tr("Nobody. Add a nick or a mask above."))
        self._update()

    def set_may_change(self, may_change: bool) -> None:
        self._may_change = may_change
        for part in (self.who, self.form):
            part.setEnabled(may_change)
        self._update()

    def set_who(self, nick: str) -> None:
        """Propose somebody."""
        self.who.setText(nick)

    def _on_who_changed(self) -> None:
        """A nick can be named by several masks; a mask is what it is."""
        text = self.who.text().strip()
        member = self._members.get(text.lower())
        if member is not None:
            self._forms = forms_of(member.nick, member.user_host)
        elif text:
            self._forms = (MaskForm(full_mask(text), "as typed" if "!" in text else "this mask"),)
        else:
            self._forms = ()
        self.form.clear()
        self.form.addItems([f"{bare(form.mask)} – {form.words}" for form in self._forms])
        self.form.setVisible(bool(self._forms))
        self._update()

    def _update(self) -> None:
        self.add_button.setEnabled(self._may_change and bool(self._forms))
        chosen = len(self.table.chosen_rows())
        self.remove_button.setEnabled(self._may_change and chosen > 0)
        self.remove_button.setText(
            self.tr("Remove {}").format(chosen) if chosen > 1 else self.tr("Remove")
        )
        count = self._model.rowCount()
        words = f"{count} of {self._limit}" if self._limit else f"{count}" if count else ""
        self.count.setText(words)

    def _add(self) -> None:
        if self._may_change and 0 <= self.form.currentIndex() < len(self._forms):
            mask = self._forms[self.form.currentIndex()].mask
            self.who.clear()
            self.mode_wanted.emit(f"+{self.letter} {mask}")

    def _remove(self) -> None:
        if not self._may_change:
            return
        for row in self.table.chosen_rows():
            mask = self._model.item(row, 0).data(Qt.ItemDataRole.UserRole)
            self.mode_wanted.emit(f"-{self.letter} {mask}")


def title_of(letter: str, chat: str) -> str:
    """What a list is called, for messages."""
    return f"{LIST_TITLES.get(letter, letter)} of {isolated(chat)}"
