"""The sockets of the lab’s XMPP server: a plain port with STARTTLS and one for direct TLS.

Every stanza is answered at once and in one write of its own, and Nagle’s algorithm is off, so a
stanza leaves in a segment (and a TLS record) of its own: what the exercise is about. What a
client costs is bounded: the size of a stanza, the send queue, and how fast it is read.
"""

import asyncio
import logging
import os
import socket
import ssl

from chatlab.core.errors import ConnectError, FileError
from chatlab.server.xmpp import lifecycle
from chatlab.server.xmpp.client import ClientStream, StartTls
from chatlab.server.xmpp.errors import StreamError
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.keeping import Keeper
from chatlab.server.xmpp.limits import (
    ANSWER_SECONDS,
    LOGIN_SECONDS,
    MAX_STREAMS,
    NEGOTIATION_LENGTH,
    SEND_QUEUE_LENGTH,
    SILENCE_SECONDS,
    STANZA_LENGTH,
    Pace,
)
from chatlab.server.xmpp.muc.service import open_lab_room
from chatlab.server.xmpp.reader import (
    ReaderEvent,
    Received,
    StreamClosed,
    StreamFailed,
    StreamOpened,
    StreamReader,
)

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 5.0
_TLS_HANDSHAKE_SECONDS = 15.0
_TLS_SHUTDOWN_SECONDS = 2.0
_GOODBYE_SECONDS = 2.0


