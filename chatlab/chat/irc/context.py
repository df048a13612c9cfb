"""What the parts of the engine share during one connection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatlab.chat.irc.link import LineEvent, Link
from chatlab.chat.irc.outbox import Outbox
from chatlab.chat.irc.replays import Replays
from chatlab.chat.irc.state import ServerState
from chatlab.chat.lasting import BaseLasting
from chatlab.chat.timing import Timers, Timing
from chatlab.chat.verdict import Verdict
from chatlab.core.account import Account, Autojoin
from chatlab.core.errors import Severity
from chatlab.core.events import Informed
from chatlab.core.ports import EventSink

if TYPE_CHECKING:
    from chatlab.chat.irc.dcc import Dcc


def as_sentence(text: str) -> str:
    """``text`` with a full stop, which servers' words often lack, so that more may follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


class Lasting(BaseLasting):
    """What of an account outlives its connections, and comes back after every registration."""

    def __init__(self, channels: tuple[Autojoin, ...]) -> None:
        super().__init__(channels)
        self.monitored: dict[str, str] = {}
        """Whom the user waits for: folded nick to nick."""
        self.replays = Replays()
        self.dcc: Dcc | None = None
        """Files and direct chats; None where nothing can open sockets for them."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One connection, as its handlers see it."""

    account: Account
    emit: EventSink
    timing: Timing
    timers: Timers
    """Called off when the connection ends."""
    state: ServerState
    link: Link
    outbox: Outbox
    lasting: Lasting
    server_error: str = ""
    """Text of the server's ERROR, which tells why it is about to close."""
    verdict: Verdict | None = None

    def give_up(self, reason: str, hint: str = "", *, may_retry: bool = False) -> None:
        """End this connection for a reason of ours."""
        if self.verdict is None:
            self.verdict = Verdict(f"{as_sentence(reason)} {hint}".strip(), may_retry)
        self.link.abort(reason)

    def leave(self, reason: str, hint: str = "") -> None:
        """End this connection for good, with a QUIT where the server may have ended it first."""
        if self.link.is_open:
            self.link.send("QUIT")
        self.give_up(reason, hint)

    def upgrade(self, reason: str) -> None:
        """End this connection, which is in clear, for one with TLS; not a word more leaves."""
        self.inform(reason, code="sts")
        self.verdict = Verdict(reason, is_upgrade=True)
        self.link.abort(reason)

    def inform(
        self,
        text: str,
        event: LineEvent | None = None,
        *,
        chat: str = "",
        severity: Severity = Severity.INFO,
        hint: str = "",
        code: str = "",
    ) -> None:
        """Show a line that is nobody's message."""
        time_ns = event.time_ns if event is not None else self.timing.clock_ns()
        source = event.line.source if event is not None else ""
        self.emit(Informed(self.account.id, text, time_ns, chat, severity, hint, code, source))

    def chat_name(self, target: str) -> str:
        """The chat that a channel or nick belongs to, spelled as it was joined."""
        channel = self.state.channel(target)
        return channel.name if channel is not None else target
