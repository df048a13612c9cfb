"""Writes a session, or a copy of its capture, to a file of the user's."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chatlab import __version__
from chatlab.app.feed import CaptureFeed
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError
from chatlab.core.export import SecretsChoice
from chatlab.core.flow import ByteRange

SLICE_S = 0.005
"""How long blocks are written before the event loop gets its turn."""
SESSION_SUFFIX = ".chatlab"
CAPTURE_SUFFIX = ".pcapng"
_FIRST_BYTE = ByteRange(0, 1)


@dataclass(frozen=True, slots=True)
class SaveWork:
    """Something to be written, step by step, so that a window can go on meanwhile."""

    steps: Callable[[BinaryIO], Iterator[None]]
    count: int
    """About how many steps that takes."""


def capture_work(feed: CaptureFeed, secrets: SecretsChoice = SecretsChoice.KEEP) -> SaveWork:
    """All frames of ``feed`` as pcapng, each message's with comments; see ``SecretsChoice``."""
    messages = list(feed.messages.values())

    def steps(stream: BinaryIO) -> Iterator[None]:
        # Loaded when it is wanted: the window is painted before.
        from chatlab.analysis.redaction import Redaction
        from chatlab.analysis.session_blocks import Contents, session_blocks

        # Frames that come while secrets are looked for would not be looked into.
        count, redaction = len(feed.streams), None
        if secrets is SecretsChoice.REDACT:
            redaction = Redaction(feed.streams, feed.correlator)
            yield from redaction.look()
        key_log = "\n".join(key_lines(feed))
        contents = Contents(feed.log, feed.correlator, messages, key_log, program_name(), count)
        for block in session_blocks(contents, secrets, redaction=redaction):
            stream.write(block)
            yield

    return SaveWork(steps, len(messages) + feed.count)


def session_work(feed: CaptureFeed, book: ChatBook, notes: str) -> SaveWork:
    """Everything there is, in the form that can be opened again."""

    def steps(stream: BinaryIO) -> Iterator[None]:
        from chatlab.app.session_archive import write_archive

        yield from write_archive(stream, feed, book, notes)

    return SaveWork(steps, 2 * len(feed.messages) + feed.count)


def key_lines(feed: CaptureFeed) -> list[str]:
    """The key log of what was captured: our own connections’, and of a log that the reader gave
    those lines that belong to it."""
    lines = list(feed.key_log)
    known = {line.lower() for line in lines}
    for conversation in feed.streams.tcp:
        if (random := client_random(feed, conversation.number)) is not None:
            lines += [line for line in feed.keys.lines_of(random) if line.lower() not in known]
    return lines


def client_random(feed: CaptureFeed, stream: int) -> bytes | None:
    """What names the keys of a TLS connection: the random of its ClientHello."""
    for units in feed.contents.units(stream):
        units.overlapping(_FIRST_BYTE)  # It may not have been looked at yet.
        if units.client_hello is not None:
            return units.client_hello.random
    return None


def program_name() -> str:
    return f"ChatLab {__version__}"


def save(work: SaveWork, file: Path) -> None:
    """Write ``work``; the file appears whole or not at all. Raises FileError."""
    with _complaints(file), appearing_whole(file) as stream:
        for _ in work.steps(stream):
            pass


def save_capture(
    feed: CaptureFeed, file: Path, secrets: SecretsChoice = SecretsChoice.KEEP
) -> None:
    """Write all frames of ``feed`` as pcapng. Raises FileError."""
    save(capture_work(feed, secrets), file)


async def save_beside(work: SaveWork, file: Path, on_progress: Callable[[int], None]) -> None:
    """The same while the window goes on; ``on_progress`` gets the per cent, as they change.

    Frames and messages that come meanwhile are not in the file.
    """
    told, deadline = 0, time.perf_counter() + SLICE_S
    with _complaints(file), appearing_whole(file) as stream:
        for step, _ in enumerate(work.steps(stream)):
            if time.perf_counter() < deadline:
                continue
            if (percent := min(99, 100 * step // (work.count + 1))) > told:
                told = percent
                on_progress(told)
            await asyncio.sleep(0)
            deadline = time.perf_counter() + SLICE_S
        stream.flush()
        await asyncio.to_thread(os.fsync, stream.fileno())


@contextmanager
def _complaints(file: Path) -> Iterator[None]:
    """What the system refuses, in words."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"{file} cannot be written: {error.strerror or error}.",
            "Choose another folder; nothing of the session is lost.",
        ) from error


@contextmanager
def appearing_whole(file: Path) -> Iterator[BinaryIO]:
    """A private temporary file beside ``file`` that takes its place when all is written."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
