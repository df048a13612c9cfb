"""What becomes of an ``irc:`` link: an offer to join, by an account that fits or by a new one."""

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from chatlab.core.account import Account, AccountId, Autojoin, SecretKind
from chatlab.core.address import IrcAddress, IrcLink, parse_irc_link
from chatlab.core.chats import AccountState, ChatBook, ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, Severity, UsageError
from chatlab.ui.ports import Backstage
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialog_desk import DialogDesk
    from chatlab.ui.dialogs.link import LinkChoice
    from chatlab.ui.main_window import MainWindow


class LinkDesk:
    """Asks about one link, then does what was chosen."""

    def __init__(
        self, window: "MainWindow", book: ChatBook, backstage: Backstage, desk: "DialogDesk"
    ) -> None:
        self._window = window
        self._book = book
        self._backstage = backstage
        self._desk = desk

    def offer(self, url: str) -> None:
        """Ask whether to follow ``url``; what is wrong with it comes back as words."""
        from chatlab.ui.dialogs.link import LinkDialog

        try:
            link = parse_irc_link(url)
        except UsageError as error:
            self._complain(error)
            return
        dialog = LinkDialog(link, self._fitting(link.address), self._usual_nick(), self._window)
        dialog.submitted.connect(lambda choice: self._follow(link, choice))
        self._desk.show("link", dialog)

    def _fitting(self, address: IrcAddress) -> tuple[AccountState, ...]:
        """Accounts on that server: those that are online first, then the sealed ones."""
        states = [
            state
            for state in self._book.accounts.values()
            if not state.source and state.account.host.lower() == address.host.lower()
        ]
        states.sort(
            key=lambda state: (
                state.state is not LinkState.ONLINE,
                state.account.security is not address.security,
            )
        )
        return tuple(states)

    def _usual_nick(self) -> str:
        """The nick that the reader has elsewhere."""
        states = self._book.accounts.values()
        return next((s.account.nick for s in states if not s.account.is_temporary), "")

    def _follow(self, link: IrcLink, choice: "LinkChoice") -> None:
        try:
            if choice.account is None:
                self._make_account(link.address, choice)
            else:
                self._use_account(choice.account, link.address, choice.key)
        except ChatlabError as error:
            self._complain(error)

    def _make_account(self, address: IrcAddress, choice: "LinkChoice") -> None:
        account = Account(
            id=AccountId(uuid.uuid4().hex[:12]),
            name=address.host,
            host=address.host,
            port=address.port,
            security=address.security,
            nick=choice.nick,
            channels=_channels(address, choice.key),
        )
        self._expect(account.id, address)
        no_secrets: dict[SecretKind, str] = {}
        self._backstage.keep_account(account, no_secrets, connects=True)
        self._open_private(account.id, address)

    def _use_account(self, account_id: AccountId, address: IrcAddress, key: str) -> None:
        connection = self._backstage.connection(account_id)
        state = self._book.accounts.get(account_id)
        if connection is None or state is None:
            raise UsageError("This account is not ready yet.", "Try the link once more.")
        self._expect(account_id, address)
        if state.state is not LinkState.ONLINE:
            # For this run only: what is stored of the account stays as it is.
            more = _channels(address, key)
            connection.update(replace(state.account, channels=(*state.account.channels, *more)))
            connection.start()
        elif address.is_channel:
            arguments = (address.target, key) if key else (address.target,)
            connection.execute(Command(Verb.JOIN, arguments), "")
        self._open_private(account_id, address)

    def _expect(self, account: AccountId, address: IrcAddress) -> None:
        """The channel is to be shown as soon as it is joined."""
        if address.is_channel:
            self._desk.on_join(ChatKey(account, address.target.lower()))

    def _open_private(self, account: AccountId, address: IrcAddress) -> None:
        if address.target and not address.is_channel and account in self._book.accounts:
            self._desk.on_query(self._book.open(account, address.target).key)

    def _complain(self, error: ChatlabError) -> None:
        self._window.bar.post(
            BarMessage(Severity.ERROR, error.message, error.hint, topic="irc link")
        )


def _channels(address: IrcAddress, key: str) -> tuple[Autojoin, ...]:
    return (Autojoin(address.target, key),) if address.is_channel else ()
