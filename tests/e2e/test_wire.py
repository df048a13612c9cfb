"""The tap on real sockets: its byte ranges against a TLS server that counts for itself."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest

from chatlab.chat.dial import Dialler
from chatlab.chat.wire import Wire
from chatlab.core.account import Account, AccountId, Security
from chatlab.core.connection import Connection, LinkState
from chatlab.core.errors import CertificateError, ConnectError
from chatlab.core.flow import ByteRange, Direction, FlowKey
from chatlab.server.authority import issue

TIMEOUT_S = 10


class CountingServer:
    """Speaks TLS (or not) over memory, and notes the stream offsets of all it says and hears."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self.heard: list[tuple[ByteRange, bytes]] = []
        self.received = bytearray()
        self.said = 0
        self.ready = asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        if self._context is None:
            self.ready.set()
            while data := await reader.read(65_536):
                start = len(self.received)
                self.received += data
                self.heard.append((ByteRange(start, len(self.received)), data))
        else:
            await self._serve_tls(self._context, reader, writer)

    async def _serve_tls(
        self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._in, self._out, server_side=True)
        is_done = False
        try:
            while True:
                header = await reader.readexactly(5)
                record = header + await reader.readexactly(int.from_bytes(header[3:5], "big"))
                start = len(self.received)
                self.received += record
                self._in.write(record)
                if not is_done:
                    try:
                        self.tls.do_handshake()
                        is_done = True
                        self.ready.set()
                    except ssl.SSLWantReadError:
                        pass
                    self._flush()
                    continue
                plaintext = self.tls.read(65_536)
                self.heard.append((ByteRange(start, len(self.received)), plaintext))
        except (asyncio.IncompleteReadError, ssl.SSLError, ConnectionError):
            self.ready.set()

    def _flush(self) -> int:
        data = self._out.read()
        self._writer.write(data)
        self.said += len(data)
        return len(data)

    def say(self, data: bytes) -> ByteRange:
        start = self.said
        if self._context is None:
            self._writer.write(data)
            self.said += len(data)
        else:
            self.tls.write(data)
            self._flush()
        return ByteRange(start, self.said)


