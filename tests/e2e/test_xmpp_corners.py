"""Corners of an XMPP account on real sockets, each in a moment: the lab’s server in this process.

DNS and IPv6 in a capture, blanks that keep a connection alive, refusals of a registration, and
what consoles must not show.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from chatlab.app.history import HistoryKeeper
from chatlab.chat.dial import Dialler
from chatlab.chat.xmpp.registration import XmppRegistrar
from chatlab.core.account import Account, AccountId, LoginMethod, Security
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import Connection
from chatlab.core.errors import ChatlabError
from chatlab.core.events import (
    ChatEvent,
    ConnectionOpened,
    LineSeen,
    MessageAdded,
)
from chatlab.core.flow import Direction, FlowKey
from chatlab.core.message import Message
from chatlab.protocol.blocks import Packet
from chatlab.protocol.packet import parse
from chatlab.server.authority import issue
from chatlab.server.xmpp.host import Host
from chatlab.server.xmpp.limits import ROOMS_DOMAIN
from chatlab.server.xmpp.listener import XmppServer, tls_context
from chatlab.store.history import History
from tests.e2e.test_dns import NameServer, answering
from tests.helpers.capturing import capturing, packets, payload
from tests.helpers.talker import NoCapture
from tests.helpers.xmpp_place import LIMIT_S, USERS, Client, Place, account_of, filled

DOMAIN = "lab.test"


@asynccontextmanager
async def serving(
    folder: Path,
    address: str = "127.0.0.1",
    *,
    allows_registration: bool = True,
    asks_captcha: bool = False,
) -> AsyncIterator[tuple[XmppServer, Place]]:
    certificate = issue(folder)
    host = Host(
        USERS,
        aliases=[DOMAIN],
        allows_registration=allows_registration,
        asks_captcha=asks_captcha,
    )
    server = XmppServer(host)
    tls = tls_context(certificate.certificate_file, certificate.key_file)
    await server.start(address, 0, 0, tls)
    place = Place(
        server.plain_port, server.tls_port, certificate.ca_file, ROOMS_DOMAIN, host=address
    )
    try:
        yield server, place
    finally:
        await server.stop()


class Registry(NoCapture):
    """Notes which connections there were."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []

    def opened(self, connection: Connection) -> None:
        self.connections.append(connection)


# -- in a capture


@pytest.mark.capture
@pytest.mark.only_on("linux")
def test_srv_ipv6_and_blanks_between_stanzas_are_all_in_the_capture(tmp_path: Path) -> None:
    file, registry = tmp_path / "capture.pcapng", Registry()
    heard: list[Message] = []

    async def scene() -> None:
        names = NameServer()
        async with (
            serving(tmp_path / "server", "::1") as (server, place),
            answering(names, tmp_path / "hosts") as resolver,
            capturing(file) as source,
        ):
            names.records = {
                (f"_xmpp-client._tcp.{DOMAIN}.", "SRV"): (f"1 0 {place.port} six.{DOMAIN}.",),
                (f"six.{DOMAIN}.", "AAAA"): ("::1",),
            }
            dialler = Dialler(source, registry, resolver)
            account = account_of(place, security=Security.PLAIN)
            elsewhere = replace(account, host="", port=0, jid=f"alice@{DOMAIN}")
            lost = await Client(elsewhere, dialler=dialler).start()
            assert "alice@localhost" in lost.links[-1].detail  # The lab is no other domain.
            alice = await Client(account, dialler=dialler).start()
            (link,) = [each for each in server._connections if each.stream.session]
            bob = await Client(account_of(place, "bob")).start()
            for number in range(3):
                link.write(b" \n")
                bob.xmpp.send("alice@localhost", f"number {number}")
                await alice.until(partial(_has_received, alice, number + 1))
            heard.extend(_received(alice))
            await alice.xmpp.stop()
            await bob.xmpp.stop()
            await source.sync()

    asyncio.run(scene())
    purposes = [connection.purpose for connection in registry.connections]
    assert list(dict.fromkeys(purposes)) == [
        f"DNS look-up of _xmpp-client._tcp.{DOMAIN}",
        f"DNS look-up of six.{DOMAIN}",
        f"XMPP to six.{DOMAIN}",
        "XMPP to ::1",
    ]
    assert {connection.account for connection in registry.connections} == {"alice"}
    found = packets(file)
    for connection in registry.connections:
        assert frames_of(found, connection.flow), connection.purpose
    chat = registry.connections[-1].flow
    assert (chat.local.address, chat.remote.address) == ("::1", "::1")
    data = payload(frames_of(found, chat), chat.remote)
    assert data.count(b" \n<") == 3
    assert len(heard) == 3
    for number, message in enumerate(heard):
        assert message.wire is not None
        span = message.wire.span
        stanza = data[span.start : span.stop]
        assert stanza.startswith(b"<message ")
        assert stanza.endswith(b"</message>")
        assert f"<body>number {number}</body>".encode() in stanza
    queries = b"".join(packet.data for packet in found)
    assert b"\x0c_xmpp-client\x04_tcp\x03lab\x04test" in queries


