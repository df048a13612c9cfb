"""How tall each row is: measured where it was seen, estimated elsewhere.

Laying out 10,000 wrapped texts would take a second, so only rows that come into view are
measured. Sums are made again from the row that changed on, which in a flood is one of the last; a
list of all 10,000 sums costs half a millisecond.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, islice


class RowHeights:
    """Heights of rows and where each begins."""

    def __init__(self) -> None:
        self._heights: array[float] = array("d")
        self._is_measured = bytearray()
        self._tops = [0.0]
        """Where the rows begin, as far as that was asked for since something changed there."""

    def __len__(self) -> int:
        return len(self._heights)

    def reset(self, estimates: Iterable[float]) -> None:
        self._heights = array("d", estimates)
        self._is_measured = bytearray(len(self._heights))
        self._tops = [0.0]

    def insert(self, row: int, estimates: Iterable[float]) -> None:
        new = array("d", estimates)
        self._heights[row:row] = new
        self._is_measured[row:row] = bytes(len(new))
        self._move_from(row)

    def remove(self, row: int, count: int) -> None:
        del self._heights[row : row + count]
        del self._is_measured[row : row + count]
        self._move_from(row)

    def forget(self, row: int) -> None:
        """Have a row measured again; its old height is the estimate until then."""
        if 0 <= row < len(self._is_measured):
            self._is_measured[row] = 0

    def is_measured(self, row: int) -> bool:
        return bool(self._is_measured[row])

    def measure(self, row: int, height: float) -> None:
        self._is_measured[row] = 1
        if self._heights[row] != height:
            self._heights[row] = height
            self._move_from(row)

    def height(self, row: int) -> float:
        return self._heights[row]

    def top(self, row: int) -> float:
        """Where a row begins; the row behind the last begins where everything ends."""
        return self._sums()[row]

    @property
    def total(self) -> float:
        return self._sums()[-1]

    def row_at(self, y: float) -> int:
        """The row that covers ``y``, or the nearest one; -1 when there are none."""
        return min(len(self), bisect_right(self._sums(), max(0.0, y))) - 1 if len(self) else -1

    def _move_from(self, row: int) -> None:
        """What comes after the top of ``row`` lies elsewhere now."""
        del self._tops[row + 1 :]

    def _sums(self) -> list[float]:
        known = len(self._tops) - 1
        if known < len(self._heights):
            missing = accumulate(self._heights[known:], initial=self._tops[-1])
            self._tops += islice(missing, 1, None)
        return self._tops
