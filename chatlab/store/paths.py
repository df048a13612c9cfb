"""Where ChatLab keeps what is yours: settings, accounts, history, sessions.

The system's own places (XDG on Linux, Application Support on macOS, AppData on Windows), or all
of it below one folder when ``CHATLAB_HOME`` names one: portable use, and tests.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from chatlab.core.errors import FileError

HOME_VARIABLE = "CHATLAB_HOME"
_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders; none of them is made before something is written there."""

    config: Path
    data: Path
    cache: Path

    @property
    def settings_file(self) -> Path:
        return self.config / "settings.toml"

    @property
    def accounts_file(self) -> Path:
        return self.config / "accounts.toml"

    @property
    def rules_file(self) -> Path:
        """Whom to ignore, what to be told of."""
        return self.config / "rules.toml"

    @property
    def certificates(self) -> Path:
        """Certificates of one's own, each with its private key."""
        return self.config / "certificates"

    @property
    def history_file(self) -> Path:
        return self.data / "history" / "history.sqlite3"

    @property
    def sessions(self) -> Path:
        """Captures that are being written, and those that a crash left behind."""
        return self.data / "sessions"

    @property
    def pictures(self) -> Path:
        """Screenshots for the report."""
        return self.data / "pictures"


def find_paths(environment: Mapping[str, str] = os.environ) -> Paths:
    """The folders for this user; touches nothing."""
    if home := environment.get(HOME_VARIABLE, "").strip():
        root = Path(home).expanduser().absolute()
        return Paths(root / "config", root / "data", root / "cache")
    system = PlatformDirs("chatlab", appauthor=False, roaming=False)
    return Paths(
        Path(system.user_config_path), Path(system.user_data_path), Path(system.user_cache_path)
    )


def make_private(directory: Path) -> Path:
    """Make a folder that only its owner may enter. Raises FileError.

    Parents that exist already keep their mode; they belong to the system.
    """
    try:
        directory.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        if os.name == "posix" and directory.stat().st_mode & 0o077:
            directory.chmod(_PRIVATE)
    except OSError as error:
        raise FileError(
            f"The folder {directory} cannot be used: {error.strerror or error}.",
            f"Make it writable, or name another place in {HOME_VARIABLE}.",
        ) from error
    return directory
