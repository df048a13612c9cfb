"""What a chat pane asks of the session, and what it remembers of chats that it does not show."""

from collections.abc import Callable
from dataclasses import dataclass

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey
from chatlab.core.features import ServerFeatures
from chatlab.core.frame import Exposure
from chatlab.core.message import Message, MessageId


@dataclass(frozen=True, slots=True)
class ChatServices:
    """What a chat pane asks of the session; every answer is quick and comes at once."""

    predict: Callable[[ChatKey, str, str], tuple[int, ...]]
    """Bytes of each message that a typed line would become in a chat, where it answers the message
    with this ``msgid`` (or none); () for local commands."""
    frame_count: Callable[[MessageId], int | None]
    """Captured frames that carry a message; None when nothing is known of it."""
    describe: Callable[[MessageId], str]
    """A message's badge in words: ``Acknowledged by TCP after 12 ms; carried by frame 41``."""
    exposure: Callable[[MessageId], Exposure | None]
    """Who could read a message on its way; None when no frame of it was seen."""
    features: Callable[[AccountId], ServerFeatures] = lambda account: ServerFeatures()
    """What the server of an account can do."""


@dataclass(slots=True)
class KeptChat:
    """What a pane remembers of a chat that it does not show at the moment."""

    draft: str = ""
    history: tuple[str, ...] = ()
    answered: Message | None = None
