"""Something that is done to a person, and the words that they get to read."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.theme import SPACE

WIDTH = 56 * SPACE
MAX_HEIGHT = 360


class ReasonDialog(Sheet):
    """Asks for consent and a reason; use it with ``open()``.

    Signals:
        submitted: the reason; empty when there is none.
    """

    submitted = Signal(str)

    def __init__(self, title: str, words: str, button: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.head.addWidget(header(title, words, self))
        self.reason = QLineEdit(self)
        self.reason.setPlaceholderText(self.tr("None"))
        form = Form(parent=self)
        form.add("Reason", self.reason, Hint("Everybody in the room can read it."))
        self.body.addWidget(form)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.do_button = self.add_button(button, is_primary=True)
        cancel.clicked.connect(self.reject)
        self.do_button.clicked.connect(self._submit)
        self.settle(self.do_button)
        self.reason.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _submit(self) -> None:
        self.accept()
        self.submitted.emit(self.reason.text().strip())
