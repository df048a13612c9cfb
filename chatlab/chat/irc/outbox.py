"""The way out: a queue that outlives connections, and a pace that servers put up with.

Messages wait here while there is no connection, while their channel is being rejoined, and while
the pace is spent; nothing typed is lost meanwhile. PONG and registration do not pass through here.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from chatlab.chat.irc.client_tags import reply_tags
from chatlab.chat.irc.composing import batch_reference
from chatlab.chat.irc.delivery import Deliveries, Utterance
from chatlab.chat.irc.link import Link
from chatlab.chat.irc.multiline import frame, limits_of
from chatlab.chat.irc.state import ServerState
from chatlab.chat.timing import Timers, Timing
from chatlab.core.errors import ChatlabError, LocalProtocolError, UsageError
from chatlab.core.flow import ByteRange, WireRange
from chatlab.core.message import MessageId
from chatlab.protocol.irc import format_line

_ACK_POLL_S = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Waits between looks at what the peer's TCP has acknowledged; the last one repeats."""
_LABEL_DIGITS = 6
CANCELLED = "You cancelled it before it was sent."


@dataclass(frozen=True, slots=True)
class SendPace:
    """Token bucket: ``burst`` lines at once, then ``per_second``; servers cut off who floods."""

    burst: int = 8
    per_second: float = 2.0

    @classmethod
    def unlimited(cls) -> "SendPace":
        """For a server of our own."""
        return cls(burst=1, per_second=math.inf)


class _Bucket:
    def __init__(self, pace: SendPace, now: float) -> None:
        self._pace = pace
        self._tokens = float(pace.burst)
        self._then = now

    def take(self, now: float, count: int = 1) -> float:
        """Take as many tokens and return 0, or return the seconds until there is one.

        Lines that belong together leave together; what was lent so is waited for afterwards.
        """
        if math.isinf(self._pace.per_second):
            return 0.0
        grown = self._tokens + (now - self._then) * self._pace.per_second
        self._tokens, self._then = min(float(self._pace.burst), grown), now
        if self._tokens >= 1:
            self._tokens -= count
            return 0.0
        return (1 - self._tokens) / self._pace.per_second


@dataclass(frozen=True, slots=True)
class _Command:
    """A line that is nobody's message, formatted."""

    line: bytes
    on_written: Callable[[WireRange], None] | None = None


_Item = Utterance | _Command


