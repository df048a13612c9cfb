"""What is said about a message later: corrections, signs, answers."""

import pytest

from chatlab.core import events as ev
from chatlab.core.commands import parse
from chatlab.core.errors import UsageError
from tests.helpers import xmpp_scene
from tests.helpers.xmpp_play import ME, Play, message, occupant
from tests.helpers.xmpp_scene import BOB, EVE, ROOM, correction, said, scene

at_once = xmpp_scene.at_once


def reactions(sender: str, of: str, *signs: str, kind: str = "chat") -> str:
    inner = "".join(f"<reaction>{sign}</reaction>" for sign in signs)
    return (
        f"<message type='{kind}' from='{sender}' to='{ME}' id='r'>"
        f"<reactions xmlns='urn:xmpp:reactions:0' id='{of}'>{inner}</reactions></message>"
    )


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


def test_a_server_of_old_without_stanza_ids_works_by_ids() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{ROOM}/bob", "hello", "b1", kind="groupchat"))
        assert said(play)[0].msgid == "b1"

    scene(play_it, in_room=True)
