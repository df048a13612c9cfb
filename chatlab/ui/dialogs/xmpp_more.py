"""The rest of the XMPP account form: what only some need."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from chatlab.core.account import Account, LoginMethod
from chatlab.core.jid import check_resource
from chatlab.ui.dialogs.account_fields import Fault
from chatlab.ui.dialogs.account_more import group_fingerprint, plain_fingerprint
from chatlab.ui.dialogs.inputs import FileField
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.dialogs.server_text import read_server
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.controls import PortField, Select, Tick
from chatlab.ui.widgets.nick_field import mark_invalid

_HEX_DIGITS = 64
_TLS_VERSIONS = {"": "The newest that both sides know", "1.3": "TLS 1.3", "1.2": "TLS 1.2"}
_TLS_LEAST = {"": "What is safe today", "1.3": "TLS 1.3", "1.2": "TLS 1.2"}
_SCRAM = (LoginMethod.SCRAM_SHA_256, LoginMethod.SCRAM_SHA_1)
_LOGINS: dict[tuple[LoginMethod, ...], str] = {
    (): "The strongest that the server offers",
    _SCRAM: "Only a proof of the password (SCRAM)",
    _SCRAM[:1]: "Only SCRAM-SHA-256",
    (LoginMethod.PLAIN,): "The password itself (PLAIN)",
}
"""What the account's ``logins`` mean; SASL mechanisms by their registered names."""


