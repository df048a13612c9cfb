"""The sockets of the lab's server, on loopback: speed, limits, and a clean end."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.core.errors import ConnectError, UsageError
from chatlab.server import foreground
from chatlab.server.irc import listener
from chatlab.server.irc.commands.dispatch import handle
from chatlab.server.service import (
    Service,
    ServiceOptions,
    bind_address,
    reachable_addresses,
    start,
)

_TIMEOUT = 20.0


@dataclass
class Peer:
    """A client on a real socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *lines: bytes) -> None:
        self.writer.write(b"".join(line + b"\r\n" for line in lines))

    async def until(self, wanted: bytes) -> list[bytes]:
        """Lines up to and with the first that contains ``wanted``."""
        lines: list[bytes] = []
        async with asyncio.timeout(_TIMEOUT):
            while not lines or wanted not in lines[-1]:
                line = await self.reader.readline()
                assert line, f"closed before {wanted!r}; got {lines[-3:]}"
                lines.append(line.rstrip(b"\r\n"))
        return lines

    async def until_closed(self) -> bytes:
        async with asyncio.timeout(_TIMEOUT):
            return await self.reader.read()

    async def close(self) -> None:
        self.writer.close()
        async with asyncio.timeout(_TIMEOUT):
            await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


class Lab:
    """A service and the peers that were connected to it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.peers: list[Peer] = []

    async def connect(self, *, tls: bool = False) -> Peer:
        context = None
        if tls:
            context = ssl.create_default_context(cafile=str(self.service.certificate.ca_file))
        port = self.service.tls_port if tls else self.service.plain_port
        host = self.service.address
        peer = Peer(*await asyncio.open_connection(host, port, ssl=context))
        self.peers.append(peer)
        return peer

    async def join(self, nick: bytes, *, tls: bool = False) -> Peer:
        peer = await self.connect(tls=tls)
        peer.say(b"NICK " + nick, b"USER u 0 * :Name", b"JOIN #lab")
        await peer.until(b" 366 ")
        return peer


@asynccontextmanager
async def _lab(directory: Path) -> AsyncIterator[Lab]:
    lab = Lab(await start(ServiceOptions(directory=directory)))
    try:
        yield lab
    finally:
        for peer in lab.peers:
            await peer.close()
        await lab.service.stop()


def _run(directory: Path, play: Callable[[Lab], Awaitable[None]]) -> None:
    async def scene() -> None:
        async with _lab(directory) as lab:
            await play(lab)

    asyncio.run(scene())


def test_plain_and_encrypted_users_meet_in_one_channel(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        ann, bob = await lab.join(b"ann"), await lab.join(b"bob", tls=True)
        bob.say(b"PRIVMSG #lab :sealed", b"WHOIS bob")
        assert (await ann.until(b"sealed"))[-1].endswith(b" PRIVMSG #lab :sealed")
        assert b" 671 " in b"\n".join(await bob.until(b" 318 "))
        ann.say(b"PRIVMSG #lab :readable", b"WHOIS ann")
        await bob.until(b":readable")
        assert b" 671 " not in b"\n".join(await ann.until(b" 318 "))

    _run(tmp_path, play)


def test_a_burst_of_200_messages_arrives_whole_and_in_order(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        ann, bob = await lab.join(b"ann"), await lab.join(b"bob", tls=True)
        ann.say(*(b"PRIVMSG #lab :number %d" % n for n in range(200)))
        lines = await bob.until(b":number 199")
        numbers = [int(line.rpartition(b" ")[2]) for line in lines if b":number " in line]
        assert numbers == list(range(200))

    _run(tmp_path, play)


def test_beyond_the_burst_a_client_is_read_slower_but_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "FLOOD_BURST", 20)
    monkeypatch.setattr(listener, "FLOOD_LINES_PER_SECOND", 400.0)

    async def play(lab: Lab) -> None:
        ann = await lab.join(b"ann")
        ann.say(*(b"PING :%d" % n for n in range(100)))
        pongs = await ann.until(b":99")
        assert len(pongs) == 100

    _run(tmp_path, play)


def test_who_does_not_read_is_dropped_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "SEND_QUEUE_LENGTH", 100_000)

    async def play(lab: Lab) -> None:
        ann, deaf = await lab.join(b"ann"), await lab.join(b"deaf")
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await ann.until(b"JOIN")
        for _ in range(200):
            ann.say(*(b"PRIVMSG #lab :" + b"x" * 400 for _ in range(100)), b"PING :x")
            lines = await ann.until(b"PONG")
            if b"QUIT" in b"".join(lines):
                assert any(line.endswith(b" QUIT :SendQ exceeded") for line in lines)
                return
        raise AssertionError("the client that does not read was never dropped")

    # The flood limit is not what is tested here.
    monkeypatch.setattr(listener, "FLOOD_BURST", 1_000_000)
    _run(tmp_path, play)


def test_overlong_lines_and_rubbish_do_not_end_the_connection(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        ann = await lab.join(b"ann")
        ann.say(b"x" * 100_000, b"\x00\x01\x02", b"\xff" * 300, b"", b"   ", b"PING :alive")
        lines = await ann.until(b"PONG")
        assert b" 417 " in lines[0]
        assert lines[-1].endswith(b":alive")

    _run(tmp_path, play)


def test_rubbish_on_the_tls_port_harms_nobody(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        bob = await lab.join(b"bob", tls=True)
        reader, writer = await asyncio.open_connection(lab.service.address, lab.service.tls_port)
        rude = Peer(reader, writer)
        lab.peers.append(rude)
        rude.say(b"NICK rude", b"USER u 0 * :U")
        assert b" 001 " not in await rude.until_closed()
        bob.say(b"PING :alive")
        await bob.until(b":alive")

    _run(tmp_path, play)


def test_a_broken_connection_is_a_quit(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        ann, bob = await lab.join(b"ann"), await lab.join(b"bob")
        bob.writer.transport.abort()
        assert b" QUIT :Connection " in (await ann.until(b" QUIT "))[-1]
        ann.say(b"QUIT :bye")
        assert b"ERROR :Closing link" in await ann.until_closed()

    _run(tmp_path, play)


def test_the_end_of_the_server_is_told_to_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlab.server.listener.GOODBYE_SECONDS", 0.1)

    async def play(lab: Lab) -> None:
        ann, bob = await lab.join(b"ann"), await lab.join(b"bob", tls=True)
        await lab.service.stop()
        for peer in (ann, bob):
            assert b"(The server is shutting down)" in await peer.until_closed()

    _run(tmp_path, play)


def test_a_fault_in_a_handler_costs_nobody_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def faulty(network: object, client: object, line: bytes | None) -> None:
        if line == b"BOOM":
            raise ZeroDivisionError
        handle(network, client, line)  # type: ignore[arg-type]

    monkeypatch.setattr(listener, "handle", faulty)

    async def play(lab: Lab) -> None:
        ann = await lab.join(b"ann")
        ann.say(b"BOOM", b"PING :alive")
        await ann.until(b":alive")

    _run(tmp_path, play)
    assert "Line not carried out: b'BOOM'" in caplog.text


def test_a_taken_port_is_named_and_nothing_is_left_listening(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        options = ServiceOptions(directory=tmp_path / "second", tls_port=lab.service.plain_port)
        with pytest.raises(ConnectError, match=f"port {lab.service.plain_port}: .*in use"):
            await start(options)

    _run(tmp_path, play)


def test_only_loopback_is_served_unless_asked_otherwise(tmp_path: Path) -> None:
    async def play(lab: Lab) -> None:
        assert lab.service.address == "127.0.0.1"
        assert "Only programs on this machine can connect." in foreground.describe(lab.service)

    _run(tmp_path, play)


def test_what_is_exposed_is_said_with_a_warning(tmp_path: Path) -> None:
    async def scene() -> None:
        service = await start(ServiceOptions(directory=tmp_path))
        await service.stop()
        service.address = "192.0.2.5"
        text = "\n".join(foreground.describe(service))
        assert f"irc://192.0.2.5:{service.plain_port}" in text
        assert f"ircs://192.0.2.5:{service.tls_port}" in text
        assert str(service.certificate.ca_file) in text
        assert service.certificate.fingerprint in text
        assert "Warning: every machine" in text

    asyncio.run(scene())


def test_addresses_to_bind_to_are_checked() -> None:
    assert bind_address("localhost") == "127.0.0.1"
    assert bind_address("::1") == "::1"
    assert reachable_addresses("192.0.2.5") == ("192.0.2.5",)
    assert "127.0.0.1" in reachable_addresses("0.0.0.0")
    with pytest.raises(UsageError, match="not an IP address"):
        bind_address("classroom")


def test_accounts_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="account name"):
        asyncio.run(start(ServiceOptions(directory=tmp_path, accounts={"a b": "x"})))
