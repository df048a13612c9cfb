"""A user of ChatLab on a real server, in this process: files and direct chats as a test wants them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from chatlab.app.feed import CaptureFeed
from chatlab.app.session import Session
from chatlab.capture.dissector import ScapyDissector
from chatlab.chat.irc.outbox import SendPace
from chatlab.cli.given_secrets import GivenSecrets
from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Autojoin, Security
from chatlab.core.capture import CaptureLive
from chatlab.core.chats import ChatBook
from chatlab.core.commands import parse
from chatlab.core.flow import Direction
from chatlab.core.message import Message
from chatlab.core.ports import FileTransfers
from chatlab.core.transfer import Transfer, TransferPolicy, TransferState

TIMEOUT_S = 15.0
_Found = TypeVar("_Found")


class Visitor:
    """One account with a session of its own."""

    def __init__(self, folder: Path, host: str, port: int, nick: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.nick = nick
        self.downloads = folder / "downloads"
        self.book = ChatBook()
        self.feed = CaptureFeed(
            folder / "capture.pcapng", self.book, ScapyDissector(), is_live=True
        )
        self.session = Session(
            self.book, self.feed, GivenSecrets("", ""), pace=SendPace.unlimited()
        )
        self.session.observe(self._note)
        self.events: list[ev.ChatEvent] = []
        self.id = AccountId(nick)
        self._happened = asyncio.Event()
        self._account = Account(
            id=self.id,
            name=nick,
            host=host,
            port=port,
            security=Security.PLAIN,
            nick=nick,
            channels=(Autojoin("#lab"),),
            is_temporary=True,
        )

    @property
    def transfers(self) -> FileTransfers:
        found = self.session.transfers(self.id)
        assert found is not None
        return found

    async def come(self, *, captures: bool) -> None:
        if captures:
            assert isinstance(await self.session.start_capture(), CaptureLive)
        connection = self.session.add_account(self._account)
        self.transfers.policy = TransferPolicy(folder=self.downloads)
        connection.start()
        await self.until(lambda: any(isinstance(e, ev.MembersListed) for e in self.events))

    def type(self, line: str, chat: str = "#lab") -> None:
        self.session.connections[self.id].execute(parse(line), chat)

    async def until(self, look: Callable[[], _Found | None]) -> _Found:
        """What ``look`` finds, as soon as it is something."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                while not (found := look()):
                    self._happened.clear()
                    await self._happened.wait()
        except TimeoutError:
            told = "\n".join(map(str, self.events[-12:]))
            raise AssertionError(f"it did not happen; the last events:\n{told}") from None
        return found

    async def transfer(self, direction: Direction, *states: TransferState) -> Transfer:
        """The newest transfer in this direction, once it is in one of these states."""
        return await self.until(
            lambda: next(
                (
                    transfer
                    for transfer in reversed(self.transfers.transfers)
                    if transfer.direction is direction and transfer.state in states
                ),
                None,
            )
        )

    async def ended(self, direction: Direction) -> Transfer:
        return await self.transfer(direction, *(state for state in TransferState if state.is_over))

    async def hears(self, text: str) -> Message:
        """The next message with this text."""
        return await self.until(
            lambda: next(
                (
                    event.message
                    for event in self.events
                    if isinstance(event, ev.MessageAdded) and event.message.text == text
                ),
                None,
            )
        )

    def _note(self, event: ev.ChatEvent) -> None:
        self.events.append(event)
        self._happened.set()


@asynccontextmanager
async def visitor(
    folder: Path, host: str, port: int, nick: str, *, captures: bool = False
) -> AsyncIterator[Visitor]:
    person = Visitor(folder, host, port, nick)
    try:
        await person.come(captures=captures)
        yield person
    finally:
        await person.session.close()
        if captures:
            person.feed.close()
