"""All accounts: add, change, remove, connect."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QWidget

from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.place_words import place_words
from chatlab.ui.theme import SPACE, icon, isolated, on_theme_changed, plain_label

WIDTH, HEIGHT = 66 * SPACE, 56 * SPACE
_PROTECTION = {
    Security.PLAIN: "plain text",
    Security.STARTTLS: "STARTTLS",
    Security.DIRECT_TLS: "TLS",
}
_ID_ROLE = Qt.ItemDataRole.UserRole


class AccountsDialog(Sheet):
    """A list to choose from; use it with ``open()`` and feed it with ``show_accounts``.

    Signals:
        new_requested: an empty form is wanted.
        edit_requested, connect_requested, remove_requested: AccountId; a removal has been confirmed.
    """

    new_requested = Signal()
    edit_requested = Signal(str)
    connect_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Accounts", parent)
        subtitle = "An account is a network, who you are there and what to do there."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Accounts"))
        self.list.setMinimumHeight(12 * SPACE)
        self._empty = plain_label("No account yet. “New…” makes one; nothing is sent.", "muted")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._accounts: tuple[Account, ...] = ()
        self._doomed: AccountId | None = None
        self._notice = Notice(self)
        self._confirm = QPushButton(self.tr("Remove it"), self)
        self._keep = QPushButton(self.tr("Keep it"), self)
        self.body.addWidget(self._empty)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self._notice)
        self.body.addLayout(self._make_confirmation())
        self.new_button = self.add_button(self.tr("New…"))
        self.edit_button = self.add_button(self.tr("Change…"))
        self.remove_button = self.add_button(self.tr("Remove…"))
        self.connect_button = self.add_button(self.tr("Connect"), is_primary=True)
        self.foot.insertStretch(3, 1)
        self._connect()
        self.show_accounts(())
        self.settle(None)
        on_theme_changed(self._dress)
        self.resize(WIDTH, HEIGHT)

    def show_accounts(self, accounts: Sequence[Account]) -> None:
        """Show these; the chosen one stays chosen if it is still there."""
        chosen = self._chosen()
        self._accounts = tuple(accounts)
        self.list.clear()
        for account in accounts:
            item = QListWidgetItem(_words(account), self.list)
            item.setData(_ID_ROLE, account.id)
            if account.id == chosen or self.list.currentRow() < 0:
                self.list.setCurrentItem(item)
        self._dress()
        self._ask(None)
        self._empty.setVisible(not accounts)
        self.list.setVisible(bool(accounts))
        (self.list if accounts else self.new_button).setFocus()

    def _make_confirmation(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._keep)
        row.addWidget(self._confirm)
        return row

    def _connect(self) -> None:
        self.new_button.clicked.connect(self.new_requested)
        self.edit_button.clicked.connect(lambda: self._tell(self.edit_requested.emit))
        self.connect_button.clicked.connect(lambda: self._tell(self.connect_requested.emit))
        self.remove_button.clicked.connect(lambda: self._ask(self._chosen()))
        self._keep.clicked.connect(lambda: self._ask(None))
        self._confirm.clicked.connect(self._on_confirmed)
        self.list.itemActivated.connect(lambda: self._tell(self.edit_requested.emit))
        self.list.currentRowChanged.connect(lambda: self._ask(None))

    def _chosen(self) -> AccountId | None:
        item = self.list.currentItem()
        return AccountId(item.data(_ID_ROLE)) if item is not None else None

    def _tell(self, emit: Callable[[str], object]) -> None:
        if (chosen := self._chosen()) is not None:
            emit(chosen)

    def _ask(self, account_id: AccountId | None) -> None:
        """Ask whether this account is to go; None takes the question back."""
        self._doomed = account_id
        name = next((a.name for a in self._accounts if a.id == account_id), "")
        self._notice.tell(
            "trash", "attention", self.tr("Remove {}?").format(isolated(f"“{name}”")),
            "Its settings, its stored passwords and its history on this computer go. What the "
            "network knows of you stays there.",
        )  # fmt: skip
        for part in (self._notice, self._keep, self._confirm):
            part.setVisible(account_id is not None)
        if account_id is not None:
            self._keep.setFocus()
        for button in (self.edit_button, self.remove_button, self.connect_button):
            button.setEnabled(bool(self._accounts) and account_id is None)

    def _on_confirmed(self) -> None:
        if self._doomed is not None:
            doomed, self._doomed = self._doomed, None
            self._ask(None)
            self.remove_requested.emit(doomed)

    def _dress(self) -> None:
        by_id = {account.id: account for account in self._accounts}
        for row in range(self.list.count()):
            item = self.list.item(row)
            account = by_id.get(item.data(_ID_ROLE))
            if account is not None:
                is_plain = account.security is Security.PLAIN
                item.setIcon(icon("eye", "readable") if is_plain else icon("lock", "sealed"))


def _words(account: Account) -> str:
    """``Libera.Chat – me at irc.libera.chat:6697, TLS``."""
    protection = _PROTECTION[account.security]
    if account.application is Application.XMPP:
        return f"{isolated(account.name)} – XMPP, {isolated(place_words(account))}, {protection}"
    where = place_words(account)
    return f"{isolated(account.name)} – {isolated(account.nick)} at {where}, {protection}"
