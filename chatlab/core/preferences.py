"""What a reader can choose about the program as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The choices of the Preferences dialog; where they are kept is the store's matter."""

    theme: str = "system"
    """``system``, ``light`` or ``dark``."""
    font_scale: int = 100
    """Per cent of the system's font size."""
    keep_history: bool = True
    history_lines: int = 200
    """Older lines shown when a chat opens."""
    condenses: bool = True
    """Comings and goings in a row are one line of the transcript."""
    capture_on_start: bool = True
    autosave_minutes: int = 5
    """A session that has a file is saved this often, and at the end; 0: only when asked."""
    notifies: bool = False
    """Messages for the reader are shown by the desktop while ChatLab is not in front."""
    closes_to_tray: bool = False
    """Closing the window leaves ChatLab running, in the desktop's tray."""
    auto_away_minutes: int = 0
    """Marked away after this long without a key; 0: never, as AWAY makes packets."""
    download_folder: str = ""
    """Where received files go; empty: the system's folder for that."""
    dcc_first_port: int = 0
    dcc_last_port: int = 0
    """Ports to listen on for direct connections, both included; 0: any."""
    dcc_prefers_passive: bool = False
    """Offer so that the other party listens, whatever the addresses look like."""
    is_tour_over: bool = False
    """The tour of the lab was taken or skipped: it does not begin by itself any more."""
    shortcuts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Keys by the name of an action, where the reader wants others than usual; may be none."""
