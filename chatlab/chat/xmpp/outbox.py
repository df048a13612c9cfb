"""The way out for messages: a queue that outlives connections.

Messages wait here while there is no connection, and while their room is being entered; nothing
typed is lost meanwhile. XMPP servers hold floods back by not reading, so there is no pace here.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatlab.core.errors import ChatlabError, ConnectError, UsageError
from chatlab.core.message import MessageId, MessageKind

CANCELLED = "You cancelled it before it was sent."


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is needed to send a message, and to send it again."""

    id: MessageId
    stanza_id: str
    """``id`` of the stanza, the same in every try: others can tell that it is the same message."""
    chat: str
    """A bare address, a room, or somebody in a room (``room@service/nick``)."""
    body: str
    """As it goes onto the wire: with ``/me `` for an action."""
    is_room: bool
    kind: MessageKind = MessageKind.MESSAGE
    reply_to: str = ""
    """``Message.msgid`` of what it answers."""
    replaces: str = ""
    """Stanza id of the message of ours that it corrects (XEP-0308)."""


class Outbox:
    """The queue of one account."""

    def __init__(self, on_failed: Callable[[Utterance, str], None]) -> None:
        self._on_failed = on_failed
        self._queue: deque[Utterance] = deque()
        self._write: Callable[[Utterance], None] | None = None
        self._held: set[str] = set()

    def open(self, write: Callable[[Utterance], None]) -> None:
        """Online: what is queued may go, with the next ``flush``, through ``write``."""
        self._write = write

    def close(self) -> None:
        """The connection is gone; messages stay."""
        self._write = None

    def forget_rooms(self) -> None:
        """The session is over: no room is being entered any more."""
        self._held.clear()

    def put(self, utterance: Utterance) -> None:
        self._queue.append(utterance)
        self.flush()

    def put_back(self, utterances: Sequence[Utterance]) -> None:
        """Messages that nobody has read leave once more, before all that wait."""
        self._queue.extendleft(reversed(utterances))

    def hold(self, room: str) -> None:
        """A room is being entered: its messages wait."""
        self._held.add(room.lower())

    def release(self, room: str) -> None:
        """A room was entered: what waited for it goes out."""
        self._held.discard(room.lower())
        self.flush()

    def refuse(self, room: str, reason: str) -> None:
        """A room cannot be entered: what waited for it fails."""
        if room.lower() not in self._held:
            return
        self._held.discard(room.lower())
        waiting, self._queue = self._queue, deque()
        for utterance in waiting:
            if utterance.chat.lower() == room.lower():
                self._on_failed(utterance, reason)
            else:
                self._queue.append(utterance)

    def cancel(self, message: MessageId) -> None:
        """Take a message out of the queue. Raises UsageError when it is not there any more."""
        for utterance in self._queue:
            if utterance.id == message:
                self._queue.remove(utterance)
                self._on_failed(utterance, CANCELLED)
                return
        raise UsageError(
            "This message cannot be cancelled: it has left already.",
            "Its badge says how far it got.",
        )

    def flush(self) -> None:
        """Write what may go now."""
        kept: deque[Utterance] = deque()
        try:
            while self._queue and self._write is not None:
                utterance = self._queue.popleft()
                if utterance.chat.lower() in self._held:
                    kept.append(utterance)
                    continue
                try:
                    self._write(utterance)
                except ConnectError:
                    kept.append(utterance)  # The connection is ending: the next one takes it.
                    break
                except ChatlabError as error:
                    self._on_failed(utterance, str(error))
        finally:  # Even where a fault of ours costs one message, it costs no other.
            self._queue.extendleft(reversed(kept))

    @property
    def has_waiting(self) -> bool:
        return bool(self._queue)
