"""The rest of the account form: channels and farewell, and what only some need."""

import re
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.core.account import Account, LoginMethod
from chatlab.core.errors import UsageError
from chatlab.core.nick import check_nick
from chatlab.protocol.irc_perform import check_perform
from chatlab.ui.dialogs.account_fields import NOT_LASTING, Fault
from chatlab.ui.dialogs.inputs import ChannelRows, FileField, LinesField, PasswordField
from chatlab.ui.dialogs.parts import Form, Hint
from chatlab.ui.dialogs.server_text import read_server
from chatlab.ui.widgets.controls import Select, Tick
from chatlab.ui.widgets.nick_field import mark_invalid

_SHA256 = re.compile(r"[0-9a-f]{64}")
_HIGHEST_TLS = {"": "The newest that both sides know", "1.3": "TLS 1.3", "1.2": "TLS 1.2"}
_LOWEST_TLS = {"": "TLS 1.2, unless the system demands more", "1.3": "TLS 1.3", "1.2": "TLS 1.2"}
_TYPING = (
    "Sends packets: a line of about 30 bytes (TAGMSG) every 3 seconds while you write, one more when "
    "you pause; none for commands. Everybody in the chat sees when you write."
)
_CTCP = (
    "Sends packets: a NOTICE for each question (CTCP VERSION, TIME, PING), five in 30 seconds at "
    "most. Off: nobody gets an answer."
)
_MARKERS = (
    "Sends packets: a line (MARKREAD) for each chat that you read. The server learns when you read "
    "what; other people do not."
)
_BETWEEN_NICKS = re.compile(r"[\s,;]+")


