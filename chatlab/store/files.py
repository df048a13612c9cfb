"""Files that survive: written whole or not at all, and never thrown away when damaged."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from chatlab.core.errors import FileError
from chatlab.store.paths import make_private

_PRIVATE = 0o600


def backup_of(path: Path) -> Path:
    """Where the version before the last one is kept."""
    return path.with_name(path.name + ".bak")


def write_whole(path: Path, data: bytes) -> None:
    """Replace ``path`` in one step, readable by its owner only; the old version is kept.

    A full disk or a crash leaves the old file as it was. Raises FileError.
    """
    make_private(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            copy_private(path, backup_of(path))
        os.replace(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise FileError(
            f"{path} could not be written: {error.strerror or error}.",
            "What was there before is unchanged. Free some space or mend the rights, then try "
            "again.",
        ) from error


def copy_private(source: Path, target: Path) -> None:
    """Copy a file so that nobody else may read the copy. Raises OSError."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with open(descriptor, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)


def free_name(path: Path, label: str) -> Path:
    """A name beside ``path`` that is not taken: ``settings.damaged-20260131-120000.toml``."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    base = f"{path.stem}.{label}-{stamp}"
    candidate = path.with_name(base + path.suffix)
    count = 2
    while candidate.exists():
        candidate = path.with_name(f"{base}-{count}{path.suffix}")
        count += 1
    return candidate


def keep_aside(path: Path) -> Path | None:
    """Rename a damaged file so that it is out of the way and not lost.

    Returns its new name, or None when it could not be moved (it is then still in place).
    """
    aside = free_name(path, "damaged")
    try:
        os.replace(path, aside)
    except OSError:
        return None
    return aside
