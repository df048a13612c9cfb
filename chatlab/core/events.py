"""Everything that can happen on a chat account, as one union: ``ChatEvent``.

A connection emits these in order; ``chats.ChatBook`` folds them into what is to be shown.
"""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.core.connection import Connection, LinkState
from chatlab.core.errors import CertificateError, Severity
from chatlab.core.flow import Direction, WireRange
from chatlab.core.listings import ChannelsListed, MasksListed
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.core.roster import Availability, RosterEvent
from chatlab.core.transfer import Transfer


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The account's connection moved on, or failed."""

    account: AccountId
    state: LinkState
    time_ns: int
    detail: str = ""
    """Why, in words with the next step; empty when the state says it all."""
    retry_in_s: float | None = None
    """With WAITING: seconds until the next attempt."""
    is_fault: bool = False
    """The user did not ask for it."""


@dataclass(frozen=True, slots=True)
class ConnectionOpened:
    """A transport connection exists, or its facts became complete (TLS agreed)."""

    account: AccountId
    connection: Connection


@dataclass(frozen=True, slots=True)
class CertificateRefused:
    """The server's certificate needs a decision of the user's before the next attempt."""

    account: AccountId
    error: CertificateError


@dataclass(frozen=True, slots=True)
class NickInUse:
    """The account's own nick is now this one (at registration and after each change)."""

    account: AccountId
    nick: str


@dataclass(frozen=True, slots=True)
class MessageAdded:
    """A message was received, or one of ours was accepted for sending."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A sent message moved on; only the fields that changed are set."""

    account: AccountId
    message: MessageId
    delivery: Delivery | None = None
    failure: str = ""
    wire: WireRange | None = None
    echo: WireRange | None = None
    time_ns: int | None = None
    msgid: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True)
class ChatOpened:
    """A chat exists whose name alone does not tell its kind: an XMPP room, or a chat of two."""

    account: AccountId
    chat: str
    is_room: bool
    title: str = ""
    """What to show instead of the name: a room's or a contact's own."""


@dataclass(frozen=True, slots=True)
class MessageRewritten:
    """An author replaced what a message says (XEP-0308), or it was taken back (XEP-0424).

    Whoever emits it has checked that the sender may: the book does as it is told.
    """

    account: AccountId
    chat: str
    message: MessageId
    text: str
    time_ns: int
    is_retracted: bool = False
    wire: WireRange | None = None
    """The bytes of the stanza that rewrote it."""
    msgid: str = ""
    """``Message.msgid``, for who does not know the ``message``, which is empty then."""


class Departure(Enum):
    """How a member left."""

    PART = "left"
    QUIT = "quit"
    KICK = "was kicked"


@dataclass(frozen=True, slots=True)
class MembersListed:
    """The complete member list of a channel (RPL_NAMREPLY … RPL_ENDOFNAMES)."""

    account: AccountId
    chat: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class MemberJoined:
    account: AccountId
    chat: str
    member: Member
    time_ns: int
    is_self: bool = False
    is_folded: bool = False
    """Part of a netjoin: one ``Informed`` tells of all of them."""


@dataclass(frozen=True, slots=True)
class MemberLeft:
    account: AccountId
    chats: tuple[str, ...]
    nick: str
    how: Departure
    time_ns: int
    reason: str = ""
    by: str = ""
    is_self: bool = False
    is_folded: bool = False
    """Part of a netsplit: one ``Informed`` tells of all of them."""


@dataclass(frozen=True, slots=True)
class MemberRenamed:
    account: AccountId
    chats: tuple[str, ...]
    old: str
    new: str
    time_ns: int
    is_self: bool = False


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """Status signs, away state or account of a member changed."""

    account: AccountId
    chat: str
    member: Member


@dataclass(frozen=True, slots=True)
class TopicChanged:
    account: AccountId
    chat: str
    topic: str
    time_ns: int
    by: str = ""
    """Empty when the topic was only told on joining."""


