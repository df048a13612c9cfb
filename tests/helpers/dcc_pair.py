"""Two people whose programs reach each other by DCC over loopback; the server between is played.

What one of them says by CTCP is handed to the other at once, as the text that would cross.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TypeVar

from chatlab.chat.transfer.entry import Surroundings
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.transfer.transfers import Transfers
from chatlab.core.account import Account, AccountId
from chatlab.core.connection import Connection
from chatlab.core.events import ChatEvent, Informed, MessageAdded, TransferChanged, TransferOffered
from chatlab.core.flow import ByteRange, ConnectionId, Direction, FlowKey, WireRange
from chatlab.core.message import Message, MessageId
from chatlab.core.transfer import Transfer, TransferPolicy, TransferState
from chatlab.protocol.dcc import DccMessage, format_dcc, parse_dcc

TIMEOUT_S = 10.0
_IDS = count(1)
_Found = TypeVar("_Found")


@dataclass
class NotingTap:
    """Capture gate and registry that write down what they are told."""

    admitted: list[FlowKey] = field(default_factory=list)
    dismissed: list[FlowKey] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)
    captures: bool = True

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        self.admitted.append(flow)
        return self.captures

    def dismiss(self, flow: FlowKey) -> None:
        self.dismissed.append(flow)

    def opened(self, connection: Connection) -> None:
        self.connections.append(connection)

    def changed(self, connection: Connection) -> None: ...

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        kept = self.sent if direction is Direction.SENT else self.received
        kept += data

    def secret(self, key_log_line: str) -> None: ...


class Person:
    """One account with its transfers; implements ``Signals``."""

    def __init__(self, nick: str, folder: Path, host: str = "127.0.0.1") -> None:
        self.account = Account(id=AccountId(nick), name=nick, host="irc.test", port=6667, nick=nick)
        self.nick = nick
        self.around = Surroundings(
            local_address="127.0.0.1",
            visible_host="127.0.0.1",
            server_address="127.0.0.1",
            nick=nick,
            is_online=True,
        )
        self.hosts: dict[str, str | None] = {}
        """What the server shows of others; who is missing is at ``host``."""
        self.host = host
        self.tap = NotingTap()
        self.events: list[ChatEvent] = []
        self.lines: list[tuple[str, str]] = []
        """Everything said by CTCP DCC: to whom, and what."""
        self.other: Person | None = None
        self.edit: Callable[[str], str | None] = lambda line: line
        """What becomes of a line of ours on its way; None: it is lost."""
        self._happened = asyncio.Event()
        self.transfers = Transfers(
            self,
            PeerDialler(self.tap, self.tap),
            self._note,
            lambda: next(_IDS),
            lambda: MessageId(f"m{next(_IDS)}"),
        )
        self.transfers.policy = TransferPolicy(folder=folder)

    # -- Signals

    def surroundings(self) -> Surroundings:
        return self.around

    def known_host(self, nick: str) -> str:
        return self.hosts.get(nick, self.host) or ""

    async def find_host(self, nick: str) -> str | None:
        return self.hosts.get(nick, self.host)

    def put_dcc(
        self, nick: str, message: DccMessage, on_written: Callable[[WireRange], None] | None = None
    ) -> None:
        text = format_dcc(message)
        self.lines.append((nick, text))
        if on_written is not None:
            on_written(_wire(Direction.SENT))
        said = self.edit(text)
        if said is not None and self.other is not None and self.other.nick == nick:
            asyncio.get_running_loop().call_soon(self.other.hear, self.nick, said)

    def hear(self, nick: str, line: str) -> None:
        self.transfers.take_dcc(nick, parse_dcc(line), _wire(Direction.RECEIVED))

    def put_notice(self, nick: str, text: str) -> None:
        if self.other is not None:
            asyncio.get_running_loop().call_soon(
                self.other.transfers.take_checksum, self.nick, text
            )

    def is_same(self, one: str, other: str) -> bool:
        return one.lower() == other.lower()

    # -- what a test asks

    def choose(self, **changes: object) -> None:
        self.transfers.policy = replace(self.transfers.policy, **changes)  # type: ignore[arg-type]

    @property
    def words(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, Informed))

    @property
    def messages(self) -> list[Message]:
        return [event.message for event in self.events if isinstance(event, MessageAdded)]

    def states(self, transfer: Transfer) -> list[TransferState]:
        """Those it went through, each once in a row."""
        found: list[TransferState] = []
        for event in self.events:
            if (
                isinstance(event, TransferOffered | TransferChanged)
                and event.transfer.id == transfer.id
                and found[-1:] != [event.transfer.state]
            ):
                found.append(event.transfer.state)
        return found

    async def until(self, look: Callable[[], _Found | None]) -> _Found:
        """What ``look`` finds, as soon as it is something."""
        async with asyncio.timeout(TIMEOUT_S):
            while not (found := look()):
                self._happened.clear()
                await self._happened.wait()
        return found

    async def offered(self) -> Transfer:
        """The next offer that waits for this person."""
        return await self.until(
            lambda: next(
                (
                    transfer
                    for transfer in self.transfers.transfers
                    if transfer.state is TransferState.OFFERED
                    and transfer.direction is Direction.RECEIVED
                ),
                None,
            )
        )

    async def ended(self, transfer: Transfer) -> Transfer:
        return await self.in_state(transfer, *(s for s in TransferState if s.is_over))

    async def in_state(self, transfer: Transfer, *states: TransferState) -> Transfer:
        return await self.until(
            lambda: next(
                (
                    one
                    for one in self.transfers.transfers
                    if one.id == transfer.id and one.state in states
                ),
                None,
            )
        )

    def _note(self, event: ChatEvent) -> None:
        self.events.append(event)
        self._happened.set()


def _wire(direction: Direction) -> WireRange:
    return WireRange(ConnectionId("irc"), direction, ByteRange(0, 10))


def pair(folder: Path) -> tuple[Person, Person]:
    """Ann and Bob, each with a folder for what they receive."""
    ann, bob = (Person(nick, folder / nick) for nick in ("ann", "bob"))
    ann.other, bob.other = bob, ann
    return ann, bob


def file_of(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def play(tmp_path: Path, scene: Callable[[Person, Person], Awaitable[None]]) -> None:
    async def run() -> None:
        ann, bob = pair(tmp_path)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await scene(ann, bob)
        finally:
            await ann.transfers.close()
            await bob.transfers.close()

    asyncio.run(run())


async def give(
    ann: Person, bob: Person, path: Path, *, passive: bool | None = None, resume: bool = False
) -> tuple[Transfer, Transfer]:
    """Ann offers, Bob takes; how it ended for both."""
    (given,) = ann.transfers.offer_file(["bob"], path, passive=passive)
    taken = await bob.offered()
    bob.transfers.accept(taken.id, resume=resume)
    return await ann.ended(given), await bob.ended(taken)
