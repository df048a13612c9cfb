"""The sockets of the lab's IRC server: a plain and a TLS listener in front of one network.

Every line is answered at once and in one write of its own, and Nagle's algorithm is off, so a
message leaves in a segment (and a TLS record) of its own: what the exercise is about. What a
client costs is bounded: the line buffer, the send queue, and how fast it is read.
"""

import asyncio
import logging
import os
import socket
import ssl
from collections import deque
from pathlib import Path

from chatlab.core.errors import ConnectError
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

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 5.0
_TLS_HANDSHAKE_SECONDS = 15.0
_TLS_SHUTDOWN_SECONDS = 2.0
_GOODBYE_SECONDS = 2.0


class Connection(asyncio.Protocol):
    """One accepted connection: bytes to lines, lines to the network, and back."""

    def __init__(self, network: Network, open_connections: "set[Connection]") -> None:
        self._network = network
        self._open = open_connections
        self._transport: asyncio.Transport | None = None
        self._client: Client | None = None
        self._buffer = LineBuffer()
        self._waiting: deque[bytes | None] = deque()
        self._bucket = TokenBucket(FLOOD_BURST, FLOOD_LINES_PER_SECOND, network.monotonic())
        self._resume: asyncio.TimerHandle | None = None
        self._farewell: asyncio.TimerHandle | None = None
        self._is_overfull = False
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None and sock.type == socket.SOCK_STREAM:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer = transport.get_extra_info("peername") or ("unknown",)
        is_secure = transport.get_extra_info("ssl_object") is not None
        self._client = self._network.connect(self, str(peer[0]), is_secure=is_secure)

    def data_received(self, data: bytes) -> None:
        if self._client is None:
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
        while self._waiting:
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
        for timer in (self._resume, self._farewell):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()
        self._open.discard(self)
        if self._client is not None:
            reason = f"Connection lost: {exc.strerror}" if isinstance(exc, OSError) else ""
            self._network.drop(self._client, reason or "Connection closed")
        if not self.closed.done():
            self.closed.set_result(None)

    # --- what a client's Link promises

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._is_overfull:
            return
        transport.write(data)
        if transport.get_write_buffer_size() > SEND_QUEUE_LENGTH:
            # Not now: whoever writes may be in the middle of telling a whole channel.
            self._is_overfull = True
            asyncio.get_running_loop().call_soon(self._drop_overfull)

    def _drop_overfull(self) -> None:
        if self._client is not None:
            self._network.drop(self._client, "SendQ exceeded")
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            # A peer that reads nothing would keep the last bytes, and us, waiting for ever.
            loop = asyncio.get_running_loop()
            self._farewell = loop.call_later(_GOODBYE_SECONDS, self.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class IrcServer:
    """The listeners of one network."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.plain_port = 0
        self.tls_port = 0
        self._servers: list[asyncio.Server] = []
        self._connections: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def start(
        self, address: str, plain_port: int, tls_port: int, tls: ssl.SSLContext
    ) -> None:
        """Listen on both ports (0 for free ones). Raises ConnectError; then nothing listens."""
        try:
            self.plain_port = await self._listen(address, plain_port, None)
            self.tls_port = await self._listen(address, tls_port, tls)
        except ConnectError:
            await self.stop()
            raise
        self._schedule_sweep()

    async def _listen(self, address: str, port: int, tls: ssl.SSLContext | None) -> int:
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(
                lambda: Connection(self.network, self._connections),
                address,
                port,
                ssl=tls,
                ssl_handshake_timeout=_TLS_HANDSHAKE_SECONDS if tls else None,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS if tls else None,
            )
        except OSError as error:
            raise ConnectError(
                f"The lab server cannot listen on {address}, port {port}: {_reason(error)}.",
                "Stop the program that uses the port, or choose another address or port.",
            ) from error
        self._servers.append(server)
        chosen: int = server.sockets[0].getsockname()[1]
        return chosen

    def _schedule_sweep(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(_SWEEP_SECONDS, self._on_sweep)

    def _on_sweep(self) -> None:
        self.network.sweep()
        self._schedule_sweep()

    async def stop(self) -> None:
        """Stop listening, tell everybody, and close; returns when all is closed."""
        if self._sweep is not None:
            self._sweep.cancel()
        for server in self._servers:
            server.close()
        for client in list(self.network.clients):
            self.network.drop(client, "The server is shutting down")
        leftover = list(self._connections)
        if leftover:
            closed = [connection.closed for connection in leftover]
            await asyncio.wait(closed, timeout=_GOODBYE_SECONDS)
        for connection in list(self._connections):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()


def _reason(error: OSError) -> str:
    """asyncio's own text repeats address and port; look-up errors have negative numbers."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


def tls_context(certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """What the TLS listener needs; TLS 1.2 and newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    return context
