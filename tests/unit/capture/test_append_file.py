"""Pieces are in the file whole or not at all, whatever happens to disk, file and folder."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatlab.capture.append_file import DELETED, AppendFile


class Disk:
    """Takes ``room`` bytes and no more; may refuse to cut a file, too."""

    def __init__(self, room: int = 1 << 30) -> None:
        self.room = room
        self.code = errno.ENOSPC
        self.can_cut = True
        self._write, self._cut = os.write, os.ftruncate

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if not self.room:
            raise OSError(self.code, os.strerror(self.code))
        taken = self._write(descriptor, data[: self.room])
        self.room -= taken
        return taken

    def cut(self, descriptor: int, length: int) -> None:
        if not self.can_cut:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._cut(descriptor, length)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(os, "write", made.write)
    monkeypatch.setattr(os, "ftruncate", made.cut)
    return made


@pytest.fixture
def file(tmp_path: Path) -> Iterator[AppendFile]:
    (tmp_path / "own").mkdir()
    made = AppendFile(tmp_path / "own" / "file")
    yield made
    made.close()


def content(tmp_path: Path) -> bytes:
    return (tmp_path / "own" / "file").read_bytes()


@given(rooms=st.lists(st.integers(0, 30), max_size=12), cuts=st.lists(st.booleans(), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_only_whole_pieces_are_in_the_file(
    tmp_path: Path, disk: Disk, rooms: list[int], cuts: list[bool]
) -> None:
    path = tmp_path / "file"
    path.unlink(missing_ok=True)
    disk.room, disk.can_cut = 1 << 30, True
    file = AppendFile(path)
    kept = b""
    for number, room in enumerate(rooms):
        disk.room = room
        disk.can_cut = cuts[number] if number < len(cuts) else True
        piece = b"<%02d........>" % number
        if file.append(piece):
            kept += piece
        assert file.position == len(kept)
        assert path.read_bytes()[: file.position] == kept
    disk.room, disk.can_cut = 1 << 30, True
    assert file.append(b"<end>")
    assert path.read_bytes() == kept + b"<end>"
    file.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EDQUOT, "Free some space"),
        (errno.EROFS, "writable"),
        (errno.EIO, "Check the disk"),
    ],
)
def test_each_fault_has_its_remedy_and_is_forgotten(
    file: AppendFile, disk: Disk, code: int, words: str
) -> None:
    disk.room, disk.code = 0, code
    assert not file.append(b"x")
    assert file.fault == os.strerror(code)
    assert words in file.hint
    disk.room = 10
    assert file.append(b"x")
    assert (file.fault, file.hint) == ("", "")


@pytest.mark.only_on("linux")
def test_a_deleted_folder_is_told_and_put_back_with_all_that_was_written(
    file: AppendFile, tmp_path: Path
) -> None:
    file.append(b"before, ")
    shutil.rmtree(tmp_path / "own")
    file.look_after()
    assert file.fault == DELETED
    assert file.append(b"meanwhile, ")
    assert file.fault == DELETED
    file.look_after()
    assert file.fault == ""
    file.append(b"after")
    assert content(tmp_path) == b"before, meanwhile, after"
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "own" / "file").stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / "own").iterdir())) == 1


@pytest.mark.only_on("linux")
def test_what_cannot_be_put_back_is_tried_again(
    file: AppendFile, tmp_path: Path, disk: Disk
) -> None:
    file.append(b"kept")
    (tmp_path / "own" / "file").unlink()
    file.look_after()
    disk.room = 2
    file.look_after()
    assert file.fault == DELETED
    assert "No space left" in file.hint
    assert list((tmp_path / "own").iterdir()) == []
    disk.room = 100
    file.look_after()
    assert file.fault == ""
    assert content(tmp_path) == b"kept"


def test_a_disk_that_fails_at_the_very_end_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", fail)
    file = AppendFile(tmp_path / "file")
    file.append(b"kept")
    file.close()
    assert file.fault == "Disk quota exceeded"
    assert (tmp_path / "file").read_bytes() == b"kept"