class ChannelsGroup(Form):
    """Where to go after connecting, and what to say when leaving."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Channels", parent)
        self.channels = ChannelRows(self)
        self.leave_message = QLineEdit(self)
        self.leave_message.setPlaceholderText(self.tr("For instance: Good-bye, all"))
        self.add("Join on connecting", self.channels)
        self.add("Leave message", self.leave_message, Hint("Others see it when you quit.", self))

    def show_account(self, account: Account) -> None:
        self.channels.show_channels(account.channels)
        self.leave_message.setText(account.leave_message)

    def read(self, account: Account) -> Account:
        return replace(
            account,
            channels=self.channels.channels(),
            leave_message=self.leave_message.text().strip(),
        )

    def fault(self) -> Fault:
        return self.channels.first_error()


_WITH_CERTIFICATE = (LoginMethod.EXTERNAL, LoginMethod.ECDSA)


class MoreGroup(Form):
    """What most accounts never need.

    Signals:
        changed: something that matters elsewhere in the form changed.
    """

    changed = Signal()

    def __init__(self, *, is_stored: bool, is_lasting: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.name = QLineEdit(self)
        self.hosts = QLineEdit(self)
        self.hosts.setPlaceholderText("irc2.example.org, irc3.example.org")
        words = "Of the same network, at the same port; tried in turn where one is out of reach."
        self._hosts_hint = Hint(self.tr(words), self)
        self.nicks = QLineEdit(self)
        self.nicks.setPlaceholderText(self.tr("First choice, second choice"))
        self._nicks_hint = Hint(self.tr("Tried in this order when the nick is taken."), self)
        self.server_password = PasswordField("Server password", is_stored=is_stored, parent=self)
        kept = "Kept in the system’s keyring." if is_lasting else NOT_LASTING
        self.ca_file = FileField("CA file", "Certificates (*.pem *.crt *.cer)", self)
        self._ca_hint = Hint(self.tr("Trusted beside the system’s authorities."), self)
        self.pin = QLineEdit(self)
        self.pin.setPlaceholderText("SHA-256, 64 hex digits")
        self._pin_hint = Hint(self.tr("The only certificate that this account accepts."), self)
        self.tls_min = _choice(_LOWEST_TLS, self)
        self._tls_hint = Hint(self.tr("A server without it is not talked to."), self)
        self.tls_max = _choice(_HIGHEST_TLS, self)
        self.perform = LinesField("Commands on connecting", parent=self)
        self.perform.setPlaceholderText("/mode +x\n/msg bot hello")
        words = "One on each line; done after login, before channels are joined."
        self._perform_hint = Hint(self.tr(words), self)
        self.sends_typing = Tick(self.tr("Show others that you are writing"), self)
        self.sends_markers = Tick(self.tr("Tell your other clients what you have read"), self)
        self.answers_ctcp = Tick(self.tr("Say which program I use when somebody asks"), self)
        self.connect_on_start = Tick(self.tr("Connect when ChatLab starts"), self)
        self.add("Name in the list", self.name)
        self.add("Other servers", self.hosts, self._hosts_hint)
        self.add("Other nicks", self.nicks, self._nicks_hint)
        self.add("Server password", self.server_password, Hint(self.tr(kept), self))
        self.add("CA file", self.ca_file, self._ca_hint)
        self.add("Fingerprint", self.pin, self._pin_hint)
        self.add("Lowest TLS", self.tls_min, self._tls_hint)
        self.add("Highest TLS", self.tls_max)
        self.add("Commands", self.perform, self._perform_hint)
        for tick, words in (
            (self.sends_typing, _TYPING),
            (self.sends_markers, _MARKERS),
            (self.answers_ctcp, _CTCP),
        ):
            self.add_tick(tick, self.tr(words))
        self.add_wide(self.connect_on_start)
        self.server_password.textChanged.connect(self.changed)

    def show_account(self, account: Account) -> None:
        self.name.setText(account.name)
        self.hosts.setText(", ".join(account.other_hosts))
        self.nicks.setText(", ".join(account.alternative_nicks))
        self.ca_file.edit.setText(account.ca_file)
        self.pin.setText(group_fingerprint(account.pinned_sha256))
        for select, version in ((self.tls_min, account.tls_min), (self.tls_max, account.tls_max)):
            select.setCurrentIndex(max(0, select.findData(version)))
        self.perform.show_lines(account.perform)
        self.sends_typing.setChecked(account.sends_typing)
        self.sends_markers.setChecked(account.sends_markers)
        self.answers_ctcp.setChecked(account.answers_ctcp)
        self.connect_on_start.setChecked(account.connect_on_start)

    def show_usual_name(self, name: str) -> None:
        self.name.setPlaceholderText(name)

    @property
    def says_anything(self) -> bool:
        """Whether something here differs from what a new account has."""
        fields = (self.hosts, self.nicks, self.pin, self.ca_file.edit)
        return (
            any(field.text().strip() for field in fields)
            or self.server_password.has_password
            or self._ticks_anything
            or self.tls_min.currentIndex() > 0
            or self.tls_max.currentIndex() > 0
            or bool(self.perform.lines())
        )

    @property
    def _ticks_anything(self) -> bool:
        ticks = (self.sends_typing, self.sends_markers, self.connect_on_start)
        return any(tick.isChecked() for tick in ticks) or not self.answers_ctcp.isChecked()

    def read(self, account: Account, usual_name: str) -> Account:
        return replace(
            account,
            name=self.name.text().strip() or usual_name,
            other_hosts=self._hosts(),
            alternative_nicks=self._nicks(),
            has_server_password=self.server_password.has_password,
            ca_file=self.ca_file.text(),
            pinned_sha256=plain_fingerprint(self.pin.text()),
            tls_min=str(self.tls_min.currentData()),
            tls_max=str(self.tls_max.currentData()),
            perform=self.perform.lines(),
            sends_typing=self.sends_typing.isChecked(),
            sends_markers=self.sends_markers.isChecked(),
            answers_ctcp=self.answers_ctcp.isChecked(),
            connect_on_start=self.connect_on_start.isChecked(),
        )

    def faults(self) -> tuple[Fault, ...]:
        return (
            self._hosts_fault(),
            self._nicks_fault(),
            self._ca_fault(),
            self._pin_fault(),
            self._tls_fault(),
            self._perform_fault(),
        )

    def _hosts(self) -> tuple[str, ...]:
        return tuple(host for host in _BETWEEN_NICKS.split(self.hosts.text()) if host)

    def _hosts_fault(self) -> Fault:
        error = ""
        for host in self._hosts():
            found = read_server(host)
            if found is None or found.host != host:
                error = self.tr("“{}” is no server name; the port is that of the account.").format(
                    host
                )
                break
        return self._told(self.hosts, self._hosts_hint, error)

    def _nicks(self) -> tuple[str, ...]:
        return tuple(nick for nick in _BETWEEN_NICKS.split(self.nicks.text()) if nick)

    def _nicks_fault(self) -> Fault:
        problems = ((nick, check_nick(nick)) for nick in self._nicks())
        error = next((f"“{nick}”: {bad.reason}" for nick, bad in problems if bad), "")
        return self._told(self.nicks, self._nicks_hint, error)

    def _ca_fault(self) -> Fault:
        return self._told(self.ca_file.edit, self._ca_hint, self.ca_file.error())

    def _pin_fault(self) -> Fault:
        pin = plain_fingerprint(self.pin.text())
        is_bad = bool(pin) and not _SHA256.fullmatch(pin)
        error = self.tr("A SHA-256 fingerprint has 64 hex digits; here are {}.").format(len(pin))
        return self._told(self.pin, self._pin_hint, error if is_bad else "")

    def _tls_fault(self) -> Fault:
        lowest, highest = self.tls_min.currentData(), self.tls_max.currentData()
        is_bad = bool(lowest and highest and lowest > highest)
        error = self.tr("Nothing lies between TLS {} and TLS {}.").format(lowest, highest)
        return self._told(self.tls_min, self._tls_hint, error if is_bad else "")

    def _perform_fault(self) -> Fault:
        error = ""
        for line in self.perform.lines():
            try:
                check_perform(line)
            except UsageError as fault:
                error = f"{fault.message} {fault.hint}"
                break
        return self._told(self.perform, self._perform_hint, error)

    def _told(self, edit: QWidget, hint: Hint, error: str) -> Fault:
        hint.tell(error)
        mark_invalid(edit, bool(error))
        return edit, error


def _choice(versions: dict[str, str], parent: QWidget) -> Select:
    made = Select(parent)
    for version, words in versions.items():
        made.addItem(made.tr(words), version)
    return made


def plain_fingerprint(text: str) -> str:
    """Without the colons and spaces that people paste; lower case."""
    return re.sub(r"[\s:]", "", text).lower()


def group_fingerprint(sha256: str, size: int = 4) -> str:
    """In groups that eyes can compare: ``1f2e 3d4c …``."""
    return " ".join(sha256[i : i + size] for i in range(0, len(sha256), size))
