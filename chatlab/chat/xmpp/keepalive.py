"""Notices that the server is gone without a word, and measures how far away it is (XEP-0199).

Whatever arrives is a sign of life, a blank between two stanzas included. After some silence the
server is asked; one that does not even answer then is connected to anew. Refusing is answering.
"""

from xml.etree import ElementTree as ET

from chatlab.chat.xmpp.answers import PING
from chatlab.chat.xmpp.context import Context, Feature
from chatlab.core.errors import ChatlabError
from chatlab.core.events import LagMeasured

TICK_S = 5.0
IDLE_S = 20.0
"""Silence after which we ask."""
ANSWER_S = 20.0
"""How long an answer may take; so a dead connection is noticed within 45 seconds."""
AWAKE_S = 5.0
"""The same when the computer has just woken up: the server may have given us up long ago."""
LAG_S = 60.0
"""With traffic there is no need to ask, but the lag is wanted now and then."""
HALF_S = 120.0
"""How long one stanza may take: a server that drips is never silent, and never says anything."""


class Keepalive(Feature):
    """Looks at the clock for as long as the session lasts."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._asked_at: float | None = None
        """When the question was sent whose answer is still out."""
        self._last_asked = 0.0
        self._patience_s = ANSWER_S

    def check_now(self) -> None:
        """See whether the server is still there, without waiting for the next silence."""
        link = self.context.link
        if link is not None and link.is_open and self.context.state.is_online:
            self._patience_s = AWAKE_S
            self._put_question(self.context.timing.monotonic())
            self.context.timers.call_later(AWAKE_S, self._end_check)

    def _end_check(self) -> None:
        link = self.context.link
        if link is not None and link.is_open and self.context.state.is_online:
            self._look(link.last_received, self.context.timing.monotonic())
        self._patience_s = ANSWER_S

    def online(self, is_resumed: bool) -> None:
        self._asked_at = None
        self._last_asked = self.context.timing.monotonic()
        if not is_resumed:
            self._tick_later()

    def _tick_later(self) -> None:
        self.context.timers.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        link = self.context.link
        if link is not None and link.is_open and self.context.state.is_online:
            now = self.context.timing.monotonic()
            if link.half_since is not None and now - link.half_since >= HALF_S:
                self.context.give_up(
                    f"The server began a stanza {now - link.half_since:.0f} s ago, and does not "
                    "end it.",
                    "Is the network very slow?",
                    may_retry=True,
                )
            else:
                self._look(link.last_received, now)
        self._tick_later()

    def _look(self, last_received: float, now: float) -> None:
        silent_s = now - last_received
        if self._asked_at is None:
            if silent_s >= IDLE_S or now - self._last_asked >= LAG_S:
                self._put_question(now)
        elif min(silent_s, now - self._asked_at) >= self._patience_s:
            self.context.give_up(
                f"The server has been silent for {silent_s:.0f} s, even to a ping.",
                "Is the network up?",
                may_retry=True,
            )

    def _put_question(self, now: float) -> None:
        self._asked_at = self._last_asked = now
        self.context.timers.spawn(self._ask)

    async def _ask(self) -> None:
        began, stream = self._asked_at, self.context.stream
        question = stream.query("get", self.context.state.domain, ET.Element(f"{{{PING}}}ping"))
        is_answered = True
        try:
            await stream.ask(question)
        except ChatlabError:
            is_answered = False  # It refused, or was too slow: only silence is a fault.
        if began is None or self._asked_at != began:
            return  # The connection has changed meanwhile.
        self._asked_at = None
        if is_answered:
            seconds = self.context.timing.monotonic() - began
            self.context.emit(LagMeasured(self.context.account.id, seconds))
