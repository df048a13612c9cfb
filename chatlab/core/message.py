"""One utterance, the state of its delivery, and where its bytes lie on the wire."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from chatlab.core.account import AccountId, Application
from chatlab.core.flow import Direction, WireRange

MessageId = NewType("MessageId", str)


class MessageKind(Enum):
    """What sort of utterance; ACTION is CTCP ACTION (``/me``)."""

    MESSAGE = "message"
    ACTION = "action"
    NOTICE = "notice"


class Delivery(Enum):
    """How far a sent message got. Each state is a fact that was seen, never a hope."""

    QUEUED = "queued"
    """Held by this program: not connected yet, or the send queue is full."""
    WRITTEN = "written"
    """Handed to the operating system; its bytes have offsets in the TCP stream."""
    ACKNOWLEDGED = "acknowledged"
    """The peer's TCP has acknowledged the last byte (RFC 9293): it reached that machine."""
    ECHOED = "echoed"
    """The server sent it back (IRCv3 echo-message): the program there has taken it."""
    FAILED = "failed"
    """It will not arrive; the message's ``failure`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as one protocol unit: one PRIVMSG or NOTICE line, one stanza.

    A text too long for one line becomes several messages, as everybody else sees it.
    """

    id: MessageId
    account: AccountId
    application: Application
    direction: Direction
    sender: str
    target: str
    """The chat that it belongs to: a channel, or the other party's nick."""
    text: str
    kind: MessageKind = MessageKind.MESSAGE
    time_ns: int
    """Nanoseconds since the epoch: the server's time tag if there is one, else our clock."""
    delivery: Delivery | None = None
    """None for a received message."""
    failure: str = ""
    wire: WireRange | None = None
    """The bytes that carry it; None until written."""
    echo: WireRange | None = None
    """The bytes in which the server echoed it back."""
    is_history: bool = False
    """Replayed by the server, or read from disk: no packet of this session carried it live."""
    is_highlight: bool = False
    """It names the reader's nick, or what the reader asked to be told of."""
    user_host: str = ""
    """``user@host`` of the sender as the server showed it; empty where it is not known."""
    msgid: str = ""
    """The server's own name for it (IRCv3 message-ids), which replies and reactions use."""
    reply_to: str = ""
    """``msgid`` of the message that it answers (client tag +reply)."""


ALLOWED_STEPS: dict[Delivery, frozenset[Delivery]] = {
    Delivery.QUEUED: frozenset({Delivery.WRITTEN, Delivery.FAILED}),
    Delivery.WRITTEN: frozenset({Delivery.ACKNOWLEDGED, Delivery.ECHOED, Delivery.FAILED}),
    Delivery.ACKNOWLEDGED: frozenset({Delivery.ECHOED, Delivery.FAILED}),
    Delivery.ECHOED: frozenset(),
    Delivery.FAILED: frozenset({Delivery.QUEUED}),
}
"""A failed message may be sent again; nothing else goes backwards."""


def may_become(now: Delivery, later: Delivery) -> bool:
    """Whether ``later`` is progress from ``now``; an ACK seen after the echo is not."""
    return later in ALLOWED_STEPS[now]
