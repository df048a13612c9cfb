"""Rooms: entering, refusals in words, who is there, subject, nicknames, being sent out."""

import asyncio
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from chatlab.chat.xmpp.room_words import JOIN_REFUSED, ROOM_CREATED
from chatlab.core import events as ev
from chatlab.core.account import Autojoin, Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import Severity, UsageError
from chatlab.core.message import Delivery
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer, message, occupant

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ROOM = "lab@rooms.chat.test"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"


async def in_room(server: PlayServer | None = None) -> Play:
    play = await Play(DIRECT, server).start()
    play.xmpp.execute(parse(f"/join {ROOM}"), "")
    await play.until(lambda: bool(play.of(ev.MembersListed)))
    return play


def refusal(condition: str, text: str = "") -> str:
    words = f"<text xmlns='{STANZAS}'>{text}</text>" if text else ""
    return (
        f"<presence type='error' from='{ROOM}/ann' to='{ME}'>"
        "<x xmlns='http://jabber.org/protocol/muc'/>"
        f"<error type='cancel'><{condition} xmlns='{STANZAS}'/>{words}</error></presence>"
    )


def test_entering_tells_who_is_there_and_that_we_are() -> None:
    async def scene() -> None:
        play = await in_room()
        (listed,) = play.of(ev.MembersListed)
        bob, ann = listed.members
        assert (bob.nick, bob.role, bob.affiliation, bob.prefixes) == (
            "bob",
            "moderator",
            "owner",
            "@",
        )
        (joined,) = play.of(ev.MemberJoined)
        assert (joined.member.nick, joined.is_self) == (ann.nick, True)
        assert play.of(ev.ChatOpened) == [ev.ChatOpened(ACCOUNT.id, ROOM, True)]
        (topic,) = play.of(ev.TopicChanged)
        assert (topic.topic, topic.by) == ("Hello", "")
        await play.stop()

    asyncio.run(scene())


def test_what_is_said_meanwhile_waits_and_the_reflection_is_the_echo() -> None:
    async def scene() -> None:
        server = PlayServer()
        welcome = server.on_presence
        server.on["presence"] = lambda element: None
        play = await Play(DIRECT, server).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        (sent,) = play.xmpp.send(ROOM, "hello room")
        assert not play.sent("<body>")
        welcome(ET.Element("presence", to=f"{ROOM}/ann"))
        await play.until(lambda: Delivery.ECHOED in play.deliveries)
        (echo,) = [event for event in play.of(ev.MessageChanged) if event.echo]
        assert echo.message == sent.id
        assert echo.msgid.startswith("room-")
        assert len(play.of(ev.MessageAdded)) == 1
        await play.stop()

    asyncio.run(scene())


def test_a_server_that_changes_ids_is_understood_all_the_same() -> None:
    async def scene() -> None:
        server = PlayServer(manages=False)
        play = await in_room(server)
        server.on["message"] = lambda element: server.say(
            f"<message type='groupchat' from='{ROOM}/ann' id='other'><body>hi</body></message>"
        )
        play.xmpp.send(ROOM, "hi")
        await play.until(lambda: Delivery.ECHOED in play.deliveries)
        assert len(play.of(ev.MessageAdded)) == 1
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("conflict", "“ann” is taken"),
        ("not-authorized", "it has a password"),
        ("forbidden", "you are banned"),
        ("registration-required", "only its members"),
        ("item-not-found", "does not exist"),
        ("not-allowed", "may not create rooms"),
        ("remote-server-not-found", "no server answers"),
        ("service-unavailable", "full"),
        ("undefined-condition", "refused"),
    ],
)
def test_each_refusal_is_said_in_words_at_once(condition: str, words: str) -> None:
    async def scene() -> None:
        server = PlayServer()
        play = await Play(DIRECT, server).start()
        server.on["presence"] = lambda element: server.say(refusal(condition, "So there"))
        before = play.time.now
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        (sent,) = play.xmpp.send(ROOM, "anybody?")
        await play.until(lambda: bool(play.of(ev.Informed)))
        (told,) = play.of(ev.Informed)
        assert words in told.text
        assert "“So there”" in told.text
        assert (told.code, told.chat) == (JOIN_REFUSED, ROOM)
        assert play.time.now == before
        (failed,) = [event for event in play.of(ev.MessageChanged) if event.failure]
        assert failed.message == sent.id
        assert play.state is LinkState.ONLINE
        await play.stop()

    asyncio.run(scene())


def test_a_room_that_does_not_answer_is_said_so() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["presence"] = lambda element: None
        play = await Play(DIRECT, server).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.time.advance(21)
        assert "did not answer within 20 s" in play.of(ev.Informed)[0].text
        await play.stop()

    asyncio.run(scene())


