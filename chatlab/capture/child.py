"""Starts the processes of this package, whoever runs them: by name, without inheriting a path."""

import os
import sys
from pathlib import Path

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


def module_command(module: str, *arguments: str) -> list[str]:
    """The command for one of our modules; ``-P`` keeps the current directory from being imported."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Ours, with this very package first in the child's search path."""
    paths = [str(_PACKAGE_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
