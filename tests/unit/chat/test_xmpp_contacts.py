"""Contacts: the roster and who may change it, presence, avatars, blocking."""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
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
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BARE, BOB, EVE = "ann@chat.test", "bob@chat.test", "eve@chat.test"
ROSTER, BLOCKING = "jabber:iq:roster", "urn:xmpp:blocking"
INFO = "http://jabber.org/protocol/disco#info"
EVENT = "http://jabber.org/protocol/pubsub#event"
PUBSUB = "http://jabber.org/protocol/pubsub"
META, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
DIGEST = hashlib.sha1(PICTURE).hexdigest()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


class Book(PlayServer):
    """A server with one contact, a list of blocked ones, and pictures."""

    def __init__(self, picture: bytes = PICTURE) -> None:
        super().__init__()
        self.picture = picture
        self.fetched = 0

    def on_iq(self, element: ET.Element) -> None:
        name, to = element.get("id", ""), element.get("to", "")
        origin = f" from='{to}'" if to else ""
        answer = self._payload(element)
        if answer and element.get("type") == "get":
            self.say(f"<iq type='result' id='{name}'{origin}>{answer}</iq>")
        else:
            super().on_iq(element)

    def _payload(self, element: ET.Element) -> str:
        data = b64encode(self.picture).decode()
        if element.find(f"{{{ROSTER}}}query") is not None:
            return f"<query xmlns='{ROSTER}'>{item(BOB, 'both', 'Bob', 'Lab')}</query>"
        if element.find(f"{{{INFO}}}query") is not None:
            return f"<query xmlns='{INFO}'><feature var='{BLOCKING}'/></query>"
        if element.find(f"{{{BLOCKING}}}blocklist") is not None:
            return f"<blocklist xmlns='{BLOCKING}'><item jid='{EVE}'/></blocklist>"
        if element.find(f"{{{PUBSUB}}}pubsub") is not None:
            self.fetched += 1
            inner = f"<item id='{DIGEST}'><data xmlns='{DATA}'>{data}</data></item>"
            return f"<pubsub xmlns='{PUBSUB}'><items node='{DATA}'>{inner}</items></pubsub>"
        if element.find("{vcard-temp}vCard") is not None:
            self.fetched += 1
            return f"<vCard xmlns='vcard-temp'><PHOTO><BINVAL>{data}</BINVAL></PHOTO></vCard>"
        return ""


def item(jid: str, subscription: str, name: str = "", group: str = "") -> str:
    inner = f"<group>{group}</group>" if group else ""
    return f"<item jid='{jid}' name='{name}' subscription='{subscription}'>{inner}</item>"


def push(inner: str, sender: str = "") -> str:
    origin = f" from='{sender}'" if sender else ""
    return f"<iq type='set' id='p1'{origin}><query xmlns='{ROSTER}'>{inner}</query></iq>"


def presence(sender: str, kind: str = "", inner: str = "") -> str:
    typed = f" type='{kind}'" if kind else ""
    return f"<presence from='{sender}' to='{ME}'{typed}>{inner}</presence>"


def metadata(sender: str, size: str = "48", digest: str = DIGEST) -> str:
    info = f"<info id='{digest}' bytes='{size}' type='image/png'/>" if digest else ""
    return (
        f"<message from='{sender}' to='{ME}'><event xmlns='{EVENT}'><items node='{META}'>"
        f"<item id='{digest}'><metadata xmlns='{META}'>{info}</metadata></item></items></event>"
        "</message>"
    )


def scene(play_it: Callable[[Play], Awaitable[None]], server: Book | None = None) -> None:
    async def run() -> None:
        play = await Play(DIRECT, server or Book()).start()
        await play.time.advance(1)
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def contacts(play: Play) -> dict[str, Contact]:
    """What a window would have."""
    found: dict[str, Contact] = {}
    for event in play.events:
        if isinstance(event, ContactsListed | ContactChanged | ContactRemoved):
            fold(found, event)
    return found


def test_the_roster_is_listed_and_pushes_change_it() -> None:
    async def play_it(play: Play) -> None:
        bob = contacts(play)[BOB]
        assert (bob.name, bob.groups, bob.subscription) == ("Bob", ("Lab",), Subscription.BOTH)
        play.server.say(push(item("Cid@chat.test", "to", "Cid")), push(item(BOB, "remove"), BARE))
        assert list(contacts(play)) == ["cid@chat.test"]
        assert len(play.sent('type="result"')) == 2

    scene(play_it)


