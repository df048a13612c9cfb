"""Asks which interface is to be captured whole: a deliberate choice, with what it means."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QWidget

from chatlab.core.capture import CaptureInterface
from chatlab.core.errors import ChatlabError
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.theme import SPACE, mono_font, plain_label
from chatlab.ui.widgets.controls import Tick, scaled

WIDTH = 78 * SPACE
MAX_HEIGHT = 560
LIST_HEIGHT = 22 * SPACE
_WIDTHS = (15, 32)
"""Of the columns but the last, in steps of the grid."""


class WholeInterfaceDialog(Sheet):
    """Shows interfaces it is given; use it with ``show_interfaces`` or ``show_error``.

    Signals:
        chosen: name of the interface, and whether frames for other computers are wanted, too.
        ended: only ChatLab's own connections are to be captured again.
    """

    chosen = Signal(str, bool)
    ended = Signal()

    def __init__(self, current: str, parent: QWidget | None = None) -> None:
        """``current``: the interface that is captured whole now; empty when none is."""
        super().__init__("Capture a whole interface", parent)
        self._current = current
        words = self.tr(
            "Everything that crosses it is captured, as other analysers do it: other programs "
            "and other people included. Your own connections stay coloured; the rest is grey."
        )
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.notice = Notice(self)
        self.body.addWidget(self.notice)
        self._names: list[str] = []
        self.model = QStandardItemModel(0, 3, self)
        titles = (self.tr("Interface"), self.tr("Addresses"), self.tr("What it is"))
        self.model.setHorizontalHeaderLabels(list(titles))
        self.table = Table(self.tr("Interfaces"), self.tr("Looking…"), self)
        self.table.setModel(self.model)
        self.table.setMinimumHeight(scaled(LIST_HEIGHT))
        for column, width in enumerate(_WIDTHS):
            self.table.setColumnWidth(column, scaled(width * SPACE))
        self.body.addWidget(self.table, 1)
        self.promiscuous = Tick(
            self.tr("Also frames that are meant for other &computers (promiscuous mode)"), self
        )
        self.body.addWidget(self.promiscuous)
        self.remedy = plain_label("", parent=self)
        self.remedy.setWordWrap(True)
        self.remedy.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remedy.hide()
        self.body.addWidget(self.remedy)
        self._make_buttons()
        self._say_law()
        self.settle(self.capture_button)
        self.fit(WIDTH, MAX_HEIGHT)

    def _make_buttons(self) -> None:
        self.end_button = self.add_button(self.tr("&Own connections only"))
        self.end_button.setVisible(bool(self._current))
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.capture_button = self.add_button(self.tr("Capture all of it"), is_primary=True)
        self.capture_button.setEnabled(False)
        self.end_button.clicked.connect(self._on_ended)
        self.cancel_button.clicked.connect(self.reject)
        self.capture_button.clicked.connect(self._on_chosen)
        self.table.rows_chosen.connect(self._on_rows_chosen)
        self.table.chosen.connect(self._on_chosen)

    def _say_law(self) -> None:
        title = self.tr("What others send and get may be recorded")
        if self._current:
            title = self.tr("{} is captured whole at the moment").format(self._current)
        words = self.tr(
            "In many countries that is an offence unless they agree. Do it on your own network, "
            "or where everybody knows and consents, and mind whom you give the file."
        )
        self.notice.tell("warning", "attention", title, words)

    def show_interfaces(self, interfaces: Sequence[CaptureInterface]) -> None:
        """Offer these; the one that is captured, or else the first in use, is chosen."""
        self.model.removeRows(0, self.model.rowCount())
        self.table.say_empty(self.tr("There is no interface that could be captured."))
        self._names = [each.name for each in interfaces]
        for each in interfaces:
            what = each.description if each.is_up else self.tr("{} (down)").format(each.description)
            texts = (each.name, ", ".join(each.addresses) or "–", what.strip())
            self.model.appendRow([_cell(text, each.is_up) for text in texts])
        if self._names:
            up = (at for at, each in enumerate(interfaces) if each.is_up)
            at = next(up, 0)
            if self._current in self._names:
                at = self._names.index(self._current)
            self.table.setCurrentIndex(self.model.index(at, 0))
        self._on_rows_chosen()

    def show_error(self, error: ChatlabError) -> None:
        """Nothing can be captured whole: why, and what would help."""
        self.table.hide()
        self.promiscuous.hide()
        self.capture_button.hide()
        self.cancel_button.setText(self.tr("Close"))
        self.notice.tell("lock", "error", self.tr("This takes a further right"), error.message)
        self.remedy.setText(error.hint)
        self.remedy.setFont(mono_font())
        self.remedy.setVisible(bool(error.hint))
        self.body.addStretch(1)
        self.fit(WIDTH, MAX_HEIGHT)

    def _row(self) -> int:
        return self.table.currentIndex().row()

    @Slot()
    def _on_rows_chosen(self) -> None:
        index = self.table.currentIndex()
        is_up = bool(self.model.flags(index) & Qt.ItemFlag.ItemIsEnabled)
        self.capture_button.setEnabled(index.isValid() and is_up)

    @Slot()
    def _on_chosen(self) -> None:
        if self.capture_button.isEnabled():
            self.chosen.emit(self._names[self._row()], self.promiscuous.isChecked())
            self.accept()

    @Slot()
    def _on_ended(self) -> None:
        self.ended.emit()
        self.accept()


def _cell(text: str, is_up: bool) -> QStandardItem:
    item = QStandardItem(text)
    item.setEnabled(is_up)
    item.setEditable(False)
    item.setToolTip(text)
    return item
