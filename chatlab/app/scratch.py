"""A private folder for a while: gone at the end or, where the program was killed, at the next start.

What lies in it (a session's frames and keys) must not stay behind in the system's folder for
temporary files, where nobody would look for it.
"""

import logging
import os
import shutil
import stat
import sys
import tempfile
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

log = logging.getLogger(__name__)

PREFIX = "chatlab-scratch-"
_LOCK_NAME = "in-use"
_UNMARKED_S = 24 * 60 * 60
"""A folder without a mark is somebody's who was killed while making it, or who makes it just now."""


class ScratchFolder:
    """An empty folder of this program's alone; ``close`` it when it is of no use any more."""

    def __init__(self) -> None:
        """Raises OSError."""
        clear_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._end = weakref.finalize(self, _remove, self.path, _mark(self.path))

    def close(self) -> None:
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def clear_abandoned() -> None:
    """Delete the folders of programs that were killed. Never raises: it is a courtesy."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if _is_abandoned(folder):
                shutil.rmtree(folder)
        except OSError as error:  # Its owner has just ended, too; or it is not ours.
            log.info("%s stays: %s", folder, error)


def _mark(folder: Path) -> BinaryIO | None:
    """Hold a lock that ends with this program; it appears under its name when it holds."""
    draft, stream = folder / f"{_LOCK_NAME}.new", None
    try:
        stream = draft.open("wb")
        if sys.platform != "win32":
            _lock(stream)
            draft.rename(folder / _LOCK_NAME)
    except OSError as error:  # A full disk, or one without locks: then its age decides.
        log.info("%s cannot be marked: %s", folder, error)
        if stream is not None:
            stream.close()
        return None
    return stream


def _lock(stream: BinaryIO) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_abandoned(folder: Path) -> bool:
    """Raises OSError where that cannot be told."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    if sys.platform == "win32":
        # What another program has open cannot be deleted there.
        (folder / f"{_LOCK_NAME}.new").unlink()
        return True
    if found.st_uid != os.getuid():
        return False
    try:
        with (folder / _LOCK_NAME).open("rb") as stream:
            _lock(stream)
    except FileNotFoundError:
        return time.time() - found.st_mtime > _UNMARKED_S
    except BlockingIOError:
        return False
    return True


def _remove(folder: Path, mark: BinaryIO | None) -> None:
    if sys.platform == "win32" and mark is not None:
        mark.close()
    shutil.rmtree(folder, ignore_errors=True)
    if mark is not None:
        mark.close()
