"""The raw console in the window: which account it shows, and what a chosen line means elsewhere."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError
from chatlab.core.events import LineSeen
from chatlab.core.flow import WireRange
from chatlab.core.message import Message, MessageId
from chatlab.core.raw_lines import RawLineLog
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.presenter import Presenter

if TYPE_CHECKING:
    from chatlab.ui.widgets.raw_console import RawConsole

_MOST_LOOKED_AT = 2_000
"""Newest entries of a chat among which the message of a line is sought."""


class RawDesk:
    """Keeps the lines from the first one on; the console itself is made when it is asked for."""

    def __init__(
        self, presenter: Presenter, book: ChatBook, feed: WireFeed, backstage: Backstage
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._book = book
        self._feed = feed
        self._backstage = backstage
        self._log = RawLineLog()
        self._console: RawConsole | None = None
        self._followed: AccountId | None = None
        self._is_ours = False
        """The selection comes from the console: the line that was picked stays picked."""
        backstage.observe(self._log.take, LineSeen)
        presenter.on_selected = self._on_message_selected

    @property
    def is_shown(self) -> bool:
        return self._console is not None and not self._console.isHidden()

    @property
    def console(self) -> "RawConsole | None":
        """None until it was asked for."""
        return self._console

    def set_shown(self, is_shown: bool) -> None:
        """Show or hide the console, below the chats."""
        if not is_shown:
            self._leave()
            return
        console = self._console or self._make()
        console.show()
        self._follow(self._active_key())
        console.focus_field()

    def _make(self) -> "RawConsole":
        from chatlab.ui.widgets.raw_console import RawConsole

        console = self._console = RawConsole(self._log, self._window)
        console.line_selected.connect(self._on_line_selected)
        console.send_requested.connect(self._on_send)
        console.closed.connect(self._leave)
        self._window.chats.active_changed.connect(self._follow)
        self._book.observe(self._on_book_changed, Change.ACCOUNT_CHANGED)
        self._show_accounts()
        self._window.put_below_chats(console)
        return console

    def _leave(self) -> None:
        if self._console is None:
            return
        had_focus = _has_focus(self._console)
        self._console.hide()
        if had_focus:
            self._window.chats.active.focus_composer()

    # Which account ------------------------------------------------------------------------------

    def _active_key(self) -> ChatKey | None:
        chat = self._window.chats.active.chat
        return chat.key if chat is not None else None

    def _follow(self, key: ChatKey | None) -> None:
        """Show the account that the reader went to; one that was picked stays otherwise."""
        if self._console is None or key is None or key.account == self._followed:
            return
        self._followed = key.account
        self._console.show_account(key.account)

    def _show_accounts(self) -> None:
        if self._console is not None:
            states = self._book.accounts.values()
            self._console.show_accounts([state.account for state in states])

    def _on_book_changed(
        self, _change: Change, _what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        known = [state.account for state in self._book.accounts.values()]
        if self._console is not None and not self._console.shows(known):
            self._show_accounts()

    # Shared selection ---------------------------------------------------------------------------

    def _on_line_selected(self, line: LineSeen) -> None:
        """Choose what the line is: a message where it carries one, else its frames alone."""
        if line.wire is None:
            self._presenter.select_message(None)
            return
        message = self._message_of(line, line.wire)
        self._window.wire.show()
        self._is_ours = True
        self._presenter.select_message(message or self._feed.choose_line(line.wire))
        self._is_ours = False

    def _message_of(self, line: LineSeen, wire: WireRange) -> MessageId | None:
        """The message that these bytes carry. Under TLS one record may hold several lines."""
        found: MessageId | None = None
        for chat in self._book.chats.values():
            if chat.key.account != line.account:
                continue
            for entry in reversed(chat.entries[-_MOST_LOOKED_AT:]):
                if isinstance(entry, Message) and wire in (entry.wire, entry.echo):
                    if entry.text in line.line or _escaped(entry.text) in line.line:
                        return entry.id
                    found = found or entry.id
        return found if found and _is_talk(line.line) else None

    def _on_message_selected(self, message: MessageId | None) -> None:
        """A message was chosen elsewhere: its line lights up here."""
        if self._is_ours or self._console is None or self._console.isHidden() or not message:
            return
        if (known := self._book.find(message)) is None:
            return
        entry = known[0].entries[known[1]]
        if isinstance(entry, Message) and entry.account == self._console.account:
            self._console.show_line(entry.wire)

    # Sending ------------------------------------------------------------------------------------

    def _on_send(self, account: str, line: str) -> None:
        assert self._console is not None  # It is the console that asks.
        connection = self._backstage.connection(AccountId(account))
        if connection is None:
            self._console.say_refused("This account was read from a file: nothing can be sent.")
            return
        try:
            if connection.account.application is Application.XMPP:
                from chatlab.protocol.xmpp_element import check_typed

                check_typed(line)
            connection.execute(Command(Verb.RAW, (line,)), "")
        except ChatlabError as error:
            self._console.say_refused(str(error))
        else:
            self._console.say_sent()


def _escaped(text: str) -> str:
    """A text as a stanza carries it (XML 1.0, section 2.4)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_talk(line: str) -> bool:
    return any(command in line for command in ("PRIVMSG ", "NOTICE ", "TAGMSG ", "<message"))


def _has_focus(part: QWidget) -> bool:
    focus = part.window().focusWidget()
    return focus is not None and (focus is part or part.isAncestorOf(focus))
