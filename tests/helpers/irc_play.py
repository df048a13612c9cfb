"""A scripted IRC server without a socket, and a clock that moves when told to.

``PlayServer`` answers as a small modern server would; a test replaces single answers
(``server.on["PRIVMSG"] = …``) or speaks itself (``server.say``).
"""

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from chatlab.chat.irc.connection import IrcConnection
from chatlab.chat.irc.outbox import SendPace
from chatlab.chat.timing import Timing
from chatlab.chat.transfer.opening import PeerDialler
from chatlab.chat.wire import WireSink
from chatlab.core.account import (
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    SecretKind,
    Security,
)
from chatlab.core.connection import Connection, LinkState, TlsFacts
from chatlab.core.errors import ConnectError
from chatlab.core.events import ChatEvent, LinkChanged, MessageChanged
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey, WireRange
from chatlab.core.message import Delivery, Message
from chatlab.core.ports import StsStore
from chatlab.protocol.irc import IrcLine, decode, parse

ACCOUNT = Account(
    id=AccountId("test"),
    name="Test",
    host="irc.test",
    port=6697,
    nick="ann",
    user_name="ann",
    real_name="Ann Lab",
    channels=(Autojoin("#lab"),),
)
ALL_CAPS = (
    "message-tags server-time batch echo-message labeled-response multi-prefix sasl=PLAIN,"
    "SCRAM-SHA-256,EXTERNAL userhost-in-names extended-join account-notify away-notify chghost"
)
START_NS = 1_700_000_000_000_000_000
_Event = TypeVar("_Event")


async def settle() -> None:
    """Let everything run that can run without time passing."""
    for _ in range(20):
        await asyncio.sleep(0)


class FakeTime:
    """Time that stands still until ``advance``."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def timing(self) -> Timing:
        return Timing(
            clock_ns=lambda: START_NS + round((self.now - 1000.0) * 1e9),
            monotonic=lambda: self.now,
            sleep=self.sleep,
            random=lambda: 0.0,
        )

    async def sleep(self, delay: float) -> None:
        future = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.now + max(0.0, delay), self._count, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own moment."""
        end = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self.now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await settle()
        self.now = end


class PlayTransport:
    """What the dialler hands out: one connection to the ``PlayServer``."""

    def __init__(self, server: "PlayServer", sink: WireSink, number: int, trust: str = "") -> None:
        self.connection = Connection(
            id=ConnectionId(f"c{number}"),
            account=ACCOUNT.id,
            application=Application.IRC,
            flow=FlowKey(Endpoint("127.0.0.1", 50000 + number), Endpoint("127.0.0.1", 6697)),
            purpose="IRC to irc.test",
            host="irc.test",
            opened_ns=START_NS,
            tls=TlsFacts(
                version="TLSv1.3", cipher="TEST", server_name="irc.test", chain=(), trust=trust
            )
            if trust
            else None,
        )
        self.sink = sink
        self.sent = bytearray()
        self.received = 0
        self.acknowledges = True
        self.is_closed = False
        self.on_reading: Callable[[bool], None] = lambda is_reading: None
        self._server = server

    def write(self, data: bytes) -> WireRange:
        span = ByteRange(len(self.sent), len(self.sent) + len(data))
        self.sent += data
        asyncio.get_running_loop().call_soon(self._server.take, self, data)
        return WireRange(self.connection.id, Direction.SENT, span)

    def set_reading(self, is_reading: bool) -> None:
        self.on_reading(is_reading)

    def acknowledged(self) -> int | None:
        return len(self.sent) if self.acknowledges else 0

    def feed(self, data: bytes) -> None:
        origin = ByteRange(self.received, self.received + len(data))
        self.received = origin.stop
        if not self.is_closed:
            self.sink.wire_received(data, origin, True)

    async def close(self) -> None:
        self.abort()

    def abort(self, reason: str = "") -> None:
        if not self.is_closed:
            self.is_closed = True
            self.sink.wire_closed(reason)


