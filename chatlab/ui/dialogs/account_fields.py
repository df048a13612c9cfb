"""The parts of the account form. Each shows an account's fields and gives them back."""

from dataclasses import replace
from typing import Protocol

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from chatlab.core.account import IRC_PORTS, Account, LoginMethod, Security
from chatlab.ui.dialogs.certificate_field import CertificateField
from chatlab.ui.dialogs.inputs import PasswordField
from chatlab.ui.dialogs.parts import Form, Hint, Notice, show_row
from chatlab.ui.dialogs.server_text import observer_text, read_server
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.card import Card
from chatlab.ui.widgets.controls import PortField, Select
from chatlab.ui.widgets.nick_field import NickField, mark_invalid

Fault = tuple[QWidget, str]
"""A field and what is wrong with it; an empty text when nothing is."""
USER_NAME_LENGTH = 10
"""What many servers keep of a user name (ISUPPORT USERLEN)."""


class NetworkPreset(Protocol):
    """A network as data; ports are None where it has none of that kind."""

    @property
    def name(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def tls_port(self) -> int | None: ...
    @property
    def plain_port(self) -> int | None: ...
    @property
    def note(self) -> str: ...


class NetworkGroup(Form):
    """Which server, which port, how protected, and what that means.

    Signals:
        changed: something of it changed.
        nick_found, channel_found: a pasted address named one.
    """

    changed = Signal()
    nick_found = Signal(str)
    channel_found = Signal(str)

    def __init__(self, presets: tuple[NetworkPreset, ...], parent: QWidget | None = None) -> None:
        super().__init__("Connection", parent)
        self._presets = presets
        self.preset = Select(self)
        self.preset.addItem(self.tr("Your own server"))
        self.preset.addItems([preset.name for preset in presets])
        self.preset.setMaxVisibleItems(20)
        self._preset_hint = Hint(parent=self)
        self.host = QLineEdit(self)
        self.host.setAccessibleName(self.tr("Server"))
        self.host.setPlaceholderText("irc.example.org")
        self._host_hint = Hint(parent=self)
        self.port = PortField(self)
        self.port.setAccessibleName(self.tr("Port"))
        self.tls = Card("lock", "sealed", "TLS", "Sealed on its way. Recommended.")
        self.plain = Card("eye", "readable", "Plain text", "For the lab: anyone can read it.")
        self._observer = Notice(self)
        self._build()
        self._connect()

    def _build(self) -> None:
        self.add("Network", self.preset, self._preset_hint)
        server = QWidget(self)
        row = QHBoxLayout(server)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.host, 1)
        row.addWidget(self.port)
        server.setFocusProxy(self.host)
        self.add("Server and port", server, self._host_hint)
        cards = QWidget(self)
        cards.setAccessibleName(self.tr("Security"))
        row = QHBoxLayout(cards)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        for card in (self.tls, self.plain):
            card.setCheckable(True)
            card.setAutoExclusive(True)
            card.setParent(cards)
            row.addWidget(card, 1)
        self.tls.setChecked(True)
        self.add("Security", cards)
        self.add_wide(self._observer)

    def _connect(self) -> None:
        self.preset.activated.connect(self._on_preset_picked)
        self.host.textEdited.connect(self._on_host_edited)
        self.host.editingFinished.connect(self.settle)
        self.port.textChanged.connect(self._on_host_edited)
        self.tls.toggled.connect(self._on_security_toggled)

    @property
    def security(self) -> Security:
        return Security.DIRECT_TLS if self.tls.isChecked() else Security.PLAIN

    def show_account(self, account: Account) -> None:
        self.host.setText(account.host)
        self._choose(account.security)
        self.port.set_value(account.port)
        self._name_preset()

    def take_preset(self, number: int) -> None:
        """Fill in the preset of this place in the list."""
        self.preset.setCurrentIndex(number + 1)
        self._on_preset_picked(number + 1)

    def settle(self) -> None:
        """Understand what was typed or pasted as a server: it may name port, nick and channel."""
        found = read_server(self.host.text())
        if found is None:
            return
        self.host.setText(found.host)
        if found.security is not None:
            self._choose(found.security)
        if found.port is not None:
            self.port.set_value(found.port)
        if found.nick:
            self.nick_found.emit(found.nick)
        if found.channel:
            self.channel_found.emit(found.channel)
        self._clear_fault()
        self._name_preset()
        self.changed.emit()

    def fault(self) -> Fault:
        self.settle()
        error = ""
        if not self.host.text().strip():
            error = self.tr("A server is needed, for instance irc.libera.chat.")
        elif read_server(self.host.text()) is None:
            error = self.tr("This is no server name: it has no spaces and no slashes.")
        mark_invalid(self.host, bool(error))
        is_port_bad = not error and not self.port.value()
        if is_port_bad:
            error = self.tr("A port is a number from 1 to 65535; {} is usual here.").format(
                self._usual_port(self.security)
            )
        mark_invalid(self.port, is_port_bad)
        self._host_hint.tell(error)
        return self.port if is_port_bad else self.host, error

    def read(self, account: Account) -> Account:
        return replace(
            account,
            host=self.host.text().strip(),
            port=self.port.value(),
            security=self.security,
        )

    def tell_observer(self, login: LoginMethod, *, sends_password: bool) -> None:
        """Say what these settings let an observer read."""
        is_tls = self.security is Security.DIRECT_TLS
        text = observer_text(
            self.host.text().strip(), self.security, login, sends_password=sends_password
        )
        icon, token = ("lock", "sealed") if is_tls else ("eye", "readable")
        self._observer.tell(icon, token, self.tr("What an observer could read"), text)

    def _usual_port(self, security: Security) -> int:
        index = self.preset.currentIndex() - 1
        preset = self._presets[index] if index >= 0 else None
        port = None
        if preset is not None:
            port = preset.tls_port if security is Security.DIRECT_TLS else preset.plain_port
        return port or IRC_PORTS[security]

    def _choose(self, security: Security) -> None:
        (self.tls if security is Security.DIRECT_TLS else self.plain).setChecked(True)

    def _on_security_toggled(self, is_tls: bool) -> None:
        """The port follows, unless somebody chose one of their own."""
        now, before = Security.DIRECT_TLS, Security.PLAIN
        if not is_tls:
            now, before = before, now
        if self.port.value() == self._usual_port(before):
            self.port.set_value(self._usual_port(now))
        self.changed.emit()

    def _on_host_edited(self) -> None:
        self._clear_fault()
        self._name_preset()
        self.changed.emit()

    def _clear_fault(self) -> None:
        self._host_hint.tell("")
        mark_invalid(self.host, False)
        mark_invalid(self.port, False)

    def _on_preset_picked(self, index: int) -> None:
        if index == 0:
            self._preset_hint.say("")
            self.host.setFocus()
            return
        preset = self._presets[index - 1]
        self.host.setText(preset.host)
        self._choose(Security.DIRECT_TLS if preset.tls_port else Security.PLAIN)
        self.port.set_value(self._usual_port(self.security))
        self._preset_hint.say(preset.note)
        self.changed.emit()

    def _name_preset(self) -> None:
        """Show the preset that the host belongs to, or none."""
        hosts = [preset.host for preset in self._presets]
        host = self.host.text().strip().lower()
        index = hosts.index(host) if host in hosts else -1
        self.preset.setCurrentIndex(index + 1)
        self._preset_hint.say(self._presets[index].note if index >= 0 else "")

    @property
    def network_name(self) -> str:
        """What the sidebar calls the account unless its owner knows better."""
        index = self.preset.currentIndex()
        return self._presets[index - 1].name if index > 0 else self.host.text().strip()


