"""Between book and disk: each line once, none lost, temporary accounts not at all."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.app.history import HistoryKeeper
from chatlab.core.account import AccountId
from chatlab.core.chats import Chat, ChatBook, ChatKey, Entry
from chatlab.core.events import MessageAdded, MessageChanged, ReactionSeen
from chatlab.core.message import Delivery, Message
from chatlab.core.reactions import Reaction
from chatlab.store.history import History
from tests.helpers.chats import account, message

LAB = AccountId("lab")


class Desk:
    """A book with its history."""

    def __init__(self, folder: Path, *, is_temporary: bool = False) -> None:
        self.book = ChatBook()
        self.history = History(folder / "history.sqlite3", lambda error: pytest.fail(str(error)))
        self.keeper = HistoryKeeper(self.book, self.history, lines=5)
        self.wanted: list[ChatKey] = []
        self.keeper.on_opened = self.wanted.append
        self.book.add_account(replace(account(), is_temporary=is_temporary))

    def say(self, text: str, at: int = 1, delivery: Delivery | None = None) -> Message:
        said = message(text, at=at, delivery=delivery)
        self.book.apply(MessageAdded(said))
        return said

    def texts(self) -> list[str]:
        return [entry.text for entry in self.chat.entries]

    @property
    def chat(self) -> Chat:
        return self.book.open(LAB, "#lab")

    def stored(self) -> tuple[Entry, ...]:
        return asyncio.run(self.history.last(self.chat.key, 100))

    def end(self) -> None:
        self.keeper.close()


def test_what_is_said_is_on_disk_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.say("hello")
    assert [entry.text for entry in desk.stored()] == ["hello"]
    desk.end()


def test_a_chat_that_opens_brings_its_last_lines_in_order(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    for number in range(8):
        first.say(f"line {number}", at=number + 1)
    first.end()
    second = Desk(tmp_path)
    key = second.chat.key
    assert key in second.wanted
    asyncio.run(second.keeper.fill(key))
    assert second.texts() == [f"line {number}" for number in range(3, 8)]
    asyncio.run(second.keeper.load_older(key))
    assert second.texts() == [f"line {number}" for number in range(8)]
    assert len(second.stored()) == 8, "what came from the disk was written again"
    second.end()


def test_what_is_said_while_the_history_loads_is_kept_and_shown_once(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.say("yesterday", at=1)
    first.end()
    second = Desk(tmp_path)
    chat = second.chat

    async def both() -> None:
        filling = asyncio.ensure_future(second.keeper.fill(chat.key))
        await asyncio.sleep(0)  # It is asking the disk now.
        second.say("today", at=2)
        await filling

    asyncio.run(both())
    assert second.texts() == ["yesterday", "today"]
    assert [entry.text for entry in second.stored()] == ["yesterday", "today"]
    second.end()


def test_what_an_archive_brought_at_another_time_is_not_brought_from_disk_again(
    tmp_path: Path,
) -> None:
    first = Desk(tmp_path)
    first.book.apply(MessageAdded(replace(message("said once", at=5), msgid="m1")))
    first.book.apply(MessageAdded(replace(message("older", at=3), msgid="m0")))
    first.end()
    second = Desk(tmp_path)
    key = second.chat.key
    again = replace(message("said once", at=6), msgid="m1", is_history=True)
    second.book.apply(MessageAdded(again))
    asyncio.run(second.keeper.fill(key))
    assert second.texts() == ["older", "said once"]
    assert asyncio.run(second.keeper.newest(LAB)) == {"#lab": 5}
    second.end()


def test_how_far_a_message_got_follows_it_to_disk(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    said = desk.say("on its way", delivery=Delivery.WRITTEN)
    desk.book.apply(MessageChanged(LAB, said.id, Delivery.ECHOED))
    (entry,) = desk.stored()
    assert isinstance(entry, Message)
    assert entry.delivery is Delivery.ECHOED
    desk.end()


def test_a_temporary_account_leaves_no_trace(tmp_path: Path) -> None:
    desk = Desk(tmp_path, is_temporary=True)
    desk.say("off the record")
    asyncio.run(desk.keeper.fill(desk.chat.key))
    desk.end()
    assert list(tmp_path.iterdir()) == []


def test_a_chat_that_was_closed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    key = desk.chat.key
    desk.book.close(key)
    asyncio.run(desk.keeper.fill(key))
    assert key not in desk.book.chats
    desk.end()


def test_a_reaction_follows_its_message_to_disk_now_and_after_a_restart(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.book.apply(MessageAdded(replace(message("hello"), msgid="m")))
    first.book.apply(ReactionSeen(LAB, "#lab", "bob", "m", "👍", 1))
    first.end()

    second = Desk(tmp_path)
    asyncio.run(second.keeper.fill(second.chat.key))
    second.book.apply(ReactionSeen(LAB, "#lab", "carol", "m", "👍", 2))
    (entry,) = second.stored()
    assert isinstance(entry, Message)
    assert entry.reactions == (Reaction("👍", ("bob", "carol")),)
    second.end()


def test_a_reaction_to_what_is_on_disk_alone_is_kept_when_that_is_brought(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.book.apply(MessageAdded(replace(message("hello"), msgid="m")))
    first.end()

    second = Desk(tmp_path)
    second.book.apply(ReactionSeen(LAB, "#lab", "bob", "m", "👍", 1))
    asyncio.run(second.keeper.fill(second.chat.key))
    (entry,) = second.stored()
    assert isinstance(entry, Message)
    assert entry.reactions == (Reaction("👍", ("bob",)),)
    second.end()


def test_a_message_is_brought_by_the_name_that_an_answer_has_for_it(tmp_path: Path) -> None:
    first = Desk(tmp_path)
    first.book.apply(MessageAdded(replace(message("asked", at=1), msgid="m")))
    for number in range(20):
        first.say(f"line {number}", at=number + 2)
    first.end()

    second = Desk(tmp_path)
    asyncio.run(second.keeper.fill(second.chat.key))
    assert "asked" not in second.texts()
    asyncio.run(second.keeper.load_named(second.chat.key, "nothing"))
    assert "asked" not in second.texts()
    asyncio.run(second.keeper.load_named(second.chat.key, "m"))
    assert "asked" in second.texts()
    second.end()
