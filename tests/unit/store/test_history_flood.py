"""More lines than the writing thread can take at once: all of them come to the disk, in order."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatlab.core.errors import FileError
from chatlab.store import history as module
from chatlab.store.history import History
from tests.unit.store.test_history import LAB, message, texts

FLOOD = 25_000


@pytest.fixture
def reports() -> list[FileError]:
    return []


@pytest.fixture
def history(tmp_path: Path, reports: list[FileError]) -> Iterator[History]:
    history = History(tmp_path / "history.sqlite3", reports.append)
    yield history
    history.close()


def everything(history: History) -> list[str]:
    return texts(asyncio.run(history.last(LAB, 2 * FLOOD)))


def test_a_writer_that_falls_behind_loses_nothing(
    history: History, reports: list[FileError]
) -> None:
    goes_on = threading.Event()
    history._run(goes_on.wait, False)
    for number in range(FLOOD):
        history.append(LAB, message(number))
    goes_on.set()
    assert everything(history) == [f"line {number}" for number in range(FLOOD)]
    assert not reports


def test_replayed_lines_in_the_middle_of_many_are_written_once_and_in_order(
    history: History,
) -> None:
    for number in range(200):
        said = replace(message(number), msgid=f"m{number}")
        history.append(LAB, said)
        if number % 30 == 0:
            history.append(LAB, replace(said, is_history=True))
            history.append(LAB, replace(message(number, "before us"), is_history=True))
    found = everything(history)
    assert [text for text in found if text != "before us"] == [f"line {n}" for n in range(200)]
    assert found.count("before us") == 7


def test_lines_for_which_there_was_no_room_are_counted_and_told(
    history: History,
    reports: list[FileError],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 100)
    monkeypatch.setattr(module, "_BUSY_TIMEOUT_S", 0.01)
    history.append(LAB, message(0))
    assert everything(history) == ["line 0"]
    other = sqlite3.connect(tmp_path / "history.sqlite3")
    other.execute("BEGIN EXCLUSIVE")
    for number in range(1, 151):
        history.append(LAB, message(number))
    assert everything(history) == []  # Nothing can be written, nor read.
    assert "could not be used" in reports[-1].message
    other.rollback()
    other.close()
    assert everything(history) == ["line 0", *(f"line {number}" for number in range(51, 151))]
    assert reports[-1].message.startswith("50 lines are missing in the chat history")
