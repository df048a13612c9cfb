"""Bookmarks, a picture of one’s own, and a window that nobody looks at: prosody, and the lab."""

import asyncio
from pathlib import Path

import pytest

from chatlab.core import events as ev
from chatlab.core.commands import parse
from chatlab.core.roster import ContactsListed, Subscription, SubscriptionRequested
from tests.e2e.test_xmpp_features import ALICE, BOB, contact, heard, in_room, pair
from tests.helpers import xmpp_place
from tests.helpers.xmpp_place import Client, Place, account_of
from tests.unit.chat.test_xmpp_own_picture import png

pytestmark = pytest.mark.servers
server = xmpp_place.server


def lasting(place: Place, resource: str) -> Client:
    """A program of alice’s with an account that is kept, unlike one for a single command."""
    return Client(account_of(place, resource=resource, is_temporary=False))


async def enters(client: Client, room: str) -> None:
    await heard(client, ev.MemberJoined, lambda event: event.is_self and event.chat == room)


def test_a_room_that_one_program_enters_is_entered_by_all_and_after_the_next_login(
    server: Place,
) -> None:
    async def scene() -> None:
        first, second = await lasting(server, "one").start(), await lasting(server, "two").start()
        for client in (first, second):
            await client.until(lambda client=client: "bookmarks:1" in client.written)  # type: ignore[misc]
        room = server.room("kept")
        await in_room(first, room)
        await enters(second, room)
        third = await lasting(server, "three").start()
        await enters(third, room)
        first.xmpp.execute(parse("/part"), room)
        for client in (second, third):
            await heard(client, ev.MemberLeft, lambda event: event.is_self)
        await asyncio.gather(*(each.xmpp.stop() for each in (first, second, third)))

    asyncio.run(scene())


def test_the_server_goes_on_when_nobody_looks(server: Place) -> None:
    async def scene() -> None:
        client = await lasting(server, "desk").start()
        for is_active in (False, True):
            client.xmpp.set_active(is_active)
        assert "<inactive" in client.written
        client.xmpp.execute(parse("/ping"), "")
        await client.until(lambda: bool(client.told("answered after")))
        await client.xmpp.stop()

    asyncio.run(scene())


def contact_is(client: Client, jid: str, subscription: Subscription) -> bool:
    found = contact(client, jid)
    return found is not None and found.subscription is subscription


def test_a_picture_that_one_publishes_is_seen_by_contacts(server: Place, tmp_path: Path) -> None:
    file = tmp_path / "me.png"
    file.write_bytes(png())

    async def scene() -> None:
        alice, bob = await pair(server)
        await heard(bob, ContactsListed)
        for one, other, jid in ((bob, alice, BOB), (alice, bob, ALICE)):
            one.xmpp.execute(parse(f"/contact add {BOB if jid == ALICE else ALICE}"), "")
            await heard(other, SubscriptionRequested)
            other.xmpp.execute(parse(f"/contact allow {jid}"), "")
        await bob.until(lambda: contact_is(bob, ALICE, Subscription.BOTH))
        alice.xmpp.execute(parse(f"/avatar {file}"), "")
        await alice.until(lambda: bool(alice.told("see your picture")))
        await bob.until(lambda: (c := contact(bob, ALICE)) is not None and c.avatar == png())
        alice.xmpp.execute(parse("/avatar -"), "")
        await bob.until(lambda: (c := contact(bob, ALICE)) is not None and not c.avatar)
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())
