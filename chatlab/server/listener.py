"""The sockets of the lab’s servers, whichever protocol: a plain and a TLS port, and what a client
may cost.

Every answer leaves at once and in one write of its own, and Nagle’s algorithm is off, so that a
line or a stanza leaves in a segment (and a TLS record) of its own: what the exercise is about.
Bounded are the send queue, how fast a client is read (by the servers’ own limits), and how long
the last words may take.
"""

import asyncio
import os
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from chatlab.core.errors import ConnectError

SWEEP_SECONDS = 5.0
GOODBYE_SECONDS = 2.0
TLS_HANDSHAKE_SECONDS = 15.0
TLS_SHUTDOWN_SECONDS = 2.0


class BaseConnection(asyncio.Protocol):
    """One accepted connection; a server's own class says what bytes mean."""

    def __init__(self, send_queue_length: int) -> None:
        self._transport: asyncio.Transport | None = None
        self._send_queue_length = send_queue_length
        self._resume: asyncio.TimerHandle | None = None
        """Set while the client is not read, because it said too much."""
        self._farewell: asyncio.TimerHandle | None = None
        self._is_overfull = False
        self._is_leaving = False
        """Everything is said; what still comes is for nobody."""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._resume, self._farewell):
            if timer is not None:
                timer.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    # --- what a client’s Link promises

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._is_overfull or self._is_leaving:
            return
        transport.write(data)
        if transport.get_write_buffer_size() > self._send_queue_length:
            # Not now: whoever writes may be in the middle of telling everybody.
            self._is_overfull = True
            asyncio.get_running_loop().call_soon(self._drop_overfull)

    def close(self) -> None:
        """Close once everything written has been sent."""
        transport = self._transport
        if transport is None or self._is_leaving:
            return
        self._is_leaving = True
        if not self._stops_talking(transport):
            transport.close()
        # A peer that reads nothing would keep the last bytes, and us, waiting for ever.
        self._farewell = asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _stops_talking(self, transport: asyncio.Transport) -> bool:
        """Whoever closes with something unread resets the connection, and the last words may be
        lost: we only stop talking, and the client closes. False where that cannot be."""
        if not self._may_half_close or not transport.can_write_eof() or transport.is_closing():
            return False
        try:
            transport.write_eof()
        except OSError:  # The client is gone already.
            return False
        transport.resume_reading()
        return True

    # --- for a server's own class

    @property
    def _may_half_close(self) -> bool:
        return True

    def _drop_overfull(self) -> None:
        """It reads nothing, and more is waiting for it than may."""
        self.abort()


C = TypeVar("C", bound=BaseConnection)


class BaseServer(ABC, Generic[C]):
    """The listeners of one server."""

    def __init__(self) -> None:
        self.plain_port = 0
        self.tls_port = 0
        self._servers: list[asyncio.Server] = []
        self._connections: set[C] = set()
        """Whoever is connected; each enters itself, and leaves."""
        self._sweep: asyncio.TimerHandle | None = None

    @abstractmethod
    def sweep(self) -> None:
        """Every few seconds: see to those who are silent."""

    @abstractmethod
    def _say_goodbye(self) -> None:
        """Tell everybody that the server ends, and close their connections."""

    @abstractmethod
    def _connection(self, tls: ssl.SSLContext, *, is_direct: bool) -> C:
        """What answers a client, on the TLS port where ``is_direct``."""

    async def start(
        self, address: str, plain_port: int, tls_port: int, tls: ssl.SSLContext
    ) -> None:
        """Listen on both ports (0 for free ones). Raises ConnectError; then nothing listens."""

        def plain() -> C:
            return self._connection(tls, is_direct=False)

        def direct() -> C:
            return self._connection(tls, is_direct=True)

        try:
            self.plain_port = await self._listen(plain, address, plain_port, None)
            self.tls_port = await self._listen(direct, address, tls_port, tls)
        except ConnectError:
            await self.stop()
            raise
        self._schedule_sweep()

    async def stop(self) -> None:
        """Stop listening, tell everybody, and close; returns when all is closed."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for server in self._servers:
            server.close()
        leftover = list(self._connections)
        self._say_goodbye()
        if leftover:
            closed = [connection.closed for connection in leftover]
            await asyncio.wait(closed, timeout=GOODBYE_SECONDS)
        for connection in list(self._connections):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    # --- inner

    async def _listen(
        self, make: Callable[[], C], address: str, port: int, tls: ssl.SSLContext | None
    ) -> int:
        try:
            server = await asyncio.get_running_loop().create_server(
                make,
                address,
                port,
                ssl=tls,
                ssl_handshake_timeout=TLS_HANDSHAKE_SECONDS if tls else None,
                ssl_shutdown_timeout=TLS_SHUTDOWN_SECONDS if tls else None,
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
        self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._on_sweep)

    def _on_sweep(self) -> None:
        self.sweep()
        self._schedule_sweep()


def _reason(error: OSError) -> str:
    """asyncio’s own text repeats address and port; look-up errors have negative numbers."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


def tls_context(
    certificate_file: os.PathLike[str],
    key_file: os.PathLike[str],
    applications: Iterable[str] = (),
) -> ssl.SSLContext:
    """TLS 1.2 and newer, for whoever speaks one of ``applications`` (ALPN) or names none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    if names := list(applications):
        context.set_alpn_protocols(names)
    return context
