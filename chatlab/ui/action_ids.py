"""What the window can be asked to do: the names of actions and menus, and what a row says."""

from dataclasses import dataclass
from enum import Enum

NUMBERS = range(1, 10)
_NUMBER_SIGN = "{}"


class Menu(Enum):
    """The menus, in their order. No mnemonic may be a letter that an ``Alt`` shortcut uses."""

    FILE = "&File"
    CHAT = "&Chat"
    GO = "&Go"
    PEOPLE = "&People"
    TEXT = "&Text"
    WIRE = "&Wire"
    VIEW = "&View"
    HELP = "&Help"

    @property
    def title(self) -> str:
        return self.value.replace("&", "")


class ActionId(Enum):
    """What the window can be asked to do."""

    NEW_ACCOUNT = "new-account"
    ACCOUNTS = "accounts"
    LAB = "lab"
    OPEN_CAPTURE = "open-capture"
    SAVE_CAPTURE = "save-capture"
    SAVE_AS = "save-as"
    EXPORT_CAPTURE = "export-capture"
    SESSION_NOTES = "session-notes"
    PICTURE = "picture"
    EXPORT_CHAT = "export-chat"
    PREFERENCES = "preferences"
    SHORTCUTS = "shortcuts"
    QUIT = "quit"
    JOIN = "join"
    NEW_TALK = "new-talk"
    CHANNEL_LIST = "channel-list"
    CHANNEL = "channel"
    CONNECT = "connect"
    DISCONNECT = "disconnect"
    NEXT_CHAT = "next-chat"
    PREVIOUS_CHAT = "previous-chat"
    NEXT_UNREAD = "next-unread"
    PREVIOUS_UNREAD = "previous-unread"
    RECENT_CHAT = "recent-chat"
    RECENT_CHAT_BACK = "recent-chat-back"
    GO_TO_CHAT = "go-to-chat"
    MARK_READ = "mark-read"
    ALL_READ = "all-read"
    CLOSE_CHAT = "close-chat"
    REOPEN_CHAT = "reopen-chat"
    FIND = "find"
    FIND_NEXT = "find-next"
    FIND_PREVIOUS = "find-previous"
    SEARCH = "search"
    SET_MARKER = "set-marker"
    GO_TO_MARKER = "go-to-marker"
    REPLY = "reply"
    REACT = "react"
    CORRECT = "correct"
    RETRACT = "retract"
    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKE = "strike"
    MONOSPACE = "monospace"
    COLOUR = "colour"
    PLAIN_TEXT = "plain-text"
    MENTIONS = "mentions"
    HIGHLIGHTS = "highlights"
    ADD_CONTACT = "add-contact"
    BUDDIES = "buddies"
    SEND_FILE = "send-file"
    TRANSFERS = "transfers"
    IGNORES = "ignores"
    AWAY = "away"
    MUTE = "mute"
    CAPTURE = "capture"
    INTERFACE = "interface"
    RAW_CONSOLE = "raw-console"
    USE_SECRETS = "use-secrets"
    KEY_LOG = "key-log"
    PACKETS = "packets"
    COMPARE = "compare"
    COMPARISON = "comparison"
    TWINS = "twins"
    SPLIT = "split"
    NEXT_PANE = "next-pane"
    SIDEBAR = "sidebar"
    MEMBER_LIST = "member-list"
    WIRE_PANE = "wire-pane"
    THEME = "theme"
    FONT_BIGGER = "font-bigger"
    FONT_SMALLER = "font-smaller"
    FONT_RESET = "font-reset"
    FULL_SCREEN = "full-screen"
    PRESENTATION = "presentation"
    HELP = "help"
    TOUR = "tour"
    PALETTE = "palette"
    SYSTEM_CHECK = "system-check"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table."""

    id: ActionId
    menu: Menu
    text: str
    """As in the menu; ``…`` where it asks before it does something."""
    help: str
    """One sentence for Help and for the tooltip."""
    shortcuts: tuple[str, ...] = ()
    """Portable names; the first is the one that menus show."""
    icon: str = ""
    keywords: str = ""
    """Other words that people look for it by."""
    is_checkable: bool = False
    starts_group: bool = False
    """A line in the menu stands before it."""

    @property
    def is_numbered(self) -> bool:
        """Nine actions in one: the sign in its text and its shortcut is a number from 1 to 9."""
        return _NUMBER_SIGN in self.text

    @property
    def plain_text(self) -> str:
        return self.text.replace("&", "").replace(_NUMBER_SIGN, "1 … 9")
