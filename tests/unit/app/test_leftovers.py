"""Captures that nobody saved: kept, told of once, and not for ever."""

import asyncio
import os
from pathlib import Path

import pytest

from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import SessionJournal
from chatlab.app.leftover_offer import offer_leftovers
from chatlab.app.leftovers import LIVE_NAME, MAX_KEPT, WHOLE_NAME, SessionFolder
from chatlab.app.replay import fill_from_file
from chatlab.core.capture import CaptureReplayed
from chatlab.core.chats import ChatBook
from chatlab.core.events import MessageAdded
from chatlab.ui.widgets.message_bar import BarMessage
from tests.unit.app.feeding import LAB, NoDissector, made, messages, talk


def left_behind(sessions: Path, stamp: str, name: str = WHOLE_NAME) -> Path:
    folder = sessions / f"{stamp}-1"
    folder.mkdir(parents=True)
    file = folder / name
    file.write_bytes(b"frames")
    return file


def test_a_capture_is_told_of_once_and_stays(tmp_path: Path) -> None:
    file = left_behind(tmp_path, "20260102-030405")
    [first] = SessionFolder(tmp_path).leftovers()
    assert (first.file, first.was_offered) == (file, False)
    assert first.words == "02 January, 03:04"
    first.note_offer()
    [second] = SessionFolder(tmp_path).leftovers()
    assert (second.file, second.was_offered) == (file, True)


def test_only_the_last_few_are_kept_newest_first(tmp_path: Path) -> None:
    files = [left_behind(tmp_path, f"202601{day:02}-000000") for day in range(1, MAX_KEPT + 3)]
    found = [one.file for one in SessionFolder(tmp_path).leftovers()]
    assert found == files[: -MAX_KEPT - 1 : -1]
    assert [file.exists() for file in files] == [False, False] + [True] * MAX_KEPT


def test_a_session_that_runs_is_nobody_elses_leftover(tmp_path: Path) -> None:
    running = SessionFolder(tmp_path)
    running.open()
    running.live_file.write_bytes(b"frames")
    other = SessionFolder(tmp_path)
    other.path = tmp_path / "of-another-run"
    assert other.leftovers() == ()
    running.close(keeps=True)
    assert [one.file for one in other.leftovers()] == [running.live_file]


@pytest.mark.parametrize("keeps", [True, False])
def test_the_end_leaves_the_whole_file_or_nothing(tmp_path: Path, keeps: bool) -> None:
    folder = SessionFolder(tmp_path)
    folder.open()
    folder.live_file.write_bytes(b"growing")
    folder.whole_file.write_bytes(b"whole")
    folder.lab.mkdir()
    folder.close(keeps=keeps)
    left = sorted(file.name for file in folder.path.iterdir()) if folder.path.exists() else []
    assert left == ([WHOLE_NAME] if keeps else [])


@pytest.mark.parametrize("name", [WHOLE_NAME, "homework.chatlab"])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, name: str) -> None:
    file = left_behind(tmp_path, "not-a-stamp", name)
    assert SessionFolder(tmp_path).leftovers() == ()
    assert [each.name for each in file.parent.iterdir()] == [name]


def test_an_empty_folder_goes_but_not_that_of_a_program_that_just_starts(tmp_path: Path) -> None:
    old, starting = tmp_path / "20260102-030405-1", SessionFolder(tmp_path).path
    old.mkdir()
    starting.mkdir()
    other = SessionFolder(tmp_path)
    other.path = tmp_path / "of-another-run"
    assert other.leftovers() == ()
    assert not old.exists()
    assert starting.exists()


# --- after a crash ------------------------------------------------------------------------------


def crashed(
    tmp_path: Path, *, has_frames: bool = True, has_words: bool = True
) -> tuple[SessionFolder, list[BarMessage]]:
    """What the next start posts after a session that was killed."""
    running = SessionFolder(tmp_path)
    running.path = tmp_path / "20260102-030405-1"
    running.live_file = running.path / LIVE_NAME
    running.path.mkdir(parents=True)
    if has_frames:
        talk().write(running.live_file)
    book = ChatBook()
    journal = SessionJournal(running.live_file, lambda cause, remedy: None)
    journal.follow(book)
    book.add_account(LAB)
    if has_words:
        for each in messages():
            book.apply(MessageAdded(each))
    journal.close()
    posted: list[BarMessage] = []
    opened: list[Path] = []
    work = offer_leftovers(SessionFolder(tmp_path), tmp_path, posted.append, opened.append)
    asyncio.run(work)
    return running, posted


def test_the_start_after_a_crash_says_what_is_there_and_offers_it(tmp_path: Path) -> None:
    running, [message] = crashed(tmp_path)
    assert message.text == (
        "ChatLab was ended on 02 January, 03:04 before it could close: "
        "6 frames and 2 messages are kept."
    )
    assert message.action == "Open"
    [choice] = message.choices
    choice.do()
    assert not running.path.exists()


def test_a_crash_without_a_frame_or_a_message_leaves_nothing(tmp_path: Path) -> None:
    running, posted = crashed(tmp_path, has_frames=False, has_words=False)
    assert posted == []
    assert not running.path.exists()


def test_what_was_said_without_a_capture_is_offered_too(tmp_path: Path) -> None:
    running, [message] = crashed(tmp_path, has_frames=False)
    assert message.text.endswith("could close: 2 messages are kept.")
    book = ChatBook()
    feed = CaptureFeed(running.live_file, book, NoDissector(), is_live=False)
    made.append(feed)
    fill_from_file(feed, book)
    [chat] = [chat for key, chat in book.chats.items() if key.name == "#lab"]
    assert [entry.text for entry in chat.entries] == ["hi", "ho"]
    assert feed.status == CaptureReplayed(file=LIVE_NAME)


def test_a_clean_end_leaves_no_journal(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path)
    folder.open()
    SessionJournal(folder.live_file, lambda cause, remedy: None).close()
    folder.live_file.write_bytes(b"growing")
    folder.whole_file.write_bytes(b"whole")
    folder.close(keeps=True)
    assert [file.name for file in folder.path.iterdir()] == [WHOLE_NAME]


def test_a_session_that_runs_for_long_is_still_nobody_elses(tmp_path: Path) -> None:
    running = SessionFolder(tmp_path)
    running.open()
    running.live_file.write_bytes(b"frames")
    os.utime(running.path / "in-use", (0, 0))
    other = SessionFolder(tmp_path)
    other.path = tmp_path / "of-another-run"
    assert other.leftovers() == ()
    running.close(keeps=False)
