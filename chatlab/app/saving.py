"""Writes a capture, with what only ChatLab knows about it, to a file of the user's."""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chatlab import __version__
from chatlab.app.feed import CaptureFeed
from chatlab.core.errors import FileError

SLICE_S = 0.005
"""How long blocks are written before the event loop gets its turn."""


def save_capture(
    feed: CaptureFeed, file: Path, *, with_secrets: bool, with_messages: bool = True
) -> None:
    """Write all frames of ``feed`` as pcapng; the file appears whole or not at all.

    ``with_secrets`` puts the TLS secrets in, so that Wireshark decrypts by itself, and whoever
    has the file can, too. Raises FileError.
    """
    blocks, _ = _blocks(feed, with_secrets=with_secrets, with_messages=with_messages)
    with _complaints(file), appearing_whole(file) as stream:
        for block in blocks:
            stream.write(block)


async def save_capture_beside(
    feed: CaptureFeed,
    file: Path,
    *,
    with_secrets: bool,
    with_messages: bool,
    on_progress: Callable[[int], None],
) -> None:
    """The same while the window goes on; ``on_progress`` gets the per cent, as they change.

    Frames and messages that come meanwhile are not in the file.
    """
    blocks, steps = _blocks(feed, with_secrets=with_secrets, with_messages=with_messages)
    told, deadline = 0, time.perf_counter() + SLICE_S
    with _complaints(file), appearing_whole(file) as stream:
        for step, block in enumerate(blocks):
            stream.write(block)
            if time.perf_counter() < deadline:
                continue
            if (percent := 100 * step // (steps + 1)) > told:
                told = min(percent, 99)
                on_progress(told)
            await asyncio.sleep(0)
            deadline = time.perf_counter() + SLICE_S
        stream.flush()
        await asyncio.to_thread(os.fsync, stream.fileno())


def _blocks(
    feed: CaptureFeed, *, with_secrets: bool, with_messages: bool
) -> tuple[Iterator[bytes], int]:
    """What is to be written, and in about how many pieces."""
    # Loaded when it is wanted: the window is painted before.
    from chatlab.analysis.session_file import session_blocks

    messages = list(feed.messages.values()) if with_messages else []
    blocks = session_blocks(
        feed.log,
        feed.correlator,
        messages,
        "\n".join(feed.key_log),
        application=f"ChatLab {__version__}",
        with_secrets=with_secrets,
    )
    return blocks, len(messages) + len(feed.log)


@contextmanager
def _complaints(file: Path) -> Iterator[None]:
    """What the system refuses, in words."""
    try:
        yield
    except OSError as error:
        raise FileError(
            f"The capture cannot be saved as {file}: {error.strerror or error}.",
            "Choose another folder; nothing of the capture is lost.",
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
