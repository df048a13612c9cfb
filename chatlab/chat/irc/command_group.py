"""What all groups of commands share: the connection they ask, and checks in words."""

from collections.abc import Callable, Sequence
from typing import Protocol

from chatlab.chat.irc.state import ServerState
from chatlab.chat.kept_connection import not_connected
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.commands import Command
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.message import MessageKind

Handler = Callable[[Command, str], None]
"""Carries out a command that was typed in a chat."""


class Engine(Protocol):
    """What the commands ask of the connection."""

    @property
    def state(self) -> ServerState: ...

    @property
    def is_online(self) -> bool: ...

    def say(self, chat: str, text: str, kind: MessageKind) -> None: ...

    def put(self, command: str, *parameters: str) -> None:
        """Send a line at the account's pace. Raises LocalProtocolError."""
        ...

    def put_raw(self, line: str) -> None: ...

    def join(self, channels: str, keys: str) -> None: ...

    def set_away(self, message: str) -> None:
        """Away with a message, also after a reconnect; back with an empty one."""
        ...

    def monitor(self, sign: str, nicks: Sequence[str]) -> None:
        """Wait for people (``+``), no longer (``-``), or ask about all (no nicks)."""
        ...

    def list_channels(self, words: str) -> None:
        """Ask for the network's channels. Raises UsageError."""
        ...

    def ask_about(self, nick: str, chat: str) -> None:
        """Remember that answers to WHOIS ``nick`` belong into ``chat``."""
        ...

    def expect_answer(self, command: str, chat: str) -> None:
        """Remember that answers to a question to the server belong into ``chat``."""
        ...

    def tell_lag(self, chat: str) -> None:
        """Measure the way to the server, and say the result in ``chat``."""
        ...

    @property
    def transfers(self) -> Transfers | None:
        """Files and direct chats; None where nothing can open sockets for them."""
        ...

    def ctcp_ping_token(self) -> str: ...

    def start(self) -> None: ...

    def stop_soon(self, reason: str) -> None: ...

    def restart_soon(self) -> None: ...


class CommandGroup:
    """Commands of one kind; what they send goes out at the account's pace."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _put(self, command: str, *parameters: str) -> None:
        self._need_online()
        self._engine.put(command, *parameters)

    def _ask(self, chat: str, question: str, *parameters: str) -> None:
        """Put a question to the server; what it answers is shown where it was typed."""
        self._put(question, *parameters)
        self._engine.expect_answer(question, chat)

    def _need_room(self, token: str, text: str, what: str) -> None:
        """Servers cut what is too long without a word, so it is refused here."""
        longest = self._engine.state.isupport.limit(token)
        length = len(text.encode("utf-8", "replace"))
        if length > longest:
            raise UsageError(
                f"{what} is too long: it has {length} bytes, this server keeps {longest}.",
                f"Leave out {length - longest}.",
            )

    def _need_online(self) -> None:
        if not self._engine.is_online:
            raise not_connected()

    def _chat(self, chat: str) -> str:
        if not chat:
            raise LocalProtocolError(
                "This is the server’s own view: there is nobody to talk to.",
                "Open a channel with /join, or write to someone with /msg.",
            )
        return chat

    def _channel(self, chat: str) -> str:
        if not self._engine.state.is_channel(chat):
            raise UsageError("This works in a channel only.", "Go to the channel, or /join one.")
        return chat
