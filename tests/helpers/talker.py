"""One account on a real server, without capture, and what it heard."""

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from chatlab.chat.dial import UNACKNOWLEDGED_S, Dialler
from chatlab.chat.irc.connection import IrcConnection
from chatlab.chat.timing import Timing
from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.core.connection import Connection
from chatlab.core.events import ChatEvent
from chatlab.core.flow import Direction, FlowKey
from tests.helpers.irc_play import MemorySecrets

PATIENCE_S = 20
Event = TypeVar("Event", bound=ChatEvent)


class Listening(Protocol):
    """A server that runs."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


class NoCapture:
    """Neither captures nor remembers."""

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        return False

    def dismiss(self, flow: FlowKey) -> None: ...

    def opened(self, connection: Connection) -> None: ...

    def changed(self, connection: Connection) -> None: ...

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None: ...

    def secret(self, key_log_line: str) -> None: ...


class Talker:
    """One connection and what it heard."""

    def __init__(
        self,
        server: Listening,
        nick: str = "ann",
        *,
        sends_typing: bool = False,
        timing: Timing | None = None,
        unacknowledged_s: float = UNACKNOWLEDGED_S,
    ) -> None:
        account = Account(
            id=AccountId(nick), name=nick.title(), host=server.host, port=server.port,
            security=Security.PLAIN, nick=nick, channels=(Autojoin("#lab"),),
            sends_typing=sends_typing,
        )  # fmt: skip
        self._heard: asyncio.Queue[ChatEvent] = asyncio.Queue()
        dialler = Dialler(NoCapture(), NoCapture(), unacknowledged_s=unacknowledged_s)
        self.irc = IrcConnection(
            account, self._heard.put_nowait, dialler, MemorySecrets(), timing=timing
        )

    async def next(
        self, kind: type[Event], fits: Callable[[Event], bool] = lambda event: True
    ) -> Event:
        """The next event of a kind that fits."""
        async with asyncio.timeout(PATIENCE_S):
            while not (isinstance(event := await self._heard.get(), kind) and fits(event)):
                pass
            return event
