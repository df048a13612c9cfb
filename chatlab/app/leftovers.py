"""Captures that nobody saved: kept when ChatLab closes or dies, offered at the next start.

Each run has a folder of its own below ``sessions``, locked while it runs. A clean end leaves one
complete file in it (frames, messages, secrets); a crash leaves the growing capture file, with the
journal of what was said beside it (``journal``).
"""

import logging
import os
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile

from chatlab.core.errors import FileError
from chatlab.store.paths import make_private

log = logging.getLogger(__name__)

MAX_KEPT = 5
"""Older ones are deleted at a start, so that captures do not fill the disk unseen."""
LIVE_NAME = "capture.pcapng"
WHOLE_NAME = "session.chatlab"
NOTES_NAME = "notes.md"
_OLD_WHOLE_NAME = "session.pcapng"
"""What it was before there were session files."""
_LOCK_NAME = "in-use"
_OFFERED_NAME = "offered"
_STAMP = "%Y%m%d-%H%M%S"
_LOCK_PATIENCE_MS = 2000
"""Another start may just be looking whether this folder is in use."""
_SETTLED_S = 60.0
"""A younger folder with nothing in it may belong to a program that is just starting."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A capture of an earlier run that was not saved."""

    file: Path
    begun: datetime
    size: int
    was_offered: bool
    """An earlier start told of it."""
    is_of_crash: bool = False
    """Its program did not come to its end."""

    def note_offer(self) -> None:
        """It is told of once; after that it only waits in its folder."""
        try:
            (self.file.parent / _OFFERED_NAME).touch()
        except OSError as error:  # A full disk, say: then it is told of once more.
            log.warning("%s: %s", self.file.parent, error)

    @property
    def words(self) -> str:
        """When it was made, for a person."""
        return f"{self.begun:%d %B, %H:%M}"

    def count_frames(self) -> int:
        """How many frames can be read; takes its time with a large file. Raises FileError."""
        from chatlab.analysis.frame_log import FrameLog

        with FrameLog(self.file) as frames:
            return len(frames.pull())

    def delete(self) -> None:
        """Forget it for good."""
        shutil.rmtree(self.file.parent, ignore_errors=True)


class SessionFolder:
    """The folder of this run."""

    def __init__(self, sessions: Path) -> None:
        self._sessions = sessions
        self.path = sessions / f"{time.strftime(_STAMP)}-{os.getpid()}"
        self.live_file = self.path / LIVE_NAME
        self.whole_file = self.path / WHOLE_NAME
        self.notes_file = self.path / NOTES_NAME
        self.lab = self.path / "lab"
        """For the lab's server: certificates and log."""
        self._lock: QLockFile | None = None

    def open(self) -> None:
        """Make the folder and mark it as in use. Raises FileError."""
        make_private(self._sessions)
        make_private(self.path)
        self._lock = _lock_of(self.path)
        if not self._lock.tryLock(_LOCK_PATIENCE_MS):
            raise FileError(f"{self.path} is in use by another ChatLab.", "Start ChatLab again.")

    def close(self, *, keeps: bool) -> None:
        """Let go of the folder; without ``keeps`` it disappears."""
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None
        if not keeps:
            shutil.rmtree(self.path, ignore_errors=True)
            return
        shutil.rmtree(self.lab, ignore_errors=True)
        if self.whole_file.exists():
            from chatlab.app.journal import journal_of

            self.live_file.unlink(missing_ok=True)
            journal_of(self.live_file).unlink(missing_ok=True)
            self.notes_file.unlink(missing_ok=True)

    def leftovers(self) -> tuple[Leftover, ...]:
        """Unsaved captures of earlier runs, newest first; forgets all but the last few."""
        if not self._sessions.is_dir():
            return ()
        found = [_look(folder) for folder in self._sessions.iterdir() if folder != self.path]
        kept = sorted((one for one in found if one), key=lambda one: one.begun, reverse=True)
        for old in kept[MAX_KEPT:]:
            shutil.rmtree(old.file.parent, ignore_errors=True)
        return tuple(kept[:MAX_KEPT])


def _look(folder: Path) -> Leftover | None:
    """What a folder of ``sessions`` holds; None while it is in use, or holds no frame."""
    begun = _begin_of(folder)
    if begun is None or not folder.is_dir():
        return None
    lock = _lock_of(folder)
    if not lock.tryLock(0):
        return None
    lock.unlock()
    is_complete = _complete(folder / LIVE_NAME)
    for name in (WHOLE_NAME, _OLD_WHOLE_NAME, LIVE_NAME):
        file = folder / name
        if not file.is_file():
            continue
        was_offered = (folder / _OFFERED_NAME).exists()
        is_of_crash = name == LIVE_NAME
        return Leftover(file, begun, file.stat().st_size, was_offered, is_of_crash)
    if is_complete and (datetime.now() - begun).total_seconds() > _SETTLED_S:
        shutil.rmtree(folder, ignore_errors=True)
    return None


def _begin_of(folder: Path) -> datetime | None:
    """When the run of a folder began; None for a folder that is not ours."""
    try:
        return datetime.strptime(folder.name.rpartition("-")[0], _STAMP)
    except ValueError:
        return None


def _complete(capture: Path) -> bool:
    """Where nothing could be captured, a journal alone is left: it opens beside no frames.

    False when that could not be prepared.
    """
    from chatlab.app.journal import journal_of

    if journal_of(capture).is_file() and not capture.exists():
        from chatlab.protocol.pcapng import section_header

        try:
            capture.touch(mode=0o600)
            capture.write_bytes(section_header(application="ChatLab"))
        except OSError as error:  # A full disk, say: the journal waits for a better day.
            log.warning("%s: %s", capture, error)
            return False
    return True


def _lock_of(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / _LOCK_NAME))
    lock.setStaleLockTime(0)  # However old: it holds for as long as its program lives.
    return lock
