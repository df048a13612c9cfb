"""The two ends of a file: read while it is sent, written while it comes, hashed on the way.

What comes is written to ``name.part`` and gets its own name when it is whole. Nothing that is
there is ever overwritten. Reading, writing and hashing run in threads; a slow disk stops no window.
"""

import asyncio
import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import BinaryIO

from chatlab.core.errors import FileError
from chatlab.protocol.file_names import alternatives

_BLOCK = 1024 * 1024
_PART = ".part"
_MAX_ALTERNATIVES = 1_000
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class OutgoingFile:
    """A file of ours while it is sent."""

    def __init__(self, path: Path) -> None:
        """Raises FileError for what cannot be read, or is no file."""
        self.path = path
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise FileError(
                f"{path} cannot be read: {error.strerror}.", "Choose another file."
            ) from error
        self.size = os.fstat(self._file.fileno()).st_size
        self._sum = hashlib.sha256()

    async def skip(self, start: int) -> None:
        """Begin at ``start``; what is before it counts for the hash."""
        self._sum, _ = await asyncio.to_thread(_hash_up_to, self._file, start)

    async def read(self, most: int) -> bytes:
        """The next bytes. Raises FileError."""
        try:
            return await asyncio.to_thread(self._read, most)
        except OSError as error:
            raise FileError(f"{self.path} cannot be read on: {error.strerror}.") from error

    def _read(self, most: int) -> bytes:
        data = self._file.read(most)
        self._sum.update(data)
        return data

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()

    def close(self) -> None:
        self._file.close()


def check_outgoing(path: Path) -> int:
    """The size of a file that is to be offered. Raises FileError."""
    try:
        facts = path.stat()
    except OSError as error:
        raise FileError(
            f"{path} cannot be read: {error.strerror}.", "Choose another file."
        ) from error
    if not stat.S_ISREG(facts.st_mode):
        raise FileError(f"{path} is no file.", "Pack a folder into an archive, and offer that.")
    if not os.access(path, os.R_OK):
        raise FileError(f"{path} cannot be read by you.", "Change its permissions, or copy it.")
    return facts.st_size


class IncomingFile:
    """A file of somebody else's while it comes."""

    def __init__(self, file: BinaryIO, part: Path, target: Path, position: int) -> None:
        self.part = part
        """Where it is written meanwhile."""
        self.target = target
        """What it is to be called in the end, if nothing has that name by then."""
        self.position = position
        self._file = file
        self._sum = hashlib.sha256()

    @classmethod
    def create(cls, target: Path, size: int) -> "IncomingFile":
        """Begin a new one. Raises FileError."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _check_room(target.parent, size)
            for name in _some(target.name):
                part = target.with_name(name + _PART)
                if os.path.lexists(target.with_name(name)):
                    continue
                try:
                    descriptor = os.open(
                        part, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600
                    )
                except FileExistsError:
                    continue
                return cls(os.fdopen(descriptor, "r+b"), part, target.with_name(name), 0)
        except OSError as error:
            raise _cannot_write(target, error) from error
        raise FileError(f"Too many files are called {target.name}.", "Choose another folder.")

    @classmethod
    async def reopen(cls, part: Path, target: Path, position: int, size: int) -> "IncomingFile":
        """Go on with one that an earlier attempt left, after ``position``. Raises FileError."""
        try:
            _check_room(part.parent, size - position)
            descriptor = os.open(part, os.O_RDWR | _NO_FOLLOW)
        except OSError as error:
            raise _cannot_write(part, error) from error
        incoming = cls(os.fdopen(descriptor, "r+b"), part, target, position)
        try:
            incoming._sum, hashed = await asyncio.to_thread(_hash_up_to, incoming._file, position)
            if hashed != position:
                raise FileError(f"{part} became shorter meanwhile.", "Begin from the start.")
            incoming._file.truncate(position)
        except BaseException:
            incoming.close()
            raise
        return incoming

    async def append(self, data: bytes) -> None:
        """Raises FileError, for instance when the disk is full."""
        try:
            await asyncio.to_thread(self._append, data)
        except OSError as error:
            raise _cannot_write(self.part, error) from error
        self.position += len(data)

    def _append(self, data: bytes) -> None:
        self._file.write(data)
        self._sum.update(data)

    @property
    def sha256(self) -> str:
        return self._sum.hexdigest()

    async def finish(self) -> Path:
        """Give it its name, or the next one that is free. Raises FileError."""
        try:
            self._file.close()
            return await asyncio.to_thread(_publish, self.part, self.target)
        except OSError as error:
            raise _cannot_write(self.target, error) from error

    def close(self) -> None:
        """Leave what there is; an empty beginning is taken away."""
        try:
            self._file.close()
            if not self.position and self.part.name.endswith(_PART):
                self.part.unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_write(self.part, error) from error


def kept_part(target: Path, size: int) -> tuple[Path, int] | None:
    """What an earlier attempt left of ``target``: the file, and how much of it there is."""
    candidates = [target.with_name(name + _PART) for name in _some(target.name, 20)]
    for path in [*candidates, target]:
        try:
            facts = path.lstat()
        except OSError:
            continue
        if stat.S_ISREG(facts.st_mode) and 0 < facts.st_size < size:
            return path, facts.st_size
    return None


def final_name(part: Path) -> Path:
    """What a file that an earlier attempt left is to be called."""
    return part.with_name(part.name.removesuffix(_PART))


def _publish(part: Path, target: Path) -> Path:
    if part == target:
        return target
    for name in _some(target.name):
        path = target.with_name(name)
        try:
            # Whoever makes the name first has it; replacing our own empty file harms nobody.
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600))
        except FileExistsError:
            continue
        os.replace(part, path)
        return path
    raise FileExistsError(errno.EEXIST, "too many files of that name")


def _some(name: str, most: int = _MAX_ALTERNATIVES) -> list[str]:
    names = alternatives(name)
    return [next(names) for _ in range(most)]


def _hash_up_to(file: BinaryIO, stop: int) -> "tuple[hashlib._Hash, int]":
    digest, left = hashlib.sha256(), stop
    file.seek(0)
    while left and (data := file.read(min(_BLOCK, left))):
        digest.update(data)
        left -= len(data)
    return digest, stop - left


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise FileError(
            f"{folder} has room for {free:,} bytes; the file has {size:,}.",
            "Make room, or choose another folder.",
        )


def _cannot_write(path: Path, error: OSError) -> FileError:
    return FileError(
        f"{path} cannot be written: {error.strerror}.", "Choose another folder, or make room."
    )
