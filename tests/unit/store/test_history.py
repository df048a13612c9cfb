"""Transcripts on disk: nothing lost, nothing leaked, nobody kept waiting."""

import asyncio
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import ChatKey, Entry, Note, NoteKind
from chatlab.core.errors import FileError
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.store.history import BATCH_ROWS, History

LAB = ChatKey(AccountId("a1"), "#lab")
OTHER = ChatKey(AccountId("a2"), "#lab")


def message(number: int, text: str = "", *, target: str = "#Lab", sent: bool = False) -> Message:
    return Message(
        id=MessageId(str(number)),
        account=LAB.account,
        application=Application.IRC,
        direction=Direction.SENT if sent else Direction.RECEIVED,
        sender="me" if sent else "alice",
        target=target,
        text=text or f"line {number}",
        time_ns=number,
        delivery=Delivery.WRITTEN if sent else None,
    )


class Reports(list[FileError]):
    """Collects what the history reports."""


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def history(tmp_path: Path, reports: Reports) -> Iterator[History]:
    history = History(tmp_path / "history" / "history.sqlite3", reports.append)
    yield history
    history.close()


def last(history: History, key: ChatKey = LAB, count: int = 100, **more: int) -> tuple[Entry, ...]:
    return asyncio.run(history.last(key, count, **more))


def texts(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.text for entry in entries]


def test_entries_come_back_as_they_were_and_marked_as_history(history: History) -> None:
    note = Note(2, NoteKind.TOPIC, "alice set the topic: x", "a hint")
    action = replace(message(1), kind=MessageKind.ACTION, is_highlight=True)
    history.append(LAB, action)
    history.append(LAB, note)
    found = last(history)
    assert found[1] == note
    assert found[0] == replace(action, id=MessageId("history-1"), is_history=True)


def test_the_last_ones_are_given_oldest_first_and_further_back_on_demand(history: History) -> None:
    for number in range(1, 11):
        history.append(LAB, message(number))
    assert texts(last(history, count=3)) == ["line 8", "line 9", "line 10"]
    assert texts(last(history, count=3, before_ns=8)) == ["line 5", "line 6", "line 7"]


def test_a_burst_is_written_whole_and_in_order(history: History, reports: Reports) -> None:
    count = BATCH_ROWS * 3 + 7
    for number in range(count):
        history.append(LAB, message(number))
    assert texts(last(history, count=count * 2)) == [f"line {n}" for n in range(count)]
    assert not reports


