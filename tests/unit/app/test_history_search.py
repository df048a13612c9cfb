"""Back to an old message: its chat brings lines from disk until it is there."""

import asyncio
from pathlib import Path

from chatlab.app import history as keeping
from tests.unit.app.test_history import Desk


def lines(folder: Path, count: int) -> None:
    first = Desk(folder)
    for number in range(count):
        first.say(f"line {number}", at=number + 1)
    first.end()


def test_the_chat_reaches_back_to_the_message_and_a_little_further(tmp_path: Path) -> None:
    lines(tmp_path, 3_000)
    desk = Desk(tmp_path)
    key = desk.chat.key
    asyncio.run(desk.keeper.load_back_to(key, 1_500))
    times = [entry.time_ns for entry in desk.chat.entries]
    assert times[0] < 1_500 - keeping.BLOCK + 1
    assert times == list(range(times[0], 3_001))
    desk.end()


def test_it_waits_for_lines_that_are_on_their_way_already(tmp_path: Path) -> None:
    lines(tmp_path, 300)
    desk = Desk(tmp_path)
    key = desk.chat.key

    async def both() -> None:
        await asyncio.gather(desk.keeper.fill(key), desk.keeper.load_back_to(key, 20))

    asyncio.run(both())
    assert [entry.time_ns for entry in desk.chat.entries] == list(range(1, 301))
    desk.end()


def test_what_is_not_there_ends_the_search(tmp_path: Path) -> None:
    lines(tmp_path, 3)
    desk = Desk(tmp_path)
    asyncio.run(desk.keeper.load_back_to(desk.chat.key, -5))
    assert desk.texts() == ["line 0", "line 1", "line 2"]
    found = asyncio.run(desk.keeper.search("LINE 1"))
    assert [one.text for one in found] == ["line 1"]
    desk.end()
