"""BATCH (IRCv3): lines that belong together, and the label that a whole batch answers."""

from dataclasses import dataclass

from chatlab.chat.irc.link import LineEvent

MAX_OPEN = 100
"""Batches open at once; a server that opens more without closing is ignored."""
_HISTORY_TYPES = frozenset({"chathistory", "znc.in/playback", "playback", "draft/chathistory"})


@dataclass(frozen=True, slots=True)
class Batch:
    """An open batch."""

    kind: str
    label: str
    is_history: bool


class Batches:
    """The open batches of a connection."""

    def __init__(self) -> None:
        self._open: dict[str, Batch] = {}

    def on_batch(self, event: LineEvent) -> None:
        """``BATCH +reference type …`` or ``BATCH -reference``."""
        reference = event.parameter(0)
        if reference.startswith("-"):
            self._open.pop(reference[1:], None)
        elif reference.startswith("+") and len(self._open) < MAX_OPEN:
            outer = self._open.get(event.line.tags.get("batch", ""))
            kind = event.parameter(1)
            self._open[reference[1:]] = Batch(
                kind,
                event.label or (outer.label if outer else ""),
                kind in _HISTORY_TYPES or (outer is not None and outer.is_history),
            )

    def place(self, event: LineEvent) -> None:
        """Give an event what its batch says about it."""
        batch = self._open.get(event.line.tags.get("batch", ""))
        if batch is not None:
            event.label = event.label or batch.label
            event.is_history = batch.is_history
