"""The XMPP engine against a real prosody, and against the lab’s own server.

What goes well, and what must stop with a plain word.
"""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.chat.dial import Dialler
from chatlab.chat.xmpp.registration import XmppRegistrar
from chatlab.core.account import LoginMethod, Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError
from chatlab.core.events import CertificateRefused, MembersListed, MessageChanged
from chatlab.core.message import Delivery
from tests.helpers import xmpp_place
from tests.helpers.proof import chatlab
from tests.helpers.prosody import ROOMS, prosody
from tests.helpers.talker import NoCapture
from tests.helpers.xmpp_place import LIMIT_S, USERS, Client, Place, account_of, filled

pytestmark = pytest.mark.servers
server = xmpp_place.server


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
        await registrar.submit(account, filled((await registrar.ask(account)).form, "first.last"))
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
        thread.join(LIMIT_S)


def test_starttls_that_was_stripped_on_the_way_ends_in_plain_words(server: Place) -> None:
    async def scene(port: int) -> None:
        client = await Client(account_of(server, port=port)).start()
        assert client.links[-1].state is LinkState.OFFLINE
        assert "does not offer TLS" in client.links[-1].detail
        assert "<auth" not in client.written
        assert "alice" not in client.written

    with _stripping(server) as port:
        asyncio.run(scene(port))


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


@pytest.mark.parametrize("security", list(Security))
def test_an_account_is_made_used_changed_and_deleted(server: Place, security: Security) -> None:
    async def scene() -> None:
        name = f"new-{security.name.lower().replace('_', '-')}"
        port = server.tls_port if security is Security.DIRECT_TLS else server.port
        account = account_of(server, name, security=security, port=port, password_over_plain=True)
        none = NoCapture()
        registrar = XmppRegistrar(Dialler(none, none), lambda event: None)
        await registrar.submit(account, filled((await registrar.ask(account)).form, name))
        with pytest.raises(ChatlabError, match="of this name already"):
            await registrar.submit(account, filled((await registrar.ask(account)).form, name))
        await registrar.close()
        client = await Client(account, "first one").start()
        await client.xmpp.change_password("another")
        await client.xmpp.stop()
        client = await Client(account, "another").start()
        await client.xmpp.delete_account()
        await client.until(lambda: client.links[-1].state is LinkState.OFFLINE)
        # Prosody’s answer may be lost when it ends the stream: then the next login tells it.
        assert re.search("deleted|no such account", client.links[-1].detail)
        assert (await Client(account, "another").start()).links[-1].state is LinkState.OFFLINE

    asyncio.run(scene())


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
