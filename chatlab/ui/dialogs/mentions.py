"""The messages that were meant for the reader; Return goes there."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from chatlab.core.chats import ChatBook
from chatlab.ui.dialogs.parts import Sheet, header
from chatlab.ui.dialogs.table import Table
from chatlab.ui.models.mentions import Column, MentionsModel
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 100 * SPACE, 64 * SPACE
_WIDTHS = {Column.TIME: 13 * SPACE, Column.CHAT: 22 * SPACE, Column.SENDER: 13 * SPACE}


class MentionsDialog(Sheet):
    """Follows the book while it is open.

    Signals:
        go_to: ChatKey and MessageId.
        rules_wanted: the words that count are to be chosen.
    """

    go_to = Signal(object, str)
    rules_wanted = Signal()

    def __init__(self, book: ChatBook, parent: QWidget | None = None) -> None:
        super().__init__("Mentions", parent)
        words = "Messages with your nick or one of your highlights. Return goes there."
        self.head.addWidget(header(self.windowTitle(), words, self))
        self.model = MentionsModel(book, self)
        empty = "Nobody has mentioned you yet. Messages with your nick will stand here."
        self.table = Table(self.tr("Mentions"), self.tr(empty), self)
        self.table.setModel(self.model)
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, scaled(width))
        self.table.chosen.connect(self._go)
        self.body.addWidget(self.table, 1)
        self.rules_button = self.add_button(self.tr("Highlights…"))
        self.foot.addStretch(1)
        self.close_button = self.add_button(self.tr("Close"))
        self.go_button = self.add_button(self.tr("Go there"), is_primary=True)
        self.go_button.clicked.connect(lambda: self._go(self.table.currentIndex().row()))
        self.close_button.clicked.connect(self.reject)
        self.rules_button.clicked.connect(self.rules_wanted)
        self.table.rows_chosen.connect(self._update)
        if self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))
        self._update()
        self.settle(self.go_button)
        self.table.setFocus()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _update(self) -> None:
        self.go_button.setEnabled(self.table.currentIndex().isValid())

    def _go(self, row: int) -> None:
        if mention := self.model.mention(row):
            self.accept()
            self.go_to.emit(mention.chat, mention.message.id)

    def done(self, result: int) -> None:
        self.model.close()
        super().done(result)
