"""Enter a room, or make one: on XMPP both are the same wish."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.core.account import AccountId
from chatlab.core.jid import check_resource
from chatlab.ui.dialogs.inputs import PasswordField
from chatlab.ui.dialogs.parts import Form, Hint, Notice, Sheet, header
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated, set_icon
from chatlab.ui.widgets.controls import Select, Tick
from chatlab.ui.widgets.jid_field import RoomField
from chatlab.ui.widgets.nick_field import mark_invalid

WIDTH = 64 * SPACE
MAX_HEIGHT = 620


@dataclass(frozen=True, slots=True)
class RoomAccount:
    """An account that can enter rooms, as the dialog shows it."""

    id: AccountId
    name: str
    nick: str
    """What rooms are told unless something else is typed."""
    service: str = ""
    """Where its server keeps rooms; empty when it has not said."""
    guess: str = ""
    """Where most servers would keep them."""
    is_irc: bool = False
    """It has channels instead: choosing it leads to their dialog."""


@dataclass(frozen=True, slots=True)
class RoomWish:
    """What the dialog was told."""

    account: AccountId
    room: str
    nick: str
    """Empty for the usual one."""
    password: str
    opens_settings: bool
    """If the room turns out to be new."""


class JoinRoomDialog(Sheet):
    """Asks for the room, a nickname and a password; use it with ``open()``.

    Signals:
        submitted: a RoomWish.
        list_requested: AccountId whose server is to list its rooms; the dialog has closed itself.
        irc_requested: AccountId that has channels; the dialog has closed itself.
    """

    submitted = Signal(object)
    list_requested = Signal(str)
    irc_requested = Signal(str)

    def __init__(self, accounts: tuple[RoomAccount, ...], parent: QWidget | None = None) -> None:
        """``accounts``: the first is proposed."""
        super().__init__("Enter a room", parent)
        subtitle = "Or make one: a name that is free becomes a new room, and it is yours."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self._accounts = accounts
        self.notice = Notice(self)
        self.notice.hide()
        self.account = Select(self)
        self.account.addItems([isolated(bare(account.name)) for account in accounts])
        self.room = RoomField(self)
        self.nick = QLineEdit(self)
        self._nick_hint = Hint(self.tr("What others in the room see. Spaces are fine."), self)
        self.password = PasswordField("Password", is_stored=False, parent=self)
        self.opens_settings = Tick(self.tr("If it is new, open its settings"), self)
        self._lay_out()
        self._connect()
        self._on_account_changed()
        self.room.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        form = Form(parent=self)
        if len(self._accounts) > 1:
            form.add("Account", self.account)
        else:
            self.account.hide()
        form.add(
            "Room", self.room, Hint("Its address: a name, “@”, and the service that keeps it.")
        )
        form.add("Nickname", self.nick, self._nick_hint)
        form.add("Password", self.password, Hint("Only for rooms that ask for one."))
        form.add_wide(self.opens_settings)
        self.body.addWidget(self.notice)
        self.body.addWidget(form)
        self.body.addStretch(1)
        self.list_button = self.add_button(self.tr("List of rooms…"))
        set_icon(self.list_button, "search")
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.join_button = self.add_button(self.tr("Enter"), is_primary=True)
        self.settle(self.join_button)

    def _connect(self) -> None:
        self.account.currentIndexChanged.connect(self._on_account_changed)
        self.cancel_button.clicked.connect(self.reject)
        self.list_button.clicked.connect(self._on_list)
        self.join_button.clicked.connect(self._submit)

    def propose(self, room: str, *, nick: str = "", refusal: str = "") -> None:
        """A room from elsewhere; with why it let us not in, when that is why we ask again."""
        self.room.set_text(room)
        self.nick.setText(nick)
        if refusal:
            self.notice.tell("warning", "attention", self.tr("Not let in"), bare(refusal))
            self.notice.show()
            (self.password if "password" in refusal else self.nick).setFocus()

    @property
    def _chosen(self) -> RoomAccount:
        return self._accounts[self.account.currentIndex()]

    def _on_account_changed(self) -> None:
        account = self._chosen
        if account.is_irc:
            self.reject()
            self.irc_requested.emit(account.id)
            return
        self.room.set_service(account.service, account.guess)
        self.nick.setPlaceholderText(account.nick)

    def _on_list(self) -> None:
        self.reject()
        self.list_requested.emit(self._chosen.id)

    def _submit(self) -> None:
        nick = self.nick.text().strip()
        problem = check_resource(nick) if nick else None
        self._nick_hint.tell(problem.reason if problem else "")
        mark_invalid(self.nick, problem is not None)
        if self.room.show_problem():
            self.room.setFocus()
        elif problem is not None:
            self.nick.setFocus()
        else:
            self.accept()
            self.submitted.emit(
                RoomWish(
                    self._chosen.id,
                    self.room.address(),
                    nick,
                    self.password.text(),
                    self.opens_settings.isChecked(),
                )
            )
