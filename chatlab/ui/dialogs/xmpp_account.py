"""The XMPP account form: an address, a password, and how to get there. Saving sends nothing."""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from chatlab.core.account import (
    XMPP_PORTS,
    Account,
    AccountId,
    Application,
    SecretKind,
    Security,
)
from chatlab.ui.dialogs.account import AccountResult, StoredSecrets
from chatlab.ui.dialogs.account_fields import Fault
from chatlab.ui.dialogs.parts import Fold, Hint, Sheet, header, line
from chatlab.ui.dialogs.xmpp_fields import AddressGroup, PrivacyGroup, RoomsGroup, WayGroup
from chatlab.ui.dialogs.xmpp_more import XmppMoreGroup
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.card import Card

WIDTH = 80 * SPACE
MAX_HEIGHT = 700


class XmppAccountDialog(Sheet):
    """Makes or changes one account; use it with ``open()``.

    Signals:
        submitted: an AccountResult; the dialog has closed itself.
        create_requested: there is no account on a server yet; the dialog has closed itself.
        password_change_requested, deletion_requested: AccountId; what only the server can do.
    """

    submitted = Signal(object)
    create_requested = Signal()
    password_change_requested = Signal(str)
    deletion_requested = Signal(str)

    def __init__(
        self,
        account_id: AccountId,
        account: Account | None = None,
        stored: StoredSecrets | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self._is_new = account is None
        title = "New XMPP account" if account is None else f"Account “{account.name}”"
        super().__init__(title, parent)
        stored = stored or StoredSecrets()
        self._account = account or blank_xmpp_account(account_id)
        has_login = SecretKind.LOGIN in stored.kinds
        self.address = AddressGroup(is_stored=has_login, is_lasting=stored.is_lasting, parent=self)
        self.way = WayGroup(self)
        self.rooms = RoomsGroup(self)
        self.privacy = PrivacyGroup(self)
        self.more = XmppMoreGroup(self)
        self.fold = Fold(self.tr("More"), self.more, self)
        self._summary = Hint(parent=self)
        self._summary.setWordWrap(False)
        self._lay_out()
        self._connect()
        self._fill(account)
        self._update()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        subtitle = "Saving sends nothing. You connect when you are ready."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        if self._is_new:
            self.body.addWidget(self._make_choice())
        for part in (self.address, self.way, self.rooms, self.privacy):
            self.body.addWidget(part)
            self.body.addWidget(line(self))
        self.body.addWidget(self.fold)
        self.body.addStretch(1)
        if not self._is_new:
            self.address.add_wide(self._make_server_acts())
        self.foot.addWidget(self._summary)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.save_button = self.add_button(self.tr("Save"))
        self.connect_button = self.add_button(self.tr("Save and connect"), is_primary=True)
        self.settle(self.connect_button)

    def _make_server_acts(self) -> QWidget:
        """What becomes of the account on its server."""
        acts = QWidget(self)
        self.password_button = QPushButton(self.tr("Change password on the server…"), acts)
        self.delete_button = QPushButton(self.tr("Delete on the server…"), acts)
        row = QHBoxLayout(acts)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.password_button)
        row.addWidget(self.delete_button)
        row.addStretch(1)
        return acts

    def _make_choice(self) -> QWidget:
        """Two ways to begin; the second leads elsewhere."""
        choice = QWidget(self)
        choice.setAccessibleName(self.tr("Do you have an account?"))
        self.have_card = Card("key", "accent", "I have an account", "Sign in with its address.")
        self.create_card = Card(
            "user-add", "accent", "Create one", "Choose a server; it may be free."
        )
        row = QHBoxLayout(choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self.have_card.setCheckable(True)
        self.have_card.setChecked(True)
        for card in (self.have_card, self.create_card):
            card.setParent(choice)
            row.addWidget(card, 1)
        self.have_card.clicked.connect(lambda: self.have_card.setChecked(True))
        self.create_card.clicked.connect(self._on_create)
        return choice

    def _connect(self) -> None:
        self.address.changed.connect(self._update)
        self.way.changed.connect(self._update)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(lambda: self._submit(connects=False))
        self.connect_button.clicked.connect(lambda: self._submit(connects=True))
        self.fold.toggled.connect(self._on_fold_toggled)
        if not self._is_new:
            self.password_button.clicked.connect(
                lambda: self._leave_for(self.password_change_requested.emit)
            )
            self.delete_button.clicked.connect(
                lambda: self._leave_for(self.deletion_requested.emit)
            )

    def _fill(self, account: Account | None) -> None:
        self.address.jid.setFocus()
        self.privacy.show_account(self._account)
        if account is None:
            return
        for part in (self.address, self.way, self.rooms, self.more):
            part.show_account(account)
        self.fold.set_open(self.more.says_anything)

    @property
    def account_id(self) -> AccountId:
        return self._account.id

    def read(self) -> Account:
        """The account as it stands in the form."""
        account = self.address.read(self._account)
        account = self.way.read(account)
        account = self.rooms.read(account)
        account = self.privacy.read(account)
        return self.more.read(account)

    def _update(self) -> None:
        """What depends on more than one part."""
        self.way.tell_observer(self.address.domain)
        self.rooms.show_usual_nick(self.address.local_part)
        self.more.show_usual(self.address.jid.text().strip(), XMPP_PORTS[self.way.security])
        self._summary.tell("")

    def _on_fold_toggled(self, is_open: bool) -> None:
        if is_open and self.isVisible():
            # Once the layout knows how high the opened part is.
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.more.resource))

    def _on_create(self) -> None:
        self.reject()
        self.create_requested.emit()

    def _leave_for(self, tell: Callable[[str], object]) -> None:
        self.reject()
        tell(self._account.id)

    def _faults(self) -> list[Fault]:
        more = self.more.faults()
        if any(error for _, error in more):
            self.fold.set_open(True)
        faults = (*self.address.faults(), self.rooms.fault(), *more)
        return [fault for fault in faults if fault[1]]

    def _submit(self, *, connects: bool) -> None:
        if faults := self._faults():
            faults[0][0].setFocus(Qt.FocusReason.OtherFocusReason)
            count = len(faults)
            words = "One field needs a change." if count == 1 else f"{count} fields need a change."
            self._summary.tell(self.tr(words))
            return
        change = self.address.password.change
        secrets = {SecretKind.LOGIN: change} if change is not None else {}
        self.accept()
        self.submitted.emit(AccountResult(self.read(), secrets, connects))


def blank_xmpp_account(account_id: AccountId) -> Account:
    """A new account before anything is filled in."""
    return Account(
        id=account_id,
        name="",
        application=Application.XMPP,
        host="",
        port=0,
        security=Security.STARTTLS,
        nick="",
    )
