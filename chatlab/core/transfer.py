"""Files on their way from one person to another, and direct chats: what is known of each.

A transfer never waits without an end: every state that waits has a time limit, and what ended
says in words why, and what to try next. The rules of DCC are in ``protocol/dcc.py``.
"""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NewType

from chatlab.core.account import AccountId
from chatlab.core.flow import ConnectionId, Direction, FlowKey, WireRange

TransferId = NewType("TransferId", str)
"""Unique over all accounts of a session."""


class TransferKind(Enum):
    """What the two programs want a connection of their own for."""

    FILE = "file"
    CHAT = "chat"
    """DCC CHAT: lines of text past the server."""


class TransferState(Enum):
    """How far it is."""

    PREPARING = "finding out how we can be reached"
    """Sent only: the server is asked how it sees both of us; a few seconds at most."""
    OFFERED = "offered"
    """The offer stands. Sent: the other party decides. Received: our user does."""
    ANSWERED = "answered"
    """Accepted; the two programs settle where to begin (DCC RESUME, ACCEPT)."""
    CONNECTING = "connecting"
    """One of the two waits for the other’s TCP connection."""
    MOVING = "transferring"
    """Bytes cross; for a chat: it is open."""
    CHECKING = "checking"
    """Everything has crossed; the last acknowledgement or the SHA-256 is still to come."""
    DONE = "done"
    REFUSED = "refused"
    """One of the two said no."""
    CANCELLED = "cancelled"
    """One of the two broke it off on purpose; the bytes so far are kept and can be resumed."""
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self in _OVER


_OVER = frozenset(
    {
        TransferState.DONE,
        TransferState.REFUSED,
        TransferState.CANCELLED,
        TransferState.FAILED,
    }
)


class TransferWay(Enum):
    """Which of the two listens for the other’s connection."""

    ACTIVE = "active"
    """Who offers listens: ``DCC SEND name address port size``."""
    PASSIVE = "passive"
    """Who is offered listens: the offer has port 0 and a token (“reverse DCC”)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One file for one person, or one direct chat, as it stands now.

    A file offered to several people is as many transfers, with one ``group``.
    """

    id: TransferId
    account: AccountId
    chat: str
    """Where it is shown: the chat that it was offered from, or the other party’s nick."""
    peer: str
    """The other party’s nick, as it was when the offer was made."""
    direction: Direction
    """SENT: our file. A chat: SENT when we proposed it."""
    kind: TransferKind = TransferKind.FILE
    state: TransferState
    way: TransferWay | None = None
    """None while it is not settled."""
    name: str
    """Safe to show and to use as a file’s name; of a chat: the chat’s name in the book."""
    offered_name: str = ""
    """What the other party called it, where that is not ``name``; may hold anything printable."""
    path: Path | None = None
    """Sent: the file. Received: where it is, or will be, saved; None before it was accepted."""
    size: int = 0
    """Bytes that were promised; 0 for a chat, too."""
    start: int = 0
    """Bytes that were there before (DCC RESUME); they did not cross this connection."""
    position: int = 0
    """Bytes that are there by now, ``start`` included. Sent: as the other party acknowledged."""
    rate: float = 0.0
    """Bytes per second, over the last seconds; at the end, over all of it."""
    is_paused: bool = False
    """Our user holds it: TCP’s window tells the other party to wait."""
    time_ns: int
    """When it was offered; nanoseconds since the epoch."""
    started_ns: int = 0
    """When the TCP connection stood; 0 before."""
    ended_ns: int = 0
    detail: str = ""
    """What is going on, or why it ended, in a sentence."""
    hint: str = ""
    """The next thing to do, when there is one."""
    warnings: tuple[str, ...] = ()
    """What to know before saying yes: NAT, whom it shows our address, odd ports."""
    sha256: str = ""
    """Lower-case hex over the whole file as it is here; once all of it is known."""
    peer_sha256: str = ""
    """What the sender’s program says it must be; empty when it says nothing."""
    connection: ConnectionId | None = None
    flow: FlowKey | None = None
    """Its own TCP connection, once there is one."""
    offer: WireRange | None = None
    """The bytes on the account’s connection whose line carried the (last) offer."""
    offer_words: str = ""
    """That line taken apart in words: address, port, size, token."""
    group: str = ""
    """The same for all offers that were made at once; empty for a single one."""

    @property
    def is_resumed(self) -> bool:
        return self.start > 0

    @property
    def is_verified(self) -> bool:
        """Both programs have the same SHA-256."""
        return bool(self.sha256) and self.sha256 == self.peer_sha256

    @property
    def left_s(self) -> float | None:
        """Seconds to go at this rate; None where that cannot be said."""
        if self.state is not TransferState.MOVING or self.rate <= 0 or not self.size:
            return None
        return (self.size - self.position) / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPolicy:
    """What the user has chosen for all transfers."""

    folder: Path | None = None
    """Where received files go when nobody says otherwise."""
    first_port: int = 0
    last_port: int = 0
    """Ports to listen on, both included, which a router forwards to this machine; 0: any."""
    prefers_passive: bool = False
    """Offer so that the other party listens, whatever the addresses look like."""
    turns_round_s: float = 20.0
    """After so long without a connection an offer is made the other way round; 0: never."""
    tells_sha256: bool = True
    """Send the other party the SHA-256 of a file when all of it has left (one NOTICE)."""

    @property
    def has_ports(self) -> bool:
        return 0 < self.first_port <= self.last_port
