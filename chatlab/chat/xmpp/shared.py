"""What outlives sessions and connections of one account."""

from dataclasses import dataclass
from typing import Protocol

from chatlab.chat.timing import Timing
from chatlab.chat.xmpp.context import Lasting
from chatlab.chat.xmpp.delivery import Deliveries
from chatlab.chat.xmpp.outbox import Outbox
from chatlab.core.events import LinkState
from chatlab.core.ports import EventSink, SecretStore


class StateSetter(Protocol):
    """Tells where the account is on its way to being online."""

    def __call__(
        self,
        state: LinkState,
        detail: str = "",
        retry_in_s: float | None = None,
        is_fault: bool = False,
    ) -> None: ...


@dataclass(slots=True, kw_only=True)
class Shared:
    """Handed to every attempt and session."""

    secrets: SecretStore
    emit: EventSink
    set_state: StateSetter
    timing: Timing
    deliveries: Deliveries
    outbox: Outbox
    lasting: Lasting
