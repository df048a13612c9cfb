"""Join a channel."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.core.account import AccountId
from chatlab.core.nick import NameProblem, check_channel
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.theme import SPACE, isolated
from chatlab.ui.widgets.controls import Select
from chatlab.ui.widgets.nick_field import CheckedField

WIDTH = 60 * SPACE
MAX_HEIGHT = 500


class JoinDialog(Sheet):
    """Asks for the channel and its key; use it with ``open()``.

    ``accounts`` are those that can join, by id and name; the first is proposed.

    Signals:
        submitted: AccountId, channel, key.
        room_requested: AccountId that has rooms instead; the dialog has closed itself.
    """

    submitted = Signal(str, str, str)
    room_requested = Signal(str)

    def __init__(
        self,
        accounts: tuple[tuple[AccountId, str], ...],
        parent: QWidget | None = None,
        *,
        with_rooms: frozenset[AccountId] = frozenset(),
    ) -> None:
        super().__init__("Join a channel", parent)
        names = tuple(isolated(name) for _, name in accounts)
        where = f"On {names[0]}." if len(names) == 1 else "A channel is a room with a name."
        self.head.addWidget(header(self.windowTitle(), where, self))
        self._accounts = tuple(account for account, _ in accounts)
        self._with_rooms = with_rooms
        self.account = Select(self)
        self.account.addItems(names)
        self.channel = CheckedField("Channel", _check, self)
        self.channel.edit.setPlaceholderText("#lab")
        self.key = QLineEdit(self)
        self.key.setPlaceholderText(self.tr("None"))
        form = Form(parent=self)
        if len(names) > 1:
            form.add("Account", self.account)
        else:
            self.account.hide()
        form.add("Channel", self.channel, Hint("It begins with “#”. A new name makes a channel."))
        form.add("Key", self.key, Hint("Only for channels that ask for one (mode +k)."))
        self.body.addWidget(form)
        self.body.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.join_button = self.add_button(self.tr("Join"), is_primary=True)
        self.foot.insertStretch(0, 1)
        cancel.clicked.connect(self.reject)
        self.account.currentIndexChanged.connect(self._on_account_changed)
        self.join_button.clicked.connect(self._submit)
        self.settle(self.join_button)
        self.channel.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _on_account_changed(self, index: int) -> None:
        if (account := self._accounts[index]) in self._with_rooms:
            self.reject()
            self.room_requested.emit(account)

    def _submit(self) -> None:
        name = _completed(self.channel.text())
        if check_channel(name) is not None:
            self.channel.show_problem()
            self.channel.setFocus()
            return
        self.accept()
        account = self._accounts[self.account.currentIndex()]
        self.submitted.emit(account, name, self.key.text().strip())


def _completed(text: str) -> str:
    """``lab`` means ``#lab``."""
    name = text.strip()
    return "#" + name if name[:1].isalnum() else name


def _check(text: str) -> NameProblem | None:
    """While typing, a missing sign is no fault and a lone one not yet."""
    name = _completed(text)
    return None if name in ("#", "&", "+", "!") else check_channel(name)
