"""A dialog with a list: a form above adds to it, a button below takes away what is chosen."""

from collections.abc import Sequence

from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from chatlab.ui.dialogs.parts import Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.theme import SPACE, plain_label, set_icon
from chatlab.ui.widgets.controls import scaled


class ListSheet(Sheet):
    """What such dialogs share; a subclass fills ``model`` and says what the buttons do."""

    def __init__(
        self,
        title: str,
        words: str,
        columns: Sequence[str],
        empty: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, parent)
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.model = QStandardItemModel(0, len(columns), self)
        self.model.setHorizontalHeaderLabels(list(columns))
        self.table = Table(self.tr(title), self.tr(empty), self)
        self.table.setModel(self.model)

    def lay_out_list(
        self,
        form: QWidget,
        widths: Sequence[int],
        remove: tuple[str, str],
        *,
        add_button: QPushButton | None = None,
        heading: str = "",
    ) -> None:
        """The form, the list with its columns' widths in steps of the grid, the buttons.

        ``remove``: words and icon of the button that takes away.
        """
        self.body.addWidget(form)
        if add_button is not None:
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(add_button)
            self.body.addLayout(row)
        if heading:
            self.body.addWidget(plain_label(heading, "heading", self))
        for column, width in enumerate(widths):
            self.table.setColumnWidth(column, scaled(width * SPACE))
        self.table.setSelectionMode(Table.SelectionMode.ExtendedSelection)
        self.body.addWidget(self.table, 1)
        words, icon = remove
        self.remove_button = self.add_button(self.tr(words))
        set_icon(self.remove_button, icon)
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))
        self.remove_button.clicked.connect(self.remove_chosen)
        self.table.remove_wanted.connect(self.remove_chosen)
        self.table.rows_chosen.connect(self.refresh)
        self.close_button.clicked.connect(self.reject)

    def refresh(self) -> None:
        """Something was typed or chosen: which buttons work now."""
        self.remove_button.setEnabled(bool(self.table.chosen_rows()))

    def remove_chosen(self) -> None:
        """Take away the chosen rows."""
        raise NotImplementedError
