"""A session in one file: ``.chatlab``, a zip of plain files that other programs can read as well.

``manifest.json``     which form this is, and of which program
``capture.pcapng``    the frames: bare, with the TLS keys (``analysis.session_blocks``)
``transcript.jsonl``  what was said, and which bytes carried it (``analysis.transcript``)
``accounts.toml``     who connected where: no password, no key of a channel, no file of this computer
``notes.md``          the user's own notes

Whoever opens one reads these five names and no other, each up to a limit; nothing is ever unpacked
under a name that the archive chose.
"""

import json
import os
import shutil
import time
import tomllib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from chatlab.analysis.session_blocks import Contents, session_blocks
from chatlab.analysis.transcript import Transcript, read_transcript, transcript_lines
from chatlab.app.feed import CaptureFeed
from chatlab.app.saving import key_lines, program_name
from chatlab.core.account import Account
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError
from chatlab.store.accounts import read_shared_accounts, shared_accounts

FORMAT = "chatlab-session"
VERSION = 1
MANIFEST, CAPTURE, TRANSCRIPT = "manifest.json", "capture.pcapng", "transcript.jsonl"
ACCOUNTS, NOTES = "accounts.toml", "notes.md"
MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 64
MAX_SMALL = 4 * 1024 * 1024
MAX_TRANSCRIPT = 512 * 1024 * 1024
MAX_LINE = 4 * 1024 * 1024
MAX_RATIO = {TRANSCRIPT: 250, CAPTURE: 1_000}
"""What shrinks to less than this part of itself was made to fill disks, or memory.

Nothing shrinks to less than 1/1032. A file of zeros that was sent over loopback in frames of 64 KiB
comes near: 1/330 was seen of one."""
_SPARE = 256 * 1024 * 1024
"""Bytes of the disk that unpacking leaves free."""
_CHUNK = 1024 * 1024
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""Of other methods the libraries have errors of their own."""
_ENCRYPTED = 1
"""A flag of zip’s."""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_QUICK = 16 * 1024 * 1024
"""A transcript that is read whole only to see whether it can be read."""
_ELSEWHERE = "Its capture may still be there: unzip it and open capture.pcapng."


# --- writing ------------------------------------------------------------------------------------


def write_archive(
    stream: BinaryIO, feed: CaptureFeed, book: ChatBook, notes: str
) -> Iterator[None]:
    """Write everything, step by step. Raises OSError."""
    messages = list(feed.messages.values())
    frames = feed.count
    with zipfile.ZipFile(stream, "w") as archive:
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "application": program_name(),
            "saved": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "frames": frames,
            "messages": len(messages),
        }
        archive.writestr(_member(MANIFEST), json.dumps(manifest, indent=1) + "\n")
        archive.writestr(_member(ACCOUNTS), _accounts(feed, book))
        archive.writestr(_member(NOTES), notes.encode("utf-8", "replace"))
        key_log = "\n".join(key_lines(feed))
        contents = Contents(feed.log, feed.correlator, messages, key_log, program_name(), frames)
        with archive.open(_member(CAPTURE), "w", force_zip64=True) as member:
            for block in session_blocks(contents, is_bare=True):
                member.write(block)
                yield
        with archive.open(_member(TRANSCRIPT), "w", force_zip64=True) as member:
            for line in transcript_lines(feed.correlator, messages, list(book.chats.values())):
                member.write(line.encode("utf-8", "replace") + b"\n")
                yield


def _member(name: str) -> zipfile.ZipInfo:
    """A file of its owner alone; where the clock is behind 1980, with the first day of zip."""
    info = zipfile.ZipInfo(name, max(time.localtime()[:6], _FIRST_DAY))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _accounts(feed: CaptureFeed, book: ChatBook) -> str:
    used = {connection.account for connection in feed.correlator.connections}
    accounts = [state.account for key, state in book.accounts.items() if key in used]
    return shared_accounts(accounts)


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnpackedSession:
    """What a session file held."""

    capture: Path
    """Where the capture was unpacked to."""
    transcript: Transcript
    accounts: tuple[Account, ...]
    notes: str


def is_archive(file: Path) -> bool:
    """Whether a file begins as every zip does. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def check_archive(file: Path) -> None:
    """Look whether it can be opened, as far as that is quick. Raises FileError."""
    with _opened(file) as reading:
        reading.check()
        if reading.has_short_transcript:
            reading.transcript()


def unpack_archive(file: Path, folder: Path) -> UnpackedSession:
    """Read a session file; its capture goes to ``folder``. Raises FileError."""
    with _opened(file) as reading:
        reading.check()
        capture = folder / CAPTURE
        reading.unpack_capture(capture)
        accounts = reading.accounts()
        return UnpackedSession(capture, reading.transcript(), accounts, reading.small(NOTES))


@contextmanager
def _opened(file: Path) -> Iterator["_Reading"]:
    """The archive; what zipfile finds wrong with it, in words."""
    part = "table of contents"
    try:
        with zipfile.ZipFile(file) as archive:
            reading = _Reading(file, archive)
            try:
                yield reading
            finally:
                part = reading.part or part
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise FileError(
            f"{file.name} is damaged, or was cut off on its way: its {part} cannot be read.",
            "Copy it once more from where it came from.",
        ) from error
    except (NotImplementedError, RuntimeError) as error:  # Compressed or encrypted otherwise.
        raise FileError(
            f"{file.name} was packed in a way that ChatLab does not use: {error}.",
            "Unzip it with another program and open capture.pcapng.",
        ) from error
    except OSError as error:
        raise FileError(
            f"{file.name} cannot be opened: {error.strerror or error}.",
            "Choose another file, or change its permissions.",
        ) from error


