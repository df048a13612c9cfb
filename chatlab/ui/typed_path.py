"""Files and folders that somebody typed: whatever it is, asking about it raises nothing.

``Path.expanduser`` raises where ``~name`` is nobody, and ``Path.is_dir`` where a folder above may
not be looked into.
"""

import os
from pathlib import Path


def typed_path(text: str) -> Path:
    """What was typed as a path, ``~`` being the reader's own folder."""
    return Path(os.path.expanduser(text.strip()))


def is_folder(path: Path) -> bool:
    return os.path.isdir(path)


def is_file(path: Path) -> bool:
    return os.path.isfile(path)


def is_there(path: Path) -> bool:
    """Something has that name, as far as one may look."""
    return os.path.lexists(path)


def size_of(path: Path) -> int:
    """Bytes; 0 where that cannot be known."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0
