"""Rooms of a real prosody that do not let us in: each says why, in words, within two seconds."""

import asyncio
from collections.abc import Iterator

import pytest

from chatlab.core.commands import parse
from chatlab.core.errors import Severity
from chatlab.core.events import Informed, MessageChanged
from chatlab.core.message import Delivery
from tests.helpers.prosody import ROOMS, prosody
from tests.helpers.xmpp_place import Client, Place, account_of
from tests.helpers.xmpp_user import XmppUser

pytestmark = pytest.mark.servers("prosody")

_OWNER = "http://jabber.org/protocol/muc#owner"
_ADMIN = "http://jabber.org/protocol/muc#admin"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    users = {"alice": "secret", "bob": "secret"}
    more = 'component_admins = { "bob@localhost" }'
    with prosody(tmp_path_factory.mktemp("prosody"), users, more=more) as running:
        yield Place(running.port, running.tls_port, running.certificate.ca_file, ROOMS)


class Keeper(XmppUser):
    """Bob, who makes rooms."""

    def make(self, room: str, *fields: tuple[str, str], opens: bool = True) -> None:
        self.say(
            f"<presence to='{room}/bob'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
        )
        self.wait_for("code='201'")
        if opens:
            given = (("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"), *fields)
            form = "".join(f"<field var='{n}'><value>{v}</value></field>" for n, v in given)
            self.ask(
                room,
                f"<query xmlns='{_OWNER}'><x xmlns='jabber:x:data' type='submit'>{form}</x></query>",
            )

    def ask(self, room: str, payload: str) -> None:
        self.say(f"<iq type='set' to='{room}' id='ask'>{payload}</iq>")
        answer = self.wait_for("<iq [^>]*id='ask'[^>]*>")[0]
        assert "type='result'" in answer


def prepare(bob: Keeper, kind: str, room: str) -> None:
    match kind:
        case "password":
            bob.make(
                room,
                ("muc#roomconfig_passwordprotectedroom", "1"),
                ("muc#roomconfig_roomsecret", "sesame"),
            )
        case "members":
            bob.make(room, ("muc#roomconfig_membersonly", "1"))
        case "banned":
            bob.make(room)
            ban = "<item affiliation='outcast' jid='alice@localhost'/>"
            bob.ask(room, f"<query xmlns='{_ADMIN}'>{ban}</query>")
        case "locked":
            bob.make(room, opens=False)
        case "taken":
            bob.make(room)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("password", "password"),
        ("members", "members"),
        ("banned", "banned"),
        ("locked", "locked"),
        ("taken", "taken"),
    ],
)
def test_a_refusal_is_said_in_words_within_two_seconds(place: Place, kind: str, words: str) -> None:
    room = place.room(kind)

    async def scene(bob: Keeper) -> None:
        alice = await Client(account_of(place)).start()
        prepare(bob, kind, room)
        began = asyncio.get_running_loop().time()
        nick = "/bob" if kind == "taken" else ""
        alice.xmpp.execute(parse(f"/join {room}{nick}"), "")
        (waiting,) = alice.xmpp.send(room, "said before we were in")
        await alice.until(lambda: bool(complaints(alice)))
        assert asyncio.get_running_loop().time() - began < 2
        assert words in complaints(alice)[-1].text.lower() + complaints(alice)[-1].hint.lower()
        failed = [e for e in alice.events if isinstance(e, MessageChanged)]
        assert [(e.message, e.delivery) for e in failed] == [(waiting.id, Delivery.FAILED)]
        await alice.xmpp.stop()

    bob = Keeper(place.host, place.port, "bob", "secret", "localhost")
    with bob:
        asyncio.run(scene(bob))


@pytest.mark.parametrize(
    "address", ["lab@nowhere.invalid", "lab@localhost", "lab@conference.nowhere.invalid"]
)
def test_a_room_that_is_nowhere_is_said_so_within_two_seconds(place: Place, address: str) -> None:
    async def scene() -> None:
        alice = await Client(account_of(place)).start()
        began = asyncio.get_running_loop().time()
        alice.xmpp.execute(parse(f"/join {address}"), "")
        await alice.until(lambda: bool(complaints(alice)))
        assert asyncio.get_running_loop().time() - began < 2
        assert address in complaints(alice)[-1].text
        await alice.xmpp.stop()

    asyncio.run(scene())


def complaints(client: Client) -> list[Informed]:
    told = [event for event in client.events if isinstance(event, Informed)]
    return [event for event in told if event.severity is Severity.ERROR]
