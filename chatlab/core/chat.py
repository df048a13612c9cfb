"""What a chat and an account look like to the one who shows them. ``chats.ChatBook`` changes them."""

from dataclasses import dataclass, field
from enum import Enum

from chatlab.core.account import Account, AccountId
from chatlab.core.connection import Connection, LinkState
from chatlab.core.message import Message
from chatlab.core.roster import Availability, Contact

SERVER_CHAT = ""
"""The name of the chat that shows the server's own words."""
CHANNEL_SIGNS = "#&+!"


class ChatKind(Enum):
    SERVER = "server"
    CHANNEL = "channel"
    PRIVATE = "private"


def kind_of(name: str) -> ChatKind:
    """What a chat is, as far as its name tells (IRC)."""
    if name == SERVER_CHAT:
        return ChatKind.SERVER
    return ChatKind.CHANNEL if name[0] in CHANNEL_SIGNS else ChatKind.PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One person in a channel."""

    nick: str
    prefixes: str = ""
    """Status signs, highest first, e.g. ``@+`` (ISUPPORT PREFIX)."""
    account_name: str = ""
    user_host: str = ""
    is_away: bool = False
    is_bot: bool = False
    """It says so itself (IRCv3 bot-mode)."""
    role: str = ""
    """XMPP: ``moderator``, ``participant`` or ``visitor`` (XEP-0045, section 5.1)."""
    affiliation: str = ""
    """XMPP: ``owner``, ``admin``, ``member``, ``outcast`` or ``none`` (section 5.2)."""
    occupant_id: str = ""
    """XMPP: the same person under whatever nickname (XEP-0421); empty where the room has none."""


class NoteKind(Enum):
    """What a line that is nobody's message tells."""

    PRESENCE = "presence"
    TOPIC = "topic"
    MODE = "mode"
    LINK = "link"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Note:
    """A line in a transcript that is nobody's message."""

    time_ns: int
    kind: NoteKind
    text: str
    hint: str = ""
    parts: tuple[str, ...] = ()
    """The sentences that ``text`` sums up, where it stands for several (``condensing``)."""


Entry = Message | Note


@dataclass(frozen=True, slots=True, order=True)
class ChatKey:
    """Names a chat: the account, and the channel or nick in lower case."""

    account: AccountId
    name: str


@dataclass(slots=True, eq=False)
class Chat:
    """One transcript and what surrounds it. Changed by its ``ChatBook`` only."""

    key: ChatKey
    title: str
    """Its name as it was first written: what messages are addressed to."""
    kind: ChatKind
    label: str = ""
    """XMPP: what a room or a contact is called; empty where the name says it."""
    own_nick: str = ""
    """What the reader is called in it; empty where the account's nick holds (IRC)."""
    topic: str = ""
    modes: str = ""
    is_joined: bool = False
    members: dict[str, Member] = field(default_factory=dict)
    """By lower-case nick."""
    entries: list[Entry] = field(default_factory=list)
    unread: int = 0
    highlights: int = 0
    read_ns: int = 0
    """Time of the last message known to be read, here or in another client of ours."""
    is_muted: bool = False
    """What arrives here is shown and not counted."""
    dropped: int = 0
    """Entries that left memory; position + dropped is an entry's number for good."""

    @property
    def heading(self) -> str:
        """What to show."""
        return self.label or self.title


@dataclass(slots=True, eq=False)
class AccountState:
    """An account and how it is doing."""

    account: Account
    state: LinkState = LinkState.OFFLINE
    detail: str = ""
    is_fault: bool = False
    retry_in_s: float | None = None
    nick: str = ""
    connection: Connection | None = None
    """The chat connection of now, or the last one."""
    lag_s: float | None = None
    is_away: bool = False
    availability: Availability = Availability.AVAILABLE
    """How others see us while we are online."""
    contacts: dict[str, Contact] = field(default_factory=dict)
    """XMPP: the roster, by bare JID."""
    source: str = ""
    """Name of the file that it was read from; empty for an account that can connect."""

    def set_away(self, is_away: bool, availability: Availability | None = None) -> None:
        """The server knows us like this now; only XMPP has more than here and away."""
        plain = Availability.AWAY if is_away else Availability.AVAILABLE
        self.is_away, self.availability = is_away, availability or plain

    def go_offline(self) -> None:
        """Nobody sees us, and nothing is measured any more."""
        self.lag_s = None
        self.set_away(False)


class Change(Enum):
    """What an observer is told, together with a chat or an account."""

    CHAT_ADDED = "chat added"
    CHAT_REMOVED = "chat removed"
    CHAT_CHANGED = "chat changed"
    """Topic, modes, title, unread counters or joined state."""
    ENTRIES_ADDED = "entries added"
    ENTRY_CHANGED = "entry changed"
    ENTRIES_DROPPED = "entries dropped"
    MEMBERS_CHANGED = "members changed"
    ACCOUNT_CHANGED = "account changed"
