"""Bookmarks, and a window that nobody looks at, with a real prosody and with the lab’s server."""

import asyncio

import pytest

from chatlab.core import events as ev
from chatlab.core.commands import parse
from tests.e2e import test_xmpp_connect as connecting
from tests.e2e.test_xmpp_connect import Client, Place, account_of
from tests.e2e.test_xmpp_features import heard, in_room

pytestmark = pytest.mark.servers
server = connecting.server


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
