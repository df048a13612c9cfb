"""Who is writing: for as long as the protocol says, and not a moment after they spoke."""

import pytest

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.connection import LinkState
from chatlab.core.typing import MAX_WRITERS, Writers
from tests.helpers.chats import message

LAB = AccountId("lab")
KEY = ChatKey(LAB, "#lab")
SECOND = 1_000_000_000


def typing(nick: str, state: ev.Typing = ev.Typing.ACTIVE) -> ev.TypingSeen:
    return ev.TypingSeen(LAB, "#Lab", nick, state, 0)


def test_writers_are_named_in_the_order_in_which_they_began_and_expire() -> None:
    writers = Writers()
    assert writers.take(typing("bob"), 0) == {KEY}
    writers.take(typing("alice", ev.Typing.PAUSED), SECOND)
    writers.take(typing("Bob"), 2 * SECOND)
    assert writers.names(KEY, 2 * SECOND) == ("Bob", "alice")
    assert writers.next_end_ns() == 8 * SECOND
    assert writers.names(KEY, 8 * SECOND) == ("alice",)
    assert writers.expire(8 * SECOND) == {KEY}
    assert writers.expire(9 * SECOND) == frozenset()
    assert writers.expire(31 * SECOND) == {KEY}
    assert (writers.names(KEY, 31 * SECOND), writers.next_end_ns()) == ((), None)


@pytest.mark.parametrize(
    "end",
    [
        typing("BOB", ev.Typing.DONE),
        ev.MessageAdded(message(sender="bob")),
        ev.MemberLeft(LAB, ("#lab",), "bob", ev.Departure.QUIT, 0),
        ev.MemberRenamed(LAB, ("#lab",), "bob", "rob", 0),
        ev.LinkChanged(LAB, LinkState.WAITING, 0),
    ],
    ids=lambda event: type(event).__name__,
)
def test_whoever_spoke_left_or_emptied_the_field_is_not_writing(end: ev.ChatEvent) -> None:
    writers = Writers()
    writers.take(typing("bob"), 0)
    assert writers.take(end, 0) == {KEY}
    assert writers.names(KEY, 0) == ()
    assert writers.take(end, 0) == frozenset()


def test_a_replayed_message_ends_nothing_and_a_crowd_is_bounded() -> None:
    writers = Writers()
    for number in range(MAX_WRITERS + 5):
        writers.take(typing(f"bob{number}"), 0)
    assert len(writers.names(KEY, 0)) == MAX_WRITERS
    assert not writers.take(ev.MessageAdded(message(sender="bob0", is_history=True)), 0)
