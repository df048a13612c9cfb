"""The lasting standing of people in a room: owners, admins, members, those who are banned."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from chatlab.core.listings import ListedMask
from chatlab.ui.dialogs.table import Table
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, plain_label, set_icon
from chatlab.ui.widgets.controls import Select, scaled
from chatlab.ui.widgets.jid_field import JidField

STANDINGS = {
    "owner": ("Owners", "They decide everything: settings, admins, and the end of the room."),
    "admin": ("Admins", "They ban people, and make members and moderators."),
    "member": ("Members", "They may enter even when only members may, and keep their voice."),
    "outcast": ("Banned", "They may not enter."),
}
"""Affiliations (XEP-0045, section 5.2), in words."""
_HEIGHT = 16 * SPACE


class StandingPage(QWidget):
    """One list at a time, a line to add to it, a button to take from it.

    Signals:
        wanted: the affiliation whose list is to be asked for.
        change_wanted: address, and the affiliation that they are to have.
    """

    wanted = Signal(str)
    change_wanted = Signal(str, str)

    def __init__(self, people: Sequence[str] = (), parent: QWidget | None = None) -> None:
        """``people``: addresses to propose."""
        super().__init__(parent)
        self._lists: dict[str, tuple[str, ...]] = {}
        self._asked: set[str] = set()
        self.which = Select(self)
        self.which.setAccessibleName(self.tr("Which list"))
        for affiliation, (title, _) in STANDINGS.items():
            self.which.addItem(self.tr(title), affiliation)
        self._words = plain_label("", "muted", self)
        self._words.setWordWrap(True)
        self._model = QStandardItemModel(0, 1, self)
        self._model.setHorizontalHeaderLabels([self.tr("Address")])
        self.table = Table(self.tr("People"), "", self)
        self.table.setModel(self._model)
        self.table.setSelectionMode(Table.SelectionMode.ExtendedSelection)
        self.table.setMinimumHeight(scaled(_HEIGHT))
        self.who = JidField(self, name="Whom to add")
        completer = QCompleter(QStringListModel(list(people), self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.who.edit.setCompleter(completer)
        self.add_button = QPushButton(self.tr("Add"), self)
        self.remove_button = QPushButton(self.tr("Take out"), self)
        set_icon(self.remove_button, "trash")
        self._lay_out()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.who, 1)
        line.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignTop)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + SPACE // 2)
        column.addWidget(self.which)
        column.addWidget(self._words)
        column.addLayout(line)
        column.addWidget(self.table, 1)
        column.addLayout(below)

    def _connect(self) -> None:
        self.which.currentIndexChanged.connect(self._show)
        self.table.rows_chosen.connect(self._update)
        self.table.remove_wanted.connect(self._remove)
        self.who.edit.returnPressed.connect(self._add)
        self.add_button.clicked.connect(self._add)
        self.remove_button.clicked.connect(self._remove)

    @property
    def affiliation(self) -> str:
        return str(self.which.currentData())

    def show_list(self, affiliation: str, masks: Sequence[ListedMask]) -> None:
        """A list as the room keeps it."""
        self._lists[affiliation] = tuple(mask.mask for mask in masks)
        if affiliation == self.affiliation:
            self._fill()

    def begin(self) -> None:
        """The page is seen: ask for the list that it shows."""
        if self.affiliation not in self._asked:
            self._asked.add(self.affiliation)
            self.wanted.emit(self.affiliation)

    def say_unknown(self, words: str) -> None:
        """No list came."""
        self.table.say_empty(words)

    def _show(self) -> None:
        self._words.setText(self.tr(STANDINGS[self.affiliation][1]))
        self._fill()
        if self.isVisible():
            self.begin()

    def _fill(self) -> None:
        known = self._lists.get(self.affiliation)
        self._model.removeRows(0, self._model.rowCount())
        for address in known or ():
            self._model.appendRow(QStandardItem(bare(address)))
        self.table.say_empty(
            self.tr("Asking the room…") if known is None else self.tr("Nobody is on this list.")
        )
        self._update()

    def _update(self) -> None:
        self.remove_button.setEnabled(bool(self.table.chosen_rows()))

    def _add(self) -> None:
        if not self.who.show_problem():
            self._change(self.who.text().strip(), self.affiliation)
            self.who.set_text("")

    def _remove(self) -> None:
        known = self._lists.get(self.affiliation, ())
        for address in [known[row] for row in self.table.chosen_rows()]:
            self._change(address, "none")

    def _change(self, address: str, affiliation: str) -> None:
        """Have it changed; the list is then asked for once more."""
        self.change_wanted.emit(address, affiliation)
        self.wanted.emit(self.affiliation)
