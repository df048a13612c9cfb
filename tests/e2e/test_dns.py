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
import dns.rdatatype
import dns.rrset
import pytest

from chatlab.chat.destinations import Destination, destinations
from chatlab.chat.dns import Resolver
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.errors import ConnectError
from chatlab.core.flow import FlowKey, Transport

RECORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("irc.lab.test.", "A"): ("192.0.2.1", "192.0.2.2"),
    ("irc.lab.test.", "AAAA"): ("2001:db8::1",),
    ("four.lab.test.", "A"): ("192.0.2.4",),
    ("_xmpp-client._tcp.lab.test.", "SRV"): (
        "20 0 5222 late.lab.test.",
        "5 0 15222 chat.lab.test.",
    ),
    ("_xmpps-client._tcp.lab.test.", "SRV"): ("0 0 0 .",),
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from its records; first sends a forged answer, as an attacker would."""

    def __init__(self, drops: int = 0) -> None:
        self.drops = drops
        self.records = RECORDS
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
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
        if found := self.records.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
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


def found_for(
    server: NameServer,
    hosts: Path,
    watched: Watched,
    jid: str = "alice@lab.test",
    security: Security = Security.STARTTLS,
    host: str = "",
    port: int = 0,
) -> list[Destination]:
    account = Account(
        id=AccountId("alice"),
        name="Alice",
        application=Application.XMPP,
        host=host,
        port=port,
        security=security,
        nick="alice",
        jid=jid,
    )

    async def ask() -> list[Destination]:
        async with answering(server, hosts) as resolver:
            return list(await destinations(account, resolver, watched))

    return asyncio.run(ask())


def test_the_servers_of_a_jid_come_from_srv_records_in_their_order(tmp_path: Path) -> None:
    watched, server = Watched(), NameServer()
    assert found_for(server, tmp_path / "hosts", watched) == [
        Destination("chat.lab.test", 15222),
        Destination("late.lab.test", 5222),
    ]
    assert server.asked == ["_xmpp-client._tcp.lab.test. SRV"]
    [(name, flow)] = watched.seen
    assert name == "_xmpp-client._tcp.lab.test"
    assert watched.closed_flows == [flow]


def test_a_service_that_the_domain_declines_is_not_tried(tmp_path: Path) -> None:
    with pytest.raises(ConnectError, match=r"no _xmpps-client\._tcp server.*STARTTLS"):
        found_for(NameServer(), tmp_path / "hosts", Watched(), security=Security.DIRECT_TLS)


def test_without_srv_records_the_domain_itself_is_the_server(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts"
    for security, port in ((Security.STARTTLS, 5222), (Security.DIRECT_TLS, 5223)):
        found = found_for(NameServer(), hosts, Watched(), "a@four.lab.test", security)
        assert found == [Destination("four.lab.test", port)]


def test_a_host_or_port_of_the_owner_skips_the_srv_look_up(tmp_path: Path) -> None:
    server, hosts = NameServer(), tmp_path / "hosts"
    hosts.write_text("127.0.0.1 known.lab.test\n")
    assert found_for(server, hosts, Watched(), host="127.0.0.1", port=15222) == [
        Destination("127.0.0.1", 15222)
    ]
    assert found_for(server, hosts, Watched(), host="h.test") == [Destination("h.test", 5222)]
    assert found_for(server, hosts, Watched(), port=443) == [Destination("lab.test", 443)]
    for jid in ("a@localhost", "a@192.0.2.1", "a@known.lab.test", "a@printer.local", "a@[::1]"):
        domain = jid[2:].strip("[]")
        assert found_for(server, hosts, Watched(), jid) == [Destination(domain, 5222)]
    assert server.asked == []
