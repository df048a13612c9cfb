"""A connection to the scripted XMPP server: bytes in memory instead of a socket."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from chatlab.chat.wire import WireSink
from chatlab.core.account import AccountId, Application
from chatlab.core.connection import Connection, TlsFacts
from chatlab.core.flow import ByteRange, ConnectionId, Direction, Endpoint, FlowKey, WireRange
from chatlab.protocol.xmpp import StanzaSplitter
from tests.helpers.irc_play import START_NS


class PlayTransport:
    """What the dialler hands out: one connection to the ``PlayServer``, which takes its bytes."""

    def __init__(
        self,
        take: Callable[["PlayTransport", bytes], None],
        sink: WireSink,
        number: int,
        account: AccountId,
        *,
        is_secure: bool,
    ) -> None:
        self.connection = Connection(
            id=ConnectionId(f"c{number}"),
            account=account,
            application=Application.XMPP,
            flow=FlowKey(Endpoint("127.0.0.1", 50000 + number), Endpoint("127.0.0.1", 5222)),
            purpose="XMPP to chat.test",
            host="chat.test",
            opened_ns=START_NS,
        )
        self.sink = sink
        self.sent = bytearray()
        self.received = 0
        self.acknowledges = True
        self.is_closed = False
        self.is_silent = False
        """The server gets nothing any more: the way is broken."""
        self.units = StanzaSplitter(is_observer=True)
        self._take = take
        if is_secure:
            self.secure()

    def secure(self) -> None:
        facts = TlsFacts(
            version="TLSv1.3", cipher="TEST", server_name="chat.test", chain=(), trust="verified"
        )
        self.connection = replace(self.connection, tls=facts)

    def write(self, data: bytes) -> WireRange:
        span = ByteRange(len(self.sent), len(self.sent) + len(data))
        self.sent += data
        if not self.is_silent:
            asyncio.get_running_loop().call_soon(self._take, self, data)
        return WireRange(self.connection.id, Direction.SENT, span)

    def set_reading(self, is_reading: bool) -> None:
        """Nothing is read from anywhere."""

    def channel_binding(self, name: str) -> bytes:
        return b"unique" if name == "tls-unique" and self.connection.tls else b""

    def acknowledged(self) -> int | None:
        return len(self.sent) if self.acknowledges and not self.is_silent else 0

    def feed(self, data: bytes) -> None:
        origin = ByteRange(self.received, self.received + len(data))
        self.received = origin.stop
        self.sink.wire_received(data, origin, True)

    async def close(self) -> None:
        self.abort()

    def abort(self, reason: str = "") -> None:
        self.drop(reason)

    def drop(self, reason: str) -> None:
        """The connection ends."""
        if not self.is_closed:
            self.is_closed = True
            self.sink.wire_closed(reason)