@pytest.mark.parametrize("sender", [EVE, "chat.test", ME, f"{BARE}.evil.test"])
def test_nobody_else_changes_the_roster(sender: str) -> None:
    async def play_it(play: Play) -> None:
        before = contacts(play)
        play.server.say(push(item(EVE, "both", "Mum"), sender))
        assert contacts(play) == before
        assert play.sent("service-unavailable")
        assert "tried to change your contacts" in play.of(ev.Informed)[-1].text

    scene(play_it)


def test_the_best_program_of_a_contact_says_how_they_are() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            presence(f"{BOB}/a", inner="<show>away</show><status>at lunch</status>"),
            presence(f"{BOB}/b", inner="<show>dnd</show><priority>5</priority>"),
        )
        assert contacts(play)[BOB].availability is Availability.DO_NOT_DISTURB
        play.server.say(presence(f"{BOB}/b", "unavailable"))
        bob = contacts(play)[BOB]
        assert (bob.availability, bob.status) == (Availability.AWAY, "at lunch")
        play.server.say(presence(f"{BOB}/a", inner="<show>odd</show><priority>x</priority>"))
        assert contacts(play)[BOB].availability is Availability.AVAILABLE
        play.server.say(presence(BOB, "unavailable"), presence(f"{EVE}/x"))
        assert contacts(play)[BOB].availability is Availability.OFFLINE
        assert EVE not in contacts(play)

    scene(play_it)


def test_strangers_cannot_take_the_places_of_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatlab.chat.xmpp.contacts.MAX_CONTACTS", 3)

    async def play_it(play: Play) -> None:
        play.server.say(*(presence(f"s{number}@evil.test/x") for number in range(9)))
        play.server.say(presence(f"{BOB}/a"))
        assert contacts(play)[BOB].availability is Availability.AVAILABLE
        play.server.say(push(item("cid@chat.test", "to")), push(item("dan@chat.test", "to")))
        assert set(contacts(play)) == {BOB, "cid@chat.test", "dan@chat.test"}
        play.server.say(push(item("too@many.test", "to")), presence(f"{BOB}/a", "unavailable"))
        assert len(contacts(play)) == 3
        assert contacts(play)[BOB].availability is Availability.OFFLINE

    scene(play_it)


def test_who_asks_is_told_once_and_allowed_by_the_reader_only() -> None:
    async def play_it(play: Play) -> None:
        request = presence("cid@chat.test", "subscribe", "<status>it is me</status>")
        play.server.say(request, request, presence(EVE, "subscribe"))
        (asked,) = play.of(SubscriptionRequested)
        assert (asked.jid, asked.words) == ("cid@chat.test", "it is me")
        assert not play.sent('type="subscribed"')
        play.xmpp.execute(parse("/contact allow cid@chat.test"), "")
        assert len(play.sent('type="subscribed"')) == 1
        play.server.say(presence(BOB, "subscribe"))
        assert len(play.sent('type="subscribed"')) == 2

    scene(play_it)


def test_contacts_are_changed_by_command() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse("/contact add cid@chat.test Cid C"), "")
        play.xmpp.execute(parse("/contact groups cid@chat.test Work, Friends"), "")
        play.xmpp.execute(parse(f"/contact rename {BOB} Robert"), "")
        play.xmpp.execute(parse(f"/contact remove {BOB}"), "")
        await play.time.advance(1)
        lines = [line.line for line in play.sent(ROSTER) if "<item" in line.line]
        assert [("Cid C" in line, "Friends" in line) for line in lines[:2]] == [
            (True, False),
            (True, True),
        ]
        assert "Robert" in lines[2]
        assert "Lab" in lines[2]
        assert 'subscription="remove"' in lines[3]
        assert play.sent('type="subscribe"')
        for step, kind in (("ask", "subscribe"), ("refuse", "unsubscribed")):
            play.xmpp.execute(parse(f"/contact {step} {BOB}"), "")
            assert play.sent(f'to="{BOB}" type="{kind}"')
        with pytest.raises(UsageError, match="none of your contacts"):
            play.xmpp.execute(parse(f"/contact rename {EVE} x"), "")
        with pytest.raises(UsageError, match="cannot be"):
            play.xmpp.execute(parse(f"/contact hug {BOB}"), "")

    scene(play_it)


