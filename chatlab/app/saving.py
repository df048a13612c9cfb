"""Writes a capture, with what only ChatLab knows about it, to a file of the user's."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chatlab import __version__
from chatlab.app.feed import CaptureFeed
from chatlab.core.errors import FileError


def save_capture(
    feed: CaptureFeed, file: Path, *, with_secrets: bool, with_messages: bool = True
) -> None:
    """Write all frames of ``feed`` as pcapng; the file appears whole or not at all.

    ``with_secrets`` puts the TLS secrets in, so that Wireshark decrypts by itself, and whoever
    has the file can, too. Raises FileError.
    """
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
    try:
        with appearing_whole(file) as stream:
            for block in blocks:
                stream.write(block)
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
