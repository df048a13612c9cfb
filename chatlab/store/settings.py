"""What the user chose and how the window was left; never a password, never a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.store.migrations import SCHEMA_KEY, SETTINGS
from chatlab.store.reading import Loaded, Table, TableReader
from chatlab.store.toml_file import TomlFile

MAX_OPEN_CHATS = 200
MAX_PANES = 4
MAX_SHORTCUTS = 300
MAX_KEYS = 4
_MAX_ACTION, _MAX_KEY = 60, 40
_MAX_PIXELS = 32_767
_MAX_GEOMETRY = 4_096


class ThemeChoice(Enum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowSettings:
    """How the window was left."""

    geometry: str = ""
    """Base64 of what Qt calls the geometry; the window checks it before use."""
    splits: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Sizes in pixels of each splitter, by its object name."""
    chats: tuple[ChatKey, ...] = ()
    """Chats that were open, in the order of the sidebar."""
    panes: tuple[ChatKey, ...] = ()
    """Those of ``chats`` that stood side by side, left to right."""
    is_sidebar_shown: bool = True
    is_wire_shown: bool = True
    is_member_list_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that outlives the window, but accounts (see ``accounts``)."""

    theme: ThemeChoice = ThemeChoice.SYSTEM
    font_scale: int = 100
    """Per cent of the system's font size."""
    keep_history: bool = True
    """Write transcripts to disk. Off means: keep nothing."""
    history_lines: int = 200
    """Older lines shown when a chat opens."""
    condenses: bool = True
    """Comings and goings in a row are one line."""
    capture_on_start: bool = True
    autosave_minutes: int = 5
    """A session that has a file is saved this often, and at the end; 0: only when asked."""
    notifies: bool = False
    """Messages for the reader are shown by the desktop as well; off, for labs are shared."""
    closes_to_tray: bool = False
    """Closing the window leaves the program running where the desktop has a tray."""
    auto_away_minutes: int = 0
    """Away by itself after this long without a key; 0: never, as it makes packets."""
    download_folder: str = ""
    """Where received files go; empty: the system's folder for that."""
    dcc_first_port: int = 0
    dcc_last_port: int = 0
    """Ports to listen on for direct connections, both included; 0: any."""
    dcc_prefers_passive: bool = False
    """Direct connections: let the other party listen."""
    shortcuts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Keys by the name of an action, where others than usual are wanted; the window checks them."""
    is_tour_over: bool = False
    """The tour of the lab was taken or skipped."""
    last_folder: str = ""
    """Where a file was last opened or saved."""
    window: WindowSettings = WindowSettings()


MIN_FONT_SCALE, MAX_FONT_SCALE = 70, 250
MAX_AWAY_MINUTES = 24 * 60
MAX_AUTOSAVE_MINUTES = 24 * 60
MAX_PORT = 65_535
_TOP = (
    "autosave_minutes", "theme", "font_scale", "keep_history", "history_lines", "condenses", "capture_on_start",
    "notifies", "closes_to_tray", "auto_away_minutes", "download_folder", "dcc_first_port", "dcc_last_port",
    "dcc_prefers_passive", "is_tour_over", "last_folder",
)  # fmt: skip


class SettingsStore:
    """Settings on disk."""

    def __init__(self, path: Path) -> None:
        self._file = TomlFile(path, SETTINGS)

    def load(self) -> Loaded[Settings]:
        """The settings, whatever state the file is in. Never raises."""
        notes: list[str] = []
        table = self._file.read(notes)
        reader = TableReader(table, self._file.path.name, notes)
        reader.number(SCHEMA_KEY, SETTINGS.current, 1, 1_000_000)
        return Loaded(_read_settings(reader), tuple(notes))

    def save(self, settings: Settings) -> None:
        """Raises FileError; the old file then stays."""
        self._file.write(_to_table(settings))


def _read_settings(reader: TableReader) -> Settings:
    default = Settings()
    settings = Settings(
        theme=reader.choice("theme", default.theme),
        font_scale=reader.number("font_scale", default.font_scale, MIN_FONT_SCALE, MAX_FONT_SCALE),
        keep_history=reader.flag("keep_history", default.keep_history),
        history_lines=reader.number("history_lines", default.history_lines, 0, 10_000),
        condenses=reader.flag("condenses", default.condenses),
        capture_on_start=reader.flag("capture_on_start", default.capture_on_start),
        autosave_minutes=reader.number(
            "autosave_minutes", default.autosave_minutes, 0, MAX_AUTOSAVE_MINUTES
        ),
        notifies=reader.flag("notifies", default.notifies),
        closes_to_tray=reader.flag("closes_to_tray", default.closes_to_tray),
        auto_away_minutes=reader.number(
            "auto_away_minutes", default.auto_away_minutes, 0, MAX_AWAY_MINUTES
        ),
        download_folder=reader.text("download_folder"),
        dcc_first_port=reader.number("dcc_first_port", 0, 0, MAX_PORT),
        dcc_last_port=reader.number("dcc_last_port", 0, 0, MAX_PORT),
        dcc_prefers_passive=reader.flag("dcc_prefers_passive", default.dcc_prefers_passive),
        shortcuts=_read_shortcuts(reader.table("shortcuts")),
        is_tour_over=reader.flag("is_tour_over", default.is_tour_over),
        last_folder=reader.text("last_folder"),
        window=_read_window(reader.table("window")),
    )
    reader.finish()
    return settings


def _read_window(reader: TableReader) -> WindowSettings:
    default = WindowSettings()
    geometry = reader.text("geometry")
    chats = _read_chats(reader, "chats", MAX_OPEN_CHATS)
    panes = _read_chats(reader, "panes", MAX_PANES)
    window = WindowSettings(
        geometry=geometry if len(geometry) <= _MAX_GEOMETRY and geometry.isascii() else "",
        splits=_read_splits(reader.table("splits")),
        chats=chats,
        panes=tuple(pane for pane in panes if pane in chats),
        is_sidebar_shown=reader.flag("is_sidebar_shown", default.is_sidebar_shown),
        is_wire_shown=reader.flag("is_wire_shown", default.is_wire_shown),
        is_member_list_shown=reader.flag("is_member_list_shown", default.is_member_list_shown),
    )
    reader.finish()
    return window


def _read_shortcuts(reader: TableReader) -> Mapping[str, tuple[str, ...]]:
    """Names that no version knows are kept out by the window, which has the table of actions."""
    names = [name for name in reader.names() if len(name) <= _MAX_ACTION][:MAX_SHORTCUTS]
    found = {name: reader.texts(name)[:MAX_KEYS] for name in names}
    return {
        name: tuple(key for key in keys if key and len(key) <= _MAX_KEY)
        for name, keys in found.items()
    }


def _read_splits(reader: TableReader) -> Mapping[str, tuple[int, ...]]:
    return {
        name: tuple(min(max(size, 0), _MAX_PIXELS) for size in sizes)
        for name in reader.names()
        if (sizes := reader.numbers(name))
    }


def _read_chats(reader: TableReader, key: str, limit: int) -> tuple[ChatKey, ...]:
    chats: dict[ChatKey, None] = {}
    for row in reader.tables(key):
        account = row.text("account")
        chat = ChatKey(AccountId(account), row.text("chat").lower())
        row.finish()
        if account:
            chats[chat] = None
        else:
            row.note("a chat without an account is left out.")
    if len(chats) > limit:
        reader.note(f"only the first {limit} of “{key}” are used.")
    return tuple(chats)[:limit]


def _to_table(settings: Settings) -> Table:
    table: Table = {
        name: value.value if isinstance(value := getattr(settings, name), Enum) else value
        for name in _TOP
    }
    table["shortcuts"] = {name: list(keys) for name, keys in settings.shortcuts.items()}
    window = settings.window
    table["window"] = {
        "geometry": window.geometry,
        "is_sidebar_shown": window.is_sidebar_shown,
        "is_wire_shown": window.is_wire_shown,
        "is_member_list_shown": window.is_member_list_shown,
        "splits": {name: list(sizes) for name, sizes in window.splits.items()},
        "chats": [{"account": key.account, "chat": key.name} for key in window.chats],
        "panes": [{"account": key.account, "chat": key.name} for key in window.panes],
    }
    return table
