"""From a typed line to what is done about it: a message, a command, or an error in the chat."""

import time
from collections.abc import Callable

from chatlab.core.account import Application
from chatlab.core.chats import ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb, parse, spec_of
from chatlab.core.errors import ChatlabError, Severity, UsageError
from chatlab.core.events import Informed
from chatlab.core.message import MessageKind
from chatlab.ui.action_ids import ActionId
from chatlab.ui.ports import Backstage
from chatlab.ui.shortcuts import how_to


class Speaker:
    """Says what was typed. What fails is told in the chat where it was typed."""

    def __init__(self, book: ChatBook, backstage: Backstage) -> None:
        self._book = book
        self._backstage = backstage
        self.on_local: Callable[[Command, ChatKey], None] = lambda command, chat: None
        """Carries out the commands that only the window can."""
        self.handlers: dict[Verb, Callable[[Command, ChatKey], None]] = {}
        """Commands that open something in this window, whoever else could carry them out."""
        self.on_query: Callable[[ChatKey], None] = lambda chat: None
        """Told of a private chat that the reader wants to see."""
        self.on_join: Callable[[ChatKey], None] = lambda chat: None
        """Told of a channel that the reader wants to enter."""
        self.send_twins: Callable[[Command, ChatKey], bool] = lambda command, chat: False
        """Sends a text on several chats at once; False where it concerns this chat alone."""

    def say(self, key: ChatKey, line: str, reply_to: str = "") -> None:
        """Carry out a line; several are a text, never commands.

        ``reply_to`` is the ``msgid`` of the message that the text answers.
        """
        try:
            command = parse(line) if "\n" not in line else _as_text(line)
            if reply_to or not self.send_twins(command, key):
                self._carry_out(command, key, reply_to)
        except ChatlabError as error:
            self.complain(key, error)

    def predict(self, key: ChatKey, line: str, reply_to: str = "") -> tuple[int, ...]:
        """Bytes of each message that ``line`` would become; none for what is no message."""
        connection = self._backstage.connection(key.account)
        chat = self._book.chats.get(key)
        if connection is None or chat is None:
            return ()
        try:
            command = parse(line) if "\n" not in line else _as_text(line)
        except UsageError:
            return ()
        text = command.argument(0)
        match command.verb:
            case Verb.SAY if chat.kind is not ChatKind.SERVER:
                return connection.predict(chat.title, text, reply_to=reply_to)
            case Verb.ME if chat.kind is not ChatKind.SERVER:
                return connection.predict(chat.title, text, MessageKind.ACTION, reply_to=reply_to)
            case Verb.MSG:
                return connection.predict(text, command.argument(1))
            case _:
                return ()

    def complain(self, key: ChatKey, error: ChatlabError) -> None:
        """Show an error in the chat that it is about."""
        chat = self._book.chats.get(key)
        self._book.apply(
            Informed(
                key.account,
                error.message,
                time.time_ns(),
                chat=chat.title if chat else "",
                severity=Severity.ERROR,
                hint=error.hint,
            )
        )

    def _carry_out(self, command: Command, key: ChatKey, reply_to: str) -> None:
        if handler := self.handlers.get(command.verb):
            handler(command, key)
            return
        spec = spec_of(command.verb.value)
        if spec is not None and spec.is_local:
            self.on_local(command, key)
            return
        connection = self._backstage.connection(key.account)
        chat = self._book.chats.get(key)
        if connection is None or chat is None:
            raise UsageError("This chat was read from a file.", "Nothing can be sent in it.")
        if command.verb is Verb.ME and reply_to:
            text = command.argument(0)
            connection.send(chat.title, text, MessageKind.ACTION, reply_to=reply_to)
            return
        if command.verb is Verb.SAY:
            if chat.kind is ChatKind.SERVER:
                raise UsageError(
                    "This is the server’s own page: nobody would read it.",
                    f"Join a channel ({how_to(ActionId.JOIN)}), or type a command: /join #lab.",
                )
            connection.send(chat.title, command.argument(0), reply_to=reply_to)
            return
        if command.verb is Verb.QUERY:
            self.on_query(self._book.open(key.account, command.argument(0)).key)
        if command.verb is Verb.JOIN:
            for channel in command.argument(0).split(","):
                self.on_join(ChatKey(key.account, self._place(key, channel).lower()))
        connection.execute(command, chat.title)

    def _place(self, key: ChatKey, channel: str) -> str:
        """Behind the address of a room may stand a nickname."""
        state = self._book.accounts.get(key.account)
        is_xmpp = state is not None and state.account.application is Application.XMPP
        return channel.partition("/")[0] if is_xmpp else channel


def _as_text(text: str) -> Command:
    return Command(Verb.SAY, (text,))
