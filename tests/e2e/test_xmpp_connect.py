"""The XMPP engine against a real prosody, and against the lab’s own server.

What goes well, and what must stop with a plain word.
"""

import asyncio
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatlab.capture.child import environment, module_command
from chatlab.chat.dial import Dialler
from chatlab.chat.xmpp.connection import XmppConnection
from chatlab.chat.xmpp.registration import XmppRegistrar
from chatlab.core.account import Account, AccountId, Application, LoginMethod, SecretKind, Security
from chatlab.core.commands import parse
from chatlab.core.connection import Connection
from chatlab.core.errors import ChatlabError
from chatlab.core.events import (
    CertificateRefused,
    ChatEvent,
    Informed,
    LineSeen,
    LinkChanged,
    LinkState,
    MembersListed,
    MessageChanged,
)
from chatlab.core.flow import Direction, FlowKey
from chatlab.core.forms import DataForm
from chatlab.core.message import Delivery
from chatlab.server.xmpp.limits import ROOMS_DOMAIN
from tests.helpers.irc_play import MemorySecrets
from tests.helpers.proof import chatlab
from tests.helpers.prosody import ROOMS, prosody

pytestmark = pytest.mark.servers

USERS = {"alice": "secret", "bob": "secret"}
_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Place:
    """A server for ``localhost``."""

    port: int
    """Clear text, and STARTTLS."""
    tls_port: int
    ca_file: Path
    rooms: str
    host: str = "127.0.0.1"

    def room(self, name: str) -> str:
        return f"{name}@{self.rooms}"


class NoCapture:
    """Neither captures nor keeps anything."""

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        return False

    def dismiss(self, flow: FlowKey) -> None:
        pass

    def opened(self, connection: Connection) -> None:
        pass

    def changed(self, connection: Connection) -> None:
        pass

    def carried(self, connection: Connection, direction: Direction, data: bytes) -> None:
        pass

    def secret(self, key_log_line: str) -> None:
        pass


