"""What is said about a message later: corrections, signs, answers, taking it back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from chatlab.core.message import Message
from tests.helpers.irc_play import settle
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, message, occupant

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ROOM = "lab@rooms.chat.test"
BOB, EVE = "bob@chat.test", "eve@chat.test"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


def scene(play_it: Callable[[Play], Awaitable[None]], *, in_room: bool = False) -> None:
    async def run() -> None:
        play = await Play(DIRECT).start()
        if in_room:
            play.xmpp.execute(parse(f"/join {ROOM}"), "")
            await play.until(lambda: bool(play.of(ev.MembersListed)))
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def said(play: Play) -> list[Message]:
    return [event.message for event in play.of(ev.MessageAdded)]


def correction(sender: str, body: str, of: str, name: str = "m2", kind: str = "chat") -> str:
    inner = f"<replace xmlns='urn:xmpp:message-correct:0' id='{of}'/>"
    return message(sender, body, name, inner, kind)


def reactions(sender: str, of: str, *signs: str, kind: str = "chat") -> str:
    inner = "".join(f"<reaction>{sign}</reaction>" for sign in signs)
    return (
        f"<message type='{kind}' from='{sender}' to='{ME}' id='r'>"
        f"<reactions xmlns='urn:xmpp:reactions:0' id='{of}'>{inner}</reactions></message>"
    )


def retraction(sender: str, of: str, kind: str = "chat") -> str:
    inner = f"<retract xmlns='urn:xmpp:message-retract:1' id='{of}'/>"
    return message(sender, "I took a message back.", "t1", inner, kind)


# -- corrections


def test_an_author_may_correct_from_any_of_their_programs() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "helo"), correction(f"{BOB}/y", "hello", "m1"))
        (first,) = said(play)
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.text, change.chat) == (first.id, "hello", BOB)
        assert change.wire is not None

    scene(play_it)


@pytest.mark.parametrize(
    "attack",
    [
        correction(f"{EVE}/x", "evil", "m1"),
        correction(f"{BOB}/x", "self", "m2", "m2"),
        correction(f"{BOB}/x", "of nothing", "m9"),
    ],
    ids=["stranger", "itself", "unknown"],
)
def test_a_correction_that_is_none_is_a_message(attack: str) -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "hello"), attack)
        assert not play.of(ev.MessageRewritten)
        assert len(said(play)) == 2

    scene(play_it)


def test_a_correction_of_a_correction_changes_the_message_and_chains_end() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "0", "m0"))
        for number in range(1, 200):
            play.server.say(correction(BOB, str(number), f"m{number - 1}", f"m{number}"))
        play.server.say(correction(BOB, "cycle", "m3", "m0"))
        changes = play.of(ev.MessageRewritten)
        assert sum(change.message == said(play)[0].id for change in changes) == 50
        assert len(said(play)) < 6

    scene(play_it)


def test_who_takes_over_a_nickname_cannot_correct_what_was_said_under_it() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            message(f"{ROOM}/bob", "hello", kind="groupchat"),
            occupant(ROOM, "bob", kind="unavailable"),
            occupant(ROOM, "bob"),
            correction(f"{ROOM}/bob", "evil", "m1", kind="groupchat"),
        )
        assert not play.of(ev.MessageRewritten)
        assert [each.text for each in said(play)] == ["hello", "evil"]

    scene(play_it, in_room=True)


def test_correcting_takes_the_place_of_our_last_message() -> None:
    async def play_it(play: Play) -> None:
        (sent,) = play.xmpp.send(BOB, "helo")
        play.xmpp.execute(parse("/correct hello"), BOB)
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.text) == (sent.id, "hello")
        (line,) = play.sent("message-correct")
        assert f'id="{sent.msgid}"' in line.line
        with pytest.raises(UsageError, match="no message of yours"):
            play.xmpp.execute(parse("/correct x"), EVE)

    scene(play_it)


def test_a_message_from_before_the_start_is_corrected_by_its_name() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.correct(BOB, "of-yesterday", "hello")
        (line,) = play.sent("message-correct")
        assert 'id="of-yesterday"' in line.line
        (change,) = play.of(ev.MessageRewritten)
        assert (change.chat, change.message, change.msgid) == (BOB, "", "of-yesterday")
        assert (change.text, change.wire) == ("hello", line.wire)

    scene(play_it)


def test_what_cannot_be_corrected_is_refused_before_a_byte_leaves() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "theirs"))
        (sent,) = play.xmpp.send(BOB, "ours")
        play.xmpp.retract(BOB, sent.msgid)
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        for chat, msgid in ((BOB, "m1"), (BOB, sent.msgid), (ROOM, "of-yesterday"), (EVE, "")):
            with pytest.raises(UsageError):
                play.xmpp.correct(chat, msgid, "hello")
        assert not play.sent("message-correct")

    scene(play_it)


def test_a_correction_in_a_room_holds_when_the_room_has_it() -> None:
    async def play_it(play: Play) -> None:
        (sent,) = play.xmpp.send(ROOM, "helo")
        await play.until(lambda: any(event.echo for event in play.of(ev.MessageChanged)))
        play.server.on["message"] = lambda element: play.server.say(
            correction(f"{ROOM}/ann", "hello", sent_id(play), kind="groupchat")
        )
        play.xmpp.execute(parse("/correct hello"), ROOM)
        assert not play.of(ev.MessageRewritten)
        await play.until(lambda: bool(play.of(ev.MessageRewritten)))
        (change,) = play.of(ev.MessageRewritten)
        assert (change.message, change.text) == (sent.id, "hello")
        assert len(said(play)) == 1

    scene(play_it, in_room=True)


def sent_id(play: Play) -> str:
    (line,) = play.sent("<body>helo</body>")
    return line.line.partition(' id="')[2].partition('"')[0]


# -- signs


def test_each_stanza_names_all_signs_so_removals_follow() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(
            message(f"{BOB}/x", "hello"),
            reactions(f"{BOB}/x", "m1", "👍", "🎉"),
            reactions(f"{BOB}/y", "m1", "🎉"),
        )
        seen = [(e.nick, e.reaction, e.is_removed, e.msgid) for e in play.of(ev.ReactionSeen)]
        assert seen == [
            (BOB, "👍", False, "m1"),
            (BOB, "🎉", False, "m1"),
            (BOB, "👍", True, "m1"),
        ]

    scene(play_it)


def test_a_flood_of_signs_is_bounded() -> None:
    async def play_it(play: Play) -> None:
        many = [f"s{number}" for number in range(200)]
        play.server.say(reactions(BOB, "m1", *many), reactions(EVE, "m1", "x" * 65))
        assert len(play.of(ev.ReactionSeen)) == 20
        assert not said(play)

    scene(play_it)


def test_our_sign_is_told_with_those_that_we_gave_before() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "hello"))
        play.xmpp.react(BOB, "m1", "👍")
        play.xmpp.react(BOB, "m1", "🎉")
        play.xmpp.react(BOB, "m1", "👍", is_removed=True)
        lines = [line.line.count("<reaction>") for line in play.sent("urn:xmpp:reactions:0")]
        assert lines == [1, 2, 1]
        seen = [(e.nick, e.reaction, e.is_removed) for e in play.of(ev.ReactionSeen)]
        assert seen == [("ann", "👍", False), ("ann", "🎉", False), ("ann", "👍", True)]
        with pytest.raises(UsageError, match="1 to 64"):
            play.xmpp.react(BOB, "m1", " ")
        with pytest.raises(UsageError, match="no name"):
            play.xmpp.react(BOB, "", "👍")

    scene(play_it)


def test_our_sign_in_a_room_holds_when_the_room_has_it() -> None:
    async def play_it(play: Play) -> None:
        play.server.on["message"] = lambda element: play.server.say(
            reactions(f"{ROOM}/ann", "room-1", "👍", kind="groupchat")
        )
        play.xmpp.react(ROOM, "room-1", "👍")
        assert not play.of(ev.ReactionSeen)
        await play.until(lambda: bool(play.of(ev.ReactionSeen)))
        (seen,) = play.of(ev.ReactionSeen)
        assert (seen.nick, seen.chat) == ("ann", ROOM)

    scene(play_it, in_room=True)


# -- answers


def test_an_answer_quotes_what_it_answers_for_those_who_know_no_answers() -> None:
    async def play_it(play: Play) -> None:
        assert play.xmpp.features.can_reply
        play.server.say(message(f"{BOB}/x", "one\ntwo"))
        (first,) = said(play)
        (answer,) = play.xmpp.send(BOB, "yes", reply_to=first.msgid)
        assert (answer.text, answer.reply_to) == ("yes", "m1")
        (line,) = play.sent("urn:xmpp:reply:0")
        assert "&gt; one\n&gt; two\nyes</body>" in line.line
        assert 'end="12"' in line.line
        assert f'to="{BOB}/x"' in line.line

    scene(play_it)


@pytest.mark.parametrize(
    ("body", "place", "shown"),
    [
        ("&gt; é🎉\nyes", "<body start='0' end='5'/>", "yes"),
        ("&gt; hi\nyes", "<body start='0' end='99999'/>", "> hi\nyes"),
        ("&gt; hi\nyes", "<body start='5' end='2'/>", "> hi\nyes"),
        ("&gt; hi\nyes", "<body start='-1' end='x'/>", "> hi\nyes"),
        ("yes", "", "yes"),
    ],
    ids=["characters", "all of it", "backwards", "no numbers", "whole body"],
)
def test_the_quotation_of_an_answer_is_not_shown(body: str, place: str, shown: str) -> None:
    async def play_it(play: Play) -> None:
        inner = (
            "<reply xmlns='urn:xmpp:reply:0' id='m0'/>"
            f"<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>{place}</fallback>"
        )
        play.server.say(message(f"{BOB}/x", body, inner=inner))
        (answer,) = said(play)
        assert (answer.text, answer.reply_to) == (shown, "m0")

    scene(play_it)


# -- taking back


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


def test_a_server_of_old_without_stanza_ids_works_by_ids() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{ROOM}/bob", "hello", "b1", kind="groupchat"))
        assert said(play)[0].msgid == "b1"

    scene(play_it, in_room=True)