class XmppMoreGroup(Form):
    """Server, resource, login, trust, TLS.

    Signals:
        changed: something that matters elsewhere in the form changed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.name = QLineEdit(self)
        self.host = QLineEdit(self)
        self.host.setAccessibleName(self.tr("Server"))
        self.host.setPlaceholderText(self.tr("Found by DNS (SRV)"))
        self._host_hint = Hint(
            self.tr("Only where DNS does not tell, as in a lab: a name or an IP address."), self
        )
        self.port = PortField(self)
        self.port.setAccessibleName(self.tr("Port"))
        self.resource = QLineEdit(self)
        self.resource.setPlaceholderText(self.tr("Chosen by the server"))
        self._resource_hint = Hint(
            self.tr("Names this program beside your other devices; contacts can see it."), self
        )
        self.login = Select(self)
        for methods, words in _LOGINS.items():
            self.login.addItem(self.tr(words), methods)
        self.ca_file = FileField("CA file", "Certificates (*.pem *.crt *.cer)", self)
        self._ca_hint = Hint(self.tr("Trusted beside the system’s authorities."), self)
        self.pin = QLineEdit(self)
        self.pin.setPlaceholderText("SHA-256, 64 hex digits")
        self._pin_hint = Hint(self.tr("The only certificate that this account accepts."), self)
        self.tls_min = _versions(_TLS_LEAST, self)
        self.tls_max = _versions(_TLS_VERSIONS, self)
        self.connect_on_start = Tick(self.tr("Connect when ChatLab starts"), self)
        self._build()

    def _build(self) -> None:
        server = QWidget(self)
        row = QHBoxLayout(server)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.host, 1)
        row.addWidget(self.port)
        server.setFocusProxy(self.host)
        self.add("Name in the list", self.name)
        self.add("Server and port", server, self._host_hint)
        self.add("Resource", self.resource, self._resource_hint)
        self.add("Login", self.login)
        self.add("CA file", self.ca_file, self._ca_hint)
        self.add("Fingerprint", self.pin, self._pin_hint)
        self.add("Lowest TLS", self.tls_min)
        self.add("Highest TLS", self.tls_max)
        self.add_wide(self.connect_on_start)
        self.host.editingFinished.connect(self._settle)

    def show_account(self, account: Account) -> None:
        self.name.setText("" if account.name == account.jid else account.name)
        self.host.setText(account.host)
        if account.port:
            self.port.set_value(account.port)
        self.resource.setText(account.resource)
        known = list(_LOGINS)
        if account.logins not in known:  # Made elsewhere; it is kept unless another is chosen.
            words = ", ".join(method.value for method in account.logins)
            self.login.addItem(words, account.logins)
            known.append(account.logins)
        self.login.setCurrentIndex(known.index(account.logins))
        self.ca_file.edit.setText(account.ca_file)
        self.pin.setText(group_fingerprint(account.pinned_sha256))
        self.tls_min.setCurrentIndex(max(0, self.tls_min.findData(account.tls_min)))
        self.tls_max.setCurrentIndex(max(0, self.tls_max.findData(account.tls_max)))
        self.connect_on_start.setChecked(account.connect_on_start)

    def show_usual(self, name: str, port: int) -> None:
        """What holds where nothing is filled in."""
        self.name.setPlaceholderText(name)
        self.port.setPlaceholderText(str(port))

    @property
    def says_anything(self) -> bool:
        """Whether something here differs from what a new account has."""
        fields = (self.host, self.port, self.resource, self.pin, self.ca_file.edit)
        choices = (self.login, self.tls_min, self.tls_max)
        return (
            any(field.text().strip() for field in fields)
            or any(choice.currentIndex() > 0 for choice in choices)
            or self.connect_on_start.isChecked()
        )

    def read(self, account: Account) -> Account:
        logins = self.login.currentData() or ()
        return replace(
            account,
            name=self.name.text().strip() or account.jid,
            host=self.host.text().strip(),
            port=self.port.value(),
            resource=self.resource.text().strip(),
            login=LoginMethod(logins[0]) if logins else LoginMethod.NONE,
            further_logins=tuple(LoginMethod(method) for method in logins[1:]),
            ca_file=self.ca_file.text(),
            pinned_sha256=plain_fingerprint(self.pin.text()),
            tls_min=str(self.tls_min.currentData()),
            tls_max=str(self.tls_max.currentData()),
            connect_on_start=self.connect_on_start.isChecked(),
        )

    def faults(self) -> tuple[Fault, ...]:
        self._settle()
        return (
            self._host_fault(),
            self._resource_fault(),
            _told(self.ca_file.edit, self._ca_hint, self.ca_file.error()),
            self._pin_fault(),
            self._tls_fault(),
        )

    def _settle(self) -> None:
        """Understand ``host:port`` as both."""
        found = read_server(self.host.text())
        if found is not None:
            self.host.setText(found.host)
            if found.port is not None:
                self.port.set_value(found.port)

    def _host_fault(self) -> Fault:
        host = self.host.text().strip()
        error = ""
        if host and read_server(host) is None:
            error = self.tr("This is no server name: it has no spaces and no slashes.")
        elif self.port.text() and not host:
            error = self.tr("A port of its own needs a server; DNS names both together.")
        elif self.port.text() and not self.port.value():
            error = self.tr("A port is a number from 1 to 65535.")
        return _told(self.host, self._host_hint, error)

    def _resource_fault(self) -> Fault:
        resource = self.resource.text().strip()
        problem = check_resource(resource) if resource else None
        return _told(self.resource, self._resource_hint, problem.reason if problem else "")

    def _pin_fault(self) -> Fault:
        pin = plain_fingerprint(self.pin.text())
        is_bad = bool(pin) and (len(pin) != _HEX_DIGITS or not set(pin) <= set("0123456789abcdef"))
        error = self.tr("A SHA-256 fingerprint has 64 hex digits; here are {}.").format(len(pin))
        return _told(self.pin, self._pin_hint, error if is_bad else "")

    def _tls_fault(self) -> Fault:
        least, most = str(self.tls_min.currentData()), str(self.tls_max.currentData())
        is_empty = bool(least and most) and least > most
        return self.tls_max, self.tr("The highest TLS is below the lowest.") if is_empty else ""


def _versions(words: dict[str, str], parent: QWidget) -> Select:
    select = Select(parent)
    for version, text in words.items():
        select.addItem(text, version)
    return select


def _told(edit: QLineEdit, hint: Hint, error: str) -> Fault:
    hint.tell(error)
    mark_invalid(edit, bool(error))
    return edit, error
