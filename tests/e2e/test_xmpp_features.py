"""Modern messaging between two accounts, through a real prosody and through the lab’s own server."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from chatlab.core import events as ev
from chatlab.core.commands import parse
from chatlab.core.listings import ChannelsListed, MasksListed
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactChanged,
    ContactRemoved,
    ContactsListed,
    Subscription,
    SubscriptionRequested,
    fold,
)
from tests.helpers import xmpp_place
from tests.helpers.xmpp_place import Client, Place, account_of

pytestmark = pytest.mark.servers
server = xmpp_place.server
ALICE, BOB = "alice@localhost", "bob@localhost"
_Event = TypeVar("_Event")


async def heard(
    client: Client, kind: type[_Event], fits: Callable[[_Event], bool] = lambda event: True
) -> _Event:
    """The newest event of a kind that fits, waited for."""

    def found() -> list[_Event]:
        return [event for event in client.events if isinstance(event, kind) and fits(event)]

    await client.until(lambda: bool(found()))
    return found()[-1]


async def said(client: Client, text: str) -> Message:
    added = await heard(client, ev.MessageAdded, lambda event: event.message.text == text)
    return added.message


async def become(client: Client, message: Message, delivery: Delivery) -> None:
    await heard(
        client,
        ev.MessageChanged,
        lambda event: event.message == message.id and event.delivery is delivery,
    )


async def pair(place: Place, **changes: bool) -> tuple[Client, Client]:
    alice = await Client(account_of(place, "alice", **changes)).start()
    bob = await Client(account_of(place, "bob", **changes)).start()
    return alice, bob


async def in_room(client: Client, room: str) -> None:
    client.xmpp.execute(parse(f"/join {room}"), "")
    await heard(client, ev.MemberJoined, lambda event: event.is_self and event.chat == room)


def is_gone(client: Client, name: MessageId) -> bool:
    found = [e for e in client.events if isinstance(e, ev.MessageRewritten) and e.is_retracted]
    return any(event.message == name for event in found)


async def make_public(client: Client, room: str) -> None:
    form = await client.xmpp.room_form(room)
    fields = [
        replace(field, values=("1",)) if field.name == "muc#roomconfig_publicroom" else field
        for field in form.fields
    ]
    await client.xmpp.submit_room_form(room, replace(form, fields=tuple(fields)))


def contact(client: Client, jid: str) -> Contact | None:
    found: dict[str, Contact] = {}
    for event in client.events:
        if isinstance(event, ContactsListed | ContactChanged | ContactRemoved):
            fold(found, event)
    return found.get(jid)


def test_everything_that_can_happen_to_a_message_between_two(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server, sends_markers=True, sends_typing=True)
        (first,) = alice.xmpp.send(BOB, "helo")
        got = await said(bob, "helo")
        await become(alice, first, Delivery.DELIVERED)
        bob.xmpp.mark_read(ALICE, got.time_ns)
        await become(alice, first, Delivery.DISPLAYED)
        bob.xmpp.note_typing(ALICE, True)
        await heard(alice, ev.TypingSeen, lambda event: event.nick == BOB)
        alice.xmpp.execute(parse("/correct hello"), BOB)
        change = await heard(bob, ev.MessageRewritten)
        assert (change.message, change.text) == (got.id, "hello")
        bob.xmpp.react(ALICE, got.msgid, "👍")
        seen = await heard(alice, ev.ReactionSeen)
        assert (seen.msgid, seen.nick, seen.reaction) == (first.msgid, BOB, "👍")
        bob.xmpp.react(ALICE, got.msgid, "👍", is_removed=True)
        await heard(alice, ev.ReactionSeen, lambda event: event.is_removed)
        bob.xmpp.send(ALICE, "fine", reply_to=got.msgid)
        assert (await said(alice, "fine")).reply_to == first.msgid
        alice.xmpp.retract(BOB, first.msgid)
        gone = await heard(bob, ev.MessageRewritten, lambda event: event.is_retracted)
        assert gone.message == got.id
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())


def test_everything_that_can_happen_to_a_message_in_a_room(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server)
        room = server.room("features")
        await in_room(alice, room)
        await alice.until(lambda: bool(alice.told("you made it")))
        await in_room(bob, room)
        (first,) = alice.xmpp.send(room, "helo room")
        got = await said(bob, "helo room")
        echo = await heard(
            alice, ev.MessageChanged, lambda event: event.message == first.id and bool(event.msgid)
        )
        assert echo.msgid == got.msgid
        alice.xmpp.execute(parse("/correct hello room"), room)
        for client, message in ((alice, first), (bob, got)):
            change = await heard(client, ev.MessageRewritten, lambda e: e.text == "hello room")
            assert change.message == message.id
        bob.xmpp.react(room, got.msgid, "👍")
        for client in (alice, bob):
            await heard(client, ev.ReactionSeen, lambda e: (e.msgid, e.nick) == (got.msgid, "bob"))
        bob.xmpp.send(room, "fine room", reply_to=got.msgid)
        assert (await said(alice, "fine room")).reply_to == got.msgid
        alice.xmpp.retract(room, echo.msgid)
        for client, name in ((alice, first.id), (bob, got.id)):
            await client.until(lambda client=client, name=name: is_gone(client, name))  # type: ignore[misc]
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())


def test_contacts_find_one_another_and_see_how_they_are(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server)
        await heard(alice, ContactsListed)
        alice.xmpp.execute(parse(f"/contact add {BOB} Bob the Builder"), "")
        asked = await heard(bob, SubscriptionRequested)
        assert asked.jid == ALICE
        bob.xmpp.execute(parse(f"/contact allow {ALICE}"), "")
        await alice.until(
            lambda: (
                (c := contact(alice, BOB)) is not None
                and c.subscription is Subscription.TO
                and c.availability is Availability.AVAILABLE
            )
        )
        bob.xmpp.execute(parse("/away at lunch"), "")
        await alice.until(lambda: (c := contact(alice, BOB)) is not None and bool(c.status))
        found = contact(alice, BOB)
        assert found is not None
        assert (found.name, found.availability, found.status) == (
            "Bob the Builder",
            Availability.AWAY,
            "at lunch",
        )
        alice.xmpp.execute(parse(f"/block {BOB}"), "")
        await alice.until(lambda: (c := contact(alice, BOB)) is not None and c.is_blocked)
        alice.xmpp.execute(parse(f"/unblock {BOB}"), "")
        await alice.until(lambda: (c := contact(alice, BOB)) is not None and not c.is_blocked)
        alice.xmpp.execute(parse(f"/contact remove {BOB}"), "")
        await alice.until(lambda: contact(alice, BOB) is None)
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())


def test_two_programs_of_one_account_show_the_same(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server)
        other = await Client(account_of(server, resource="other")).start()
        for client in (alice, other):
            await client.until(lambda client=client: "carbons:2" in client.written)  # type: ignore[misc]
            client.xmpp.execute(parse("/ping"), "")
            await client.until(lambda client=client: bool(client.told("answered after")))  # type: ignore[misc]
        alice.xmpp.send(BOB, "copied")
        await said(bob, "copied")
        mine = await said(other, "copied")
        assert (mine.target, mine.sender) == (BOB, ALICE)
        bob.xmpp.send(f"{ALICE}", "and back")
        for client in (alice, other):
            await said(client, "and back")
        count = [e for e in alice.events if isinstance(e, ev.MessageAdded)]
        assert len([e for e in count if e.message.text == "and back"]) == 1
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop(), other.xmpp.stop())

    asyncio.run(scene())


def test_what_was_said_meanwhile_is_there_after_the_login_once(server: Place) -> None:
    async def scene() -> None:
        bob = await Client(account_of(server, "bob")).start()
        for number in range(3):
            bob.xmpp.send(ALICE, f"missed {number}")
        await bob.until(
            lambda: (
                [e.delivery for e in bob.events if isinstance(e, ev.MessageChanged)].count(
                    Delivery.ECHOED
                )
                >= 3
            )
        )
        alice = await Client(account_of(server)).start()
        await said(alice, "missed 2")
        alice.xmpp.execute(parse("/ping"), "")
        await alice.until(lambda: bool(alice.told("answered after")))
        await alice.until(lambda: "urn:xmpp:mam:2" in alice.written)
        alice.xmpp.execute(parse("/history"), BOB)
        await alice.until(lambda: bool(alice.told("where it begins")))
        texts = [e.message.text for e in alice.events if isinstance(e, ev.MessageAdded)]
        missed = [text for text in texts if text.startswith("missed")]
        assert sorted(missed) == ["missed 0", "missed 1", "missed 2"]
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())


def test_rooms_are_listed_invited_to_and_ruled(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server)
        room = server.room("ruled")
        await in_room(alice, room)
        await alice.until(lambda: bool(alice.told("you made it")))
        await make_public(alice, room)
        await alice.until(lambda: bool(alice.xmpp.features.room_service))
        alice.xmpp.execute(parse("/list ruled"), "")
        rows = await heard(alice, ChannelsListed, lambda event: bool(event.channels))
        assert rows.channels[0].name == room
        alice.xmpp.execute(parse(f"/invite {BOB}"), room)
        invited = await heard(bob, ev.Invited)
        assert (invited.chat, invited.by) == (room, ALICE)
        await in_room(bob, room)
        alice.xmpp.execute(parse(f"/affiliation {BOB} member"), room)
        await heard(alice, ev.MemberChanged, lambda event: event.member.affiliation == "member")
        alice.xmpp.request_masks(room, "member")
        listed = await heard(alice, MasksListed)
        assert [mask.mask for mask in listed.masks] == [BOB]
        alice.xmpp.execute(parse("/version bob"), room)
        await alice.until(lambda: bool(alice.told("uses ChatLab")))
        alice.xmpp.execute(parse("/kick bob out"), room)
        left = await heard(bob, ev.MemberLeft, lambda event: event.is_self)
        assert (left.how, left.reason) == (ev.Departure.KICK, "out")
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())


# Debian's prosody has no moderation of messages (XEP-0425).
@pytest.mark.parametrize("server", ["lab"], indirect=True)
def test_a_moderator_takes_back_what_somebody_else_said(server: Place) -> None:
    async def scene() -> None:
        alice, bob = await pair(server)
        room = server.room("moderated")
        await in_room(alice, room)
        await alice.until(lambda: bool(alice.told("you made it")))
        await in_room(bob, room)
        bob.xmpp.send(room, "spam spam")
        spam = await said(alice, "spam spam")
        alice.xmpp.retract(room, spam.msgid, "enough")
        await alice.until(lambda: is_gone(alice, spam.id))
        await bob.until(lambda: bool(bob.told("took a message back: enough")))
        await asyncio.gather(alice.xmpp.stop(), bob.xmpp.stop())

    asyncio.run(scene())
