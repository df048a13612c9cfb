"""What outlives sessions and connections of one account."""

from dataclasses import dataclass

from chatlab.chat.timing import Timing
from chatlab.chat.verdict import StateSetter
from chatlab.chat.xmpp.context import Lasting
from chatlab.chat.xmpp.delivery import Deliveries
from chatlab.chat.xmpp.outbox import Outbox
from chatlab.core.ports import EventSink, SecretStore


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
