"""The lab's IRC server behind its sockets: bytes to lines, lines to the network, and back."""

import asyncio
import logging
import ssl
from collections import deque

from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.dispatch import handle
from chatlab.server.irc.limits import (
    FLOOD_BURST,
    FLOOD_LINES_PER_SECOND,
    SEND_QUEUE_LENGTH,
    TokenBucket,
)
from chatlab.server.irc.lines import LineBuffer
from chatlab.server.irc.network import Network
from chatlab.server.listener import BaseConnection, BaseServer

log = logging.getLogger(__name__)


class Connection(BaseConnection):
    """One accepted connection."""

    def __init__(self, network: Network, open_connections: "set[Connection]") -> None:
        super().__init__(SEND_QUEUE_LENGTH)
        self._network = network
        self._open = open_connections
        self._client: Client | None = None
        self._buffer = LineBuffer()
        self._waiting: deque[bytes | None] = deque()
        self._bucket = TokenBucket(FLOOD_BURST, FLOOD_LINES_PER_SECOND, network.monotonic())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open.add(self)
        peer = transport.get_extra_info("peername") or ("unknown",)
        is_secure = transport.get_extra_info("ssl_object") is not None
        self._client = self._network.connect(self, str(peer[0]), is_secure=is_secure)

    def data_received(self, data: bytes) -> None:
        if self._client is None or self._is_leaving:
            return
        self._network.heard(self._client)
        self._waiting.extend(self._buffer.feed(data))
        if self._resume is None:
            self._work()

    def _work(self) -> None:
        """Carry out waiting lines as far as the flood limit allows, then read on."""
        self._resume = None
        client, transport = self._client, self._transport
        if client is None or transport is None:
            return
        while self._waiting and not self._is_leaving:
            if not self._bucket.take(self._network.monotonic()):
                transport.pause_reading()
                loop = asyncio.get_running_loop()
                self._resume = loop.call_later(self._bucket.wait, self._work)
                return
            line = self._waiting.popleft()
            try:
                handle(self._network, client, line)
            except Exception:
                # A fault of ours in one handler must not cost anybody the connection.
                log.exception("Line not carried out: %r", (line or b"")[:100])
        if not transport.is_closing():
            transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.clear()
        self._open.discard(self)
        if self._client is not None:
            reason = f"Connection lost: {exc.strerror}" if isinstance(exc, OSError) else ""
            self._network.drop(self._client, reason or "Connection closed")
        super().connection_lost(exc)

    def _drop_overfull(self) -> None:
        if self._client is not None:
            self._network.drop(self._client, "SendQ exceeded")
        super()._drop_overfull()


class IrcServer(BaseServer[Connection]):
    """The listeners of one network."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def sweep(self) -> None:
        self.network.sweep()

    def _say_goodbye(self) -> None:
        for client in list(self.network.clients):
            self.network.drop(client, "The server is shutting down")

    def _connection(self, tls: ssl.SSLContext, *, is_direct: bool) -> Connection:
        return Connection(self.network, self._connections)
