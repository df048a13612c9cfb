"""A private file to which whole pieces are appended, and what can go wrong with one.

A piece is in the file as a whole or not at all: what a full disk took of it is cut off again. A
file that somebody deletes, alone or with its folder, still exists for those who have it open, so
it is put back where it was. Nothing of this raises: ``fault`` says what is wrong at the moment.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

_COPY_STEP = 1 << 20
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EROFS, errno.EACCES, errno.EPERM}
_FREE_SPACE = "Free some space: what comes meanwhile waits in memory, and is written then."
_ALLOW = "Make it writable again: what comes meanwhile waits in memory, and is written then."
_CHECK_DISK = "Check the disk: what comes meanwhile waits in memory, and is tried again."
DELETED = "it was deleted"
_DELETED_HINT = "It is being put back as it was; nothing in it is lost."


def hint_for(error: OSError) -> str:
    """What helps against a failed write."""
    if error.errno in _NO_SPACE:
        return _FREE_SPACE
    return _ALLOW if error.errno in _NOT_ALLOWED else _CHECK_DISK


class AppendFile:
    """One open file. ``position`` is the length of its whole pieces."""

    def __init__(self, path: Path) -> None:
        """Opens or creates ``path`` (mode 0600). Raises OSError."""
        self._path = path
        self._descriptor = os.open(path, _flags(), 0o600)
        self.position = os.fstat(self._descriptor).st_size
        self.fault = ""
        """Why nothing can be written at the moment; empty while all is well."""
        self.hint = ""
        """What helps against it."""
        self._is_torn = False
        """Behind ``position`` lies a part of a piece, which could not be cut off yet."""

    def append(self, piece: bytes | memoryview) -> bool:
        """Write a piece. False when that failed; the file is then as it was before."""
        written = 0
        try:
            if self._is_torn:
                self._cut()
            while written < len(piece):
                written += os.write(self._descriptor, piece[written:])
        except OSError as error:
            self._is_torn |= written > 0
            self._fail(error)
            return False
        self.position += len(piece)
        if self.fault != DELETED:
            self.fault = self.hint = ""
        return True

    def _fail(self, error: OSError) -> None:
        self.fault, self.hint = error.strerror or str(error), hint_for(error)
        try:
            if self._is_torn:
                self._cut()
        except OSError:
            return  # Then before the next piece: nothing is appended to half a one.

    def _cut(self) -> None:
        os.ftruncate(self._descriptor, self.position)
        self._is_torn = False

    def cut(self, length: int) -> None:
        """Forget everything behind ``length``. Raises OSError."""
        self.position = length
        self._cut()

    def read(self, start: int, size: int) -> bytes:
        """Bytes of the file. Raises OSError."""
        os.lseek(self._descriptor, start, os.SEEK_SET)
        return os.read(self._descriptor, size)

    def look_after(self) -> None:
        """Notice that the file was deleted, and put it back at the next call."""
        if os.fstat(self._descriptor).st_nlink:
            return
        if self.fault != DELETED:
            self.fault, self.hint = DELETED, _DELETED_HINT
            return
        try:
            self._put_back()
        except OSError as error:
            self.hint = f"It cannot be put back: {error.strerror}. {hint_for(error)}"
            return
        self.fault = self.hint = ""

    def _put_back(self) -> None:
        """Write the file anew; it appears under its name when it is whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.new")
        fresh = os.open(draft, _flags() | os.O_TRUNC, 0o600)
        try:
            place = 0
            while place < self.position:
                data = self.read(place, min(_COPY_STEP, self.position - place))
                if not data:
                    raise OSError(errno.EIO, "the open file has lost its end, too")
                place += os.write(fresh, data)
            draft.rename(self._path)
        except BaseException:
            os.close(fresh)
            draft.unlink(missing_ok=True)
            raise
        os.close(self._descriptor)
        self._descriptor = fresh

    def close(self) -> None:
        """Bring everything to the disk, as far as that takes it, and let go of the file."""
        try:
            if not self.fault:
                os.fsync(self._descriptor)
        except OSError as error:  # Some disks say only now that they are full.
            self.fault, self.hint = error.strerror or str(error), hint_for(error)
        with suppress(OSError):  # It is closed all the same.
            os.close(self._descriptor)


def _flags() -> int:
    return os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
