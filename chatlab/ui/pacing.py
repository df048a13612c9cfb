"""Keeps large refreshes apart, so that no two of them are paid for in one turn of the event loop.

In a flood of messages the transcripts and the wire pane each take about ten milliseconds to catch
up and be painted anew. Each is short enough by itself; together they would be felt while typing.
"""

import time

GAP_MS = 14
"""About what one of them takes, painting included."""


class Pacer:
    """Asked before a refresh that can wait, told of every one that begins."""

    def __init__(self) -> None:
        self._begun_s = 0.0

    def begin(self) -> None:
        self._begun_s = time.monotonic()

    def wait_ms(self) -> int:
        """How long to let the one before be painted; 0 to go ahead."""
        return max(0, GAP_MS - int((time.monotonic() - self._begun_s) * 1000))


pacer = Pacer()
"""Of this program: all its refreshes share the one thread of the window."""
