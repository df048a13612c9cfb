"""A folder for a while: private, gone at the end, and after a kill gone at the next start."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from chatlab.app.scratch import PREFIX, ScratchFolder, clear_abandoned

_HOLDER = """
import sys
from chatlab.app.scratch import ScratchFolder
folder = ScratchFolder()
(folder.path / "capture.pcapng").write_bytes(b"keys")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_it_is_its_owners_alone_and_gone_at_the_end() -> None:
    with ScratchFolder() as folder:
        (folder.path / "frames").write_bytes(b"x")
        if os.name == "posix":
            assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert not folder.path.exists()
    folder.close()


def test_one_in_use_stays_and_that_of_a_killed_program_goes(place: Path) -> None:
    command = [sys.executable, "-c", _HOLDER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        theirs = Path(holder.stdout.readline().strip())
        assert theirs.parent == place
        clear_abandoned()
        assert (theirs / "capture.pcapng").exists()
        holder.kill()
    with ScratchFolder() as ours:
        assert not theirs.exists()
        assert ours.path.exists()


def test_one_that_is_being_made_is_left_alone_but_not_for_ever(place: Path) -> None:
    fresh, old = place / f"{PREFIX}fresh", place / f"{PREFIX}old"
    fresh.mkdir()
    old.mkdir()
    os.utime(old, (0, 0))
    clear_abandoned()
    assert fresh.exists()
    assert not old.exists()


@pytest.mark.only_on("linux", "darwin")
def test_a_link_of_that_name_leads_nowhere(place: Path) -> None:
    kept = place / "kept"
    kept.mkdir()
    (place / f"{PREFIX}link").symlink_to(kept, target_is_directory=True)
    clear_abandoned()
    assert kept.exists()