class Outbox:
    """Queue and pace of one account."""

    def __init__(
        self, deliveries: Deliveries, timers: Timers, timing: Timing, pace: SendPace
    ) -> None:
        self._deliveries = deliveries
        self._timers = timers
        self._timing = timing
        self._pace = pace
        self._queue: deque[_Item] = deque()
        self._questions: deque[bytes] = deque()
        """Lines of our own accord, which let everything that somebody typed go first."""
        self._link: Link | None = None
        self._state: ServerState | None = None
        self._bucket = _Bucket(pace, 0.0)
        self._retry: asyncio.Task[None] | None = None
        self._ack_poll: asyncio.Task[None] | None = None
        self._labels = 0
        self._batches = 0
        self.joining: set[str] = set()
        """Folded channels whose JOIN is under way: their messages wait for it."""

    def open(self, link: Link, state: ServerState) -> None:
        """Online: with the next ``flush`` goes out what is queued and may go."""
        self._link, self._state = link, state
        self._bucket = _Bucket(self._pace, self._timing.monotonic())

    def close(self, reason: str) -> None:
        """The connection is gone: messages stay, commands of the old connection do not."""
        self._look_for_acks()
        self._link = self._state = None
        self._retry = None
        self.joining.clear()
        self._queue = deque(item for item in self._queue if isinstance(item, Utterance))
        self._questions.clear()
        self._deliveries.lost(reason)

    def put_message(self, utterance: Utterance) -> None:
        self._queue.append(utterance)
        self.flush()

    def put_command(self, command: str, *parameters: str) -> None:
        """Send a line at the pace. Raises LocalProtocolError for what the grammar forbids."""
        self.put_line(format_line(command, *parameters))

    def put_question(self, command: str, *parameters: str) -> None:
        """Send a line that nobody waits for once nothing else does, such as what is asked about
        each channel that was joined. Raises LocalProtocolError for what the grammar forbids."""
        self._questions.append(format_line(command, *parameters))
        self.flush()

    def put_line(self, line: bytes, on_written: Callable[[WireRange], None] | None = None) -> None:
        """Send a formatted line at the pace; ``on_written`` learns which bytes carry it."""
        self._queue.append(_Command(line, on_written))
        self.flush()

    def put_typed(self, line: str, limit: int) -> None:
        """Send a line exactly as typed. Raises LocalProtocolError when it is not one line."""
        raw = line.encode("utf-8", "surrogatepass")
        # Formatted as one parameter, it passes the same checks as everything else.
        format_line("RAW", line, limit=len(raw) + 10)
        if len(raw) + 2 > limit and not line.startswith("@"):
            raise LocalProtocolError(
                f"The line has {len(raw) + 2} bytes; the server takes {limit}.", "Shorten it."
            )
        self.put_line(raw)

    def join_first(self, folded: set[str], lines: list[bytes]) -> None:
        """Send these JOINs before anything else; what is for their channels waits for them."""
        self.joining |= folded
        self._queue.extendleft(_Command(line) for line in reversed(lines))
        self.flush()

    def joined(self, *folded: str) -> None:
        """These channels are joined: what waited for them goes out."""
        self.joining.difference_update(folded)
        self.flush()

    def not_joined(self, folded: str, reason: str) -> None:
        """The channel cannot be joined: what waited for it fails."""
        if folded not in self.joining or self._state is None:
            return
        self.joining.discard(folded)
        kept: deque[_Item] = deque()
        for item in self._queue:
            if isinstance(item, Utterance) and self._chat_of(item) == folded:
                self._deliveries.failed(item, reason)
            else:
                kept.append(item)
        self._queue = kept

    def cancel(self, message: MessageId) -> None:
        """Take a message out of the queue. Raises UsageError when it is not there any more."""
        for item in self._queue:
            if isinstance(item, Utterance) and item.id == message:
                self._queue.remove(item)
                self._deliveries.failed(item, CANCELLED)
                return
        raise UsageError(
            "This message cannot be cancelled: it has left already.",
            "Its badge says how far it got.",
        )

    def flush(self) -> None:
        """Write what may go now."""
        if self._link is None:
            return
        held: list[_Item] = []
        while self._queue and self._link.is_open:
            item = self._queue.popleft()
            if isinstance(item, Utterance) and self._chat_of(item) in self.joining:
                held.append(item)
            elif (wait_s := self._bucket.take(self._timing.monotonic(), _lines_of(item))) > 0:
                held.append(item)
                self._flush_in(wait_s)
                break
            else:
                self._write(item)
        self._queue.extendleft(reversed(held))
        self._ask()

    @property
    def has_waiting(self) -> bool:
        return bool(self._queue)

    @property
    def uses_labels(self) -> bool:
        """Messages carry a label, by which the server's answer is known to be the answer."""
        return self._state is not None and {"labeled-response", "echo-message"} <= self._state.caps

    def tag_overhead(self, reply_to: str) -> int:
        """Bytes that tags add to a message: its label, and which message it answers."""
        tags = {"label": "0" * _LABEL_DIGITS} if self.uses_labels else {}
        if self._state is not None:
            tags |= reply_tags(self._state, reply_to)
        return len(format_line("X", tags=tags)) - 1 if tags else 0

    def _ask(self) -> None:
        while self._questions and self._link is not None and self._link.is_open:
            if (wait_s := self._bucket.take(self._timing.monotonic())) > 0:
                self._flush_in(wait_s)
                return
            self._link.send_bytes(self._questions.popleft())

    def _chat_of(self, utterance: Utterance) -> str:
        assert self._state is not None  # only asked while a link is open
        return self._state.fold(self._state.bare_target(utterance.target))

    def _write(self, item: _Item) -> None:
        assert self._link is not None
        assert self._state is not None
        if isinstance(item, _Command):
            wire = self._link.send_bytes(item.line)
            if item.on_written is not None:
                item.on_written(wire)
            return
        label = self._next_label() if self.uses_labels else ""
        tags = {"label": label} if label else {}
        tags |= reply_tags(self._state, item.reply_to)
        limit = self._state.isupport.line_limit
        try:
            if item.lines:
                wire = self._write_batch(item, tags)
            else:
                wire = self._link.send(
                    item.command, item.target, item.payload, tags=tags, limit=limit
                )
        except ChatlabError as error:
            self._deliveries.failed(item, str(error))
            return
        folded = self._state.fold(item.target)
        self._deliveries.written(item, folded, label, wire, self._timing.monotonic())
        if self._ack_poll is None or self._ack_poll.done():
            self._ack_poll = self._timers.spawn(self._poll_acks)

    def _write_batch(self, item: Utterance, tags: dict[str, str]) -> WireRange:
        """Several lines as one message; the bytes of all of them are its bytes."""
        assert self._link is not None
        assert self._state is not None
        limits = limits_of(self._state)
        if limits is None:
            raise UsageError(
                "The server takes no message of several lines any more.",
                "Copy it, and send it line by line.",
            )
        self._batches += 1
        reference = batch_reference(self._batches)
        formatted = frame(
            limits.name,
            reference,
            item.command,
            item.target,
            item.lines,
            self._state.isupport.line_limit,
        )
        first = self._link.send("BATCH", f"+{reference}", limits.name, item.target, tags=tags)
        for line in formatted:
            self._link.send_bytes(line)
        last = self._link.send("BATCH", f"-{reference}")
        span = ByteRange(first.span.start, last.span.stop)
        return WireRange(first.connection, first.direction, span)

    def _next_label(self) -> str:
        self._labels = (self._labels + 1) % 10**_LABEL_DIGITS
        return f"{self._labels:0{_LABEL_DIGITS}}"

    def _flush_in(self, wait_s: float) -> None:
        if self._retry is None or self._retry.done():
            self._retry = self._timers.call_later(wait_s, self._flush_late)

    def _flush_late(self) -> None:
        self._retry = None
        self.flush()

    async def _poll_acks(self) -> None:
        looks = 0
        while self._deliveries.has_unacknowledged and self._link is not None:
            await self._timing.sleep(_ACK_POLL_S[min(looks, len(_ACK_POLL_S) - 1)])
            looks += 1
            if not self._look_for_acks():
                return

    def _look_for_acks(self) -> bool:
        """Ask the operating system; False when it cannot tell."""
        offset = self._link.acknowledged() if self._link is not None else None
        if offset is not None:
            self._deliveries.acknowledged(offset)
        return offset is not None


def _lines_of(item: _Item) -> int:
    """How many lines the pace is to count."""
    return len(item.lines) + 2 if isinstance(item, Utterance) and item.lines else 1
