"""Rows of frames at hand, and which of them have come to say something else.

A frame's row may change after the frame: its message becomes known, or its connection. So the rows
that are in use are asked for again whenever the feed has news; soon and not at once, a few
milliseconds at a time, for a frame may hold hundreds of lines.
"""

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from chatlab.analysis.rows import FrameRow
    from chatlab.ui.ports import WireFeed

MAX_ROWS = 2_000
SLICE_S = 0.002
"""Time for comparing rows, before the event loop gets its turn."""
_PAUSE_MS = 20


class FrameRows(QObject):
    """Signals:
    changed: set of the numbers of frames whose rows say something else now.
    """

    changed = Signal(object)

    def __init__(self, feed: "WireFeed", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._rows: dict[int, FrameRow] = {}
        self._used: set[int] = set()
        """Asked for since the last ``renew``: those in view."""
        self._overdue: dict[int, FrameRow] = {}
        """What those said that are still to be compared."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._compare)

    def row(self, number: int) -> "FrameRow":
        """The row of a frame, asked from the feed when it is not at hand."""
        self._used.add(number)
        if (row := self._rows.get(number)) is None:
            if len(self._rows) >= MAX_ROWS:
                self.clear()
            row = self._rows[number] = self._feed.row(number)
        return row

    def clear(self) -> None:
        """Another capture is behind the feed, or too many rows are at hand."""
        self._timer.stop()
        self._rows.clear()
        self._used.clear()
        self._overdue.clear()

    def renew(self) -> None:
        """The feed has news: forget the rows that nobody uses, compare the others."""
        used = sorted(number for number in self._used if number in self._rows)
        self._rows = {number: self._rows[number] for number in used}
        self._overdue = dict(self._rows)
        self._used.clear()
        if self._overdue and not self._timer.isActive():
            self._timer.start()

    def _compare(self) -> None:
        """Ask again for the newest first, while there is time."""
        deadline = time.monotonic() + SLICE_S
        different: set[int] = set()
        while self._overdue and time.monotonic() < deadline:
            number, before = self._overdue.popitem()
            row = self._rows[number] = self._feed.row(number)
            if row != before:
                different.add(number)
        if self._overdue:
            self._timer.start()
        if different:
            self.changed.emit(different)
