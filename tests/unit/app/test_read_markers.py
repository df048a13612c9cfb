"""How far we have read is told once, late enough, and only by who wants it told."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import cast

from chatlab.app.read_markers import ReadMarkers
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.events import MessageAdded, ReadMarkerMoved
from chatlab.core.ports import ChatConnection
from tests.helpers.chats import NOON, account, book_with, message

LAB = AccountId("lab")
KEY = ChatKey(LAB, "#lab")


class Marks:
    """A connection of which only the marking is looked at."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def mark_read(self, chat: str, time_ns: int) -> None:
        self.told.append((chat, time_ns))


class Desk:
    def __init__(self, *, is_wanted: bool = True) -> None:
        self.book, _ = book_with(of=replace(account(), sends_markers=is_wanted))
        self.connection = Marks()
        self.markers = ReadMarkers(
            self.book, lambda who: cast(ChatConnection, self.connection), delay_s=0
        )

    def say(self, at: int, *, is_history: bool = False) -> None:
        self.book.apply(MessageAdded(message(at=at, is_history=is_history)))


async def passed() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def run(scenario: Callable[[Desk], Coroutine[None, None, None]], *, is_wanted: bool = True) -> None:
    async def whole() -> None:
        desk = Desk(is_wanted=is_wanted)
        await scenario(desk)
        desk.markers.close()

    asyncio.run(whole())


def test_what_was_read_is_told_when_it_is_read_and_in_one_go() -> None:
    async def scenario(desk: Desk) -> None:
        desk.say(NOON)
        desk.say(NOON + 1)
        await passed()
        assert desk.connection.told == []
        desk.book.set_in_view({KEY})
        desk.say(NOON + 2)
        desk.say(NOON + 3)
        await passed()
        assert desk.connection.told == [("#lab", NOON + 3)]
        desk.book.set_in_view({KEY})
        desk.say(NOON - 5, is_history=True)
        await passed()
        assert len(desk.connection.told) == 1

    run(scenario)


def test_what_another_client_of_ours_has_read_is_not_told_again() -> None:
    async def scenario(desk: Desk) -> None:
        desk.say(NOON)
        event = ReadMarkerMoved(LAB, "#Lab", NOON)
        desk.book.apply(event)
        desk.markers.take_event(event)
        desk.book.set_in_view({KEY})
        await passed()
        assert desk.connection.told == []

    run(scenario)


def test_nothing_is_told_unless_the_account_allows_it() -> None:
    async def scenario(desk: Desk) -> None:
        desk.book.set_in_view({KEY})
        desk.say(NOON)
        await passed()
        assert desk.connection.told == []

    run(scenario, is_wanted=False)


def test_a_muted_chat_is_read_when_it_is_looked_at() -> None:
    async def scenario(desk: Desk) -> None:
        desk.book.set_muted(frozenset({KEY}))
        desk.say(NOON)
        await passed()
        assert desk.connection.told == []
        desk.book.set_in_view({KEY})
        await passed()
        assert desk.connection.told == [("#lab", NOON)]

    run(scenario)


def test_a_closed_chat_is_not_told_about_any_more() -> None:
    async def scenario(desk: Desk) -> None:
        desk.say(NOON)
        desk.book.set_in_view({KEY})
        desk.book.close(KEY)
        await passed()
        assert desk.connection.told == []

    run(scenario)
