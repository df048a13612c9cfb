"""Invite somebody into a room."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QWidget

from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import Select
from chatlab.ui.widgets.jid_field import JidField

WIDTH = 60 * SPACE
MAX_HEIGHT = 460


class InviteDialog(Sheet):
    """Asks whom, and into which of the rooms that we are in; use it with ``open()``.

    Signals:
        submitted: address of the person, address of the room.
    """

    submitted = Signal(str, str)

    def __init__(
        self,
        rooms: Sequence[tuple[str, str]],
        people: Sequence[str],
        *,
        jid: str = "",
        room: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """``rooms``: address and title of each; ``people``: addresses to propose."""
        super().__init__("Invite into a room", parent)
        subtitle = "They get the room’s address, and its password where it has one."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self._rooms = tuple(address for address, _ in rooms)
        self.jid = JidField(self, name="Whom")
        completer = QCompleter(list(people), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.jid.edit.setCompleter(completer)
        self.jid.set_text(jid)
        self.room = Select(self)
        self.room.addItems([bare(title) for _, title in rooms])
        if room in self._rooms:
            self.room.setCurrentIndex(self._rooms.index(room))
        form = Form(parent=self)
        form.add("Whom", self.jid, Hint("An address; your contacts are proposed as you type."))
        words = "" if rooms else "You are in no room of this account yet."
        form.add("Into", self.room, Hint(words))
        self.body.addWidget(form)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.invite_button = self.add_button(self.tr("Invite"), is_primary=True)
        self.invite_button.setEnabled(bool(rooms))
        cancel.clicked.connect(self.reject)
        self.invite_button.clicked.connect(self._submit)
        self.settle(self.invite_button)
        (self.room if jid else self.jid).setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _submit(self) -> None:
        if self.jid.show_problem():
            self.jid.setFocus()
            return
        self.accept()
        self.submitted.emit(self.jid.text().strip(), self._rooms[self.room.currentIndex()])