def frames_of(found: Sequence[Packet], flow: FlowKey) -> list[Packet]:
    ports = {flow.local.port, flow.remote.port}
    headers = [(packet, parse(packet.data, 1)) for packet in found]
    return [p for p, head in headers if head and {head.source_port, head.destination_port} == ports]


def _has_received(client: Client, count: int) -> bool:
    return len(_received(client)) == count


def _received(client: Client) -> list[Message]:
    added = [event.message for event in client.events if isinstance(event, MessageAdded)]
    return [message for message in added if message.direction is Direction.RECEIVED]


# -- after a restart


class Diary(Client):
    """An account whose talk is kept on disk, as the window keeps it."""

    def __init__(self, account: Account, file: Path) -> None:
        self.book = ChatBook()
        self.book.add_account(account)
        history = History(file, lambda error: pytest.fail(str(error)))
        self.keeper = HistoryKeeper(self.book, history, lines=200)
        self._fillings: list[asyncio.Task[None]] = []
        self.keeper.on_opened = self._fill
        super().__init__(account, memory=self.keeper)

    def _fill(self, key: ChatKey) -> None:
        self._fillings.append(asyncio.ensure_future(self.keeper.fill(key)))

    def _take(self, event: ChatEvent) -> None:
        self.book.apply(event)
        super()._take(event)

    def texts(self, chat: str) -> list[str]:
        entries = self.book.open(AccountId("alice"), chat).entries
        return [entry.text for entry in entries if isinstance(entry, Message)]

    async def end(self) -> None:
        await self.xmpp.stop()
        await asyncio.gather(*self._fillings)
        self.keeper.close()


def test_all_that_was_said_since_the_last_run_is_there_in_order_and_once(tmp_path: Path) -> None:
    many = [f"missed {number}" for number in range(70)]  # More than a page of the archive.

    async def scene() -> None:
        async with serving(tmp_path / "server") as (_, place):
            account, file = account_of(place), tmp_path / "history.sqlite3"
            bob = await Client(account_of(place, "bob")).start()
            first = await Diary(account, file).start()
            bob.xmpp.send("alice@localhost", "one")
            await first.until(lambda: first.texts("bob@localhost") == ["one"])
            first.xmpp.send("bob@localhost", "two")
            await bob.until(partial(_has_received, bob, 1))
            await first.end()
            # Another program of hers gets them all: none waits for this one at the server.
            phone = await Client(account).start()
            before = len(_received(phone))
            for text in many:
                bob.xmpp.send("alice@localhost", text)
            await phone.until(partial(_has_received, phone, before + len(many)))
            await phone.xmpp.stop()
            second = await Diary(account, file).start()
            await second.until(lambda: many[-1] in second.texts("bob@localhost"))
            await second.end()
            assert second.texts("bob@localhost") == ["one", "two", *many]
            await bob.xmpp.stop()

    asyncio.run(scene())


# -- registration


async def _register(place: Place, name: str, security: Security) -> list[ChatEvent]:
    """Have an account made; what consoles saw meanwhile."""
    events: list[ChatEvent] = []
    registrar = XmppRegistrar(Dialler(NoCapture(), NoCapture()), events.append)
    account = account_of(place, name, security=security)
    try:
        await registrar.submit(account, filled((await registrar.ask(account)).form, name))
    finally:
        await registrar.close()
    return events


