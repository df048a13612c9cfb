"""BATCH (IRCv3): lines that belong together, and the label that a whole batch answers.

The lines of a multiline message are held back until its end and then handled as one; all other
lines are handled as they come, with what their batch says about them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from chatlab.chat.irc.link import LineEvent
from chatlab.core.flow import ByteRange, WireRange

MAX_OPEN = 100
"""Batches open at once; a server that opens more without closing is ignored."""
MAX_MULTILINE_LENGTH = 65_536
"""Characters of one multiline message; what is beyond is left out, visibly."""
_HISTORY_TYPES = frozenset({"chathistory", "znc.in/playback", "playback", "draft/chathistory"})
_MULTILINE_TYPES = frozenset({"multiline", "draft/multiline"})
_CONCAT_TAGS = frozenset({"multiline-concat", "draft/multiline-concat"})


@dataclass(slots=True, eq=False)
class Batch:
    """An open batch."""

    kind: str
    parameters: tuple[str, ...]
    label: str
    is_history: bool
    opening: LineEvent
    lines: list[LineEvent] = field(default_factory=list)
    """Those of a multiline message, held back."""
    length: int = 0
    people: dict[str, list[str]] = field(default_factory=dict)
    """In a netsplit or netjoin: who left or came, by channel."""


BatchEnd = Callable[[Batch, LineEvent], None]


class Batches:
    """The open batches of a connection; ``replay`` handles a line that was put together."""

    def __init__(self, replay: Callable[[LineEvent], None]) -> None:
        self._replay = replay
        self._open: dict[str, Batch] = {}
        self._on_end: dict[str, BatchEnd] = {}

    def on_end(self, kind: str, handler: BatchEnd) -> None:
        """Call ``handler`` when a batch of this kind ends."""
        self._on_end[kind] = handler

    def on_batch(self, event: LineEvent) -> None:
        """``BATCH +reference type …`` or ``BATCH -reference``."""
        reference = event.parameter(0)
        if reference.startswith("-"):
            if (batch := self._open.pop(reference[1:], None)) is not None:
                self._end(batch, event)
        elif reference.startswith("+") and len(self._open) < MAX_OPEN:
            outer = self._open.get(event.line.tags.get("batch", ""))
            kind = event.parameter(1)
            self._open[reference[1:]] = Batch(
                kind,
                event.line.parameters[2:],
                event.label or (outer.label if outer else ""),
                kind in _HISTORY_TYPES or (outer is not None and outer.is_history),
                event,
            )

    def place(self, event: LineEvent) -> bool:
        """Give an event what its batch says about it; True when it is held back."""
        batch = self._open.get(event.line.tags.get("batch", ""))
        if batch is None:
            return False
        event.label = event.label or batch.label
        event.is_history = batch.is_history
        event.batch = batch
        is_part = batch.kind in _MULTILINE_TYPES and event.line.command in ("PRIVMSG", "NOTICE")
        if is_part and event.line.parameter(0) and len(event.line.parameters) > 1:
            if batch.length <= MAX_MULTILINE_LENGTH:
                batch.lines.append(event)
                batch.length += len(event.last) + 1
            return True
        return False

    def _end(self, batch: Batch, event: LineEvent) -> None:
        if batch.lines:
            self._replay(_joined(batch))
        if handler := self._on_end.get(batch.kind):
            handler(batch, event)


def _joined(batch: Batch) -> LineEvent:
    """The lines of a multiline message as one: its text has line ends."""
    first, last = batch.lines[0], batch.lines[-1]
    text = first.last
    for event in batch.lines[1:]:
        text += event.last if _CONCAT_TAGS & event.line.tags.keys() else "\n" + event.last
    if len(text) > MAX_MULTILINE_LENGTH:
        text = text[:MAX_MULTILINE_LENGTH] + "…"
    tags = {**first.line.tags, **batch.opening.line.tags}
    line = replace(first.line, tags=tags, parameters=(first.parameter(0), text))
    span = ByteRange(first.wire.span.start, last.wire.span.stop)
    wire = WireRange(first.wire.connection, first.wire.direction, span)
    time_ns = batch.opening.time_ns if "time" in batch.opening.line.tags else first.time_ns
    whole = LineEvent(line, wire, time_ns)
    whole.label, whole.is_history = batch.label, batch.is_history
    return whole
