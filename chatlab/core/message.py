"""One utterance, the state of its delivery, and where its bytes lie on the wire."""

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from chatlab.core.account import AccountId, Application
from chatlab.core.flow import Direction, WireRange
from chatlab.core.reactions import Reactions

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
    """The server has taken it: it sent it back (IRCv3 echo-message, a room's reflection), or
    acknowledged the stanza (XEP-0198)."""
    DELIVERED = "delivered"
    """The other party's program has it, and said so (XEP-0184)."""
    DISPLAYED = "displayed"
    """The other party has had it on the screen, and their program said so (XEP-0333)."""
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
    """The name that replies and reactions use for it: the server's (IRCv3 message-ids, the room's
    XEP-0359 stanza id), or in an XMPP chat of two the stanza's own ``id``."""
    reply_to: str = ""
    """``msgid`` of the message that it answers (client tag +reply, XEP-0461)."""
    is_corrected: bool = False
    """``text`` is not what was said first (XEP-0308)."""
    is_retracted: bool = False
    """Its author, or a moderator, took it back; ``text`` is empty then (XEP-0424, XEP-0425)."""
    reactions: Reactions = ()
    """What others, and we, answered with a sign (IRCv3 +draft/react, XEP-0444)."""
    twin: str = ""
    """The same for all messages that one gesture sent on several chats; else empty."""
    is_unstyled: bool = False
    """XMPP: signs such as ``*`` around words are no styling in it (XEP-0393, section 6)."""
    is_sealed: bool = False
    """It came end-to-end encrypted in a way that this program cannot read (XEP-0380); ``text``
    says which."""


_AFTER_ECHO = frozenset({Delivery.DELIVERED, Delivery.DISPLAYED, Delivery.FAILED})
ALLOWED_STEPS: dict[Delivery, frozenset[Delivery]] = {
    Delivery.QUEUED: frozenset({Delivery.WRITTEN, Delivery.FAILED}),
    Delivery.WRITTEN: _AFTER_ECHO | {Delivery.ACKNOWLEDGED, Delivery.ECHOED},
    Delivery.ACKNOWLEDGED: _AFTER_ECHO | {Delivery.ECHOED},
    Delivery.ECHOED: _AFTER_ECHO,
    Delivery.DELIVERED: frozenset({Delivery.DISPLAYED}),
    Delivery.DISPLAYED: frozenset(),
    Delivery.FAILED: frozenset({Delivery.QUEUED}),
}
"""A failed message may be sent again; nothing else goes backwards."""


def may_become(now: Delivery, later: Delivery) -> bool:
    """Whether ``later`` is progress from ``now``; an ACK seen after the echo is not."""
    return later in ALLOWED_STEPS[now]