def test_a_new_room_is_unlocked_at_once() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["presence"] = lambda element: (
            server.say(occupant(ROOM, "ann", "moderator", "owner", codes=("110", "201")))
            if "rooms" in element.get("to", "")
            else None
        )
        play = await in_room(server)
        play.xmpp.send(ROOM, "first")
        await play.until(lambda: Delivery.ECHOED in play.deliveries)
        (form,) = play.sent("muc#owner")
        assert 'type="submit"' in form.line
        (told,) = [event for event in play.of(ev.Informed) if event.code == ROOM_CREATED]
        assert (told.chat, "you made it" in told.text) == (ROOM, True)
        await play.stop()

    asyncio.run(scene())


def test_a_password_goes_with_the_wish_and_is_masked() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.execute(parse(f"/join {ROOM} sesame"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        assert b"<password>sesame</password>" in bytes(play.server.transport.sent)
        assert not play.sent("sesame")
        await play.stop()

    asyncio.run(scene())


def test_people_come_go_and_change() -> None:
    async def scene() -> None:
        play = await in_room()
        say = play.server.say
        say(occupant(ROOM, "eve"))
        say(occupant(ROOM, "eve", "visitor"))
        say(occupant(ROOM, "eve", kind="unavailable", codes=("303",), item=" nick='mallory'"))
        say(occupant(ROOM, "mallory", "visitor"))
        say(occupant(ROOM, "mallory", "none", kind="unavailable"))
        await play.until(lambda: bool(play.of(ev.MemberLeft)))
        assert [event.member.nick for event in play.of(ev.MemberJoined)] == ["ann", "eve"]
        (changed,) = play.of(ev.MemberChanged)
        assert changed.member.role == "visitor"
        (renamed,) = play.of(ev.MemberRenamed)
        assert (renamed.old, renamed.new, renamed.is_self) == ("eve", "mallory", False)
        (left,) = play.of(ev.MemberLeft)
        assert (left.nick, left.how) == ("mallory", ev.Departure.PART)
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("code", "words"), [("307", "enough"), ("301", "was banned: enough"), ("322", "members only")]
)
def test_being_sent_out_says_by_whom_and_why(code: str, words: str) -> None:
    async def scene() -> None:
        play = await in_room()
        play.server.say(
            f"<presence type='unavailable' from='{ROOM}/ann'>"
            "<x xmlns='http://jabber.org/protocol/muc#user'>"
            "<item affiliation='none' role='none'><actor nick='bob'/><reason>enough</reason></item>"
            f"<status code='110'/><status code='{code}'/></x></presence>"
        )
        await play.until(lambda: bool(play.of(ev.MemberLeft)))
        (left,) = play.of(ev.MemberLeft)
        assert (left.is_self, left.how, left.by) == (True, ev.Departure.KICK, "bob")
        assert words in left.reason
        with pytest.raises(UsageError):
            play.xmpp.execute(parse("/topic x"), ROOM)
        await play.stop()

    asyncio.run(scene())


def test_a_nickname_that_is_taken_is_said_and_ours_stays() -> None:
    async def scene() -> None:
        play = await in_room()
        play.server.on["presence"] = lambda element: play.server.say(refusal("conflict"))
        play.xmpp.execute(parse("/nick bob"), ROOM)
        await play.until(lambda: bool(play.of(ev.Informed)))
        assert "is there already" in play.of(ev.Informed)[0].text
        assert play.xmpp.send(ROOM, "still me")[0].sender == "ann"
        await play.stop()

    asyncio.run(scene())


def test_the_subject_can_be_set_and_its_change_says_by_whom() -> None:
    async def scene() -> None:
        play = await in_room()
        play.xmpp.execute(parse("/topic New <one>"), ROOM)
        assert play.sent("<subject>New &lt;one&gt;</subject>")
        subject = f"<message type='groupchat' from='{ROOM}/bob'><subject>New</subject></message>"
        play.server.say(subject)
        await play.until(lambda: len(play.of(ev.TopicChanged)) == 2)
        assert (play.of(ev.TopicChanged)[1].topic, play.of(ev.TopicChanged)[1].by) == ("New", "bob")
        play.xmpp.execute(parse("/cleartopic"), ROOM)
        assert play.sent("<subject />")
        await play.stop()

    asyncio.run(scene())


def test_history_of_a_room_is_marked_as_such() -> None:
    async def scene() -> None:
        play = await in_room()
        delay = f"<delay xmlns='urn:xmpp:delay' from='{ROOM}' stamp='2024-01-01T00:00:00Z'/>"
        play.server.say(
            message(f"{ROOM}/bob", "long ago", "h1", delay, kind="groupchat"),
            message(f"{ROOM}/bob", "now", "n1", kind="groupchat"),
        )
        await play.until(lambda: len(play.of(ev.MessageAdded)) == 2)
        old, new = (event.message for event in play.of(ev.MessageAdded))
        assert (old.is_history, new.is_history) == (True, False)
        assert (new.sender, new.target) == ("bob", ROOM)
        await play.stop()

    asyncio.run(scene())


def test_somebody_in_a_room_can_write_to_us_alone() -> None:
    async def scene() -> None:
        play = await in_room()
        play.server.say(message(f"{ROOM}/bob", "psst"))
        await play.until(lambda: bool(play.of(ev.MessageAdded)))
        (event,) = play.of(ev.MessageAdded)
        assert (event.message.sender, event.message.target) == ("bob", f"{ROOM}/bob")
        play.xmpp.send(f"{ROOM}/bob", "yes?")
        assert 'type="chat"' in play.sent("yes?")[0].line
        await play.stop()

    asyncio.run(scene())


def test_leaving_says_goodbye_and_does_not_come_back() -> None:
    async def scene() -> None:
        play = await in_room(PlayServer(manages=False))
        play.xmpp.execute(parse("/part see you"), ROOM)
        assert play.sent("<status>see you</status>")
        (left,) = play.of(ev.MemberLeft)
        assert left.is_self
        play.server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: play.state is LinkState.ONLINE)
        assert (
            len([line for line in play.sent("<presence to=") if "protocol/muc" in line.line]) == 1
        )
        await play.stop()

    asyncio.run(scene())