class Client:
    """One account and what it saw."""

    def __init__(self, account: Account, password: str = "secret") -> None:
        self.events: list[ChatEvent] = []
        self.secrets = MemorySecrets(**{SecretKind.LOGIN.value: password})
        self._news = asyncio.Event()
        none = NoCapture()
        self.dialler = Dialler(none, none)
        self.xmpp = XmppConnection(account, self._take, self.dialler, self.secrets)

    def _take(self, event: ChatEvent) -> None:
        self.events.append(event)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(_LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def start(self) -> "Client":
        self.xmpp.start()
        ends = (LinkState.ONLINE, LinkState.OFFLINE, LinkState.WAITING)
        await self.until(lambda: bool(self.links) and self.links[-1].state in ends)
        return self

    @property
    def links(self) -> list[LinkChanged]:
        return [event for event in self.events if isinstance(event, LinkChanged)]

    @property
    def written(self) -> str:
        """Everything that was sent, as the console shows it."""
        lines = [event for event in self.events if isinstance(event, LineSeen)]
        return "".join(line.line for line in lines if line.direction is Direction.SENT)

    def told(self, words: str) -> list[Informed]:
        return [e for e in self.events if isinstance(e, Informed) and words in e.text]


def account_of(server: Place, name: str = "alice", **changes: object) -> Account:
    account = Account(
        id=AccountId(name),
        name=name,
        application=Application.XMPP,
        host=server.host,
        port=server.port,
        security=Security.STARTTLS,
        nick=name,
        jid=f"{name}@localhost",
        ca_file=str(server.ca_file),
    )
    return replace(account, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=["prosody", "lab"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "prosody":
        with prosody(folder, USERS) as running:
            yield Place(running.port, running.tls_port, running.certificate.ca_file, ROOMS)
    else:
        with _lab(folder) as place:
            yield place


@contextmanager
def _lab(folder: Path) -> Iterator[Place]:
    """The program's own server."""
    arguments = ["--directory", str(folder / "files")]
    for name, password in USERS.items():
        file = folder / f"password-{name}"
        file.write_text(password, encoding="utf-8")
        arguments += ["--account", f"{name}:{file}"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            module_command("chatlab.server.process", *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(),
        )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready, (folder / "server.log").read_text(encoding="utf-8")
        facts = json.loads(ready)
        yield Place(
            facts["xmpp_port"], facts["xmpp_tls_port"], Path(facts["ca_file"]), ROOMS_DOMAIN
        )
        process.stdin.close()  # It takes that as the end.


# -- logging in


@pytest.mark.parametrize(
    "method", [LoginMethod.SCRAM_SHA_256, LoginMethod.SCRAM_SHA_1, LoginMethod.PLAIN]
)
def test_each_mechanism_lets_us_in(server: Place, method: LoginMethod) -> None:
    async def scene() -> None:
        client = await Client(account_of(server, login=method)).start()
        assert client.links[-1].state is LinkState.ONLINE
        assert f'mechanism="{method.value}"' in client.written
        await client.xmpp.stop()

    asyncio.run(scene())


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.DIRECT_TLS])
def test_the_login_is_bound_to_the_connection_where_both_can(
    tmp_path: Path, security: Security
) -> None:
    async def scene(server: Place) -> None:
        port = server.port if security is Security.STARTTLS else server.tls_port
        account = account_of(server, security=security, port=port)
        client = await Client(account).start()
        assert client.links[-1].state is LinkState.ONLINE
        assert "-PLUS" in client.written
        await client.xmpp.stop()
        assert (await Client(account, "wrong").start()).links[-1].state is LinkState.OFFLINE

    with prosody(tmp_path / "prosody", USERS, tls="tlsv1_2") as old:
        ca_file = old.certificate.ca_file
        asyncio.run(scene(Place(old.port, old.tls_port, ca_file, ROOMS)))


def test_a_dot_in_the_name_is_fine(server: Place) -> None:
    async def scene() -> None:
        account = account_of(server, "first.last")
        registrar = XmppRegistrar(Dialler(NoCapture(), NoCapture()), lambda event: None)
        await registrar.submit(account, _filled((await registrar.ask(account)).form, "first.last"))
        client = await Client(account, "first one").start()
        assert client.links[-1].state is LinkState.ONLINE
        await client.xmpp.stop()

    asyncio.run(scene())


def test_a_wrong_password_is_one_attempt(server: Place) -> None:
    async def scene() -> None:
        client = await Client(account_of(server), "wrong").start()
        assert client.links[-1].state is LinkState.OFFLINE
        assert "Wrong password" in client.links[-1].detail
        assert client.written.count("<auth ") == 1

    asyncio.run(scene())


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.DIRECT_TLS])
def test_an_unknown_authority_stops_before_anything_is_sent(
    server: Place, security: Security
) -> None:
    async def scene() -> None:
        port = server.port if security is Security.STARTTLS else server.tls_port
        stranger = account_of(server, ca_file="", security=security, port=port)
        client = await Client(stranger).start()
        assert client.links[-1].state is LinkState.OFFLINE
        assert any(isinstance(event, CertificateRefused) for event in client.events)
        assert "<auth" not in client.written

    asyncio.run(scene())


