"""``/send`` and ``/dcc``: files and direct chats, carried out by the account's transfers."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from chatlab.chat.irc.command_group import CommandGroup, Engine, Handler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import UsageError
from chatlab.core.flow import Direction
from chatlab.core.transfer import Transfer, TransferKind, TransferState

_USAGE = "Usage: /dcc send, get, resume, refuse, chat, close or list"
_OPEN = tuple(state for state in TransferState if not state.is_over)
_PASSIVE = "-passive"


class DccCommands(CommandGroup):
    """The rows of ``core/command_table.py`` that need a connection between two people."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.table: dict[Verb, Handler] = {Verb.SEND: self._send, Verb.DCC: self._dcc}
        self._deeds: dict[str, Callable[[list[str], str], None]] = {
            "send": self._offer,
            "get": lambda words, chat: self._take(words),
            "resume": lambda words, chat: self._take(words, resume=True),
            "refuse": lambda words, chat: self._refuse(words),
            "chat": self._chat_with,
            "close": lambda words, chat: self._close(words),
            "list": lambda words, chat: self._transfers.list_in(chat),
        }

    @property
    def _transfers(self) -> Transfers:
        if (transfers := self._engine.transfers) is None:
            raise UsageError("Files cannot be sent from here.", "Use the window.")
        return transfers

    def _send(self, command: Command, chat: str) -> None:
        self._offer([command.argument(0), *_words(command.argument(1))], chat)

    def _dcc(self, command: Command, chat: str) -> None:
        deed = self._deeds.get(command.argument(0).lower())
        if deed is None:
            raise UsageError(f"/dcc does not know “{command.argument(0)}”.", _USAGE)
        deed(_words(command.argument(1)), chat)

    def _offer(self, words: list[str], chat: str) -> None:
        is_passive = _PASSIVE in words
        words = [word for word in words if word != _PASSIVE]
        if len(words) < 2:
            raise UsageError("A nick and a file are needed.", "Example: /send bob notes.pdf")
        # A path with blanks needs no quotes: everything behind the nick is the file.
        path = Path(os.path.expanduser(" ".join(words[1:])))
        self._transfers.offer_file(
            [nick for nick in words[0].split(",") if nick], path, chat, passive=is_passive or None
        )

    def _take(self, words: list[str], *, resume: bool = False) -> None:
        offered = self._latest(words, (TransferState.OFFERED,), Direction.RECEIVED)
        self._transfers.accept(offered.id, resume=resume)

    def _refuse(self, words: list[str]) -> None:
        offered = self._latest(words, (TransferState.OFFERED,), Direction.RECEIVED)
        self._transfers.refuse(offered.id)

    def _chat_with(self, words: list[str], chat: str) -> None:
        is_passive = _PASSIVE in words
        nicks = [word for word in words if word != _PASSIVE]
        if not nicks:
            raise UsageError("With whom?", "Example: /dcc chat bob")
        self._transfers.offer_chat(nicks[0], passive=is_passive or None)

    def _close(self, words: list[str]) -> None:
        kinds = {"send": TransferKind.FILE, "get": TransferKind.FILE, "chat": TransferKind.CHAT}
        kind = kinds.get(words[0].lower()) if len(words) > 1 else None
        found = self._latest(words[1:] if kind else words, _OPEN, None, kind)
        self._transfers.cancel(found.id)

    def _latest(
        self,
        words: list[str],
        states: tuple[TransferState, ...],
        direction: Direction | None,
        kind: TransferKind | None = None,
    ) -> Transfer:
        nick, name = (words[0] if words else ""), " ".join(words[1:])
        return self._transfers.latest(nick, name, states, direction, kind)


def _words(text: str) -> list[str]:
    """Words of a line; quotes hold a name with blanks together, an odd quote is a letter."""
    try:
        # A backslash is part of a path on Windows, hence no escape sign.
        reader = shlex.shlex(text, posix=True, punctuation_chars=False)
        reader.whitespace_split, reader.escape, reader.commenters = True, "", ""
        return list(reader)
    except ValueError:
        return text.split()
