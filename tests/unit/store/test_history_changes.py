"""Names, replies, reactions and rewritten messages on disk; files of the format before."""

import asyncio
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.errors import FileError
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.core.reactions import Reaction
from chatlab.store.history import History
from chatlab.store.history_schema import FORMAT, STEPS
from tests.helpers.chats import message

LAB = ChatKey(AccountId("lab"), "#lab")
THUMBS = (Reaction("👍", ("bob", "carol")), Reaction("🎉", ("bob",)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    history = open_history(path)
    yield history
    history.close()


def open_history(path: Path) -> History:
    return History(path, lambda error: pytest.fail(str(error)))


def stored(history: History) -> list[Message]:
    found = asyncio.run(history.last(LAB, 100))
    return [entry for entry in found if isinstance(entry, Message)]


def test_what_belongs_to_a_message_comes_back_with_it(history: History) -> None:
    said = replace(
        message("hello\nsecond line"),
        msgid="m;1",
        reply_to="m;0",
        is_corrected=True,
        reactions=THUMBS,
        is_unstyled=True,
        is_sealed=True,
    )
    history.append(LAB, said)
    (found,) = stored(history)
    assert found == replace(said, id=MessageId("history-1"), is_history=True)


def test_a_message_that_was_taken_back_is_taken_from_the_disk(history: History, path: Path) -> None:
    said = replace(message("a secret that slipped out"), msgid="m")
    history.append(LAB, said)
    history.change(LAB, replace(said, text="", is_retracted=True))
    (found,) = stored(history)
    assert (found.text, found.is_retracted, found.is_corrected) == ("", True, False)
    history.close()
    assert b"slipped out" not in path.read_bytes()


def test_a_message_of_an_earlier_run_can_change_by_its_row_or_by_its_name(
    history: History, path: Path
) -> None:
    history.append(LAB, replace(message("one"), msgid="m"))
    history.append(LAB, message("two"))
    history.close()
    again = open_history(path)
    one, two = stored(again)
    again.change(LAB, replace(two, reactions=THUMBS))
    # The server replayed it, so this session has it under another id.
    again.change(LAB, replace(one, id=MessageId("new"), reactions=THUMBS[:1]))
    assert [found.reactions for found in stored(again)] == [THUMBS[:1], THUMBS]
    again.close()


def test_a_change_without_a_name_touches_nothing_else(history: History) -> None:
    history.append(LAB, message("one"))
    history.change(LAB, replace(message("two"), reactions=THUMBS))
    assert [found.reactions for found in stored(history)] == [()]


def test_a_replay_is_known_by_its_name_first(history: History) -> None:
    live = replace(message("hello", at=5), msgid="m")
    history.append(LAB, live)
    history.append(LAB, replace(live, is_history=True, time_ns=6))
    history.append(LAB, replace(live, is_history=True, msgid="n"))
    history.append(LAB, replace(live, is_history=True, msgid=""))
    assert [found.msgid for found in stored(history)] == ["m", "n"]


def test_reactions_that_make_no_sense_are_none(history: History, path: Path) -> None:
    history.append(LAB, message("hello"))
    stored(history)
    for words in ("{", "3", '[["👍"]]', "[1]"):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE entries SET reactions = ?", (words,))
        connection.close()
        assert stored(history)[0].reactions == ()


@pytest.mark.parametrize("number", range(1, FORMAT))
def test_a_file_of_a_format_before_is_brought_up_to_date_and_loses_nothing(
    path: Path, number: int
) -> None:
    old = sqlite3.connect(path)
    old.executescript(f"{''.join(STEPS[:number])} PRAGMA user_version = {number};")
    old.execute(
        "INSERT INTO entries (account, chat, title, time_ns, kind, application, sender, is_sent,"
        " text, delivery, detail, is_highlight, message)"
        " VALUES ('lab', '#lab', '#Lab', 7, 'message', 'irc', 'me', 1, 'old', 'echoed', '', 0, 'x/1')"
    )
    old.commit()
    old.close()
    history = open_history(path)
    (found,) = stored(history)
    assert (found.text, found.delivery, found.time_ns) == ("old", Delivery.ECHOED, 7)
    assert (found.msgid, found.reply_to, found.reactions) == ("", "", ())
    assert (found.is_unstyled, found.is_sealed) == (False, False)
    history.change(LAB, replace(found, reactions=THUMBS))
    assert stored(history)[0].reactions == THUMBS
    history.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    connection.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    old = sqlite3.connect(path)
    # Somebody added a column of that name: the step cannot be taken.
    old.executescript(
        f"{STEPS[0]} ALTER TABLE entries ADD COLUMN reactions TEXT; PRAGMA user_version = 1;"
    )
    old.close()
    reports: list[FileError] = []
    history = History(path, reports.append)
    assert asyncio.run(history.last(LAB, 10)) == ()
    history.close()
    assert len(reports) == 1
    with sqlite3.connect(path) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(entries)")]
        number = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    assert ("msgid" in columns, number) == (False, (1,))


def test_the_newest_of_each_chat_is_what_came_or_what_the_server_surely_has(
    history: History,
) -> None:
    history.append(LAB, message("came", at=5))
    history.append(LAB, message("on its way", "me", at=7, delivery=Delivery.WRITTEN))
    other = ChatKey(LAB.account, "bob")
    history.append(other, message("taken", "me", at=6, delivery=Delivery.ECHOED))
    history.append(other, message("failed", "me", at=9, delivery=Delivery.FAILED))
    history.append(ChatKey(AccountId("other"), "bob"), message("elsewhere", at=99))
    found = asyncio.run(history.newest(LAB.account))
    assert found == {"#lab": 5, "bob": 6}