def test_everything_is_there_after_a_restart(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "h.sqlite3"
    for number in (1, 2):
        history = History(path, reports.append)
        history.append(LAB, message(number))
        history.close()
    again = History(path, reports.append)
    assert texts(last(again)) == ["line 1", "line 2"]
    again.close()


def test_a_sent_message_keeps_its_last_state(history: History) -> None:
    history.append(LAB, message(1, sent=True))
    history.append(LAB, message(2, sent=True))
    history.change(LAB, replace(message(1, sent=True), delivery=Delivery.ECHOED, time_ns=5))
    history.change(
        LAB, replace(message(2, sent=True), delivery=Delivery.FAILED, failure="No such nick.")
    )
    second, first = last(history)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert (first.delivery, first.time_ns) == (Delivery.ECHOED, 5)
    assert (second.delivery, second.failure) == (Delivery.FAILED, "No such nick.")


def test_ids_of_another_run_are_not_confused(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "h.sqlite3"
    first = History(path, reports.append)
    first.append(LAB, message(1, sent=True))
    first.close()
    second = History(path, reports.append)
    second.change(LAB, replace(message(1, sent=True), delivery=Delivery.FAILED))
    (entry,) = last(second)
    second.close()
    assert isinstance(entry, Message)
    assert entry.delivery is Delivery.WRITTEN


def test_what_was_never_sent_is_not_shown_as_waiting_for_ever(history: History) -> None:
    history.append(LAB, replace(message(1, sent=True), delivery=Delivery.QUEUED))
    (entry,) = last(history)
    assert isinstance(entry, Message)
    assert entry.delivery is Delivery.FAILED
    assert "closed" in entry.failure


def test_replayed_messages_are_not_stored_twice(history: History) -> None:
    history.append(LAB, message(1))
    history.append(LAB, replace(message(1), id=MessageId("x"), is_history=True))
    history.append(LAB, replace(message(2), is_history=True))
    assert texts(last(history)) == ["line 1", "line 2"]


def test_keeping_nothing_makes_no_file(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "history" / "h.sqlite3"
    history = History(path, reports.append, is_keeping=False)
    history.append(LAB, message(1))
    assert last(history) == ()
    history.close()
    assert not path.parent.exists()


def test_deleting_a_chat_an_account_everything(history: History) -> None:
    history.append(LAB, message(1))
    history.append(OTHER, message(2))
    assert asyncio.run(history.delete_chat(LAB))
    assert (len(last(history)), len(last(history, OTHER))) == (0, 1)
    history.append(LAB, message(3))
    assert asyncio.run(history.delete_account(AccountId("a2")))
    assert (len(last(history)), len(last(history, OTHER))) == (1, 0)
    assert asyncio.run(history.delete_everything())
    assert last(history) == ()


def test_deleted_words_are_gone_from_the_disk(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "h.sqlite3"
    history = History(path, reports.append)
    history.append(LAB, message(1, "the words to forget"))
    asyncio.run(history.delete_chat(LAB))
    on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    history.close()
    assert b"words to forget" not in on_disk


@pytest.mark.parametrize("name", ["#../../x", "#a/b", "%Y", "con", "#" + "x" * 200, "a\x00b", "…"])
def test_a_chat_name_is_never_a_file_name(history: History, tmp_path: Path, name: str) -> None:
    key = ChatKey(LAB.account, name)
    history.append(key, message(1))
    assert len(last(history, key)) == 1
    assert {file.parent.name for file in tmp_path.rglob("*.sqlite3")} == {"history"}


@pytest.mark.parametrize(
    ("target", "text", "kept"),
    [
        ("NickServ", "IDENTIFY me s3cret", "IDENTIFY …"),
        ("nickserv@services.libera.chat", "register s3cret me@x.org", "register …"),
        ("Q", "AUTH me s3cret", "AUTH …"),
        ("NickServ", "HELP", "HELP"),
        ("alice", "identify yourself", "identify yourself"),
    ],
)
def test_a_password_for_a_service_stays_off_the_disk(
    history: History, target: str, text: str, kept: str
) -> None:
    key = ChatKey(LAB.account, target.lower())
    history.append(key, message(1, text, target=target, sent=True))
    assert texts(last(history, key)) == [kept]


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_only_the_owner_may_read_it(history: History, tmp_path: Path) -> None:
    history.append(LAB, message(1))
    last(history)
    files = list((tmp_path / "history").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "history").stat().st_mode) == 0o700


def test_a_damaged_file_is_kept_and_a_new_one_begun(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "h.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    history = History(path, reports.append)
    history.append(LAB, message(1))
    assert texts(last(history)) == ["line 1"]
    history.close()
    (aside,) = tmp_path.glob("h.damaged-*.sqlite3")
    assert aside.read_bytes().startswith(b"this is no database")
    assert len(reports) == 1
    assert aside.name in str(reports[0])


def test_damage_in_the_middle_is_found_when_it_is_met(tmp_path: Path, reports: Reports) -> None:
    path = tmp_path / "h.sqlite3"
    history = History(path, reports.append)
    for number in range(2_000):
        history.append(LAB, message(number, "x" * 50))
    history.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 60_000)
    history.append(LAB, message(1))
    last(history, count=5_000)
    history.append(LAB, message(2, "new"))
    assert "new" in texts(last(history))
    history.close()
    assert list(tmp_path.glob("h.damaged-*"))
    assert len(reports) == 1


def test_a_newer_file_is_left_alone(tmp_path: Path, reports: Reports) -> None:
    import sqlite3

    path = tmp_path / "h.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    history = History(path, reports.append)
    history.append(LAB, message(1))
    assert last(history) == ()
    history.close()
    assert path.read_bytes()[100:] == before[100:]
    assert "newer" in str(reports[0])


def test_a_disk_that_refuses_is_reported_once_and_tried_again(
    tmp_path: Path, reports: Reports
) -> None:
    blocked = tmp_path / "history"
    blocked.write_text("in the way")
    history = History(blocked / "h.sqlite3", reports.append)
    for number in range(3):
        history.append(LAB, message(number))
        assert last(history) == ()
    assert len(reports) == 1
    blocked.unlink()
    assert texts(last(history)) == ["line 0", "line 1", "line 2"]
    history.close()


def test_append_does_not_wait_for_the_disk(history: History) -> None:
    gate = threading.Event()
    history._run(lambda: gate.wait(10), False)
    for number in range(100):
        history.append(LAB, message(number))
    gate.set()
    assert len(last(history)) == 100
