"""Look-ups through our own sockets, against a name server of the test's own on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from chatlab.chat.dns import Resolver
from chatlab.core.errors import ConnectError
from chatlab.core.flow import FlowKey, Transport

RECORDS = {
    ("irc.lab.test.", "A"): ("192.0.2.1", "192.0.2.2"),
    ("irc.lab.test.", "AAAA"): ("2001:db8::1",),
    ("four.lab.test.", "A"): ("192.0.2.4",),
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from RECORDS; first sends a forged answer, as an attacker would."""

    def __init__(self, drops: int = 0) -> None:
        self.drops = drops
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = "A" if question.rdtype == 1 else "AAAA"
        self.asked.append(f"{question.name} {kind}")
        if self.drops:
            self.drops -= 1
            return
        forged = dns.message.make_response(query)
        forged.id ^= 1
        forged.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "203.0.113.66"))
        self.transport.sendto(forged.to_wire(), addr)
        self.transport.sendto(b"\x00", addr)
        answer = dns.message.make_response(query)
        name = str(question.name)
        if found := RECORDS.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in RECORDS):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


class Watched:
    """Notes the flows that a capture would have been given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, FlowKey]] = []
        self.closed_flows: list[FlowKey] = []

    async def opened(self, sock: socket.socket, flow: FlowKey, name: str) -> None:
        assert sock.getsockname()[:2] == (flow.local.address, flow.local.port)
        self.seen.append((name, flow))

    def closed(self, flow: FlowKey) -> None:
        self.closed_flows.append(flow)


@asynccontextmanager
async def answering(server: NameServer, hosts: Path) -> AsyncIterator[Resolver]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: server, ("127.0.0.1", 0))
    try:
        port = transport.get_extra_info("sockname")[1]
        yield Resolver(("127.0.0.1",), hosts, port)
    finally:
        transport.close()


def resolved(host: str, hosts: Path, server: NameServer, watched: Watched) -> tuple[str, ...]:
    async def ask() -> tuple[str, ...]:
        async with answering(server, hosts) as resolver:
            return (await resolver.resolve(host, watched)).addresses

    return asyncio.run(ask())


def test_addresses_of_both_families_come_in_turn_and_forgeries_do_not(tmp_path: Path) -> None:
    found = resolved("irc.lab.test", tmp_path / "hosts", NameServer(), Watched())
    assert found[0] == "2001:db8::1"
    assert sorted(found[1:]) == ["192.0.2.1", "192.0.2.2"]


def test_the_capture_knows_the_socket_before_the_first_query(tmp_path: Path) -> None:
    watched = Watched()
    resolved("four.lab.test", tmp_path / "hosts", NameServer(), watched)
    [(name, flow)] = watched.seen
    assert name == "four.lab.test"
    assert flow.transport is Transport.UDP
    assert watched.closed_flows == [flow]


def test_a_lost_datagram_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatlab.chat.dns._TIMEOUT_S", 0.2)
    server = NameServer(drops=2)
    assert resolved("four.lab.test", tmp_path / "hosts", server, Watched()) == ("192.0.2.4",)
    assert server.asked == ["four.lab.test. A", "four.lab.test. AAAA"] * 2


def test_an_unknown_name_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match=r"no host called nobody\.lab\.test"):
        resolved("nobody.lab.test", tmp_path / "hosts", NameServer(), Watched())


def test_literals_and_the_hosts_file_need_no_query(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("# comment\n127.0.0.7 server.lab.test alias  # more\n::7 alias\n")
    server = NameServer()
    assert resolved("192.0.2.9", hosts, server, Watched()) == ("192.0.2.9",)
    assert resolved("2001:db8::9", hosts, server, Watched()) == ("2001:db8::9",)
    assert resolved("ALIAS", hosts, server, Watched()) == ("::7", "127.0.0.7")
    assert server.asked == []


def test_a_name_that_is_none_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    server = NameServer()
    with pytest.raises(ConnectError, match="is not a host name"):
        resolved(f"{'a' * 64}.test", tmp_path / "hosts", server, Watched())
    assert server.asked == []
