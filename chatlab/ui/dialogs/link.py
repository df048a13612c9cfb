"""Before an ``irc:`` link is followed: where it leads, who can read along, and as whom one goes."""

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.core.account import AccountId, Security
from chatlab.core.address import IrcLink
from chatlab.core.chats import AccountState
from chatlab.core.connection import LinkState
from chatlab.core.frame import Exposure
from chatlab.ui.dialogs.parts import Form, Hint, Notice, Sheet, header, show_row
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import EXPOSURE_ICONS, SPACE, isolated, plain_label
from chatlab.ui.widgets.controls import Select
from chatlab.ui.widgets.nick_field import NickField

WIDTH = 60 * SPACE
MAX_HEIGHT = 560
_NEW = "A new account"


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """How the reader wants to follow the link."""

    account: AccountId | None
    """None: a new one, with ``nick``."""
    nick: str = ""
    key: str = ""


class LinkDialog(Sheet):
    """Asks; use it with ``open()``. Nothing is connected before its button is pressed.

    Signals:
        submitted: a LinkChoice.
    """

    submitted = Signal(object)

    def __init__(
        self,
        link: IrcLink,
        states: tuple[AccountState, ...],
        nick: str = "",
        parent: QWidget | None = None,
    ) -> None:
        address = link.address
        target = isolated(bare(address.target))
        title = f"Join {target}?" if address.is_channel else f"Talk to {target}?"
        if not address.target:
            title = f"Connect to {isolated(address.host)}?"
        super().__init__(title, parent)
        self._address = address
        self._states = states
        self.head.addWidget(
            header(title, "A link leads there. Nothing is sent before you agree.", self)
        )
        self.account = Select(self)
        for state in states:
            self.account.addItem(isolated(bare(state.account.name)))
        self.account.addItem(self.tr(_NEW))
        self.nick = NickField(self)
        self.nick.set_text(address.nick or nick)
        self.key = QLineEdit(self)
        self.key.setPlaceholderText(self.tr("None"))
        self._protection = Notice(self)
        self._server = plain_label("", "", self)
        self._server.setContentsMargins(0, SPACE - 1, 0, 0)
        form = Form(parent=self)
        form.add("Server", self._server)
        self._account_row = form.add("Account", self.account)
        self._nick_row = form.add("Nick", self.nick)
        hint = Hint("The link says that the channel asks for one.", self)
        self._key_row = form.add("Key", self.key, hint)
        self.body.addWidget(form)
        self.body.addWidget(self._protection)
        self.body.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.go_button = self.add_button("", is_primary=True)
        self.foot.insertStretch(0, 1)
        cancel.clicked.connect(self.reject)
        self.go_button.clicked.connect(self._submit)
        self.account.currentIndexChanged.connect(self._show_choice)
        show_row(self._account_row, bool(states))
        show_row(self._key_row, link.needs_key)
        self._show_choice()
        self.settle(self.go_button)
        self._focus_first()
        self.fit(WIDTH, MAX_HEIGHT)

    @property
    def _state(self) -> AccountState | None:
        index = self.account.currentIndex()
        return self._states[index] if index < len(self._states) else None

    def _focus_first(self) -> None:
        if self._state is None:
            self.nick.setFocus()
        else:
            self.go_button.setFocus()

    def _show_choice(self) -> None:
        """What depends on the account: who can read along, and what the button does."""
        state = self._state
        show_row(self._nick_row, state is None)
        goes_to = state.account if state else self._address
        self._server.setText(f"{goes_to.host}, port {goes_to.port}")
        security = goes_to.security
        if security is Security.PLAIN:
            self._protection.tell(
                EXPOSURE_ICONS[Exposure.READABLE],
                "readable",
                self.tr("Not encrypted"),
                self.tr("Anyone on the path can read what you write and receive."),
            )
        else:
            self._protection.tell(
                EXPOSURE_ICONS[Exposure.SEALED],
                "sealed",
                self.tr("Sealed by TLS"),
                self.tr("On the way, only this computer and the server can read it."),
            )
        is_online = state is not None and state.state is LinkState.ONLINE
        does = {True: "Join", False: "Open the chat"}[self._address.is_channel]
        if not self._address.target:
            does = "Connect"
        elif not is_online:
            does = "Connect and join" if self._address.is_channel else "Connect"
        self.go_button.setText(self.tr(does))

    def _submit(self) -> None:
        state = self._state
        if state is None and self.nick.problem is not None:
            self.nick.show_problem()
            self.nick.setFocus()
            return
        self.accept()
        account = state.account.id if state else None
        nick = self.nick.text().strip() if state is None else ""
        self.submitted.emit(LinkChoice(account, nick, self.key.text().strip()))