@contextmanager
def _stripping(server: Place) -> Iterator[int]:
    """Somebody on the way who takes the offer of TLS out; gives the port to connect to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as door:

        def carry(source: socket.socket, target: socket.socket) -> None:
            # Who has left does not wait for the other’s goodbye.
            with suppress(ConnectionError):
                while data := source.recv(65_536):
                    target.sendall(
                        data.replace(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", b"")
                    )
            with suppress(OSError):
                target.shutdown(socket.SHUT_WR)

        def serve() -> None:
            inner, _ = door.accept()
            with inner, socket.create_connection((server.host, server.port)) as outer:
                back = threading.Thread(target=carry, args=(outer, inner))
                back.start()
                carry(inner, outer)
                back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield door.getsockname()[1]
        thread.join(_LIMIT_S)


def test_starttls_that_was_stripped_on_the_way_ends_in_plain_words(server: Place) -> None:
    async def scene(port: int) -> None:
        client = await Client(account_of(server, port=port)).start()
        assert client.links[-1].state is LinkState.OFFLINE
        assert "does not offer TLS" in client.links[-1].detail
        assert "<auth" not in client.written
        assert "alice" not in client.written

    with _stripping(server) as port:
        asyncio.run(scene(port))


# -- talking


def test_a_cut_connection_is_resumed_and_nothing_is_lost(server: Place) -> None:
    async def scene() -> None:
        alice, bob = Client(account_of(server)), Client(account_of(server, "bob"))
        await alice.start()
        await bob.start()
        alice.xmpp.execute(parse(f"/join {server.room('resume')}"), "")
        await alice.until(lambda: any(isinstance(e, MembersListed) for e in alice.events))
        link = alice.xmpp.session.context.link
        assert link is not None
        link.abort("Cut by the test.")
        sent = alice.xmpp.send("bob@localhost", "in the gap")[0]
        await alice.until(
            lambda: any(
                isinstance(e, MessageChanged)
                and e.message == sent.id
                and e.delivery is Delivery.ECHOED
                for e in alice.events
            )
        )
        assert alice.written.count("<resume ") == 1
        assert alice.written.count('id="bind"') == 1
        assert len([e for e in alice.events if isinstance(e, MembersListed)]) == 2
        await alice.xmpp.stop()
        await bob.xmpp.stop()

    asyncio.run(scene())


def test_each_refusal_of_a_room_comes_within_two_seconds(server: Place) -> None:
    async def scene() -> None:
        alice, bob = Client(account_of(server)), Client(account_of(server, "bob"))
        await alice.start()
        await bob.start()
        taken = server.room("taken")
        alice.xmpp.execute(parse(f"/join {taken}"), "")
        await alice.until(lambda: bool(alice.told("you made it")))
        loop = asyncio.get_running_loop()
        for typed, words in (
            (f"/join {taken}/alice", "is taken"),
            ("/join lab@conference.nowhere.invalid", "nowhere.invalid: "),
            (f"/join {'x' * 1100}@{server.rooms}", ""),
        ):
            began = loop.time()
            if words:
                bob.xmpp.execute(parse(typed), "")
                await bob.until(lambda words=words: bool(bob.told(words)))  # type: ignore[misc]
            else:
                with pytest.raises(ChatlabError):
                    bob.xmpp.execute(parse(typed), "")
            assert loop.time() - began < 2
        await alice.xmpp.stop()
        await bob.xmpp.stop()

    asyncio.run(scene())


def test_a_room_gives_its_form_to_its_owner(server: Place) -> None:
    async def scene() -> None:
        alice = await Client(account_of(server)).start()
        room = server.room("form")
        alice.xmpp.execute(parse(f"/join {room}"), "")
        await alice.until(lambda: bool(alice.told("you made it")))
        form = await alice.xmpp.room_form(room)
        names = {field.name for field in form.fields}
        assert "muc#roomconfig_membersonly" in names
        fields = tuple(
            replace(f, values=("1",)) if f.name == "muc#roomconfig_membersonly" else f
            for f in form.fields
        )
        await alice.xmpp.submit_room_form(room, replace(form, fields=fields))
        bob = await Client(account_of(server, "bob")).start()
        bob.xmpp.execute(parse(f"/join {room}"), "")
        await bob.until(lambda: bool(bob.told("only its members")))
        with pytest.raises(ChatlabError, match="may not"):
            await bob.xmpp.room_form(room)
        await alice.xmpp.stop()
        await bob.xmpp.stop()

    asyncio.run(scene())


# -- accounts


@pytest.mark.parametrize("security", list(Security))
def test_an_account_is_made_used_changed_and_deleted(server: Place, security: Security) -> None:
    async def scene() -> None:
        name = f"new-{security.name.lower().replace('_', '-')}"
        port = server.tls_port if security is Security.DIRECT_TLS else server.port
        account = account_of(server, name, security=security, port=port, password_over_plain=True)
        none = NoCapture()
        registrar = XmppRegistrar(Dialler(none, none), lambda event: None)
        await registrar.submit(account, _filled((await registrar.ask(account)).form, name))
        with pytest.raises(ChatlabError, match="of this name already"):
            await registrar.submit(account, _filled((await registrar.ask(account)).form, name))
        await registrar.close()
        client = await Client(account, "first one").start()
        await client.xmpp.change_password("another")
        await client.xmpp.stop()
        client = await Client(account, "another").start()
        await client.xmpp.delete_account()
        await client.until(lambda: client.links[-1].state is LinkState.OFFLINE)
        assert "deleted" in client.links[-1].detail
        assert (await Client(account, "another").start()).links[-1].state is LinkState.OFFLINE

    asyncio.run(scene())


def _filled(form: DataForm, name: str) -> DataForm:
    answers = {"username": name, "password": "first one"}
    fields = (replace(f, values=(answers.get(f.name, ""),)) for f in form.fields)
    return replace(form, fields=tuple(fields))


# -- the command


def test_connect_obeys_commands_on_standard_input(server: Place, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n", encoding="utf-8")
    outcome = chatlab(
        *("connect", "xmpp:alice@localhost", "--json", "--password-file", str(password)),
        *("--server", f"{server.host}:{server.port}", "--ca", str(server.ca_file)),
    )
    assert outcome.exit_code == 0, outcome.error
    events = [json.loads(line) for line in outcome.out.splitlines()]
    assert any(event.get("state") == "online" for event in events)
