"""The XMPP server’s sockets: TLS in the middle of a stream, faults, limits, and the end."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chatlab.core.errors import ConnectError
from chatlab.server.authority import LabCertificate, issue
from chatlab.server.xmpp.client import ClientStream
from chatlab.server.xmpp.element import Element
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.limits import (
    FLOOD_BURST,
    FLOOD_STANZAS_PER_SECOND,
    LOGIN_SECONDS,
    NEGOTIATION_LENGTH,
    Pace,
)
from chatlab.server.xmpp.listener import XmppServer, tls_context
from tests.unit.server.xmpp_harness import HEADER

_TIMEOUT = 10.0
_STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Peer:
    """One TCP connection to the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, text: str) -> None:
        self.writer.write(text.encode())

    async def until(self, words: str) -> str:
        """Everything up to and with these words."""
        async with asyncio.timeout(_TIMEOUT):
            return (await self.reader.readuntil(words.encode())).decode()

    async def until_closed(self) -> str:
        async with asyncio.timeout(_TIMEOUT):
            return (await self.reader.read()).decode()


class Lab:
    """A server of this process, with a clock that is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.seconds = 0.0
        self.certificate: LabCertificate = issue(directory)
        host = Host({"alice": "pencil"}, monotonic=lambda: self.seconds)
        self.server = XmppServer(host)
        self._peers: list[Peer] = []

    async def start(self) -> None:
        tls = tls_context(self.certificate.certificate_file, self.certificate.key_file)
        await self.server.start("127.0.0.1", 0, 0, tls)

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificate.ca_file)

    async def connect(self, *, tls: bool = False) -> Peer:
        context = self.client_context() if tls else None
        port = self.server.tls_port if tls else self.server.plain_port
        peer = Peer(*await asyncio.open_connection("127.0.0.1", port, ssl=context))
        self._peers.append(peer)
        return peer

    async def stop(self) -> None:
        for peer in self._peers:
            peer.writer.transport.abort()
        await self.server.stop()


def _run(directory: Path, play: Callable[[Lab], Awaitable[None]]) -> None:
    async def scene() -> None:
        lab = Lab(directory)
        await lab.start()
        try:
            await play(lab)
        finally:
            await lab.stop()

    asyncio.run(scene())


def test_tls_begins_in_the_middle_of_the_stream(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER)
        assert "starttls" in await peer.until("</stream:features>")
        peer.say(_STARTTLS)
        assert "<proceed" in await peer.until("/>")
        async with asyncio.timeout(_TIMEOUT):
            await peer.writer.start_tls(lab.client_context(), server_hostname="localhost")
        peer.say(HEADER)
        assert "starttls" not in await peer.until("</stream:features>")
        peer.say("</stream:stream>")
        assert await peer.until_closed() == "</stream:stream>"

    _run(tmp_path, play)


@pytest.mark.parametrize("behind", ["<auth", "<presence/>", "\n<a b='>'/>", HEADER])
def test_nothing_in_clear_may_follow_the_wish_for_tls(tmp_path: Path, behind: str) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER)
        await peer.until("</stream:features>")
        peer.say(_STARTTLS + behind)
        assert "policy-violation" in await peer.until_closed()

    _run(tmp_path, play)


def test_a_broken_handshake_ends_the_connection_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER)
        await peer.until("</stream:features>")
        peer.say(_STARTTLS)
        await peer.until("/>")
        peer.say("this is no ClientHello, and never will be one" * 5)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await peer.until("never said")
        other = await lab.connect(tls=True)
        other.say(HEADER)
        await other.until("</stream:features>")

    _run(tmp_path, play)
    assert "Traceback" not in caplog.text


def test_a_stranger_may_not_say_much(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER)
        await peer.until("</stream:features>")
        peer.say("<iq type='get' id='" + "x" * NEGOTIATION_LENGTH)
        assert "policy-violation" in await peer.until_closed()

    _run(tmp_path, play)


def test_another_protocol_is_told_so(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say("NICK alice\r\nUSER alice 0 * :Alice\r\n<")
        said = await peer.until_closed()
        assert said.startswith("<?xml")
        assert "not-well-formed" in said
        assert said.endswith("</stream:stream>")

    _run(tmp_path, play)


def test_who_does_not_log_in_has_to_go(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER)
        await peer.until("</stream:features>")
        lab.server.sweep()
        lab.seconds = LOGIN_SECONDS + 1
        lab.server.sweep()
        assert "connection-timeout" in await peer.until_closed()

    _run(tmp_path, play)


def test_a_fault_in_a_handler_costs_nobody_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    received = ClientStream.received

    def faulty(stream: ClientStream, element: Element) -> None:
        if element.name == "boom":
            raise ZeroDivisionError
        received(stream, element)

    monkeypatch.setattr(ClientStream, "received", faulty)

    async def play(lab: Lab) -> None:
        peer = await lab.connect()
        peer.say(HEADER + "<boom/>")
        await peer.until("</stream:features>")
        peer.say("<iq type='get' id='alive'><query xmlns='jabber:iq:register'/></iq>")
        assert "alive" in await peer.until("</iq>")

    _run(tmp_path, play)
    assert "Not carried out" in caplog.text


def test_the_end_of_the_server_is_told_to_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlab.server.listener.GOODBYE_SECONDS", 0.1)

    async def play(lab: Lab) -> None:
        for tls in (False, True):
            peer = await lab.connect(tls=tls)
            peer.say(HEADER)
            await peer.until("</stream:features>")
            lab._peers[-1] = peer
        peers = list(lab._peers)
        await lab.server.stop()
        for peer in peers:
            assert "system-shutdown" in await peer.until_closed()

    _run(tmp_path, play)


def test_a_taken_port_is_named_and_nothing_is_left_listening(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        tls = tls_context(lab.certificate.certificate_file, lab.certificate.key_file)
        port = lab.server.plain_port
        second = XmppServer(Host())
        with pytest.raises(ConnectError, match=f"port {port}: .*in use"):
            await second.start("127.0.0.1", 0, port, tls)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", second.plain_port)

    _run(tmp_path, play)


def test_a_flood_is_read_more_slowly() -> None:
    pace = Pace(0.0)
    assert pace.spend(int(FLOOD_BURST), 0.0) == 0.0
    assert pace.spend(int(FLOOD_STANZAS_PER_SECOND), 0.0) == 1.0
    assert pace.spend(0, 2.0) == 0.0
