"""The lab’s XMPP server behind its sockets: a plain port with STARTTLS, one for direct TLS.

What a stranger may say is shorter than what an account may: the size of a stanza is bounded.
"""

import asyncio
import logging
import os
import ssl

from chatlab.core.errors import FileError
from chatlab.server import listener
from chatlab.server.listener import (
    TLS_HANDSHAKE_SECONDS,
    TLS_SHUTDOWN_SECONDS,
    BaseConnection,
    BaseServer,
)
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


class Connection(BaseConnection):
    """One accepted connection: bytes to elements, elements to the stream, and back."""

    def __init__(
        self, host: Host, connections: "set[Connection]", tls: ssl.SSLContext, start_tls: StartTls
    ) -> None:
        super().__init__(SEND_QUEUE_LENGTH)
        self._host = host
        self._connections = connections
        self._tls = tls
        self._reader = StreamReader(NEGOTIATION_LENGTH)
        self._pace = Pace(host.monotonic())
        self._upgrade: asyncio.Task[None] | None = None
        self._early: bytearray | None = None
        """While TLS begins: what has come through it already; None at all other times."""
        self._is_restarting = False
        self._wants_tls = False
        self.stream = ClientStream(host, self, start_tls)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)
        if len(self._connections) > MAX_STREAMS:
            self.stream.failed(StreamError("resource-constraint", "Too many are connected."))

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing() or self._is_leaving:
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
                ssl_handshake_timeout=TLS_HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=TLS_SHUTDOWN_SECONDS,
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
        self._connections.discard(self)
        self.stream.lost()
        super().connection_lost(exc)

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
        # In clear no more, in TLS not yet: a farewell at that moment goes unsaid.
        if self._early is None:
            super().write(data)

    def restart(self) -> None:
        self._is_restarting = True

    def start_tls(self) -> None:
        self._is_restarting = self._wants_tls = True
        if self._transport is not None:
            # What comes now belongs to TLS, which is not in place yet.
            self._transport.pause_reading()

    @property
    def _may_half_close(self) -> bool:
        return self._early is None  # TLS that is being negotiated still writes.


class XmppServer(BaseServer[Connection]):
    """The listeners of one host."""

    def __init__(
        self, host: Host, start_tls: StartTls = StartTls.OFFERED, keeper: Keeper | None = None
    ) -> None:
        """``start_tls`` is what the plain port says about TLS; ``keeper`` saves the accounts."""
        super().__init__()
        self.host = host
        self._keeper = keeper
        self._start_tls = start_tls
        open_lab_room(host)

    def sweep(self) -> None:
        """Drop who is silent, or does not log in; end sessions to which nobody came back."""
        for connection in list(self._connections):
            connection.check()
        lifecycle.expire(self.host)
        self._save()

    async def stop(self) -> None:
        was_started = self._sweep is not None
        await super().stop()
        if was_started:
            self._save()

    def _say_goodbye(self) -> None:
        for connection in list(self._connections):
            connection.stream.failed(StreamError("system-shutdown", "The server is shutting down."))

    def _connection(self, tls: ssl.SSLContext, *, is_direct: bool) -> Connection:
        start_tls = StartTls.NOT_OFFERED if is_direct else self._start_tls
        return Connection(self.host, self._connections, tls, start_tls)

    def _save(self) -> None:
        if self._keeper is None:
            return
        try:
            self._keeper.save()
        except FileError as error:
            log.warning("%s", error)


def tls_context(certificate_file: os.PathLike[str], key_file: os.PathLike[str]) -> ssl.SSLContext:
    """What the TLS port needs; direct TLS may name its application (XEP-0368, ALPN)."""
    return listener.tls_context(certificate_file, key_file, ["xmpp-client"])
