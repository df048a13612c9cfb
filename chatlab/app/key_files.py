"""Key logs that lie beside a capture, or that somebody names (SSLKEYLOGFILE)."""

from pathlib import Path

from chatlab.core.errors import FileError
from chatlab.protocol.tls_secrets import KeyLog

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


def read_key_file(file: Path) -> list[str]:
    """The lines of a key log that hold secrets. Raises FileError, also when there is none."""
    try:
        with file.open("rb") as stream:
            text = stream.read(MAX_SIZE).decode("ascii", "replace")
    except OSError as error:
        raise FileError(
            f"The key log {file} cannot be read: {error.strerror or error}.",
            "Check its name and its permissions.",
        ) from error
    keys = KeyLog()
    lines = [line for line in text.splitlines() if keys.add(line)]
    if not lines:
        raise FileError(
            f"{file} holds no TLS secret.",
            "Give a key log as SSLKEYLOGFILE makes it: its lines begin with CLIENT_RANDOM, "
            "CLIENT_TRAFFIC_SECRET_0 and the like.",
        )
    return lines
