"""The only reader of ``resources/``: beside the package in a checkout, inside it when installed."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_resources"
_ROOT = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent / "resources"


def path(name: str) -> Path:
    """The file called ``name`` (with ``/``), for a reader that needs a path."""
    return _ROOT / name


def text(name: str) -> str:
    """The content of a UTF-8 text file, e.g. ``networks.toml``."""
    return path(name).read_text(encoding="utf-8")
