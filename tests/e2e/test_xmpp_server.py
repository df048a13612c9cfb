"""The lab’s XMPP server and other people’s clients: slixmpp, profanity, poezio and finch."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.plugins.xep_0402.stanza import Conference

from chatlab.core.account import Security
from chatlab.server.lab import LabAddress, LabServer
from chatlab.server.service import Service, ServiceOptions, start
from tests.helpers.terminal import Terminal
from tests.helpers.xmpp_clients import (
    XmppLogin,
    enter_slowly,
    finch,
    poezio,
    profanity,
    select_room,
)

_TIMEOUT = 15.0
_PASSWORD = "correct horse"
_ROOM = "lab@rooms.localhost"
_PLUGINS = (
    *("xep_0004", "xep_0030", "xep_0045", "xep_0059", "xep_0060"),
    *("xep_0084", "xep_0092", "xep_0163", "xep_0191", "xep_0198", "xep_0199", "xep_0202"),
    *("xep_0249", "xep_0280", "xep_0313", "xep_0359", "xep_0402", "xep_0410"),
)
T = TypeVar("T")


async def _within(waiting: Awaitable[T]) -> T:
    async with asyncio.timeout(_TIMEOUT):
        return await waiting


@dataclass
class Client:
    """A slixmpp client, and what it hears."""

    xmpp: ClientXMPP
    messages: "asyncio.Queue[str]"
    """``sender: body``, from people and rooms."""
    service: Service
    security: Security

    def connect(self) -> None:
        is_direct = self.security is Security.DIRECT_TLS
        self.xmpp.enable_direct_tls = is_direct
        self.xmpp.enable_starttls = self.security is Security.STARTTLS
        self.xmpp.enable_plaintext = self.security is Security.PLAIN
        port = self.service.xmpp_tls_port if is_direct else self.service.xmpp_port
        self.xmpp.connect("127.0.0.1", port)

    async def sign_in(self) -> None:
        ready = self.xmpp.wait_until("session_start", _TIMEOUT)
        self.connect()
        await ready
        self.xmpp.send_presence()
        await self.xmpp.get_roster()

    async def hear(self) -> str:
        return await _within(self.messages.get())

    async def join(self, nick: str, room: str = _ROOM) -> None:
        await self.xmpp.plugin["xep_0045"].join_muc_wait(room, nick, timeout=_TIMEOUT, maxstanzas=0)


class Lab:
    """A server of this process, and its clients."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.clients: list[Client] = []

    def client(
        self,
        jid: str,
        security: Security = Security.DIRECT_TLS,
        mechanism: str | None = None,
        password: str = _PASSWORD,
        plugins: tuple[str, ...] = (),
    ) -> Client:
        allowed = {"unencrypted_plain": True, "unencrypted_scram": True}
        config = {"feature_mechanisms": allowed}
        xmpp = ClientXMPP(jid, password, plugin_config=config, sasl_mech=mechanism)
        for plugin in (*_PLUGINS, *plugins):
            xmpp.register_plugin(plugin)
        xmpp.ca_certs = self.service.certificate.ca_file
        heard: asyncio.Queue[str] = asyncio.Queue()
        xmpp.add_event_handler(
            "message", lambda one: heard.put_nowait(f"{one['from']}: {one['body']}")
        )
        client = Client(xmpp, heard, self.service, security)
        self.clients.append(client)
        return client

    async def online(
        self, jid: str, security: Security = Security.DIRECT_TLS, mechanism: str | None = None
    ) -> Client:
        client = self.client(jid, security, mechanism)
        await client.sign_in()
        return client


@asynccontextmanager
async def _lab(directory: Path) -> AsyncIterator[Lab]:
    accounts = {"alice": _PASSWORD, "bob": _PASSWORD}
    service = await start(ServiceOptions(directory=directory, accounts=accounts))
    lab = Lab(service)
    try:
        yield lab
    finally:
        for client in lab.clients:
            if client.xmpp.transport is not None:
                await client.xmpp.disconnect()
            for task in (client.xmpp._run_out_filters, client.xmpp._current_connection_attempt):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task
        await service.stop()


def _play(directory: Path, scene: Callable[[Lab], Awaitable[None]]) -> None:
    async def run() -> None:
        async with _lab(directory) as lab:
            await scene(lab)

    asyncio.run(run())


# --- slixmpp


