"""What is typed to an XMPP account, and what the server and strangers say that is no message."""

import asyncio
from dataclasses import replace

import pytest

from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.connection import LinkState
from chatlab.core.errors import LocalProtocolError, UsageError
from chatlab.core.events import AwayChanged, Informed, MembersListed, MessageAdded
from chatlab.core.roster import Availability
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, PlayServer, message

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
BOB = "bob@chat.test"
ROOM = "lab@rooms.chat.test"


def test_a_stanza_can_be_typed() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.execute(parse("/raw <presence><show>dnd</show></presence>"), "")
        assert play.sent("<presence><show>dnd</show></presence>")
        for wrong in ("<presence>", "hello", "<stream:stream/>", "<r xmlns='urn:xmpp:sm:3'/>"):
            with pytest.raises(LocalProtocolError):
                play.xmpp.execute(parse(f"/raw {wrong}"), "")
        await play.stop()

    asyncio.run(scene())


def test_commands_that_mean_nothing_here_say_so() -> None:
    async def scene() -> None:
        play = Play(DIRECT)
        with pytest.raises(UsageError, match="not connected"):
            play.xmpp.execute(parse("/topic x"), ROOM)
        await play.start()
        with pytest.raises(UsageError, match="belongs to IRC"):
            play.xmpp.execute(parse("/motd"), "")
        with pytest.raises(UsageError, match="Nobody reads"):
            play.xmpp.execute(parse("hello"), "")
        await play.stop()

    asyncio.run(scene())


def test_being_away_is_told_and_ends() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.execute(parse("/away at lunch"), "")
        assert play.sent("<show>away</show><status>at lunch</status>")
        play.xmpp.execute(parse("/back"), "")
        back = play.sent("<presence")[-1].line
        assert "<show" not in back
        assert "<status" not in back
        assert not play.of(Informed)
        await play.stop()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("typed", "stanza", "is_away"),
    [
        ("/presence dnd in a meeting", "<show>dnd</show><status>in a meeting</status>", True),
        ("/presence xa", "<show>xa</show>", True),
        ("/presence chat", "<show>chat</show>", False),
        ("/away", "<show>away</show>", True),
    ],
)
def test_each_mood_is_told_to_contacts_and_rooms_and_after_a_new_login(
    typed: str, stanza: str, is_away: bool
) -> None:
    async def scene() -> None:
        play = await Play(DIRECT, PlayServer(manages=False)).start()
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(MembersListed)))
        play.xmpp.execute(parse(typed), "")
        assert len(play.sent(stanza)) == 2
        assert f'to="{ROOM}/ann"' in play.sent(stanza)[1].line
        play.server.transport.abort("gone")
        await play.until_it_waits()
        await play.time.advance(5)
        await play.until(lambda: play.state is LinkState.ONLINE)
        assert play.of(AwayChanged)[-1] != play.of(AwayChanged)[0]
        assert [event.is_away for event in play.of(AwayChanged)] == [is_away, is_away]
        assert len(play.sent(stanza)) == 4  # To everybody, and on entering the room.
        await play.stop()
        assert play.xmpp.session.context.lasting.availability is Availability.AVAILABLE

    asyncio.run(scene())


@pytest.mark.parametrize("reason", ["to lunch", "", "\x01"])
def test_who_leaves_with_a_word_says_it_before_the_stream_ends(reason: str) -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.execute(parse(f"/quit {reason}".strip()), "")
        await play.until(lambda: play.state is LinkState.OFFLINE)
        left = [text for text in play.server.heard if "unavailable" in text]
        assert len(left) == (reason == "to lunch")
        assert "to lunch" in "".join(left) or not left
        assert "</stream:stream>" in play.server.heard
        await play.xmpp.stop()

    asyncio.run(scene())


def test_an_unknown_mood_and_a_file_are_refused_with_what_can_be_done() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        with pytest.raises(UsageError, match="online, chat, away, xa, dnd"):
            play.xmpp.execute(parse("/presence sleepy"), "")
        with pytest.raises(UsageError, match="send the link"):
            play.xmpp.execute(parse("/send bob notes.pdf"), BOB)
        await play.stop()

    asyncio.run(scene())


def test_a_server_that_has_something_to_say_opens_no_talk() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.server.say(message("chat.test", "Maintenance at noon", kind="headline"))
        await play.until(lambda: bool(play.of(Informed)))
        (told,) = play.of(Informed)
        assert (told.text, told.chat, told.source) == ("Maintenance at noon", "", "chat.test")
        assert not play.of(MessageAdded)
        await play.stop()

    asyncio.run(scene())


def test_who_is_ignored_gets_no_answer_and_others_do() -> None:
    async def scene() -> None:
        play = await Play(DIRECT).start()
        play.xmpp.answer_only(lambda source: not source.startswith("eve@"))
        for sender in ("eve@chat.test/x", "bob@chat.test/x", "chat.test"):
            play.server.say(
                f"<iq type='get' id='{sender}' from='{sender}' to='{ME}'><query xmlns='odd'/></iq>"
            )
        answered = [line.line for line in play.sent("<iq") if "error" in line.line]
        assert len(answered) == 2
        assert not any("eve" in line for line in answered)
        await play.stop()

    asyncio.run(scene())
