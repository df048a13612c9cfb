"""Receipts, markers and chat states: what they say is believed from whom it concerns."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from chatlab.core import events as ev
from chatlab.core.account import Account, Security
from chatlab.core.commands import parse
from chatlab.core.message import Delivery
from tests.helpers.irc_play import START_NS
from tests.helpers.xmpp_play import ACCOUNT, ME, Play, message

DIRECT = replace(ACCOUNT, security=Security.DIRECT_TLS)
ROOM = "lab@rooms.chat.test"
BOB, EVE = "bob@chat.test", "eve@chat.test"
RECEIPTS, MARKERS = "urn:xmpp:receipts", "urn:xmpp:chat-markers:0"
STATES = "http://jabber.org/protocol/chatstates"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is handled before ``say`` returns, however busy this computer is."""
    monkeypatch.setattr("chatlab.chat.xmpp.link.SLICE_S", 60.0)


def scene(play_it: Callable[[Play], Awaitable[None]], account: Account = DIRECT) -> None:
    async def run() -> None:
        play = await Play(account).start()
        await play_it(play)
        await play.stop()

    asyncio.run(run())


def empty(sender: str, inner: str, kind: str = "chat") -> str:
    return f"<message type='{kind}' from='{sender}' to='{ME}' id='n'>{inner}</message>"


@pytest.mark.parametrize(
    ("inner", "state"),
    [
        (f"<received xmlns='{RECEIPTS}' id='ID'/>", Delivery.DELIVERED),
        (f"<received xmlns='{MARKERS}' id='ID'/>", Delivery.DELIVERED),
        (f"<displayed xmlns='{MARKERS}' id='ID'/>", Delivery.DISPLAYED),
    ],
)
def test_only_the_addressee_says_what_became_of_a_message(inner: str, state: Delivery) -> None:
    async def play_it(play: Play) -> None:
        (sent,) = play.xmpp.send(BOB, "hello")
        news = inner.replace("ID", sent.msgid)
        play.server.say(empty(f"{EVE}/x", news), empty(f"{ROOM}/bob", news))
        play.server.say(empty(f"{BOB}/x", inner.replace("ID", "other")))
        assert state not in play.deliveries
        play.server.say(empty(f"{BOB}/x", news))
        assert play.deliveries[-1] is state

    scene(play_it)


def test_a_receipt_is_asked_for_and_given_between_two_only() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.send(BOB, "hello")
        assert f'request xmlns="{RECEIPTS}"' in play.sent("<body>hello")[0].line
        wish = f"<request xmlns='{RECEIPTS}'/>"
        play.server.say(message(f"{BOB}/x", "hi", "b1", wish))
        (receipt,) = play.sent("<received")
        assert f'to="{BOB}/x"' in receipt.line
        assert 'id="b1"' in receipt.line
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        play.server.say(message(f"{ROOM}/bob", "hi", "b2", wish, "groupchat"))
        play.server.say(message(f"{ROOM}/bob", "psst", "b3", wish))
        assert len(play.sent("<received")) == 1
        play.xmpp.send(ROOM, "hello room")
        assert RECEIPTS not in play.sent("hello room")[0].line

    scene(play_it)


def test_an_account_that_gives_no_receipts_sends_none() -> None:
    async def play_it(play: Play) -> None:
        play.server.say(message(f"{BOB}/x", "hi", "b1", f"<request xmlns='{RECEIPTS}'/>"))
        assert not play.sent("<received")

    scene(play_it, replace(DIRECT, sends_receipts=False))


def test_markers_are_sent_once_for_the_newest_and_only_where_wanted() -> None:
    async def play_it(play: Play) -> None:
        wish = f"<markable xmlns='{MARKERS}'/>"
        play.server.say(message(BOB, "1", "b1", wish), message(BOB, "2", "b2", wish))
        play.xmpp.mark_read(BOB, START_NS)
        play.xmpp.mark_read(BOB, START_NS)
        (mark,) = play.sent("<displayed")
        assert 'id="b2"' in mark.line
        play.xmpp.update(replace(play.xmpp.account, sends_markers=False))
        play.server.say(message(BOB, "3", "b3", wish))
        play.xmpp.mark_read(BOB, START_NS)
        assert len(play.sent("<displayed")) == 1

    scene(play_it, replace(DIRECT, sends_markers=True))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("composing", ev.Typing.ACTIVE),
        ("paused", ev.Typing.PAUSED),
        ("active", ev.Typing.DONE),
        ("inactive", ev.Typing.DONE),
        ("gone", ev.Typing.DONE),
    ],
)
def test_who_is_writing_is_told(name: str, state: ev.Typing) -> None:
    async def play_it(play: Play) -> None:
        play.server.say(empty(f"{BOB}/x", f"<{name} xmlns='{STATES}'/>"))
        (seen,) = play.of(ev.TypingSeen)
        assert (seen.chat, seen.nick, seen.state) == (BOB, BOB, state)
        assert not play.of(ev.MessageAdded)

    scene(play_it)


def test_our_writing_is_told_seldom_and_not_at_all_unless_allowed() -> None:
    async def play_it(play: Play) -> None:
        for _ in range(20):
            play.xmpp.note_typing(BOB, True)
        assert len(play.sent("<composing")) == 1
        await play.time.advance(5.5)
        assert len(play.sent("<paused")) == 1
        play.xmpp.note_typing(BOB, True)
        play.xmpp.note_typing(BOB, False)
        assert len(play.sent("<composing")) == 2
        assert len(play.sent("<active")) == 1
        play.xmpp.note_typing(BOB, True)
        play.xmpp.send(BOB, "hello")
        await play.time.advance(20)
        assert len(play.sent("<paused")) == 1
        play.xmpp.update(replace(play.xmpp.account, sends_typing=False))
        play.xmpp.note_typing(BOB, True)
        assert len(play.sent("<composing")) == 3

    scene(play_it, replace(DIRECT, sends_typing=True))


def test_rooms_and_programs_that_know_no_chat_states_are_not_told() -> None:
    async def play_it(play: Play) -> None:
        play.xmpp.execute(parse(f"/join {ROOM}"), "")
        await play.until(lambda: bool(play.of(ev.MembersListed)))
        play.server.say(message(f"{BOB}/x", "plain"))
        for chat in (ROOM, f"{ROOM}/bob", BOB, ""):
            play.xmpp.note_typing(chat, True)
        assert not play.sent("<composing")
        play.server.say(message(f"{BOB}/x", "modern", inner=f"<active xmlns='{STATES}'/>"))
        play.xmpp.note_typing(BOB, True)
        assert len(play.sent("<composing")) == 1

    scene(play_it, replace(DIRECT, sends_typing=True))