class _Reading:
    """One archive that somebody gave us."""

    def __init__(self, file: Path, archive: zipfile.ZipFile) -> None:
        self._file = file
        self._archive = archive
        self.part = ""
        """Which member is read, or was read last."""

    @property
    def has_short_transcript(self) -> bool:
        return self._archive.getinfo(TRANSCRIPT).file_size <= _QUICK

    def check(self) -> None:
        """Raises FileError unless it is a session of a form that we know."""
        members = self._archive.infolist()
        names = [member.filename for member in members]
        if len(members) > MAX_MEMBERS:
            raise self._odd(f"it holds {len(members):,} files")
        for name in names:
            path = PurePosixPath(name.replace("\\", "/"))
            if path.is_absolute() or ".." in path.parts or ":" in name:
                raise self._odd(f"it holds a file that wants to be put elsewhere, “{name[:80]}”")
        for name in (MANIFEST, CAPTURE, TRANSCRIPT, ACCOUNTS, NOTES):
            if names.count(name) > 1:
                raise self._odd(f"it holds {name} twice")
        if MANIFEST not in names:
            raise FileError(
                f"{self._file.name} is a zip archive, but no session of ChatLab’s: it holds no "
                f"{MANIFEST}.",
                "Give a file that ChatLab has saved, or unzip it and open the capture in it.",
            )
        if odd := {member.compress_type for member in members} - _PACKINGS:
            raise NotImplementedError(f"zip’s method {min(odd)}")
        if any(member.flag_bits & _ENCRYPTED for member in members):
            raise NotImplementedError("it asks for a password")
        self._check_manifest()
        for name in (CAPTURE, TRANSCRIPT):
            if name not in names:
                raise FileError(
                    f"{self._file.name} is not whole: it holds no {name}.",
                    "Copy it once more from where it came from.",
                )

    def _check_manifest(self) -> None:
        try:
            manifest = json.loads(self.small(MANIFEST))
            form, version = manifest["format"], manifest["version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._odd(f"its {MANIFEST} cannot be read") from error
        if form != FORMAT or not isinstance(version, int) or version < 1:
            raise self._odd(f"its {MANIFEST} names another form")
        if version > VERSION:
            raise FileError(
                f"{self._file.name} was saved by a newer ChatLab (form {version}; this one knows "
                f"{VERSION}).",
                f"Update ChatLab. {_ELSEWHERE}",
            )

    def _odd(self, what: str) -> FileError:
        return FileError(
            f"{self._file.name} is no session that ChatLab has saved: {what}.",
            "Ask whoever gave it to you for another copy.",
        )

    def _size(self, name: str, limit: int) -> int:
        size = self._archive.getinfo(name).file_size
        if size > limit:
            raise self._odd(f"its {name} has {size:,} bytes; {limit:,} are the most")
        return size

    def small(self, name: str) -> str:
        """A whole member; empty where there is none."""
        if name not in self._archive.namelist():
            return ""
        self._size(name, MAX_SMALL)
        self.part = name
        with self._archive.open(name) as member:
            return member.read(MAX_SMALL).decode("utf-8", "replace")

    def unpack_capture(self, target: Path) -> None:
        """Write the capture to ``target``, if it fits the disk and is no bomb."""
        info = self._archive.getinfo(CAPTURE)
        size = info.file_size
        self._check_growth(info)
        free = shutil.disk_usage(target.parent).free
        if size + _SPARE > free:
            raise FileError(
                f"{self._file.name} does not fit: its capture has {size:,} bytes, and "
                f"{target.parent} has {free:,} left.",
                "Free some space, then open it again.",
            )
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(target, flags, 0o600)
        self.part = CAPTURE
        with os.fdopen(descriptor, "wb") as stream, self._archive.open(info) as member:
            _copy(member, stream)

    def _check_growth(self, info: zipfile.ZipInfo) -> None:
        size = info.file_size
        if size > MAX_SMALL and size > MAX_RATIO[info.filename] * max(1, info.compress_size):
            grown = f"from {info.compress_size:,} to {size:,} bytes"
            raise self._odd(f"its {info.filename} would grow {grown}")

    def transcript(self) -> Transcript:
        self._size(TRANSCRIPT, MAX_TRANSCRIPT)
        self._check_growth(self._archive.getinfo(TRANSCRIPT))
        self.part = TRANSCRIPT
        try:
            with self._archive.open(TRANSCRIPT) as member:
                return read_transcript(_lines(member))
        except UnicodeDecodeError:
            raise  # Of zipfile: a name that is damaged.
        except ValueError as error:
            raise FileError(
                f"{self._file.name} was saved by ChatLab, but its transcript is damaged: {error}.",
                _ELSEWHERE,
            ) from error

    def accounts(self) -> tuple[Account, ...]:
        """As far as they can be read: the transcript names them all."""
        try:
            table = tomllib.loads(self.small(ACCOUNTS))
        except (ValueError, RecursionError):
            return ()
        return tuple(replace(each, is_temporary=True) for each in read_shared_accounts(table))


def _copy(source: IO[bytes], target: BinaryIO) -> None:
    while chunk := source.read(_CHUNK):
        target.write(chunk)


def _lines(member: IO[bytes]) -> Iterator[str]:
    while line := member.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise ValueError(f"a line has more than {MAX_LINE:,} bytes")
        yield line.decode("utf-8", "replace")
