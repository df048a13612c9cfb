"""What became of the messages we sent: each state is something that was seen.

* ACKNOWLEDGED: the operating system says that the peer's TCP has the last byte.
* ECHOED: the server sent the message back (echo-message), found by its label (labeled-response)
  or, without labels, as the oldest sent message with the same target and text. A server without
  echo-message has taken a message when it answers a PING that was sent behind it: it works on
  lines in order (RFC 1459, 8.3), and a refusal would have come first.
* FAILED: the server refused it with a numeric or FAIL, or the connection ended before its bytes
  were acknowledged.
"""

from collections import OrderedDict
from dataclasses import dataclass

from chatlab.chat.delivery import MAX_REMEMBERED, BaseDeliveries
from chatlab.chat.irc.multiline import BatchLine
from chatlab.core.account import AccountId
from chatlab.core.events import MessageChanged
from chatlab.core.flow import WireRange
from chatlab.core.message import Delivery, MessageId
from chatlab.core.ports import EventSink
from chatlab.protocol.irc_format import strip_formatting

REFUSAL_TIME_S = 60.0
"""How long after sending an error numeric without a label may still mean the message."""
_MIN_CUT_MATCH = 100
"""Characters of an echo from which on a cut-off text is surely ours."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is needed to send a message, and to send it again."""

    id: MessageId
    command: str
    target: str
    payload: str
    """The last parameter as it goes onto the wire (with CTCP marks for an action)."""
    lines: tuple[BatchLine, ...] = ()
    """Of a message that takes several (draft/multiline); ``payload`` is what they say together."""
    reply_to: str = ""
    """``msgid`` of the message that it answers."""


@dataclass(slots=True)
class _Sent:
    utterance: Utterance
    folded_target: str
    label: str
    wire: WireRange
    sent_at: float
    is_acknowledged: bool = False


class Deliveries(BaseDeliveries[Utterance]):
    """Follows sent messages until there is nothing more to learn."""

    def __init__(self, account: AccountId, emit: EventSink) -> None:
        super().__init__(account, emit)
        self._sent: OrderedDict[MessageId, _Sent] = OrderedDict()
        self._fenced: tuple[MessageId, ...] = ()
        """Sent before the PING whose PONG is still out."""

    @property
    def has_unconfirmed(self) -> bool:
        """Of a sent message it is not known whether the server has taken it."""
        return bool(self._sent)

    def written(
        self, utterance: Utterance, folded_target: str, label: str, wire: WireRange, now: float
    ) -> None:
        """Note that a message went to the operating system."""
        self._sent[utterance.id] = _Sent(utterance, folded_target, label, wire, now)
        self._unacknowledged += 1
        if len(self._sent) > MAX_REMEMBERED:
            _, oldest = self._sent.popitem(last=False)
            self._unacknowledged -= not oldest.is_acknowledged
        self._emit(
            MessageChanged(self._account, utterance.id, delivery=Delivery.WRITTEN, wire=wire)
        )

    def acknowledged(self, offset: int) -> None:
        """The peer's TCP has everything before ``offset``."""
        if not self._unacknowledged:
            return
        for sent in self._sent.values():
            if not sent.is_acknowledged and sent.wire.span.stop <= offset:
                sent.is_acknowledged = True
                self._unacknowledged -= 1
                self._emit(
                    MessageChanged(self._account, sent.utterance.id, delivery=Delivery.ACKNOWLEDGED)
                )

    def echoed(
        self,
        label: str,
        command: str,
        folded_target: str,
        payload: str,
        echo: WireRange,
        time_ns: int | None,
        msgid: str = "",
    ) -> bool:
        """The server sent this back to us; False when it is no message of this program."""
        sent = self._by_label(label) or self._by_content(command, folded_target, payload)
        if sent is None:
            return False
        self._forget(sent)
        self._emit(
            MessageChanged(
                self._account,
                sent.utterance.id,
                delivery=Delivery.ECHOED,
                echo=echo,
                time_ns=time_ns,
                msgid=msgid,
            )
        )
        return True

    def set_fence(self) -> None:
        """A PING leaves now, behind everything that was sent."""
        self._fenced = tuple(self._sent)

    def passed_fence(self) -> None:
        """The server answered that PING: it has taken what was sent before."""
        fenced, self._fenced = self._fenced, ()
        for message in fenced:
            if (sent := self._sent.get(message)) is not None:
                self._forget(sent)
                self._emit(MessageChanged(self._account, message, delivery=Delivery.ECHOED))

    def refused(self, label: str, folded_target: str, reason: str, now: float) -> bool:
        """The server refused the message with this label, or the oldest recent one to the target."""
        sent = self._by_label(label)
        if sent is None and not label:
            sent = next(
                (
                    sent
                    for sent in self._sent.values()
                    if sent.folded_target == folded_target
                    and not sent.label
                    and now - sent.sent_at <= REFUSAL_TIME_S
                ),
                None,
            )
        if sent is None:
            return False
        self._forget(sent)
        self.failed(sent.utterance, reason)
        return True

    def taken(self, label: str) -> None:
        """The server said ACK to a label: it took the message and has nothing to add."""
        if (sent := self._by_label(label)) and sent.is_acknowledged:
            self._forget(sent)

    def lost(self, reason: str) -> None:
        """The connection ended: what was not acknowledged may be anywhere but at the server."""
        sent_messages = list(self._sent.values())
        self._sent.clear()
        self._unacknowledged = 0
        self._fenced = ()
        for sent in sent_messages:
            if not sent.is_acknowledged:
                self.failed(sent.utterance, reason)

    def _by_label(self, label: str) -> _Sent | None:
        if not label:
            return None
        return next((sent for sent in self._sent.values() if sent.label == label), None)

    def _by_content(self, command: str, folded_target: str, payload: str) -> _Sent | None:
        candidates = [
            sent
            for sent in self._sent.values()
            if sent.folded_target == folded_target and sent.utterance.command == command
        ]
        for is_same in (_is_equal, _is_altered):
            for sent in candidates:
                if is_same(sent.utterance.payload, payload):
                    return sent
        return None

    def _forget(self, sent: _Sent) -> None:
        del self._sent[sent.utterance.id]
        self._unacknowledged -= not sent.is_acknowledged


def _is_equal(ours: str, echoed: str) -> bool:
    return ours == echoed


def _is_altered(ours: str, echoed: str) -> bool:
    """A server may take out colours (mode +c) and last blanks, or cut what is too long for it."""
    if strip_formatting(ours).rstrip() == strip_formatting(echoed).rstrip():
        return True
    return len(echoed) >= _MIN_CUT_MATCH and ours.startswith(echoed.rstrip("\ufffd"))