class PlayServer:
    """A server, and the dialler that reaches it."""

    def __init__(self, caps: str = ALL_CAPS) -> None:
        self.caps = caps
        self.isupport = "CHANTYPES=# PREFIX=(ov)@+ CASEMAPPING=ascii NICKLEN=20 STATUSMSG=@+"
        self.refusals: list[ConnectError] = []
        """What the next attempts to connect get."""
        self.dials = 0
        self.accounts: list[Account] = []
        """Who connected, with the host, port and security that were wanted."""
        self.trust = "verified"
        """Why the client accepts the server's certificate, when there is TLS."""
        self.lines: list[str] = []
        """Everything the client said, over all connections."""
        self.transport: PlayTransport | None = None
        self.on: dict[str, Callable[[IrcLine], None]] = {
            "CAP": self._cap,
            "NICK": self._nick,
            "JOIN": self._join,
            "MODE": self._mode,
            "PRIVMSG": self._message,
            "NOTICE": self._message,
            "PING": lambda line: self.say(f":irc.test PONG irc.test :{line.parameters[-1]}"),
            "QUIT": lambda line: self.end("ERROR :Closing Link: ann (Quit)"),
            "USER": lambda line: self.welcome(),
        }
        self.enabled: set[str] = set()
        self._nick_name = ""
        self.is_negotiating = False
        self._is_welcome = False

    async def dial(
        self, account: Account, sink: WireSink, on_stage: Callable[[LinkState], None]
    ) -> PlayTransport:
        self.dials += 1
        self.accounts.append(account)
        on_stage(LinkState.CONNECTING)
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        self.enabled, self._nick_name = set(), ""
        self.is_negotiating = self._is_welcome = False
        trust = self.trust if account.security is Security.DIRECT_TLS else ""
        self.transport = PlayTransport(self, sink, self.dials, trust)
        return self.transport

    @property
    def wire(self) -> PlayTransport:
        assert self.transport is not None
        return self.transport

    def take(self, transport: PlayTransport, data: bytes) -> None:
        for raw in data.split(b"\r\n"):
            text, _ = decode(raw)
            if text:
                self.lines.append(text)
            if text and not transport.is_closed:
                line = parse(text)
                if answer := self.on.get(line.command):
                    answer(line)

    def say(self, *lines: str) -> None:
        for line in lines:
            self.wire.feed(line.encode() + b"\r\n")

    def end(self, *lines: str, reason: str = "The server closed the connection.") -> None:
        """Say the last words and close."""
        self.say(*lines)
        self.wire.abort(reason)

    def said(self, command: str) -> list[str]:
        """The client's lines with this command, tags left out."""
        bare = [line.split(" ", 1)[1] if line.startswith("@") else line for line in self.lines]
        return [line for line in bare if line.split(" ")[0] == command]

    def _cap(self, line: IrcLine) -> None:
        match line.parameters[0]:
            case "LS":
                self.is_negotiating = True
                self.say(f":irc.test CAP * LS :{self.caps}")
            case "REQ":
                self.enabled |= set(line.parameters[1].split())
                self.say(f":irc.test CAP * ACK :{line.parameters[1]}")
            case "END":
                self.is_negotiating = False
                self.welcome()

    def _nick(self, line: IrcLine) -> None:
        new = line.parameters[0]
        if self._is_welcome:
            self.say(f":{self._nick_name}!ann@host.test NICK {new}")
        self._nick_name = new

    def welcome(self) -> None:
        if self.is_negotiating or not self._nick_name or self._is_welcome:
            return
        self._is_welcome = True
        me = self._nick_name
        self.say(
            f":irc.test 001 {me} :Welcome, {me}",
            f":irc.test 005 {me} {self.isupport} :are supported by this server",
            f":irc.test 422 {me} :No message of the day",
        )

    def _join(self, line: IrcLine) -> None:
        me = self._nick_name
        for name in line.parameters[0].split(","):
            tail = " * :Ann Lab" if "extended-join" in self.enabled else ""
            self.say(
                f":{me}!ann@host.test JOIN {name}{tail}",
                f":irc.test 353 {me} = {name} :{me} @bob!b@b.test",
                f":irc.test 366 {me} {name} :End of names",
            )

    def _mode(self, line: IrcLine) -> None:
        if len(line.parameters) == 1:
            self.say(f":irc.test 324 {self._nick_name} {line.parameters[0]} +nt")

    def _message(self, line: IrcLine) -> None:
        label = f"@label={line.tags['label']} " if "label" in line.tags else ""
        if "echo-message" in self.enabled:
            target, text = line.parameters
            self.say(f"{label}:{self._nick_name}!ann@host.test {line.command} {target} :{text}")


class MemorySecrets:
    """A ``SecretStore`` for one test."""

    is_lasting = False

    def __init__(self, **secrets: str) -> None:
        self._secrets = secrets

    def get(self, account: AccountId, kind: SecretKind) -> str | None:
        return self._secrets.get(kind.value)

    def set(self, account: AccountId, kind: SecretKind, secret: str) -> None:
        self._secrets[kind.value] = secret

    set_for_now = set

    def delete(self, account: AccountId) -> None:
        self._secrets.clear()


class Play:
    """One connection, its server, its clock and its events."""

    def __init__(
        self,
        account: Account = ACCOUNT,
        server: PlayServer | None = None,
        secrets: MemorySecrets | None = None,
        pace: SendPace | None = None,
        sts: StsStore | None = None,
        peers: PeerDialler | None = None,
    ) -> None:
        self.server = server or PlayServer()
        self.time = FakeTime()
        self.events: list[ChatEvent] = []
        self.irc = IrcConnection(
            account,
            self.events.append,
            self.server,
            secrets or MemorySecrets(),
            pace=pace,
            timing=self.time.timing(),
            sts=sts,
            peers=peers,
        )

    async def start(self) -> "Play":
        self.irc.start()
        await settle()
        return self

    async def stop(self) -> None:
        stopping = asyncio.ensure_future(self.irc.stop())
        await settle()
        if not stopping.done():
            await self.time.advance(3)  # The server does not react to QUIT.
        await stopping
        assert self.states[-1] is LinkState.OFFLINE

    def of(self, kind: type[_Event]) -> list[_Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def states(self) -> list[LinkState]:
        return [event.state for event in self.of(LinkChanged)]


def deliveries(play: Play, message: Message) -> list[Delivery | None]:
    """What became of a sent message, step by step."""
    changes = play.of(MessageChanged)
    return [change.delivery for change in changes if change.message == message.id]


def account(login: LoginMethod = LoginMethod.NONE, **changes: object) -> Account:
    """The test account, changed."""
    security = changes.pop("security", Security.DIRECT_TLS)
    return replace(ACCOUNT, login=login, security=security, **changes)  # type: ignore[arg-type]
