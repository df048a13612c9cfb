"""The tap: one TCP connection, every byte of it counted, TLS on top when wanted.

    IRC engine  -- write(data) ->  Wire  -- [TlsLayer] -->  asyncio transport  -->  socket
                <- wire_received --      <- record by record --

Theory of operation. The wire sits below TLS and counts what it hands to the socket, so its
offsets are TCP stream offsets (offset 0 follows the SYN). Encryption is synchronous, hence a write
knows its ciphertext; incoming bytes are cut into TLS records and decrypted one at a time, hence a
piece of plaintext knows its record. asyncio is only used through its public transport interface.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, cast

from chatlab.chat.sockets import unacknowledged_bytes
from chatlab.chat.tls import USUAL_PORTS, TlsLayer
from chatlab.core.connection import Connection
from chatlab.core.errors import ConnectError, RemoteProtocolError
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.ports import ConnectionRegistry
from chatlab.protocol.tls import RecordSplitter

_CLOSE_TIMEOUT_S = 2.0
_TLS_ALERT_OF_A_TLS_PORT = b"\x15\x03"
"""How a TLS server answers a client that speaks clear text: a fatal alert record."""


class WireSink(Protocol):
    """Who speaks over the wire."""

    def wire_received(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        """``chunk`` arrived. With ``exact`` its bytes are those of ``origin`` one for one;
        otherwise it is the plaintext of the TLS record that fills ``origin``."""
        ...

    def wire_closed(self, reason: str) -> None:
        """The connection is gone; called once. ``reason`` is empty when we closed it."""
        ...


class Wire(asyncio.Protocol):
    """One connected transport. Made by the dialler, owned by the engine that it serves."""

    def __init__(
        self,
        connection: Connection,
        registry: ConnectionRegistry,
        sink: WireSink,
        *,
        starts_with_tls: bool,
    ) -> None:
        self.connection = connection
        self._registry = registry
        self._sink = sink
        self._transport: asyncio.Transport | None = None
        self._tls: TlsLayer | None = None
        self._handshake: asyncio.Future[None] | None = None
        self._records = RecordSplitter()
        self._sent = 0
        self._received = 0
        self._acknowledged: int | None = None
        self._unwritten = 0
        """Bytes that asyncio still held back at the last look."""
        self._is_closing = False
        self._reason = ""
        self._starts_with_tls = starts_with_tls
        self._early = b""
        """What a server said before our handshake began; pausing the transport does not keep all
        versions of Python from reading it."""
        self._held: list[Callable[[], None]] | None = []
        """What came before the engine holds its wire; None once it does."""
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # -- what the dialler calls

    def release(self) -> None:
        """The engine gets its wire in this turn of the loop: deliver from the next one on."""
        asyncio.get_running_loop().call_soon(self._deliver_held)

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called once the connection is gone, whoever ended it."""
        self._closed.add_done_callback(lambda _: callback())

    # -- what the engine calls

    def write(self, data: bytes) -> WireRange:
        """Send ``data``; returns the bytes of the TCP stream that carry it."""
        if self._tls is None:
            return self._send(data)
        self._flush_tls()
        return self._send(self._tls.encrypt(data))

    def acknowledged(self) -> int | None:
        """Offset up to which the peer's TCP has acknowledged, as the operating system knows.

        Once the connection is gone: what it knew at the end.
        """
        if not self._closed.done():
            self._look_for_acks()
        return self._acknowledged

    def set_reading(self, is_reading: bool) -> None:
        """Let TCP hold the peer back while what arrived is still being handled."""
        if self._transport is None or self._transport.is_closing():
            return
        if is_reading and not self._transport.is_reading():
            self._transport.resume_reading()
        elif not is_reading and self._transport.is_reading():
            self._transport.pause_reading()

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this TLS connection (RFC 5929); empty where there are none."""
        return self._tls.channel_binding(name) if self._tls is not None else b""

    def fileno(self) -> int:
        """The socket's descriptor; -1 when it is closed."""
        if self._transport is None:
            return -1
        return int(self._transport.get_extra_info("socket").fileno())

    async def start_tls(self, tls: TlsLayer) -> None:
        """Run the handshake. Raises ConnectError (CertificateError); the wire is then closed."""
        self._tls = tls
        self._records = RecordSplitter(start=self._received - len(self._early))
        self._handshake = asyncio.get_running_loop().create_future()
        try:
            tls.handshake()
            self._flush_tls()
            self._received_tls(tls, self._early)
            await self._handshake
        except BaseException:
            self.abort()
            raise
        finally:
            self._handshake = None
        self.connection = replace(self.connection, tls=tls.facts())
        self._registry.changed(self.connection)

    async def close(self) -> None:
        """Close politely (close_notify, FIN), forcibly when the peer does not take it."""
        if self._transport is None:
            return
        self._is_closing = True
        if self._tls is not None and not self._transport.is_closing():
            self._send(self._tls.close_notify())
        self._transport.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._closed), _CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._transport.abort()
            await self._closed

    def abort(self, reason: str = "") -> None:
        """Drop the connection at once; ``reason`` is what the engine will be told."""
        self._reason = self._reason or reason
        self._is_closing = self._is_closing or not reason
        if self._transport is not None:
            self._transport.abort()

    # -- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        origin = ByteRange(self._received, self._received + len(data))
        self._received = origin.stop
        self._registry.carried(self.connection, Direction.RECEIVED, data)
        if self._tls is not None:
            self._received_tls(self._tls, data)
        elif self._starts_with_tls:
            self._early += data
        elif origin.start == 0 and data.startswith(_TLS_ALERT_OF_A_TLS_PORT):
            self.abort(f"Port {self.connection.flow.remote.port} speaks TLS: choose TLS for it.")
        else:
            self._deliver(lambda: self._sink.wire_received(data, origin, True))

    def eof_received(self) -> bool:
        return False  # Close our side, too: neither IRC nor XMPP goes on half open.

    def connection_lost(self, exc: Exception | None) -> None:
        reason = self._reason
        if not reason and not self._is_closing:
            reason = _in_words(exc) if exc else "The server closed the connection."
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(self._lost_in_handshake(reason))
            reason = ""
        if self._tls is not None:
            self._tls.forget()
        if not self._closed.done():
            self._look_for_acks()  # The last chance: asyncio closes the socket after this.
            self._closed.set_result(None)
        self._deliver(lambda: self._sink.wire_closed(reason))

    # -- inner

    def _look_for_acks(self) -> None:
        if self._transport is None or (waiting := unacknowledged_bytes(self.fileno())) is None:
            return
        if not self._transport.is_closing():
            self._unwritten = self._transport.get_write_buffer_size()
        elif self._unwritten:
            return  # An abort throws away what was not yet written: how much of it, nobody knows.
        self._acknowledged = self._sent - self._unwritten - waiting

    def _send(self, data: bytes) -> WireRange:
        span = ByteRange(self._sent, self._sent + len(data))
        if data and self._transport is not None:
            self._sent = span.stop
            self._registry.carried(self.connection, Direction.SENT, data)
            self._transport.write(data)
            self._unwritten = self._transport.get_write_buffer_size()
        return WireRange(self.connection.id, Direction.SENT, span)

    def _flush_tls(self) -> None:
        """Send what TLS itself has to say; such bytes belong to no message."""
        if self._tls is not None and (data := self._tls.pending()):
            self._send(data)

    def _received_tls(self, tls: TlsLayer, data: bytes) -> None:
        try:
            for record in self._records.feed(data):
                if self._transport is None or self._transport.is_closing():
                    return
                self._received_record(tls, record.data, record.span)
        except RemoteProtocolError:
            self._fail(self._not_tls(data))
        except ConnectError as error:
            self._fail(error)
        except ssl.SSLError as error:
            words = (error.reason or str(error)).replace("_", " ").lower()
            self._fail(
                ConnectError(f"TLS broke: {words}.", "Reconnect; if it returns, tell the operator.")
            )

    def _received_record(self, tls: TlsLayer, record: bytes, span: ByteRange) -> None:
        if self._handshake is not None and not self._handshake.done():
            tls.feed_handshake(record)
            try:
                is_done = tls.handshake()
            finally:
                self._flush_tls()
            for line in tls.take_secrets():
                self._registry.secret(line)
            if is_done:
                self._handshake.set_result(None)
            return
        try:
            plaintext = tls.feed(record)
        except EOFError:
            if self._transport is not None:
                self._transport.close()
            return
        self._flush_tls()
        if plaintext:
            self._deliver(lambda: self._sink.wire_received(plaintext, span, False))

    def _deliver(self, call: Callable[[], None]) -> None:
        if self._held is None:
            call()
        else:
            self._held.append(call)

    def _deliver_held(self) -> None:
        held, self._held = self._held or [], None
        for call in held:
            call()

    def _fail(self, error: ConnectError) -> None:
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(error)
            if self._transport is not None:
                self._transport.close()  # Lets the alert out, unlike abort().
        else:
            self.abort(str(error))

    def _not_tls(self, data: bytes) -> ConnectError:
        start = data[:40].decode("utf-8", "replace").split("\n")[0].strip()
        usual = USUAL_PORTS[self.connection.application]
        return ConnectError(
            f"Port {self.connection.flow.remote.port} of {self.connection.host} does not speak TLS"
            f" (it said “{start}”).",
            f"Choose the TLS port, or plain text for this one. {usual}",
        )

    def _lost_in_handshake(self, reason: str) -> ConnectError:
        return ConnectError(
            f"The TLS handshake with {self.connection.host} did not finish. {reason}".strip(),
            f"Is this the server’s TLS port? {USUAL_PORTS[self.connection.application]}",
        )


def _in_words(error: Exception) -> str:
    why = error.strerror if isinstance(error, OSError) else None
    return f"The connection broke: {why or error}."
