"""Rooms beyond talk: power, lists, invitations, and who is behind a nickname."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.listings import ChannelsListed, ListedMask, MasksListed
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer, message, occupant

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
SERVICE = "rooms.chat.test"
ROOM = f"lab@{SERVICE}"
ADMIN = "http://jabber.org/protocol/muc#admin"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
USER = "http://jabber.org/protocol/muc#user"
OCCUPANT = "urn:xmpp:occupant-id:0"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


class House(PlayServer):
    """A server with a service of two rooms."""

    abilities: tuple[str, ...] = (OCCUPANT,)

    def on_iq(self, element: ET.Element) -> None:
        name, to = element.get("id", ""), element.get("to", "")
        answer = self._payload(element, to) if element.get("type") == "get" else ""
        if answer:
            self.say(f"<iq type='result' id='{name}' from='{to}'>{answer}</iq>")
        else:
            super().on_iq(element)

    def _payload(self, element: ET.Element, to: str) -> str:
        if element.find(f"{{{ITEMS}}}query") is not None:
            names = (ROOM, f"den@{SERVICE}") if to == SERVICE else (SERVICE,)
            return f"<query xmlns='{ITEMS}'>{''.join(f'<item jid={n!r}/>' for n in names)}</query>"
        if element.find(f"{{{INFO}}}query") is not None and to == SERVICE:
            feature = "<feature var='http://jabber.org/protocol/muc'/>"
            return f"<query xmlns='{INFO}'><identity category='conference'/>{feature}</query>"
        if element.find(f"{{{INFO}}}query") is not None and to.endswith(SERVICE):
            fields = "<field var='muc#roominfo_occupants'><value>3</value></field>"
            features = "".join(f"<feature var='{each}'/>" for each in self.abilities)
            form = f"<x xmlns='jabber:x:data' type='result'>{fields}</x>"
            return f"<query xmlns='{INFO}'><identity name='The Lab'/>{features}{form}</query>"
        if element.find(f"{{{ADMIN}}}query") is not None:
            return f"<query xmlns='{ADMIN}'><item jid='bob@chat.test' affiliation='owner'/></query>"
        return ""


def scene(play_it: Callable[[Play], Awaitable[None]], server: House | None = None) -> None:
    async def run() -> None:
        play = await Play(DIRECT, server or House()).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        await play.time.advance(1)
        await play_it(play)
        await play.stop()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("/kick bob out", 'nick="bob" role="none"'),
        ("/op bob", 'nick="bob" role="moderator"'),
        ("/devoice bob", 'nick="bob" role="visitor"'),
        ("/ban eve@chat.test", 'affiliation="outcast" jid="eve@chat.test"'),
        ("/ban bob", 'affiliation="outcast" nick="bob"'),
        ("/unban eve@chat.test", 'affiliation="none" jid="eve@chat.test"'),
        ("/affiliation Cid@chat.test member", 'affiliation="member" jid="cid@chat.test"'),
    ],
)
def test_power_is_asked_of_the_room(typed: str, item: str) -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(typed), ROOM)
        await play.time.advance(1)
        (line,) = play.sent(ADMIN)
        attributes = " ".join(sorted(item.split()))
        found = line.line.partition("<item ")[2].partition(">")[0].rstrip("/ ")
        assert " ".join(sorted(found.split())) == attributes

    scene(play_it)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/kick zoe", "no zoe in this room"),
        ("/affiliation bob king", "no standing"),
        ("/affiliation bob member", "does not tell the address"),
        ("/affiliation zoe member", "no zoe in this room"),
    ],
)
def test_what_cannot_be_asked_is_said(typed: str, words: str) -> None:
    async def play_it(play: Play) -> None:
        with pytest.raises(UsageError, match=words):
            play.xmpp.execute(parse(typed), ROOM)
        with pytest.raises(UsageError, match="keep no list"):
            play.xmpp.request_masks(ROOM, "b")

    scene(play_it)


def test_lists_of_people_are_told() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.request_masks(ROOM, "owner")
        await play.time.advance(1)
        (told,) = play.of(MasksListed)
        assert (told.chat, told.mode) == (ROOM, "owner")
        assert told.masks == (ListedMask("bob@chat.test"),)

    scene(play_it)


def test_rooms_of_the_service_are_listed_with_how_many_are_there() -> None:
    async def play_it(play: Play) -> None:
        assert play.xmpp.features.room_service == SERVICE
        play.xmpp.execute(parse("/list lab"), "")
        await play.until(lambda: any(told.is_complete for told in play.of(ChannelsListed)))
        rows = [row for told in play.of(ChannelsListed) for row in told.channels]
        assert [(row.name, row.users) for row in rows] == [(ROOM, 3)]

    scene(play_it)


def test_a_room_is_called_what_it_calls_itself() -> None:
    async def play_it(play: Play) -> None:
        assert play.of(ev.ChatOpened)[-1].title == "The Lab"

    scene(play_it)


def test_invitations_are_events_and_enter_nothing() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            f"<message from='bob@chat.test/x' to='{ME}'><x xmlns='jabber:x:conference' "
            f"jid='den@{SERVICE}' password='pw' reason='come in'/></message>",
            f"<message from='den@{SERVICE}' to='{ME}'><x xmlns='{USER}'>"
            "<invite from='cid@chat.test/y'><reason>do</reason></invite></x></message>",
            f"<message from='bob@chat.test/x' to='{ME}'><x xmlns='jabber:x:conference' "
            "jid='no room'/></message>",
            f"<message from='bob@chat.test/x' to='{ME}'><x xmlns='jabber:x:conference' "
            f"jid='{ROOM}'/></message>",
        )
        first, second = play.of(ev.Invited)
        assert (first.chat, first.by, first.reason, first.password) == (
            f"den@{SERVICE}",
            "bob@chat.test",
            "come in",
            "pw",
        )
        assert (second.chat, second.by, second.reason) == (f"den@{SERVICE}", "cid@chat.test", "do")
        assert not play.sent(f'to="den@{SERVICE}/ann"')

    scene(play_it)


def test_who_is_ignored_cannot_invite() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.answer_only(lambda source: not source.startswith("bob@"))
        play.server.say(
            f"<message from='bob@chat.test/x' to='{ME}'><x xmlns='jabber:x:conference' "
            f"jid='den@{SERVICE}'/></message>",
            f"<message from='den@{SERVICE}' to='{ME}'><x xmlns='{USER}'>"
            "<invite from='bob@chat.test/y'/></x></message>",
            f"<message from='den@{SERVICE}' to='{ME}'><x xmlns='{USER}'>"
            "<invite from='cid@chat.test/y'/></x></message>",
        )
        assert [event.by for event in play.of(ev.Invited)] == ["cid@chat.test"]
        assert not play.of(ev.MessageAdded)

    scene(play_it)


@pytest.mark.parametrize(("feature", "is_direct"), [("muc_open", True), ("muc_membersonly", False)])
def test_members_only_rooms_pass_invitations_on(feature: str, is_direct: bool) -> None:
    server = House()
    server.abilities = (feature,)

    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse("/invite cid@chat.test"), ROOM)
        assert bool(play.sent('jabber:x:conference" jid=')) is is_direct
        assert bool(play.sent("<invite")) is not is_direct

    scene(play_it, server)


def test_somebody_else_under_the_same_nickname_is_told() -> None:
    async def play_it(play: Play) -> None:
        for who in ("one", "one", "two"):
            mark = f"<occupant-id xmlns='{OCCUPANT}' id='{who}'/></presence>"
            play.server.say(
                occupant(ROOM, "zoe").replace("</presence>", mark),
                occupant(ROOM, "zoe", kind="unavailable"),
            )
        (told,) = [each for each in play.of(ev.Informed) if each.code == "occupant-changed"]
        assert "somebody else" in told.text

    scene(play_it)


@pytest.mark.parametrize(
    ("feature", "name"), [("urn:xmpp:sid:0", "forged"), ("muc_open", "m1")], ids=["room", "people"]
)
def test_names_of_messages_are_the_rooms_where_it_gives_any(feature: str, name: str) -> None:
    """A room that names messages takes forged names out; another passes them on."""
    server = House()
    server.abilities = (feature,)

    async def play_it(play: Play) -> None:
        mark = f"<stanza-id xmlns='urn:xmpp:sid:0' by='{ROOM}' id='forged'/>"
        play.server.say(message(f"{ROOM}/bob", "hello", inner=mark, kind="groupchat"))
        assert play.of(ev.MessageAdded)[-1].message.msgid == name

    scene(play_it, server)
