"""The account form: everything about a connection, filled in without connecting."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from chatlab.core.account import Account, AccountId, LoginMethod, SecretKind, Security
from chatlab.ui.dialogs.account_fields import (
    Fault,
    IdentityGroup,
    LoginGroup,
    NetworkGroup,
    NetworkPreset,
)
from chatlab.ui.dialogs.account_more import ChannelsGroup, MoreGroup
from chatlab.ui.dialogs.parts import Fold, Hint, Sheet, header, line
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import Tick

WIDTH = 76 * SPACE
MAX_HEIGHT = 700


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """What is known of an account's passwords, without knowing them."""

    kinds: frozenset[SecretKind] = frozenset()
    """Those that are stored."""
    is_lasting: bool = True
    """A keyring keeps them beyond this run."""


@dataclass(frozen=True, slots=True)
class AccountResult:
    """What the form gives back."""

    account: Account
    secrets: Mapping[SecretKind, str]
    """Only those that changed; an empty one is to be forgotten."""
    connects: bool
    """“Save and connect” rather than “Save”."""


class AccountDialog(Sheet):
    """Makes or changes one account; use it with ``open()``.

    Signals:
        submitted: an AccountResult; the dialog has closed itself.
        certificate_wanted: the name that a new certificate of one's own should carry.
        certificate_chosen: the path of such a certificate, to be read.
    """

    submitted = Signal(object)
    certificate_wanted = Signal(str)
    certificate_chosen = Signal(str)

    def __init__(
        self,
        account_id: AccountId,
        presets: tuple[NetworkPreset, ...],
        account: Account | None = None,
        stored: StoredSecrets | None = None,
        parent: QWidget | None = None,
    ) -> None:
        self._is_new = account is None
        title = "New account" if account is None else f"Account “{account.name}”"
        super().__init__(title, parent)
        stored = stored or StoredSecrets()
        self._account = account or _blank(account_id)
        has_login = SecretKind.LOGIN in stored.kinds
        has_server = SecretKind.SERVER in stored.kinds
        self.network = NetworkGroup(presets, self)
        self.identity = IdentityGroup(self)
        self.login = LoginGroup(is_stored=has_login, is_lasting=stored.is_lasting, parent=self)
        self.channels = ChannelsGroup(self)
        self.more = MoreGroup(is_stored=has_server, is_lasting=stored.is_lasting, parent=self)
        self.consent = Tick(self.tr("Send my password although anyone can read it"), self)
        self._consent_hint = Hint(
            self.tr("Without this it is not sent over plain text, and the login fails."), self
        )
        self.stays_clear = Tick(self.tr("Stay in clear where the server demands TLS (STS)"), self)
        self._stays_clear_hint = Hint(
            self.tr("For an experiment: no password is sent, and the chat says so."), self
        )
        self.fold = Fold(self.tr("More"), self.more, self)
        self._summary = Hint(parent=self)
        self._summary.setWordWrap(False)
        self._lay_out()
        self._connect()
        self._fill(account, presets)
        self._update()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self) -> None:
        subtitle = "Saving sends nothing. You connect when you are ready."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.login.add_wide(self.consent)
        self.login.add_wide(self._consent_hint)
        self.login.add_wide(self.stays_clear)
        self.login.add_wide(self._stays_clear_hint)
        for part in (self.network, self.identity, self.login, self.channels):
            self.body.addWidget(part)
            self.body.addWidget(line(self))
        self.body.addWidget(self.fold)
        self.body.addStretch(1)
        self.foot.addWidget(self._summary)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.save_button = self.add_button(self.tr("Save"))
        self.connect_button = self.add_button(self.tr("Save and connect"), is_primary=True)
        self.settle(self.connect_button)

    def _connect(self) -> None:
        for part in (self.network, self.identity, self.login, self.more):
            part.changed.connect(self._update)
        self.consent.toggled.connect(self._update)
        self.stays_clear.toggled.connect(self._update)
        certificate = self.login.certificate
        certificate.make_requested.connect(
            lambda: self.certificate_wanted.emit(self.identity.nick.text().strip())
        )
        certificate.read_requested.connect(self.certificate_chosen)
        self.network.nick_found.connect(self._on_nick_found)
        self.network.channel_found.connect(self.channels.channels.add_channel)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(lambda: self._submit(connects=False))
        self.connect_button.clicked.connect(lambda: self._submit(connects=True))
        self.fold.toggled.connect(self._on_fold_toggled)

    def _fill(self, account: Account | None, presets: tuple[NetworkPreset, ...]) -> None:
        if account is None:
            self.network.port.set_value(self._account.port)
            if presets:
                self.network.take_preset(0)
            self.identity.nick.setFocus()
            return
        for part in (self.network, self.identity, self.login, self.channels, self.more):
            part.show_account(account)
        self.consent.setChecked(account.password_over_plain)
        self.stays_clear.setChecked(account.ignores_sts)
        self.fold.set_open(self.more.says_anything)

    @property
    def account_id(self) -> AccountId:
        return self._account.id

    def read(self) -> Account:
        """The account as it stands in the form."""
        account = self.network.read(self._account)
        account = self.identity.read(account)
        account = self.login.read(account)
        account = self.channels.read(account)
        account = self.more.read(account, self.network.network_name)
        return replace(
            account,
            password_over_plain=self.consent.isChecked(),
            ignores_sts=self.stays_clear.isChecked(),
        )

    @property
    def _sends_password(self) -> bool:
        return self.login.uses_password or self.more.server_password.has_password

    def _update(self) -> None:
        """What depends on more than one part."""
        is_plain = self.network.security is Security.PLAIN
        is_asked = is_plain and self._sends_password
        self.consent.setVisible(is_asked)
        self._consent_hint.setVisible(is_asked and not self.consent.isChecked())
        self.stays_clear.setVisible(is_plain)
        self._stays_clear_hint.setVisible(is_plain and self.stays_clear.isChecked())
        self.network.tell_observer(
            # A server password always crosses as it is, whatever the login does.
            LoginMethod.NONE if self.more.server_password.has_password else self.login.login,
            # Over plain text it is only sent with the owner's consent.
            sends_password=self._sends_password and (not is_plain or self.consent.isChecked()),
        )
        self.more.show_usual_name(self.network.network_name)
        self.login.certificate.set_host(self.network.host.text().strip())
        self._summary.tell("")

    def _on_nick_found(self, nick: str) -> None:
        if not self.identity.nick.text():
            self.identity.nick.set_text(nick)

    def _on_fold_toggled(self, is_open: bool) -> None:
        if is_open and self.isVisible():
            # Once the layout knows how high the opened part is.
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.more.nicks))

    def _faults(self) -> list[Fault]:
        basics = [
            self.network.fault(),
            *self.identity.faults(),
            self.login.fault(),
            self.channels.fault(),
        ]
        more = self.more.faults()
        if any(error for _, error in more):
            self.fold.set_open(True)
        return [fault for fault in (*basics, *more) if fault[1]]

    def _submit(self, *, connects: bool) -> None:
        if faults := self._faults():
            field, _ = faults[0]
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            count = len(faults)
            words = "One field needs a change." if count == 1 else f"{count} fields need a change."
            self._summary.tell(self.tr(words))
            return
        changes = {
            SecretKind.LOGIN: self.login.password.change if self.login.uses_password else None,
            SecretKind.SERVER: self.more.server_password.change,
        }
        secrets = {kind: change for kind, change in changes.items() if change is not None}
        self.accept()
        self.submitted.emit(AccountResult(self.read(), secrets, connects))


def _blank(account_id: AccountId) -> Account:
    return Account(id=account_id, name="", host="", port=6697, nick="")