@dataclass
class Recorder:
    """A registry, a gate and a sink in one."""

    order: list[str] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    bytes_of: dict[Direction, bytearray] = field(
        default_factory=lambda: {direction: bytearray() for direction in Direction}
    )
    secrets: list[str] = field(default_factory=list)
    chunks: list[tuple[bytes, ByteRange, bool]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    changed_event: asyncio.Event = field(default_factory=asyncio.Event)

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        self.order.append("admit")
        return True

    def dismiss(self, flow: FlowKey) -> None:
        self.order.append("dismiss")

    def opened(self, connection: Connection) -> None:
        self.order.append("opened")
        self.connections.append(connection)

    def changed(self, connection: Connection) -> None:
        self.connections[-1] = connection

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        self.order.append(direction.value)
        self.bytes_of[direction] += data

    def secret(self, key_log_line: str) -> None:
        self.secrets.append(key_log_line)

    def wire_received(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        self.chunks.append((chunk, origin, exact))
        self.changed_event.set()

    def wire_closed(self, reason: str) -> None:
        self.closed.append(reason)
        self.changed_event.set()

    async def until_received(self, size: int) -> None:
        await self.until(lambda: sum(len(chunk) for chunk, _, _ in self.chunks) == size)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            while not condition():
                self.changed_event.clear()
                await self.changed_event.wait()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port of loopback; at the end its conversations are over, too."""
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        await handler(reader, writer)
        writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context) as listener:
        yield listener.sockets[0].getsockname()[1]
        async with asyncio.timeout(TIMEOUT_S):
            await asyncio.gather(*talks)


async def until_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@asynccontextmanager
async def running(server: CountingServer) -> AsyncIterator[CountingServer]:
    async with listening(server.serve) as server.port:
        yield server


def account(port: int, security: Security, **fields: str) -> Account:
    plain = Account(
        id=AccountId("a"), name="a", host="127.0.0.1", port=port, nick="a", security=security
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # only str fields are passed


def server_context(directory: Path, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    files = issue(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate_file, files.key_file)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


async def dialled(recorder: Recorder, to: Account) -> Wire:
    stages: list[LinkState] = []
    return await Dialler(recorder, recorder).dial(to, recorder, stages.append)


SIZES = (1, 18, 510, 16_384, 16_385, 40_000)


def test_the_filter_is_in_place_before_anything_is_sent() -> None:
    async def check() -> None:
        recorder = Recorder()
        async with running(CountingServer(None)) as server:
            wire = await dialled(recorder, account(server.port, Security.PLAIN))
            wire.write(b"NICK a\r\n")
            await wire.close()
        assert recorder.order == ["admit", "opened", "sent", "dismiss"]
        flow = recorder.connections[0].flow
        assert flow.local.address == "127.0.0.1"
        assert flow.local.port

    asyncio.run(check())


@pytest.mark.parametrize(
    "version", [None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["plain", "1.2", "1.3"]
)
def test_ranges_of_both_directions_are_those_the_server_counted(
    tmp_path: Path, version: ssl.TLSVersion | None
) -> None:
    async def check() -> None:
        recorder = Recorder()
        context = server_context(tmp_path, version) if version else None
        security = Security.DIRECT_TLS if version else Security.PLAIN
        async with running(CountingServer(context)) as server:
            to = account(server.port, security, ca_file=str(tmp_path / "ca.pem") if version else "")
            wire = await dialled(recorder, to)
            texts = [bytes([65 + index]) * size for index, size in enumerate(SIZES)]
            ranges = [wire.write(text).span for text in texts]
            await server.ready.wait()
            said = []
            for text in texts:
                said.append(server.say(text))
                await recorder.until_received(sum(map(len, texts[: len(said)])))
            await wire.close()
        assert recorder.closed == [""]
        assert bytes(recorder.bytes_of[Direction.SENT]).startswith(bytes(server.received))
        for text, span in zip(texts, ranges, strict=True):
            inside = b"".join(data for at, data in server.heard if at.overlaps(span))
            if version:
                assert inside == text
            else:
                assert bytes(server.received[span.start : span.stop]) == text
        for text, span in zip(texts, said, strict=True):
            chunks = [(c, o) for c, o, _ in recorder.chunks if o.overlaps(span)]
            assert b"".join(chunk for chunk, _ in chunks) == text
            assert min(origin.start for _, origin in chunks) == span.start
            assert max(origin.stop for _, origin in chunks) == span.stop

    asyncio.run(check())


@pytest.mark.only_on("linux")
@pytest.mark.parametrize("ender", ["server", "server, with a last word", "we", "we, at once"])
def test_what_was_acknowledged_stays_known_after_the_end(ender: str) -> None:
    """Nobody asks before the connection is gone; the socket is closed by then."""
    line = b"PRIVMSG #lab :the last words\r\n"

    async def check() -> None:
        heard = asyncio.Event()

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(len(line))
            if ender != "server":
                writer.write(b"ERROR :heard\r\n")  # Its segment acknowledges the line.
            if ender.startswith("we"):
                await reader.read()
            heard.set()

        recorder = Recorder()
        async with listening(hear) as port:
            wire = await dialled(recorder, account(port, Security.PLAIN))
            span = wire.write(line).span
            if ender.startswith("we"):
                await recorder.until(lambda: bool(recorder.chunks))
                if ender == "we":
                    await wire.close()
                else:
                    wire.abort()
            await recorder.until(lambda: bool(recorder.closed))
            await heard.wait()
        assert wire.fileno() == -1
        assert wire.acknowledged() == span.stop == len(line)

    asyncio.run(check())


def test_secrets_and_facts_of_the_handshake_are_reported(tmp_path: Path) -> None:
    async def check() -> None:
        recorder = Recorder()
        async with running(CountingServer(server_context(tmp_path))) as server:
            to = account(server.port, Security.DIRECT_TLS, ca_file=str(tmp_path / "ca.pem"))
            wire = await dialled(recorder, to)
            await wire.close()
        tls = recorder.connections[0].tls
        assert tls is not None
        assert (tls.version, tls.trust) == ("TLSv1.3", "verified")
        assert "127.0.0.1" in tls.chain[0].names
        labels = {line.split()[0] for line in recorder.secrets}
        assert {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"} <= labels

    asyncio.run(check())


def test_an_unknown_authority_is_refused_with_its_chain(tmp_path: Path) -> None:
    async def check() -> None:
        recorder = Recorder()
        async with running(CountingServer(server_context(tmp_path))) as server:
            with pytest.raises(CertificateError) as refused:
                await dialled(recorder, account(server.port, Security.DIRECT_TLS))
            fingerprint = refused.value.chain[0].sha256
            assert "issuer" in refused.value.reason
            pinned = account(server.port, Security.DIRECT_TLS, pinned_sha256=fingerprint)
            wire = await dialled(Recorder(), pinned)
            assert wire.connection.tls is not None
            assert wire.connection.tls.trust == "pinned"
            await wire.close()
            wrong = replace(pinned, pinned_sha256="00" * 32)
            with pytest.raises(CertificateError, match="another certificate"):
                await dialled(Recorder(), wrong)
        assert recorder.closed == []

    asyncio.run(check())


def test_a_plain_server_on_the_tls_port_is_named_as_such() -> None:
    async def check() -> None:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b":irc.lab NOTICE * :*** Looking up your hostname\r\n")
            await reader.read()

        async with listening(greet) as port:
            with pytest.raises(ConnectError, match="does not speak TLS"):
                await dialled(Recorder(), account(port, Security.DIRECT_TLS))

    asyncio.run(check())


def test_a_tls_server_on_the_plain_port_is_named_as_such() -> None:
    async def check() -> None:
        async def alert(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.write(bytes.fromhex("15 0301 0002 0246"))  # fatal, protocol_version
            await reader.read()

        recorder = Recorder()
        async with listening(alert) as port:
            wire = await dialled(recorder, account(port, Security.PLAIN))
            wire.write(b"NICK a\r\n")
            await recorder.until(lambda: bool(recorder.closed))
        assert "speaks TLS" in recorder.closed[0]

    asyncio.run(check())


def test_a_closed_port_is_refused_in_words() -> None:
    async def check() -> None:
        async with listening(until_end) as port:
            pass
        recorder = Recorder()
        with pytest.raises(ConnectError, match="nothing listens"):
            await dialled(recorder, account(port, Security.PLAIN))
        assert recorder.order == ["admit", "opened", "dismiss"]

    asyncio.run(check())


@pytest.mark.only_on("linux")
def test_a_connection_that_is_reset_ends_in_words_without_an_error_number() -> None:
    async def check() -> None:
        async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            no_linger = b"\1" + bytes(7)  # Closing sends RST, not FIN.
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, no_linger)

        recorder = Recorder()
        async with listening(reset) as port:
            await dialled(recorder, account(port, Security.PLAIN))
            await recorder.until(lambda: bool(recorder.closed))
        assert recorder.closed == ["The connection broke: Connection reset by peer."]

    asyncio.run(check())


@pytest.mark.only_on("linux")
def test_the_secrets_lie_in_no_file_that_has_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        folder = tmp_path / "temporary"
        folder.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        recorder = Recorder()
        async with running(CountingServer(server_context(tmp_path))) as server:
            to = account(server.port, Security.DIRECT_TLS, ca_file=str(tmp_path / "ca.pem"))
            wire = await dialled(recorder, to)
            assert recorder.secrets
            assert list(folder.iterdir()) == []
            await wire.close()

    asyncio.run(check())
