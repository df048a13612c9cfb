"""Frames whose row holds all of some words; looked through a few milliseconds at a time.

A filter by words, not Wireshark’s language: what is typed is looked for in the columns as they are
shown, whatever the case. It narrows any scope. A long capture is gone through from its beginning;
what was judged is not judged again until the words or the scope change.
"""

import time
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from chatlab.ui.models.frame_links import differing
from chatlab.ui.models.frame_table import Column, FrameTableModel, Scope, cell_text

if TYPE_CHECKING:
    from chatlab.ui.ports import WireFeed

SLICE_S = 0.004
"""Time for judging frames, before the event loop gets its turn."""
_LOOKED_AT = (
    Column.NUMBER, Column.SOURCE, Column.DESTINATION, Column.PROTOCOL, Column.INFO
)  # fmt: skip


class FilteredFrames(FrameTableModel):
    """A ``FrameTableModel`` that words can narrow; without words it is just that."""

    def __init__(self, feed: "WireFeed", parent: QObject | None = None) -> None:
        super().__init__(feed, parent)
        self._wanted: tuple[str, ...] = ()
        self._base: Sequence[int] = ()
        """What the scope lets through, in its order."""
        self._judged = 0
        """So many of ``_base`` have been looked at."""

    @property
    def is_filtered(self) -> bool:
        return bool(self._wanted)

    @property
    def is_looking(self) -> bool:
        """There are frames that have not been looked at."""
        return self.is_filtered and self._judged < len(self._base)

    def set_filter(self, text: str) -> None:
        """Show only frames with all of these words; none: all of them again."""
        words = tuple(text.casefold().split())
        if words != self._wanted:
            self._wanted = words
            self._start_over()

    @property
    def _is_whole(self) -> bool:
        return self._scope is Scope.ALL and not self._wanted

    def pull(self) -> None:
        if not self._wanted:
            super().pull()
            return
        self._rows.renew()
        links = self._links
        self._read_links()
        base, judged = self._scope_numbers(), self._judged
        if self._scope in _CHANGING and list(base[:judged]) != list(self._base[:judged]):
            self._start_over()
        else:
            self._base = base
            self._scan_more()
        self._repaint(differing(links, self._links))

    def _start_over(self) -> None:
        if not self._wanted:
            super()._start_over()
            return
        self.beginResetModel()
        self._numbers = array("Q")
        self._base, self._judged = self._scope_numbers(), 0
        self.endResetModel()
        self._scan_more()
        self.shown_changed.emit()

    def _scope_numbers(self) -> Sequence[int]:
        match self._scope:
            case Scope.MESSAGE:
                return sorted(self._links)
            case Scope.CHAT:
                return self._chat_numbers()
            case Scope.ACCOUNT | Scope.ALL:
                return range(1, self._feed.count + 1)

    def _scan_more(self) -> None:
        if not self._wanted:
            super()._scan_more()
            return
        deadline = time.monotonic() + SLICE_S
        found: list[int] = []
        while self._judged < len(self._base):
            number = self._base[self._judged]
            self._judged += 1
            if self._fits(number):
                found.append(number)
            if time.monotonic() >= deadline:
                break
        self._append(found)
        if self.is_looking:
            self._scan.start()
        elif not self._numbers:
            self.shown_changed.emit()  # Now it is sure that there is none.

    def _fits(self, number: int) -> bool:
        if self._scope is Scope.ACCOUNT and self._feed.account_of(number) != self._account:
            return False
        row = self._feed.row(number)
        text = "\n".join(cell_text(row, column) for column in _LOOKED_AT).casefold()
        return all(word in text for word in self._wanted)


_CHANGING = (Scope.MESSAGE, Scope.CHAT)
"""Scopes that may gain frames in their middle."""
