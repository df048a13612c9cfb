"""Commands that are carried out here and not by a server, where there is no window for them."""

import time
from collections.abc import Callable
from pathlib import Path

from chatlab.app.exporting import export_chat
from chatlab.core import rule_commands
from chatlab.core.account import AccountId
from chatlab.core.chats import Chat, ChatBook, ChatKey
from chatlab.core.command_table import COMMANDS
from chatlab.core.commands import Command, Verb, spec_of
from chatlab.core.errors import UsageError
from chatlab.core.message import Message
from chatlab.core.rules import RuleBook
from chatlab.protocol.irc_format import strip_formatting

MAX_FOUND = 50
"""Messages that ``/search`` shows, the latest."""
_NEEDS_WINDOW = "This needs the window."
_HINT = "“chatlab” without a command opens it."


class LocalCommands:
    """``tell`` gets each line of an answer."""

    def __init__(
        self, account: AccountId, book: ChatBook, rules: RuleBook, tell: Callable[[str], None]
    ) -> None:
        self._account = account
        self._book = book
        self._rules = rules
        self._tell = tell
        self._table: dict[Verb, Callable[[Command, str], None]] = {
            Verb.IGNORE: self._ignore,
            Verb.UNIGNORE: self._unignore,
            Verb.IGNORELIST: lambda command, chat: self._list_ignored(),
            Verb.MUTE: lambda command, chat: self._mute(chat, True),
            Verb.UNMUTE: lambda command, chat: self._mute(chat, False),
            Verb.MENTIONS: lambda command, chat: self._mentions(),
            Verb.SEARCH: self._search,
            Verb.CLEAR: lambda command, chat: self._book.clear(self._key(chat)),
            Verb.EXPORT: self._export,
            Verb.CHANNEL: lambda command, chat: self._channel(chat),
            Verb.HELP: self._help,
        }

    def obey(self, command: Command, chat: str) -> bool:
        """Carry out a local command; False when it is the server's. Raises ChatlabError."""
        spec = spec_of(command.verb.value)
        if spec is None or not spec.is_local:
            return False
        if (carry_out := self._table.get(command.verb)) is None:
            raise UsageError(f"/{command.verb.value}: {_NEEDS_WINDOW}", _HINT)
        carry_out(command, chat)
        return True

    # -- rules

    def _ignore(self, command: Command, chat: str) -> None:
        self._tell(rule_commands.ignore(self._rules, command, self._account, time.time_ns()))

    def _unignore(self, command: Command, chat: str) -> None:
        self._tell(rule_commands.unignore(self._rules, command, self._account))

    def _list_ignored(self) -> None:
        lines = rule_commands.ignored(self._rules, self._account, time.time_ns())
        self._tell_all(lines, "Nobody is ignored.")

    def _mute(self, chat: str, is_muted: bool) -> None:
        if not chat:
            raise UsageError("There is no chat to mute.", "Go to one first: /join or /query")
        self._rules.mute(self._key(chat), is_muted)
        self._tell(f"{chat} counts {'nothing' if is_muted else 'messages'} as unread.")

    # -- what was said

    def _mentions(self) -> None:
        lines = [
            _found(chat, entry)
            for chat in self._book.chats.values()
            for entry in chat.entries
            if isinstance(entry, Message) and entry.is_highlight
        ]
        self._tell_all(lines[-MAX_FOUND:], "No message was meant for you yet.")

    def _search(self, command: Command, chat: str) -> None:
        words = command.argument(0).casefold().split()
        if not words:
            raise UsageError("/search needs words.", "Usage: /search words")
        lines = [
            _found(found, entry)
            for found in self._book.chats.values()
            for entry in found.entries
            if isinstance(entry, Message) and all(word in entry.text.casefold() for word in words)
        ]
        self._tell_all(lines[-MAX_FOUND:], f"Nobody said “{command.argument(0)}” here.")

    def _export(self, command: Command, chat: str) -> None:
        if not (name := command.argument(0)):
            raise UsageError("/export needs a file.", "Usage: /export lab.txt, .html or .json")
        file = Path(name).expanduser().absolute()
        count = export_chat(self._chat(chat), file)
        words = "1 entry" if count == 1 else f"{count} entries"
        self._tell(f"Saved {words} as {file}.")

    def _channel(self, name: str) -> None:
        chat = self._chat(name)
        if not chat.is_joined:
            raise UsageError("This works in a channel only.", "Go to the channel, or /join one.")
        people = f"{len(chat.members)} people"
        self._tell(f"{chat.title}: {people}, modes {chat.modes or 'unknown'}, topic: {chat.topic}")

    # -- help

    def _help(self, command: Command, chat: str) -> None:
        if not (name := command.argument(0).removeprefix("/")):
            self._tell_all([f"{spec.usage} — {spec.explanation}" for spec in COMMANDS], "")
        elif spec := spec_of(name):
            also = f" Also: /{', /'.join(spec.aliases)}." if spec.aliases else ""
            self._tell(f"{spec.usage} — {spec.explanation}{also}")
        else:
            raise UsageError(f"There is no command /{name}.", "/help lists all.")

    # -- helpers

    def _key(self, chat: str) -> ChatKey:
        return ChatKey(self._account, chat.lower())

    def _chat(self, name: str) -> Chat:
        return self._book.chats.get(self._key(name)) or self._book.open(self._account, name)

    def _tell_all(self, lines: "list[str] | tuple[str, ...]", otherwise: str) -> None:
        for line in lines or [otherwise]:
            self._tell(line)


def _found(chat: Chat, message: Message) -> str:
    where = f"[{chat.title}] " if chat.title else ""
    return f"{where}<{message.sender}> {strip_formatting(message.text)}"