@pytest.mark.parametrize("security", Security)
@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
def test_slixmpp_logs_in_in_every_way_and_talks(
    tmp_path: Path, security: Security, mechanism: str
) -> None:
    async def scene(lab: Lab) -> None:
        alice = await lab.online("alice@localhost/here", security, mechanism)
        bob = await lab.online("bob@localhost/there")
        is_tls = alice.xmpp.transport.get_extra_info("ssl_object") is not None
        assert is_tls == (security is not Security.PLAIN)
        alice.xmpp.send_message("bob@localhost", "Grüße <&> 🧀", mtype="chat")
        assert await bob.hear() == "alice@localhost/here: Grüße <&> 🧀"
        bob.xmpp.send_message("alice@localhost/here", "zurück", mtype="chat")
        assert await alice.hear() == "bob@localhost/there: zurück"

    _play(tmp_path, scene)


def test_direct_tls_agrees_on_the_application_protocol(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        alice = lab.client("alice@localhost")
        context = alice.xmpp.get_ssl_context()
        context.set_alpn_protocols(["xmpp-client"])
        alice.xmpp.ssl_context = context
        await alice.sign_in()
        tls = alice.xmpp.transport.get_extra_info("ssl_object")
        assert tls.selected_alpn_protocol() == "xmpp-client"

    _play(tmp_path, scene)


def test_slixmpp_registers_an_account_changes_its_password_and_removes_it(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        dora = lab.client("first.last@localhost", Security.STARTTLS, plugins=("xep_0077",))

        async def register(_form: object) -> None:
            query = dora.xmpp.Iq()
            query["type"] = "set"
            query["register"]["username"] = "first.last"
            query["register"]["password"] = _PASSWORD
            await query.send()

        dora.xmpp.add_event_handler("register", register)
        await dora.sign_in()
        assert dora.xmpp.boundjid.bare == "first.last@localhost"
        registration = dora.xmpp.plugin["xep_0077"]
        await registration.change_password("new", jid="localhost")
        again = lab.client("first.last@localhost", password="new")
        await again.sign_in()
        gone = dora.xmpp.wait_until("disconnected", _TIMEOUT)
        await registration.cancel_registration(jid="localhost")
        await gone

    _play(tmp_path, scene)


def test_slixmpp_makes_a_room_and_people_talk_there(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        alice, bob = await lab.online("alice@localhost"), await lab.online("bob@localhost")
        den = "den@rooms.localhost"
        await alice.join("al", den)
        rooms = alice.xmpp.plugin["xep_0045"]
        form = await rooms.get_room_config(den)
        form["values"] = {"muc#roomconfig_roomname": "Den"}
        await rooms.set_room_config(den, form)
        await bob.join("bo", den)
        alice.xmpp.send_message(den, "welcome", mtype="groupchat")
        assert await bob.hear() == await alice.hear() == f"{den}/al: welcome"
        assert await bob.xmpp.plugin["xep_0410"].send_self_ping(f"{den}/bo")
        info = await bob.xmpp.plugin["xep_0030"].get_info(jid=den)
        assert "urn:xmpp:mam:2" in info["disco_info"]["features"]
        with pytest.raises(IqError) as refused:
            await bob.xmpp.plugin["xep_0045"].set_affiliation(den, "owner", jid="bob@localhost")
        assert refused.value.condition == "forbidden"

    _play(tmp_path, scene)


def test_slixmpp_reads_archives_and_gets_carbons(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        alice, bob = await lab.online("alice@localhost/a"), await lab.online("bob@localhost/b")
        phone = await lab.online("alice@localhost/phone")
        copies: asyncio.Queue[str] = asyncio.Queue()
        phone.xmpp.add_event_handler(
            "carbon_sent", lambda one: copies.put_nowait(one["carbon_sent"]["body"])
        )
        await phone.xmpp.plugin["xep_0280"].enable()
        for number in range(5):
            alice.xmpp.send_message("bob@localhost", str(number), mtype="chat")
        assert [await _within(copies.get()) for _ in range(5)] == list("01234")
        found = [
            message["mam_result"]["forwarded"]["stanza"]["body"]
            async for message in bob.xmpp.plugin["xep_0313"].iterate(rsm={"max": 2})
        ]
        assert found == list("01234")

    _play(tmp_path, scene)


def test_slixmpp_resumes_its_session_and_misses_nothing(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        alice, bob = await lab.online("alice@localhost/a"), await lab.online("bob@localhost/b")
        gone = alice.xmpp.wait_until("disconnected", _TIMEOUT)
        alice.xmpp.transport.abort()
        await gone
        bob.xmpp.send_message("alice@localhost/a", "are you there?", mtype="chat")
        resumed = alice.xmpp.wait_until("session_resumed", _TIMEOUT)
        alice.connect()
        await resumed
        assert await alice.hear() == "bob@localhost/b: are you there?"

    _play(tmp_path, scene)


def test_slixmpp_keeps_bookmarks_and_blocks(tmp_path: Path) -> None:
    async def scene(lab: Lab) -> None:
        alice, bob = await lab.online("alice@localhost/a"), await lab.online("bob@localhost/b")
        place = Conference()
        place["name"] = "The lab"
        options = alice.xmpp.plugin["xep_0004"].make_form(ftype="submit")
        kind = "http://jabber.org/protocol/pubsub#publish-options"
        options.add_field(var="FORM_TYPE", ftype="hidden", value=kind)
        options.add_field(var="pubsub#max_items", value="max")
        options.add_field(var="pubsub#access_model", value="whitelist")
        publisher = alice.xmpp.plugin["xep_0163"]
        await publisher.publish(place, node="urn:xmpp:bookmarks:1", id=_ROOM, options=options)
        kept = await alice.xmpp.plugin["xep_0060"].get_items(None, "urn:xmpp:bookmarks:1")
        assert [item["id"] for item in kept["pubsub"]["items"]] == [_ROOM]

        await alice.xmpp.plugin["xep_0191"].block("bob@localhost")
        refused = bob.xmpp.wait_until("message_error", _TIMEOUT)
        bob.xmpp.send_message("alice@localhost", "hello?", mtype="chat")
        assert (await refused)["error"]["condition"] == "service-unavailable"

    _play(tmp_path, scene)


# --- profanity, poezio and finch, in terminals


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabAddress]:
    """A lab server in its own process, where alice and bob have accounts."""
    server = LabServer(accounts={"alice": "pencil", "bob": "pencil"})
    yield asyncio.run(server.start(tmp_path_factory.mktemp("lab")))
    asyncio.run(server.stop())


def _login(address: LabAddress, name: str, security: Security = Security.STARTTLS) -> XmppLogin:
    is_direct = security is Security.DIRECT_TLS
    return XmppLogin(
        jid=f"{name}@{address.xmpp_domain}",
        password="pencil",
        port=address.xmpp_tls_port if is_direct else address.xmpp_port,
        nick=f"{name}-nick",
        security=security,
        ca_file=address.ca_file,
        certificate_file=address.ca_file.with_name("server.pem"),
    )


def _enter(terminal: Terminal, nick: str) -> None:
    terminal.enter(f"/join {_ROOM}")
    terminal.wait_for(f"You have joined the room as {nick}")


@pytest.mark.servers("profanity")
@pytest.mark.parametrize("security", Security)
def test_profanity_talks_in_private_and_in_the_room(
    tmp_path: Path, address: LabAddress, security: Security
) -> None:
    with (
        profanity(tmp_path / "a", _login(address, "alice", security)) as alice,
        profanity(tmp_path / "b", _login(address, "bob", Security.DIRECT_TLS)) as bob,
    ):
        for terminal in (alice, bob):
            terminal.wait_for("logged in successfully")
        alice.enter("/msg bob@localhost only for bob")
        bob.wait_for("alice@localhost/profanity")
        bob.enter("/msg alice@localhost only for alice")
        bob.wait_for("only for bob")
        alice.wait_for("only for alice")

        _enter(alice, "alice-nick")
        _enter(bob, "bob-nick")
        alice.wait_for("bob-nick")
        bob.enter("a word to everybody")
        alice.wait_for("bob-nick: a word to everybody")
        alice.enter("/nick al")
        bob.wait_for("alice-nick is now known as al")
        alice.enter("and another")
        bob.wait_for("al: and another")


@pytest.mark.servers("profanity")
def test_profanity_registers_an_account(tmp_path: Path, address: LabAddress) -> None:
    login = _login(address, "alice")
    with profanity(tmp_path / "a", login) as newcomer:
        newcomer.wait_for("logged in successfully")
        newcomer.enter("/disconnect")
        newcomer.wait_for("logged out successfully")
        newcomer.enter(f"/register dora localhost port {login.port} tls force")
        newcomer.wait_for("password")
        newcomer.enter("secret")
        newcomer.wait_for("[Cc]onfirm")
        newcomer.enter("secret")
        newcomer.wait_for("[Rr]egistration successful")


@pytest.mark.only_on("linux")
@pytest.mark.servers("poezio", "finch")
def test_poezio_and_finch_meet_in_the_room(tmp_path: Path, address: LabAddress) -> None:
    login = _login(address, "bob")
    with (
        poezio(tmp_path / "p", _login(address, "alice")) as alice,
        finch(tmp_path / "f", login, _ROOM) as bob,
    ):
        alice.wait_for(r"\[\+\] .*\(1\)")  # Its contact list shows itself.
        select_room(bob, login)
        enter_slowly(alice, f"/join {_ROOM}/alice-nick")
        alice.wait_for("bob-nick")
        enter_slowly(alice, "poezio says hello")
        bob.wait_for("poezio says hello")
        enter_slowly(bob, "finch answers")
        alice.wait_for("finch answers")
        enter_slowly(alice, "/message bob@localhost a private word")
        bob.wait_for("alice@localhost")
