"""Notices a dead connection, measures how long the way to the server is, and asks a server that
does not send messages back (echo-message) whether it has taken them.
"""

from collections.abc import Callable

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.delivery import Deliveries
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.core.events import LagMeasured

TICK_S = 5.0
IDLE_S = 20.0
"""Silence after which we ask."""
ANSWER_S = 20.0
"""How long the answer may take; so a dead connection is noticed within 45 seconds."""
AWAKE_S = 5.0
"""The same when the computer has just woken up: the server may have given us up long ago."""
LAG_S = 60.0
"""With traffic there is no need to ask, but the lag is wanted now and then."""
REGISTRATION_S = 60.0


class Keepalive:
    """PINGs of ours, from the first line to the last."""

    def __init__(
        self, context: Context, deliveries: Deliveries, on_waiting: Callable[[], None]
    ) -> None:
        self._context = context
        self._deliveries = deliveries
        self._on_waiting = on_waiting
        """Called now and then while the server's greeting is not over."""
        self._started = context.timing.monotonic()
        self._asked_at: float | None = None
        """When the PING was sent whose PONG is still out."""
        self._last_ping = self._started
        self._count = 0
        self._patience_s = ANSWER_S
        self._asks_for: str | None = None
        """The chat where the user wants to read the lag."""

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("PONG", self._on_pong)

    def start(self) -> None:
        self._context.timers.call_later(TICK_S, self._tick)

    def check_now(self) -> None:
        """See whether the server is still there, without waiting for the next silence."""
        if self._context.link.is_open and self._context.state.is_online:
            self._patience_s = AWAKE_S
            self._ping(self._context.timing.monotonic())
            self._context.timers.call_later(AWAKE_S, self._end_check)

    def _end_check(self) -> None:
        if self._context.link.is_open:
            self._check_silence(self._context.timing.monotonic())
        self._patience_s = ANSWER_S

    def tell_lag(self, chat: str) -> None:
        """Measure now, and say it in ``chat``."""
        self._asks_for = chat
        if self._asked_at is None:
            self._ping(self._context.timing.monotonic())

    def _tick(self) -> None:
        if not self._context.link.is_open:
            return
        now = self._context.timing.monotonic()
        if not self._context.state.is_online:
            self._check_registration(now)
            if now - self._context.link.last_received >= TICK_S:
                self._on_waiting()
        else:
            self._check_silence(now)
        self.start()

    def _check_registration(self, now: float) -> None:
        if now - self._started >= REGISTRATION_S:
            self._context.give_up(
                f"The server did not finish the registration within {REGISTRATION_S:.0f} s.",
                "Is this an IRC server, and the right port?",
                may_retry=True,
            )

    def _check_silence(self, now: float) -> None:
        silent_s = now - self._context.link.last_received
        if self._asked_at is not None:
            self._check_answer(now, silent_s, now - self._asked_at)
        elif silent_s >= IDLE_S or now - self._last_ping >= LAG_S or self._wants_fence:
            self._ping(now)

    def _check_answer(self, now: float, silent_s: float, waited_s: float) -> None:
        """A PING is out. Whoever talked on after it is alive, and only the answer was lost."""
        if min(silent_s, waited_s) < self._patience_s:
            if waited_s >= LAG_S:
                self._ping(now)
        elif silent_s < waited_s:
            self._ping(now)
        else:
            self._context.give_up(
                f"The server has been silent for {silent_s:.0f} s, even to a PING.",
                "Is the network up?",
                may_retry=True,
            )

    @property
    def _wants_fence(self) -> bool:
        has_echo = "echo-message" in self._context.state.caps
        return not has_echo and self._deliveries.has_unconfirmed

    def _ping(self, now: float) -> None:
        self._count += 1
        self._asked_at = self._last_ping = now
        self._context.link.send("PING", self._token)
        if "echo-message" not in self._context.state.caps:
            self._deliveries.set_fence()

    @property
    def _token(self) -> str:
        return f"chatlab-{self._count}"

    def _on_pong(self, event: LineEvent) -> None:
        """``PONG <server> <token>``; some servers swap them or leave one out."""
        if self._asked_at is not None and self._token in event.line.parameters:
            seconds = self._context.timing.monotonic() - self._asked_at
            self._asked_at = None
            self._context.emit(LagMeasured(self._context.account.id, seconds))
            self._deliveries.passed_fence()
            if (chat := self._asks_for) is not None:
                self._asks_for = None
                text = f"The way to the server and back took {seconds * 1000:.0f} ms."
                self._context.inform(text, event, chat=chat)
