"""Opens the dialogs and hands on what they were told. Each is imported when first wanted."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QDialog

from chatlab.core.account import AccountId, Application, SecretKind
from chatlab.core.chats import Change, ChatBook, ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.events import CertificateRefused
from chatlab.core.xmpp_address import is_xmpp_link
from chatlab.ui.ports import Backstage, CertificateAnswer, WireFeed
from chatlab.ui.session_desk import SessionDesk

if TYPE_CHECKING:
    from chatlab.ui.dialogs.account import AccountDialog, AccountResult
    from chatlab.ui.dialogs.account_fields import NetworkPreset
    from chatlab.ui.dialogs.system_check import CheckRow
    from chatlab.ui.main_window import MainWindow

_BESIDE = frozenset({"help", "notes", "transfers"})
Checker = Callable[[Callable[["tuple[CheckRow, ...]"], None]], None]
"""Looks at the system, then calls back with what it found."""


class DialogDesk:
    """One window's dialogs."""

    def __init__(
        self,
        window: "MainWindow",
        book: ChatBook,
        feed: WireFeed,
        backstage: Backstage,
        presets: "Callable[[], tuple[NetworkPreset, ...]]",
        check_system: Checker,
    ) -> None:
        self._window = window
        self._book = book
        self._feed = feed
        self._backstage = backstage
        self._presets = presets
        self._check_system = check_system
        self._open: dict[str, QDialog] = {}
        self.sessions = SessionDesk(window, feed, backstage, self.show)
        self.on_join: Callable[[ChatKey], None] = lambda chat: None
        """Told of a channel that the reader wants to enter."""
        self.on_query: Callable[[ChatKey], None] = lambda chat: None
        """Told of a chat that the reader wants to see."""
        self.edit_xmpp_account: Callable[[AccountId | None], None] = lambda account: None
        """Opens the form of an XMPP account, or an empty one."""
        self.ask_for_room: Callable[[AccountId], None] = lambda account: None
        """Asks for a room of an XMPP account."""
        self.offer_xmpp_link: Callable[[str], None] = lambda url: None
        """Goes where an ``xmpp:`` link leads, as far as no packet is needed."""
        self.list_rooms: Callable[[AccountId], None] = lambda account: None
        """Lists the channels or rooms of an account's server."""

    def offer_link(self, url: str) -> None:
        """Offer to go where an ``irc:`` or ``xmpp:`` link leads; nothing is connected unasked."""
        if is_xmpp_link(url):
            self.offer_xmpp_link(url)
            return
        from chatlab.ui.link_desk import LinkDesk

        LinkDesk(self._window, self._book, self._backstage, self).offer(url)

    def new_account(self) -> None:
        """Ask which kind of account, then for its fields."""
        from chatlab.ui.dialogs.new_account import NewAccountDialog

        dialog = NewAccountDialog(self._window)
        dialog.irc_chosen.connect(lambda: self.edit_account())
        dialog.xmpp_chosen.connect(lambda: self.edit_xmpp_account(None))
        self.show("new account", dialog)

    def edit_account(self, account_id: AccountId | None = None, *, server: str = "") -> None:
        """The account form: empty, for a server, or with the account's fields."""
        from chatlab.ui.dialogs.account import AccountDialog, StoredSecrets

        state = self._book.accounts.get(account_id) if account_id else None
        if state is not None and state.account.application is Application.XMPP:
            self.edit_xmpp_account(account_id)
            return
        known = self._backstage.stored_secrets(account_id) if account_id else frozenset()
        dialog = AccountDialog(
            account_id or AccountId(uuid.uuid4().hex[:12]),
            self._presets(),
            state.account if state else None,
            StoredSecrets(known, self._backstage.keeps_secrets),
            self._window,
        )
        if server:
            dialog.network.host.setText(server)
            dialog.network.settle()
        dialog.submitted.connect(self._on_account_filled_in)
        self._connect_certificate(dialog)
        self.show("account", dialog)

    def _connect_certificate(self, dialog: "AccountDialog") -> None:
        """Answers come later: by then, another dialog may be open, or none."""
        certificate = dialog.login.certificate

        def show(answer: CertificateAnswer) -> None:
            if self._open.get("account") is dialog:
                certificate.show_answer(answer)

        account = dialog.account_id
        dialog.certificate_wanted.connect(
            lambda name: self._backstage.make_certificate(account, name, show)
        )
        dialog.certificate_chosen.connect(
            lambda file: self._backstage.read_certificate(Path(file), show)
        )
        if certificate.text():
            self._backstage.read_certificate(Path(certificate.text()), show)

    def accounts(self) -> None:
        """The list of accounts: add, change, remove, connect."""
        from chatlab.ui.dialogs.accounts import AccountsDialog

        dialog = AccountsDialog(self._window)

        def show(*_: object) -> None:
            states = self._book.accounts.values()
            dialog.show_accounts([state.account for state in states if not state.source])

        dialog.new_requested.connect(self.new_account)
        dialog.edit_requested.connect(lambda who: self.edit_account(AccountId(who)))
        dialog.remove_requested.connect(lambda who: self._backstage.remove_account(AccountId(who)))
        dialog.connect_requested.connect(self._connect)
        dialog.destroyed.connect(self._book.observe(show, Change.ACCOUNT_CHANGED))
        show()
        self.show("accounts", dialog)

    def _connect(self, account: str) -> None:
        if connection := self._backstage.connection(AccountId(account)):
            connection.start()

    def _on_account_filled_in(self, result: "AccountResult") -> None:
        self._backstage.keep_account(result.account, result.secrets, connects=result.connects)

    def ask_about_certificate(self, event: CertificateRefused) -> None:
        from chatlab.ui.dialogs.certificate import CertificateDialog

        state = self._book.accounts.get(event.account)
        dialog = CertificateDialog(
            event.account,
            event.error,
            pinned=state.account.pinned_sha256 if state else "",
            is_wrong_host=event.error.is_wrong_host,
            parent=self._window,
        )
        dialog.trusted_once.connect(lambda who, pin: self._trust(AccountId(who), pin, False))
        dialog.pinned_for.connect(lambda who, pin: self._trust(AccountId(who), pin, True))
        self.show(f"certificate {event.account}", dialog)

    def _trust(self, account_id: AccountId, sha256: str, is_lasting: bool) -> None:
        state = self._book.accounts.get(account_id)
        connection = self._backstage.connection(account_id)
        if state is None or connection is None:
            return
        account = replace(state.account, pinned_sha256=sha256)
        if is_lasting:
            no_secrets: dict[SecretKind, str] = {}
            self._backstage.keep_account(account, no_secrets)
        else:
            connection.update(account)
        connection.start()

    def ask_for_channel(self, first: AccountId | None) -> None:
        from chatlab.ui.dialogs.join import JoinDialog

        accounts = [state.account for state in self._book.accounts.values()]
        accounts.sort(key=lambda account: account.id != first)
        if not accounts:
            self.new_account()
            return
        if accounts[0].application is Application.XMPP:
            self.ask_for_room(accounts[0].id)
            return
        names = tuple((account.id, account.name) for account in accounts)
        with_rooms = {a.id for a in accounts if a.application is Application.XMPP}
        dialog = JoinDialog(names, self._window, with_rooms=frozenset(with_rooms))
        dialog.submitted.connect(self._join)
        dialog.room_requested.connect(lambda who: self.ask_for_room(AccountId(who)))
        self.show("join", dialog)

    def _join(self, account: str, channel: str, key: str) -> None:
        if connection := self._backstage.connection(AccountId(account)):
            arguments = (channel, key) if key else (channel,)
            self.on_join(ChatKey(AccountId(account), channel.lower()))
            connection.execute(Command(Verb.JOIN, arguments), "")

    def save_capture(self) -> None:
        """Save the session that the capture is a part of."""
        self.sessions.save()

    def open_capture(self) -> None:
        self.sessions.open()

    def help(self, topic: str = "") -> None:
        from chatlab.ui.dialogs.help import HelpDialog

        dialog = HelpDialog(self._window.actions_table.obeyed(), self._window)
        self.show("help", dialog)
        if topic:
            dialog.search(topic)

    def about(self) -> None:
        from chatlab.ui.dialogs.about import AboutDialog

        self.show("about", AboutDialog({}, self._window))

    def system_check(self) -> None:
        from chatlab.ui.dialogs.system_check import SystemCheckDialog

        dialog = SystemCheckDialog(self._window)

        def show(rows: "tuple[CheckRow, ...]") -> None:
            if self._open.get("check") is dialog:  # It may be closed before that is known.
                dialog.show_rows(rows)

        dialog.check_again_requested.connect(lambda: self._check_system(show))
        self.show("check", dialog)
        self._check_system(show)

    def palette(self, chosen: Callable[[ChatKey], None], type_in: Callable[[str], None]) -> None:
        """Find chats, commands, actions and help by a few letters."""
        from chatlab.ui.widgets.command_palette import CommandPalette

        palette = CommandPalette(self._book, self._window.actions_table, self._window)
        palette.chat_chosen.connect(chosen)
        palette.command_chosen.connect(type_in)
        palette.help_chosen.connect(self.help)
        palette.open()

    def show(self, name: str, dialog: QDialog) -> None:
        """Never nested loops: the dialog is shown, and its signals tell the rest."""
        if before := self._open.pop(name, None):
            before.close()
        self._open[name] = dialog
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.destroyed.connect(lambda: self._forget(name, dialog))
        self._place(dialog)
        if name in _BESIDE:
            dialog.show()  # To be read beside the window, not instead of it.
        else:
            dialog.open()

    def _place(self, dialog: QDialog) -> None:
        """In the middle of the window, whole on its screen; not every window manager does it."""
        place = QRect(QPoint(), dialog.size())
        place.moveCenter(self._window.frameGeometry().center())
        room = self._window.screen().availableGeometry()
        left = max(room.left(), min(place.left(), room.right() - place.width()))
        top = max(room.top(), min(place.top(), room.bottom() - place.height()))
        dialog.move(left, top)

    def _forget(self, name: str, dialog: QDialog) -> None:
        if self._open.get(name) is dialog:
            del self._open[name]