@dataclass(frozen=True, slots=True)
class ModesChanged:
    """Modes of a chat: the change as it was seen, and the channel's modes after it."""

    account: AccountId
    chat: str
    change: str
    modes: str
    time_ns: int
    by: str = ""


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody asks us into a room (XEP-0045, section 7.8.2; XEP-0249)."""

    account: AccountId
    chat: str
    by: str
    """Who asks, as far as it is known."""
    time_ns: int
    reason: str = ""
    password: str = ""
    """The room's, where it has one and they gave it."""


@dataclass(frozen=True, slots=True)
class Informed:
    """A line for a chat or for the account's server chat that is nobody's message."""

    account: AccountId
    text: str
    time_ns: int
    chat: str = ""
    """Empty: the account's server chat."""
    severity: Severity = Severity.INFO
    hint: str = ""
    code: str = ""
    """The numeric or the standard reply it came from, e.g. ``432``; ``CTCP`` and ``INVITE`` when
    somebody else asked for something."""
    source: str = ""
    """Who caused it, ``nick!user@host`` or a server's name; empty when it is our own."""


@dataclass(frozen=True, slots=True)
class LineSeen:
    """A protocol line as it crossed the wire, for consoles and tests. Passwords are masked."""

    account: AccountId
    direction: Direction
    line: str
    time_ns: int
    wire: WireRange | None
    is_malformed: bool = False


@dataclass(frozen=True, slots=True)
class LagMeasured:
    """Round trip of a PING of ours."""

    account: AccountId
    seconds: float


@dataclass(frozen=True, slots=True)
class AwayChanged:
    """The server has marked the account away, or back."""

    account: AccountId
    is_away: bool
    time_ns: int
    availability: Availability | None = None
    """XMPP: how exactly we can be reached; None on IRC, which knows nothing in between."""


class Typing(Enum):
    """What someone does in the box where messages are written (IRCv3 client tag +typing)."""

    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TypingSeen:
    """Somebody is writing. ACTIVE holds for 6 seconds, PAUSED for 30, unless told otherwise."""

    account: AccountId
    chat: str
    nick: str
    state: Typing
    time_ns: int
    user_host: str = ""


@dataclass(frozen=True, slots=True)
class ReactionSeen:
    """Somebody reacted to a message, usually with an emoji (IRCv3 client tag +draft/react)."""

    account: AccountId
    chat: str
    nick: str
    msgid: str
    """The message's ``Message.msgid``."""
    reaction: str
    time_ns: int
    is_removed: bool = False
    user_host: str = ""


@dataclass(frozen=True, slots=True)
class ReadMarkerMoved:
    """Another client of ours has read this chat up to here (IRCv3 read-marker)."""

    account: AccountId
    chat: str
    read_ns: int
    """Time of the last message that was read."""


@dataclass(frozen=True, slots=True)
class ContactSeen:
    """Somebody on the monitor list came or went (IRCv3 monitor)."""

    account: AccountId
    nick: str
    is_online: bool
    time_ns: int
    user_host: str = ""


@dataclass(frozen=True, slots=True)
class TransferOffered:
    """A file or a direct chat was offered, to us or by us."""

    account: AccountId
    transfer: Transfer


@dataclass(frozen=True, slots=True)
class TransferChanged:
    """A transfer moved on; while bytes cross, several times a second at most."""

    account: AccountId
    transfer: Transfer
    """All of it, as it is now."""


ChatEvent = (
    LinkChanged
    | ConnectionOpened
    | CertificateRefused
    | NickInUse
    | MessageAdded
    | MessageChanged
    | MessageRewritten
    | ChatOpened
    | MembersListed
    | MemberJoined
    | MemberLeft
    | MemberRenamed
    | MemberChanged
    | TopicChanged
    | ModesChanged
    | Invited
    | Informed
    | LineSeen
    | LagMeasured
    | AwayChanged
    | ChannelsListed
    | MasksListed
    | TypingSeen
    | ReactionSeen
    | ReadMarkerMoved
    | ContactSeen
    | RosterEvent
    | TransferOffered
    | TransferChanged
)