def test_rooms_of_the_account_are_entered_after_every_login() -> None:
    async def scene() -> None:
        account = replace(DIRECT, channels=(Autojoin(ROOM, "key"),))
        play = await Play(account, PlayServer(manages=False)).start()
        await play.until(lambda: len(play.of(ev.MembersListed)) == 1)
        play.server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: len(play.of(ev.MembersListed)) == 2)
        await play.stop()

    asyncio.run(scene())


def test_a_room_that_forgot_us_is_entered_again() -> None:
    async def scene() -> None:
        play = await in_room()
        server = play.server

        def ping(element: ET.Element) -> None:
            server.say(
                f"<iq type='error' id='{element.get('id')}' from='{element.get('to')}'>"
                f"<error type='cancel'><not-acceptable xmlns='{STANZAS}'/></error></iq>"
            )

        server.on["iq"] = ping
        await play.time.advance(601)
        await play.until(lambda: len(play.of(ev.MembersListed)) == 2)
        assert play.sent("urn:xmpp:ping")
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/join lab", "address"),
        (f"/join {ROOM}", "already"),
        ("/join a b@rooms.chat.test", "no room"),
        ("/nick \x07", "control character"),
    ],
)
def test_wrong_input_is_answered_with_the_reason(typed: str, words: str) -> None:
    async def scene() -> None:
        play = await in_room()
        with pytest.raises(UsageError, match=words):
            play.xmpp.execute(parse(typed), ROOM)
        await play.stop()

    asyncio.run(scene())


def test_a_nickname_chosen_by_hand_holds_after_the_next_login() -> None:
    async def scene() -> None:
        play = await in_room(PlayServer(manages=False))
        play.server.say(
            occupant(ROOM, "ann", kind="unavailable", codes=("303", "110"), item=" nick='anna'"),
            occupant(ROOM, "anna", codes=("110",)),
        )
        await play.until(lambda: bool(play.of(ev.MemberRenamed)))
        play.server.transport.drop("The connection broke.")
        await play.time.advance(2)
        await play.until(lambda: len(play.of(ev.MembersListed)) == 2)
        assert play.sent(f'<presence to="{ROOM}/anna"')
        await play.stop()

    asyncio.run(scene())


def test_an_address_of_people_is_no_room_and_that_is_said_soon() -> None:
    async def scene() -> None:
        server = PlayServer()
        server.on["presence"] = lambda element: None
        play = await Play(server=server).start()
        info = "http://jabber.org/protocol/disco#info"

        def answer(element: ET.Element) -> None:
            identity = "<identity category='server' type='im'/>"
            server.say(
                f"<iq type='result' id='{element.get('id')}' from='{element.get('to')}'>"
                f"<query xmlns='{info}'>{identity}</query></iq>"
            )

        server.on["iq"] = answer
        play.xmpp.execute(parse("/join lab@people.test"), "")
        await play.time.advance(1.1)
        told = [event for event in play.of(ev.Informed) if event.severity is Severity.ERROR]
        assert ["people.test has people, but no rooms" in event.text for event in told] == [True]
        await play.stop()

    asyncio.run(scene())
