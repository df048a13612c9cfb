"""Captures that nobody saved: kept, told of once, and not for ever."""

from pathlib import Path

import pytest

from chatlab.app.leftovers import MAX_KEPT, WHOLE_NAME, SessionFolder


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


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    file = left_behind(tmp_path, "not-a-stamp")
    assert SessionFolder(tmp_path).leftovers() == ()
    assert file.exists()
