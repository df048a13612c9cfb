"""What became of the messages we sent: each state is something that was seen.

* ACKNOWLEDGED: the operating system says that the peer's TCP has the last byte.
* ECHOED: the server acknowledged the stanza (XEP-0198), or the room sent it to all (reflection).
* DELIVERED, DISPLAYED: the addressee's program said so (XEP-0184, XEP-0333).
* FAILED: an error stanza came back, or the connection ended before the server had it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from chatlab.chat.delivery import MAX_REMEMBERED, BaseDeliveries
from chatlab.chat.xmpp.outbox import Utterance
from chatlab.core.account import AccountId
from chatlab.core.events import MessageChanged
from chatlab.core.flow import WireRange
from chatlab.core.message import Delivery, MessageId
from chatlab.core.ports import EventSink


@dataclass(slots=True)
class Sent:
    """A message on its way."""

    utterance: Utterance
    wire: WireRange
    is_acknowledged: bool = False
    """By TCP."""
    is_taken: bool = False
    """By the server."""


class Deliveries(BaseDeliveries[Utterance]):
    """Follows sent messages by the ids of their stanzas."""

    def __init__(self, account: AccountId, emit: EventSink) -> None:
        super().__init__(account, emit)
        self._sent: OrderedDict[str, Sent] = OrderedDict()
        """By stanza id."""
        self._in_doubt: OrderedDict[str, Sent] = OrderedDict()
        """What failed because its session was lost: it may be with the server all the same."""

    def find(self, stanza_id: str) -> Sent | None:
        """The message of ours with this stanza id, if it is remembered."""
        return self._sent.get(stanza_id)

    def oldest_untaken(self, chat: str, body: str) -> Sent | None:
        """For servers that change ids: the oldest open message of these words to ``chat``."""
        for sent in self._sent.values():
            same = sent.utterance.chat.lower() == chat.lower() and sent.utterance.body == body
            if same and not sent.is_taken:
                return sent
        return None

    def written(self, utterance: Utterance, wire: WireRange) -> None:
        """A message went to the operating system."""
        self._sent[utterance.stanza_id] = Sent(utterance, wire)
        self._unacknowledged += 1
        if len(self._sent) > MAX_REMEMBERED:
            _, oldest = self._sent.popitem(last=False)
            self._unacknowledged -= not oldest.is_acknowledged
        self._tell(utterance.id, Delivery.WRITTEN, wire=wire)

    def rewritten(self, stanza_id: str, wire: WireRange) -> None:
        """It went out once more, on the connection that resumed the session."""
        if sent := self._sent.get(stanza_id):
            sent.wire = wire
            self._unacknowledged += sent.is_acknowledged
            sent.is_acknowledged = False
            self._tell(sent.utterance.id, None, wire=wire)

    def acknowledged(self, offset: int) -> None:
        """The peer's TCP has everything before ``offset``."""
        if not self._unacknowledged:
            return
        for sent in self._sent.values():
            if not sent.is_acknowledged and sent.wire.span.stop <= offset:
                sent.is_acknowledged = True
                self._unacknowledged -= 1
                self._tell(sent.utterance.id, Delivery.ACKNOWLEDGED)

    def echoed(
        self,
        sent: Sent,
        echo: WireRange | None = None,
        time_ns: int | None = None,
        msgid: str = "",
    ) -> None:
        """The server has it; ``echo`` where it sent it back."""
        sent.is_taken = True
        if not sent.is_acknowledged:
            sent.is_acknowledged = True
            self._unacknowledged -= 1
        self._tell(sent.utterance.id, Delivery.ECHOED, echo=echo, time_ns=time_ns, msgid=msgid)

    def confirmed(self, sent: Sent, delivery: Delivery) -> None:
        """The addressee's program said DELIVERED or DISPLAYED; who may say so is checked before."""
        self._tell(sent.utterance.id, delivery)

    def refused(self, stanza_id: str, reason: str) -> bool:
        """An error stanza came back; False when it is about no message that is remembered."""
        if (sent := self._sent.pop(stanza_id, None)) is None:
            return False
        self._unacknowledged -= not sent.is_acknowledged
        self.failed(sent.utterance, reason)
        return True

    def recover(self, stanza_id: str) -> Sent | None:
        """A message that was given up for lost is there; None where it was not, or is sent anew."""
        sent = self._in_doubt.pop(stanza_id, None)
        if sent is None or self._failed.pop(sent.utterance.id, None) is None:
            return None
        sent.is_acknowledged = True
        self._sent[stanza_id] = sent
        for delivery in (Delivery.QUEUED, Delivery.WRITTEN):
            self._tell(sent.utterance.id, delivery)
        return sent

    def unread(self, stanza_ids: Iterable[str]) -> list[Utterance]:
        """Of these, the messages that are still open."""
        found = (self._sent.get(stanza_id) for stanza_id in stanza_ids)
        return [sent.utterance for sent in found if sent is not None and not sent.is_taken]

    def requeued(self, utterance: Utterance) -> None:
        """A message that failed is to leave once more."""
        self._failed.pop(utterance.id, None)
        self._tell(utterance.id, Delivery.QUEUED)

    def lost(self, reason: str, *, confirms: bool) -> None:
        """The session ended, and what the server had not taken may be anywhere.

        ``confirms``: the server acknowledged stanzas, so what it did not is in doubt even where its
        TCP has the bytes. What was taken stays: a receipt may still come in a later session.
        """
        for stanza_id, sent in list(self._sent.items()):
            if sent.is_taken:
                continue
            if confirms or not sent.is_acknowledged:
                words = (
                    f"{reason} It may have arrived all the same."
                    if sent.is_acknowledged
                    else reason
                )
                self.refused(stanza_id, words)
                self._in_doubt[stanza_id] = sent
        while len(self._in_doubt) > MAX_REMEMBERED:
            self._in_doubt.popitem(last=False)
        self._unacknowledged = 0

    def _tell(
        self,
        message: MessageId,
        delivery: Delivery | None,
        *,
        wire: WireRange | None = None,
        echo: WireRange | None = None,
        time_ns: int | None = None,
        msgid: str = "",
    ) -> None:
        self._emit(
            MessageChanged(
                self._account,
                message,
                delivery=delivery,
                wire=wire,
                echo=echo,
                time_ns=time_ns,
                msgid=msgid,
            )
        )