def test_blocking_is_kept_told_and_reported() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/block {BOB} spam"), "")
        await play.time.advance(1)
        assert "urn:xmpp:reporting:spam" in play.sent("urn:xmpp:reporting:1")[0].line
        pushed = f"<block xmlns='{BLOCKING}'><item jid='{BOB}'/></block>"
        play.server.say(f"<iq type='set' id='x' from='{EVE}'>{pushed}</iq>")
        assert not contacts(play)[BOB].is_blocked
        play.server.say(f"<iq type='set' id='y'>{pushed}</iq>")
        assert contacts(play)[BOB].is_blocked
        play.server.say(f"<iq type='set' id='z'><unblock xmlns='{BLOCKING}'/></iq>")
        assert not contacts(play)[BOB].is_blocked
        with pytest.raises(UsageError, match="no reason"):
            play.xmpp.execute(parse(f"/block {BOB} boredom"), "")

    scene(play_it)


def test_blocking_a_server_a_person_and_one_nickname_are_different_things() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse("/block Lab@Rooms.chat.test/Eve"), "")
        await play.time.advance(1)
        assert 'jid="lab@rooms.chat.test/Eve"' in play.sent("<block ")[0].line
        for jid, is_blocked in ((f"{BOB}/phone", False), ("chat.test", True), (BOB, True)):
            item = f"<item jid='{jid}'/>"
            play.server.say(
                f"<iq type='set' id='{jid}'><block xmlns='{BLOCKING}'>{item}</block></iq>"
            )
            assert contacts(play)[BOB].is_blocked is is_blocked
            play.server.say(f"<iq type='set' id='u{jid}'><unblock xmlns='{BLOCKING}'/></iq>")
            assert not contacts(play)[BOB].is_blocked

    scene(play_it)


def test_an_avatar_is_fetched_once_and_kept_when_it_is_what_was_announced() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(metadata(BOB), metadata(BOB), metadata(EVE))
        await play.time.advance(1)
        assert contacts(play)[BOB].avatar == PICTURE
        assert isinstance(play.server, Book)
        assert play.server.fetched == 1
        play.server.say(metadata(BOB, digest=""))
        assert not contacts(play)[BOB].avatar

    scene(play_it)


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        (PICTURE + b"x", "49"),
        (PICTURE, "999999"),
        (PICTURE, "-1"),
        (b"<svg onload='x'/>", "20"),
    ],
    ids=["another picture", "too large", "no size", "no picture"],
)
def test_an_avatar_that_is_not_what_was_announced_is_not_kept(picture: bytes, size: str) -> None:
    async def play_it(play: Play) -> None:
        play.server.say(metadata(BOB, size))
        await play.time.advance(1)
        assert not contacts(play)[BOB].avatar

    scene(play_it, Book(picture))


def test_avatars_of_business_cards_are_known_by_presence() -> None:
    async def play_it(play: Play) -> None:
        photo = f"<x xmlns='vcard-temp:x:update'><photo>{DIGEST}</photo></x>"
        play.server.say(presence(f"{BOB}/x", inner=photo))
        await play.time.advance(1)
        assert contacts(play)[BOB].avatar == PICTURE

    scene(play_it)


class Eager(Book):
    """Shows contacts as soon as we are there."""

    def on_presence(self, element: ET.Element) -> None:
        photo = f"<x xmlns='vcard-temp:x:update'><photo>{DIGEST}</photo></x>"
        self.say(presence(f"{BOB}/x", inner=photo))


def test_the_roster_is_asked_for_before_we_show_ourselves_and_others_themselves() -> None:
    async def play_it(play: Play) -> None:
        heard = play.server.heard
        asked = next(i for i, each in enumerate(heard) if "jabber:iq:roster" in each)
        assert asked < next(i for i, each in enumerate(heard) if each.startswith("<presence"))
        bob = contacts(play)[BOB]
        assert (bob.availability, bob.avatar) == (Availability.AVAILABLE, PICTURE)

    scene(play_it, Eager())


def test_a_nickname_is_shown_where_the_roster_has_no_name() -> None:
    async def play_it(play: Play) -> None:
        nick = "http://jabber.org/protocol/nick"
        play.server.say(push(item("cid@chat.test", "both")))
        for who in ("cid@chat.test", BOB):
            play.server.say(
                f"<message from='{who}'><event xmlns='{EVENT}'><items node='{nick}'><item>"
                f"<nick xmlns='{nick}'>Sid</nick></item></items></event></message>"
            )
        shown = contacts(play)
        assert (shown["cid@chat.test"].name, shown[BOB].name) == ("Sid", "Bob")

    scene(play_it)


def test_everybody_is_away_when_the_session_is_over() -> None:
    async def run() -> None:
        play = await Play(DIRECT, Book()).start()
        await play.time.advance(1)
        play.server.say(presence(f"{BOB}/a"))
        await play.stop()
        assert contacts(play)[BOB].availability is Availability.OFFLINE

    asyncio.run(run())