class Connection(asyncio.Protocol):
    """One accepted connection: bytes to elements, elements to the stream, and back."""

    def __init__(
        self, host: Host, connections: "set[Connection]", tls: ssl.SSLContext, start_tls: StartTls
    ) -> None:
        self._host = host
        self._connections = connections
        self._tls = tls
        self._transport: asyncio.Transport | None = None
        self._reader = StreamReader(NEGOTIATION_LENGTH)
        self._pace = Pace(host.monotonic())
        self._resume: asyncio.TimerHandle | None = None
        self._farewell: asyncio.TimerHandle | None = None
        self._upgrade: asyncio.Task[None] | None = None
        self._early: bytearray | None = None
        """While TLS begins: what has come through it already; None at all other times."""
        self._is_restarting = False
        self._wants_tls = False
        self._is_overfull = False
        self.stream = ClientStream(host, self, start_tls)
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)
        sock: socket.socket | None = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if len(self._connections) > MAX_STREAMS:
            self.stream.failed(StreamError("resource-constraint", "Too many are connected."))

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._early is not None:
            # A client’s first words come with the end of its handshake; the answer has to wait
            # until it can be sent through TLS.
            self._early += data
            return
        self.stream.heard()
        while data:
            data = self._read(data)

    def _read(self, data: bytes) -> bytes:
        """Carry out what ``data`` completes; what a new stream has to begin with is returned."""
        events = self._reader.feed(data)
        for event in events:
            try:
                self._carry_out(event)
            except StreamError as error:
                self.stream.failed(error)
                return b""
            except Exception:
                # A fault of ours in one handler must not cost anybody the connection.
                log.exception("Not carried out: %.200r", event)
            if self._is_restarting:
                end = event.end if isinstance(event, Received) else len(data)
                return self._begin_anew(data[end:])
        self._slow_down(len(events))
        return b""

    def _carry_out(self, event: ReaderEvent) -> None:
        match event:
            case StreamOpened(_, attributes):
                self.stream.opened(attributes)
            case Received(element):
                self.stream.received(element)
            case StreamClosed():
                self.stream.closed()
            case StreamFailed(error):
                raise error

    def _begin_anew(self, rest: bytes) -> bytes:
        """The next bytes are another stream’s; in clear, none may follow ``<starttls/>``."""
        self._is_restarting = False
        is_known = self.stream.account is not None
        self._reader = StreamReader(STANZA_LENGTH if is_known else NEGOTIATION_LENGTH)
        if not self._wants_tls:
            return rest
        self._wants_tls = False
        if rest.strip():
            self.stream.failed(StreamError("policy-violation", "Something follows <starttls/>."))
        else:
            self._early = bytearray()
            self._upgrade = asyncio.get_running_loop().create_task(self._secure())
        return b""

    async def _secure(self) -> None:
        """STARTTLS (RFC 6120, section 5.4.3.3): the same protocol goes on over TLS."""
        transport = self._transport
        if transport is None:
            return
        try:
            upgraded = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=_TLS_HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS,
            )
        except (OSError, ssl.SSLError) as error:
            log.info("No TLS: %s", error)
            transport.abort()
            self.connection_lost(None)
            return
        if upgraded is None:
            self.connection_lost(None)  # The client left in the middle of the handshake.
            return
        self._transport = upgraded
        early, self._early = bytes(self._early or b""), None
        if early:
            self.data_received(early)

    def _slow_down(self, stanzas: int) -> None:
        """Read no faster than the flood limit allows; TCP slows the client down."""
        wait = self._pace.spend(stanzas, self._host.monotonic())
        if wait > 0 and self._transport is not None and self._resume is None:
            self._transport.pause_reading()
            self._resume = asyncio.get_running_loop().call_later(wait, self._read_on)

    def _read_on(self) -> None:
        self._resume = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._resume, self._farewell):
            if timer is not None:
                timer.cancel()
        self._connections.discard(self)
        self.stream.lost()
        if not self.closed.done():
            self.closed.set_result(None)

    def check(self) -> None:
        """From time to time: has the client logged in, and is it still there?"""
        now = self._host.monotonic()
        is_late = self.stream.session is None and now - self.stream.started_at > LOGIN_SECONDS
        if is_late:
            self.stream.failed(StreamError("connection-timeout", "Nobody has logged in."))
        elif self.stream.is_silent(SILENCE_SECONDS, ANSWER_SECONDS):
            self.abort()

    # --- what a stream’s Link promises

    def write(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing() or self._is_overfull:
            return
        if self._early is not None:
            return  # In clear no more, in TLS not yet: a farewell at this moment goes unsaid.
        transport.write(data)
        if transport.get_write_buffer_size() > SEND_QUEUE_LENGTH:
            # Not now: whoever writes may be in the middle of telling a whole room.
            self._is_overfull = True
            asyncio.get_running_loop().call_soon(self.abort)

    def restart(self) -> None:
        self._is_restarting = True

    def start_tls(self) -> None:
        self._is_restarting = self._wants_tls = True
        if self._transport is not None:
            # What comes now belongs to TLS, which is not in place yet.
            self._transport.pause_reading()

    def close(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            # A peer that reads nothing would keep the last bytes, and us, waiting for ever.
            loop = asyncio.get_running_loop()
            self._farewell = loop.call_later(_GOODBYE_SECONDS, self.abort)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class XmppServer:
    """The listeners of one host."""

    def __init__(
        self, host: Host, start_tls: StartTls = StartTls.OFFERED, keeper: Keeper | None = None
    ) -> None:
        """``start_tls`` is what the plain port says about TLS; ``keeper`` saves the accounts."""
        self.host = host
        self._keeper = keeper
        self.plain_port = 0
        self.tls_port = 0
        open_lab_room(host)
        self._start_tls = start_tls
        self._servers: list[asyncio.Server] = []
        self._connections: set[Connection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def start(
        self, address: str, plain_port: int, tls_port: int, tls: ssl.SSLContext
    ) -> None:
        """Listen on both ports (0 for free ones). Raises ConnectError; then nothing listens."""
        try:
            self.plain_port = await self._listen(address, plain_port, tls, is_direct=False)
            self.tls_port = await self._listen(address, tls_port, tls, is_direct=True)
        except ConnectError:
            await self.stop()
            raise
        self._schedule_sweep()

    async def _listen(
        self, address: str, port: int, tls: ssl.SSLContext, *, is_direct: bool
    ) -> int:
        start_tls = StartTls.NOT_OFFERED if is_direct else self._start_tls
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self.host, self._connections, tls, start_tls),
                address,
                port,
                ssl=tls if is_direct else None,
                ssl_handshake_timeout=_TLS_HANDSHAKE_SECONDS if is_direct else None,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_SECONDS if is_direct else None,
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
        self._sweep = asyncio.get_running_loop().call_later(_SWEEP_SECONDS, self._on_sweep)

    def _on_sweep(self) -> None:
        self.sweep()
        self._schedule_sweep()

    def sweep(self) -> None:
        """Drop who is silent, or does not log in; end sessions to which nobody came back."""
        for connection in list(self._connections):
            connection.check()
        lifecycle.expire(self.host)
        self._save()

    def _save(self) -> None:
        if self._keeper is None:
            return
        try:
            self._keeper.save()
        except FileError as error:
            log.warning("%s", error)

    async def stop(self) -> None:
        """Stop listening, tell everybody, and close; returns when all is closed."""
        was_started = self._sweep is not None
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for server in self._servers:
            server.close()
        leftover = list(self._connections)
        for connection in leftover:
            connection.stream.failed(StreamError("system-shutdown", "The server is shutting down."))
        if leftover:
            closed = [connection.closed for connection in leftover]
            await asyncio.wait(closed, timeout=_GOODBYE_SECONDS)
        for connection in list(self._connections):
            connection.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        if was_started:
            self._save()


def _reason(error: OSError) -> str:
    """asyncio’s own text repeats address and port; look-up errors have negative numbers."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


def tls_context(certificate_file: os.PathLike[str], key_file: os.PathLike[str]) -> ssl.SSLContext:
    """TLS 1.2 and newer; direct TLS may name its application (XEP-0368, ALPN)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate_file, key_file)
    context.set_alpn_protocols(["xmpp-client"])
    return context