class IdentityGroup(Form):
    """Nick, user name, real name.

    Signals:
        changed: something of it changed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("You", parent)
        self.nick = NickField(self)
        self.user_name = QLineEdit(self)
        self.user_name.setPlaceholderText(self.tr("Same as the nick"))
        self._user_hint = Hint(parent=self)
        self.real_name = QLineEdit(self)
        self.real_name.setPlaceholderText(self.tr("Same as the nick"))
        self.add("Nick", self.nick)
        self.add("User name", self.user_name, self._user_hint)
        self.add("Real name", self.real_name, Hint("Everyone on the network can look it up."))
        self.nick.changed.connect(self.changed)
        self.user_name.textChanged.connect(self._check_user_name)
        self._check_user_name()

    def show_account(self, account: Account) -> None:
        self.nick.set_text(account.nick)
        self.user_name.setText(account.user_name)
        self.real_name.setText(account.real_name)

    def read(self, account: Account) -> Account:
        return replace(
            account,
            nick=self.nick.text().strip(),
            user_name=self.user_name.text().strip(),
            real_name=self.real_name.text().strip(),
        )

    def faults(self) -> tuple[Fault, ...]:
        problem = self.nick.problem
        self.nick.show_problem()
        nick: Fault = self.nick.edit, problem.reason if problem else ""
        return nick, (self.user_name, self._check_user_name())

    def _check_user_name(self) -> str:
        name = self.user_name.text().strip()
        error = ""
        if any(char.isspace() or char in "@\x00" for char in name):
            error = self.tr("A user name has no space and no “@” in it.")
        usual = self.tr("Stands before your host name: nick!user@host. Dots are fine here.")
        if len(name) > USER_NAME_LENGTH:
            kept = name[:USER_NAME_LENGTH]
            usual = self.tr("Many servers keep {} characters of it: “{}”.").format(
                USER_NAME_LENGTH, kept
            )
        self._user_hint.say(usual)
        self._user_hint.tell(error)
        mark_invalid(self.user_name, bool(error))
        return error


_LOGINS = {
    LoginMethod.NONE: "No login",
    LoginMethod.PLAIN: "Password (SASL PLAIN)",
    LoginMethod.SCRAM_SHA_256: "Password that is proved, not sent (SASL SCRAM-SHA-256)",
    LoginMethod.SCRAM_SHA_1: "The same, of older servers (SASL SCRAM-SHA-1)",
    LoginMethod.EXTERNAL: "Certificate (SASL EXTERNAL)",
    LoginMethod.ECDSA: "Key of the certificate (SASL ECDSA-NIST256P-CHALLENGE)",
    LoginMethod.NICKSERV: "Password told to NickServ, where there is no SASL",
}
_WITH_CERTIFICATE = (LoginMethod.EXTERNAL, LoginMethod.ECDSA)
_AS_IT_IS = (LoginMethod.PLAIN, LoginMethod.NICKSERV)


class LoginGroup(Form):
    """How the account proves that its nick is its own.

    Signals:
        changed: something of it changed.
    """

    changed = Signal()

    def __init__(self, *, is_stored: bool, is_lasting: bool, parent: QWidget | None = None) -> None:
        super().__init__("Login", parent)
        self.method = Select(self)
        for method, words in _LOGINS.items():
            self.method.addItem(self.tr(words), method)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Same as the nick"))
        self.password = PasswordField("Password", is_stored=is_stored, parent=self)
        kept = "Kept in the system’s keyring." if is_lasting else NOT_LASTING
        self._password_hint = Hint(self.tr(kept), self)
        self._method_hint = Hint(self.tr("Only for nicks that are registered there."), self)
        self.certificate = CertificateField(self)
        self.add("Method", self.method, self._method_hint)
        self._name_row = self.add("Login name", self.name)
        self._password_row = self.add("Password", self.password, self._password_hint)
        self._certificate_row = self.add("Your certificate", self.certificate)
        self.method.currentIndexChanged.connect(self._on_method_changed)
        self.password.textChanged.connect(self._on_password_changed)
        self.certificate.changed.connect(self.changed)
        self._on_method_changed()

    @property
    def login(self) -> LoginMethod:
        method = self.method.currentData()
        return method if isinstance(method, LoginMethod) else LoginMethod.NONE

    @property
    def uses_password(self) -> bool:
        return self.login.is_scram or self.login in _AS_IT_IS

    def show_account(self, account: Account) -> None:
        self.certificate.set_text(account.client_certificate)
        self.method.setCurrentIndex(list(_LOGINS).index(account.login))
        self.name.setText(account.login_name)
        self._on_method_changed()

    def read(self, account: Account) -> Account:
        return replace(
            account,
            login=self.login,
            login_name=self.name.text().strip(),
            client_certificate=self.certificate.text(),
        )

    def fault(self) -> Fault:
        error = ""
        if self.uses_password and not self.password.has_password:
            error = self.tr("This login needs a password; without one, choose “No login”.")
        self._password_hint.tell(error)
        mark_invalid(self.password, bool(error))
        if error:
            return self.password, error
        fault = self.certificate.fault(is_needed=self.login in _WITH_CERTIFICATE)
        mark_invalid(self.certificate.file.edit, bool(fault))
        return self.certificate, fault

    def _on_method_changed(self) -> None:
        show_row(self._name_row, self.uses_password)
        show_row(self._password_row, self.uses_password)
        is_proof = self.login in _WITH_CERTIFICATE
        show_row(self._certificate_row, is_proof or bool(self.certificate.text()))
        self._method_hint.setVisible(self.login is LoginMethod.NONE)
        self.changed.emit()

    def _on_password_changed(self) -> None:
        self._password_hint.tell("")
        mark_invalid(self.password, False)
        self.changed.emit()


NOT_LASTING = "No keyring answers on this system, so it is kept until ChatLab closes."
