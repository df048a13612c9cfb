"""How tall each row is: measured where it was seen, estimated elsewhere.

Laying out 10,000 wrapped texts would take a second, so only rows that come into view are
measured. Sums are made once per change of anything: a list of 10,000 sums costs half a
millisecond, less than the bookkeeping of a cleverer tree would cost in Python.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate


class RowHeights:
    """Heights of rows and where each begins."""

    def __init__(self) -> None:
        self._heights: array[float] = array("d")
        self._is_measured = bytearray()
        self._tops: list[float] | None = None

    def __len__(self) -> int:
        return len(self._heights)

    def reset(self, estimates: Iterable[float]) -> None:
        self._heights = array("d", estimates)
        self._is_measured = bytearray(len(self._heights))
        self._tops = None

    def insert(self, row: int, estimates: Iterable[float]) -> None:
        new = array("d", estimates)
        self._heights[row:row] = new
        self._is_measured[row:row] = bytes(len(new))
        self._tops = None

    def remove(self, row: int, count: int) -> None:
        del self._heights[row : row + count]
        del self._is_measured[row : row + count]
        self._tops = None

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
            self._tops = None

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

    def _sums(self) -> list[float]:
        if self._tops is None:
            self._tops = list(accumulate(self._heights, initial=0.0))
        return self._tops
