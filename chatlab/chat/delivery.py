"""What became of sent messages, as far as both engines follow them in the same way."""

from collections import OrderedDict
from typing import Generic, Protocol, TypeVar

from chatlab.core.account import AccountId
from chatlab.core.errors import UsageError
from chatlab.core.events import MessageChanged
from chatlab.core.message import Delivery, MessageId
from chatlab.core.ports import EventSink

MAX_REMEMBERED = 5_000
"""Sent messages whose fate may still change, and failed ones that may be sent again, each."""


class Named(Protocol):
    """What an engine needs to send a message again."""

    @property
    def id(self) -> MessageId: ...


U = TypeVar("U", bound=Named)


class BaseDeliveries(Generic[U]):
    """Messages that failed, and how many are not acknowledged; an engine adds what it sees."""

    def __init__(self, account: AccountId, emit: EventSink) -> None:
        self._account = account
        self._emit = emit
        self._failed: OrderedDict[MessageId, U] = OrderedDict()
        self._unacknowledged = 0

    @property
    def has_unacknowledged(self) -> bool:
        """Some bytes may not have reached the peer's TCP."""
        return self._unacknowledged > 0

    def failed(self, utterance: U, reason: str) -> None:
        """Tell that a message will not arrive, and keep it for sending it again."""
        self._failed[utterance.id] = utterance
        if len(self._failed) > MAX_REMEMBERED:
            self._failed.popitem(last=False)
        self._emit(
            MessageChanged(self._account, utterance.id, delivery=Delivery.FAILED, failure=reason)
        )

    def take_failed(self, message: MessageId) -> U:
        """Hand out a failed message for another try. Raises UsageError when there is none."""
        if (utterance := self._failed.pop(message, None)) is None:
            raise UsageError(
                "This message cannot be sent again: it did not fail, or too long ago.",
                "Type it again.",
            )
        return utterance