@pytest.mark.parametrize(
    ("name", "allows", "reason"),
    [
        ("alice", True, "There is an account of this name already"),
        ("", True, "does not accept what was filled in"),
        ("x" * 1_100, True, "does not accept"),
        ("carol", False, "Accounts of this server are made by its teacher"),
    ],
    ids=["taken", "no name", "too long", "by nobody"],
)
def test_a_refused_registration_says_why_and_leaves_no_connection(
    tmp_path: Path, name: str, allows: bool, reason: str
) -> None:
    async def scene() -> None:
        async with serving(tmp_path, allows_registration=allows) as (server, place):
            with pytest.raises(ChatlabError) as caught:
                await _register(place, name, Security.STARTTLS)
            assert reason in f"{caught.value.message} {caught.value.hint}"
            if left := [connection.closed for connection in server._connections]:
                await asyncio.wait(left, timeout=LIMIT_S)
            assert not server._connections

    asyncio.run(scene())


def test_an_account_is_made_by_who_reads_the_digits_in_the_picture(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path, asks_captcha=True) as (server, place):
            registrar = XmppRegistrar(Dialler(NoCapture(), NoCapture()), lambda event: None)
            account = account_of(place, "carol")
            for is_right in (False, True):
                form = (await registrar.ask(account)).form
                (ocr,) = [field for field in form.fields if field.name == "ocr"]
                (picture,) = ocr.media
                (captcha,) = [
                    each.stream._applicant.captcha
                    for each in server._connections
                    if each.stream._applicant.captcha is not None
                ]
                assert captcha is not None
                assert picture == captcha.picture
                answers = replace(
                    filled(form, "carol"),
                    fields=tuple(
                        replace(field, values=(captcha.answer if is_right else "nothing",))
                        if field.name == "ocr"
                        else field
                        for field in filled(form, "carol").fields
                    ),
                )
                if is_right:
                    await registrar.submit(account, answers)
                else:
                    with pytest.raises(ChatlabError, match="CAPTCHA was wrong"):
                        await registrar.submit(account, answers)
            client = await Client(account, "first one").start()
            assert client.links[-1].detail == ""
            await client.xmpp.stop()

    asyncio.run(scene())


# -- consoles


@pytest.mark.parametrize("security", [Security.PLAIN, Security.STARTTLS])
@pytest.mark.parametrize("method", [LoginMethod.PLAIN, LoginMethod.SCRAM_SHA_256])
def test_consoles_show_everything_but_passwords(
    tmp_path: Path, security: Security, method: LoginMethod
) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as (_, place):
            events = await _register(place, "carol", security)
            account = account_of(place, "carol", security=security, login=method)
            account = replace(account, password_over_plain=True)
            client = await Client(account, "first one").start()
            await client.xmpp.change_password("second one")
            await client.xmpp.stop()
            _check_lines([*events, *client.events])

    asyncio.run(scene())


def _check_lines(events: list[ChatEvent]) -> None:
    shown = "".join(event.line for event in events if isinstance(event, LineSeen))
    assert "jabber:iq:register" in shown
    assert "<auth " in shown
    secret = b64encode(b"\0carol\0first one").decode()
    assert not [hidden for hidden in ("first one", "second one", secret) if hidden in shown]


def test_what_a_console_shows_of_a_stanza_says_where_its_bytes_are(tmp_path: Path) -> None:
    async def scene() -> None:
        async with serving(tmp_path) as (_, place):
            client = await Client(account_of(place)).start()
            client.xmpp.send("bob@localhost", "hello")
            await client.until(lambda: "hello" in client.written)
            await client.xmpp.stop()
            lines = [event for event in client.events if isinstance(event, LineSeen)]
            (opened, *_) = [e for e in client.events if isinstance(e, ConnectionOpened)]
            assert all(line.wire is not None for line in lines)
            assert {line.wire.connection for line in lines if line.wire} == {opened.connection.id}

    asyncio.run(scene())
