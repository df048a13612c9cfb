"""The parts of the XMPP account form. Each shows an account's fields and gives them back."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from chatlab.core.account import Account, Security
from chatlab.core.jid import check_room
from chatlab.ui.dialogs.account_fields import NOT_LASTING, Fault
from chatlab.ui.dialogs.inputs import ChannelRows, PasswordField, RowKind
from chatlab.ui.dialogs.parts import Form, Hint, Notice
from chatlab.ui.dialogs.xmpp_words import USUAL_STANZA, xmpp_observer_text
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.card import Card
from chatlab.ui.widgets.controls import Tick
from chatlab.ui.widgets.jid_field import JidField
from chatlab.ui.widgets.nick_field import mark_invalid

ROOM_ROWS = RowKind(
    name="Room",
    placeholder="room@conference.example.org",
    key="Password of the room",
    key_placeholder="Password, if it has one",
    add="Add a room",
    remove="Take this room out",
    check=check_room,
    complete=str.strip,
    key_may_have_spaces=True,
)


class AddressGroup(Form):
    """Who you are: the address and its password.

    Signals:
        changed: something of it changed.
    """

    changed = Signal()

    def __init__(self, *, is_stored: bool, is_lasting: bool, parent: QWidget | None = None) -> None:
        super().__init__("You", parent)
        self.jid = JidField(self)
        self.password = PasswordField("Password", is_stored=is_stored, parent=self)
        kept = "Kept in the system’s keyring." if is_lasting else NOT_LASTING
        self._password_hint = Hint(self.tr(kept), self)
        self.add(
            "Address",
            self.jid,
            Hint("Looks like e-mail. A dot before the @ is fine here, though IRC refuses it."),
        )
        self.add("Password", self.password, self._password_hint)
        self.jid.changed.connect(self._on_jid_changed)
        self.password.textChanged.connect(self._on_password_changed)

    @property
    def local_part(self) -> str:
        return self.jid.text().strip().partition("@")[0]

    @property
    def domain(self) -> str:
        return self.jid.text().strip().partition("@")[2].partition("/")[0]

    def show_account(self, account: Account) -> None:
        self.jid.set_text(account.jid)

    def read(self, account: Account) -> Account:
        return replace(account, jid=self.jid.text().strip())

    def faults(self) -> tuple[Fault, ...]:
        self.jid.show_problem()
        problem = self.jid.problem
        is_missing = not self.password.has_password
        error = self.tr("Signing in needs the password of this account.") if is_missing else ""
        self._password_hint.tell(error)
        mark_invalid(self.password, is_missing)
        return (self.jid.edit, problem.reason if problem else ""), (self.password, error)

    def _on_jid_changed(self) -> None:
        self.changed.emit()

    def _on_password_changed(self) -> None:
        self._password_hint.tell("")
        mark_invalid(self.password, False)
        self.changed.emit()


class WayGroup(Form):
    """How the stream is protected, and what that leaves to read.

    Signals:
        changed: something of it changed.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Security", parent)
        self.cards = {
            Security.STARTTLS: Card(
                "lock", "sealed", "STARTTLS", "Says hello in clear, then switches to TLS. Usual."
            ),
            Security.DIRECT_TLS: Card(
                "lock", "sealed", "Direct TLS", "Sealed from the first byte. Not every server."
            ),
            Security.PLAIN: Card(
                "eye", "readable", "Plain text", "For the lab: anyone can read it."
            ),
        }
        self._observer = Notice(self)
        self.consent = Tick(self.tr("Send the password itself where no proof is taken"), self)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        cards = QWidget(self)
        cards.setAccessibleName(self.tr("Security"))
        cards.setLayout(row)
        for card in self.cards.values():
            card.setCheckable(True)
            card.setAutoExclusive(True)
            card.setParent(cards)
            row.addWidget(card, 1)
            card.toggled.connect(self._on_toggled)
        self.add("On the way", cards)
        self.add_wide(self.consent)
        self.add_wide(self._observer)
        self.consent.toggled.connect(self.changed)
        self.cards[Security.STARTTLS].setChecked(True)

    @property
    def security(self) -> Security:
        return next(way for way, card in self.cards.items() if card.isChecked())

    def show_account(self, account: Account) -> None:
        self.cards[account.security].setChecked(True)
        self.consent.setChecked(account.password_over_plain)

    def read(self, account: Account) -> Account:
        is_plain = self.security is Security.PLAIN
        return replace(
            account,
            security=self.security,
            password_over_plain=is_plain and self.consent.isChecked(),
        )

    def tell_observer(self, domain: str) -> None:
        """Say what these settings let an observer read."""
        is_plain = self.security is Security.PLAIN
        self.consent.setVisible(is_plain)
        text = xmpp_observer_text(
            domain, self.security, password_crosses=is_plain and self.consent.isChecked()
        )
        icon, token = ("eye", "readable") if is_plain else ("lock", "sealed")
        self._observer.tell(icon, token, self.tr("What an observer could read"), text)

    def _on_toggled(self, is_on: bool) -> None:
        if is_on:
            self.changed.emit()


class RoomsGroup(Form):
    """Where to go after connecting, and under which name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Rooms", parent)
        self.nick = QLineEdit(self)
        self.rooms = ChannelRows(self, ROOM_ROWS)
        self.add("Nickname", self.nick, Hint("What others in a room see. Spaces are fine."))
        self.add("Join on connecting", self.rooms)

    def show_account(self, account: Account) -> None:
        self.nick.setText("" if account.nick == account.jid.partition("@")[0] else account.nick)
        self.rooms.show_channels(account.channels)

    def show_usual_nick(self, nick: str) -> None:
        self.nick.setPlaceholderText(nick or self.tr("What stands before the @"))

    def read(self, account: Account) -> Account:
        nick = self.nick.text().strip() or account.jid.partition("@")[0]
        return replace(account, nick=nick, channels=self.rooms.channels())

    def fault(self) -> Fault:
        return self.rooms.first_error()


class PrivacyGroup(Form):
    """What others learn of the reader without a word being said; each switch costs packets."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What others learn", parent)
        size = f"about {USUAL_STANZA} bytes"
        self.receipts = Tick(self.tr("That a message reached this program"), self)
        self.typing = Tick(self.tr("That I am writing"), self)
        self.markers = Tick(self.tr("That I have read a message"), self)
        self.add_tick(
            self.receipts, f"One packet for each message that asks: {size}, and its ACK (receipts)."
        )
        self.add_tick(
            self.typing,
            f"One when you begin, one when you pause or stop: {size} each (chat states).",
        )
        self.add_tick(
            self.markers, f"One for each message that comes into view: {size} (chat markers)."
        )

    def show_account(self, account: Account) -> None:
        self.receipts.setChecked(account.sends_receipts)
        self.typing.setChecked(account.sends_typing)
        self.markers.setChecked(account.sends_markers)

    def read(self, account: Account) -> Account:
        return replace(
            account,
            sends_receipts=self.receipts.isChecked(),
            sends_typing=self.typing.isChecked(),
            sends_markers=self.markers.isChecked(),
        )
