"""Key logs that lie beside a capture, or that somebody names (SSLKEYLOGFILE)."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from chatlab.core.errors import FileError
from chatlab.protocol.tls_secrets import KeyLog

if TYPE_CHECKING:
    from chatlab.app.feed import CaptureFeed

MAX_SIZE = 64 * 1024 * 1024
"""Bytes that are read of a key log."""
_SUFFIXES = (".keys", ".keylog", ".keys.txt", ".sslkeylog")
_NAMES = ("sslkeylog.txt", "sslkeylog.log", "sslkeys.log")


def keys_beside(capture: Path) -> Path | None:
    """The key log that belongs to a capture by its name, or lies in its folder."""
    names = [f"{base}{suffix}" for base in (capture.name, capture.stem) for suffix in _SUFFIXES]
    for name in (*names, *_NAMES):
        file = capture.with_name(name)
        if file.is_file():
            return file
    return None


async def use_key_file(feed: "CaptureFeed", file: Path) -> int:
    """Look into TLS with the secrets of a key log; how many it held. Raises FileError.

    A browser's log of years takes a second to read: that is done in a thread.
    """
    found = await asyncio.to_thread(read_key_file, file)
    feed.use_key_log(found)
    return len(found)


async def show_key_file(
    feed: "CaptureFeed", file: Path, show: Callable[[int | FileError], None]
) -> None:
    """The same; ``show`` is told how many, or why there are none."""
    try:
        count = await use_key_file(feed, file)
    except FileError as error:
        show(error)
    else:
        show(count)


def read_key_file(file: Path) -> KeyLog:
    """The secrets of a key log. Raises FileError, also when there is none."""
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_SIZE).decode("ascii", "replace")
    except OSError as error:
        raise FileError(
            f"The key log {file} cannot be read: {error.strerror or error}.",
            "Check its name and its permissions.",
        ) from error
    keys = KeyLog(text.splitlines())
    if not len(keys):
        raise FileError(
            f"{file} holds no TLS secret.",
            "Give a key log as SSLKEYLOGFILE makes it: its lines begin with CLIENT_RANDOM, "
            "CLIENT_TRAFFIC_SECRET_0 and the like.",
        )
    return keys
