"""Messages taken back, by their authors or by those who moderate a room."""

import pytest

from chatlab.core import events as ev
from chatlab.core.errors import UsageError
from tests.helpers import xmpp_scene
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import Play, message, occupant
from tests.helpers.xmpp_scene import BOB, EVE, ROOM, correction, said, scene

at_once = xmpp_scene.at_once


def retraction(sender: str, of: str, kind: str = "chat") -> str:
    inner = f"<retract xmlns='urn:xmpp:message-retract:1' id='{of}'/>"
    return message(sender, "I took a message back.", "t1", inner, kind)


def test_an_author_may_take_a_message_back() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "oops"), retraction(f"{BOB}/x", "m1"))
        (first,) = said(play)
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.is_retracted, change.text) == (first.id, True, "")
        play.server.say(correction(f"{BOB}/x", "again", "m1"))
        assert len(play.of(ev.MessageRewritten)) == 1

    scene(play_it)


def test_nobody_else_may() -> None:
    async def play_it(play: Play) -> None:
        moderated = (
            f"<message type='groupchat' from='{ROOM}/eve' id='x'>"
            "<retract xmlns='urn:xmpp:message-retract:1' id='m1'>"
            "<moderated xmlns='urn:xmpp:message-moderate:1'/></retract></message>"
        )
        play.server.say(
            message(f"{ROOM}/bob", "hello", kind="groupchat"),
            retraction(f"{ROOM}/eve", "m1", "groupchat"),
            moderated,
            message(f"{BOB}/x", "hello"),
            retraction(f"{EVE}/x", "m1"),
        )
        assert not play.of(ev.MessageRewritten)
        assert len(said(play)) == 2

    scene(play_it, in_room=True)


def test_a_room_says_what_its_moderators_took_back() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            message(f"{ROOM}/eve", "spam", kind="groupchat"),
            f"<message type='groupchat' from='{ROOM}' id='x'>"
            "<retract xmlns='urn:xmpp:message-retract:1' id='m1'>"
            f"<moderated xmlns='urn:xmpp:message-moderate:1' by='{ROOM}/bob'/>"
            "<reason>spam</reason></retract></message>",
        )
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.is_retracted) == (said(play)[0].id, True)
        assert play.of(ev.Informed)[-1].text == "bob took a message back: spam"

    scene(play_it, in_room=True)


def test_rooms_that_know_the_version_before_are_understood_and_nobody_else_is() -> None:
    def moderated(sender: str, name: str) -> str:
        return (
            f"<message type='groupchat' from='{sender}' id='x'>"
            f"<apply-to xmlns='urn:xmpp:fasten:0' id='{name}'>"
            f"<moderated xmlns='urn:xmpp:message-moderate:0' by='{ROOM}/bob'>"
            "<retract xmlns='urn:xmpp:message-retract:0'/><reason>spam</reason></moderated>"
            "</apply-to></message>"
        )

    async def play_it(play: Play) -> None:
        play.server.say(
            message(f"{ROOM}/eve", "spam", kind="groupchat"),
            moderated(f"{ROOM}/bob", "m1"),
            moderated(f"{BOB}/x", "m1"),
        )
        assert not play.of(ev.MessageRewritten)
        play.server.say(moderated(ROOM, "m1"))
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.is_retracted) == (said(play)[0].id, True)
        assert play.of(ev.Informed)[-1].text == "bob took a message back: spam"

    scene(play_it, in_room=True)


@pytest.mark.parametrize(
    ("features", "wanted"),
    [
        ({"urn:xmpp:message-moderate:0"}, "message-moderate:0"),
        ({"urn:xmpp:message-moderate:0", "urn:xmpp:message-moderate:1"}, "message-moderate:1"),
        (set(), "message-moderate:1"),
        ({"muc_open"}, ""),
    ],
)
def test_a_moderator_asks_in_the_newest_way_that_the_room_knows(
    features: set[str], wanted: str
) -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            message(f"{ROOM}/eve", "spam", "e1", kind="groupchat"),
            occupant(ROOM, "ann", "moderator", "owner", codes=("110",)),
        )
        room = play.xmpp.session.context.state.room(ROOM)
        assert room is not None
        room.features = frozenset(features)
        if not wanted:
            with pytest.raises(UsageError, match="no way"):
                play.xmpp.retract(ROOM, "e1")
            return
        play.xmpp.retract(ROOM, "e1", "spam")
        await settle()
        (line,) = play.sent("message-moderate")
        assert wanted in line.line
        assert 'id="e1"' in line.line

    scene(play_it, in_room=True)


def test_taking_back_is_sent_for_our_own_and_asked_of_the_room_by_moderators() -> None:
    async def play_it(play: Play) -> None:
        (sent,) = play.xmpp.send(BOB, "oops")
        play.xmpp.retract(BOB, sent.msgid)
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.is_retracted) == (sent.id, True)
        play.server.say(message(f"{ROOM}/eve", "spam", "e1", kind="groupchat"))
        with pytest.raises(UsageError, match="moderators"):
            play.xmpp.retract(ROOM, "e1")
        play.server.say(occupant(ROOM, "ann", "moderator", "owner", codes=("110",)))
        play.xmpp.retract(ROOM, "e1", "spam")
        await settle()
        (line,) = play.sent("message-moderate")
        assert "<reason" in line.line

    scene(play_it, in_room=True)
