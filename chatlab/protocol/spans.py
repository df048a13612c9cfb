"""An index of half-open spans, each with a number, that is asked for what overlaps.

Spans mostly arrive in ascending order, so the index is two sorted arrays that grow at the end;
those that arrive late wait in a list until somebody asks.
"""

from array import array
from bisect import bisect_left, bisect_right


class SpanIndex:
    """Spans in order of their start; the same span may be there more than once."""

    __slots__ = ("_late", "_longest", "_starts", "_stops", "_values")

    def __init__(self) -> None:
        self._starts = array("q")
        self._stops = array("q")
        self._values = array("Q")
        self._late: list[tuple[int, int, int]] = []
        self._longest = 0
        """Length of the longest span: how far back an overlapping one can begin."""

    def __len__(self) -> int:
        return len(self._starts) + len(self._late)

    def add(self, start: int, stop: int, value: int) -> None:
        """Note ``[start, stop)``, which must not be empty."""
        if stop - start > self._longest:
            self._longest = stop - start
        starts = self._starts
        if starts and start < starts[-1]:
            self._late.append((start, stop, value))
        else:
            starts.append(start)
            self._stops.append(stop)
            self._values.append(value)

    def overlapping(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """(start, stop, value) of every span with something in ``[start, stop)``, in order."""
        if self._late:
            self._merge()
        low = bisect_right(self._starts, start - self._longest)
        high = bisect_left(self._starts, stop)
        stops = self._stops
        return [
            (self._starts[each], stops[each], self._values[each])
            for each in range(low, high)
            if stops[each] > start
        ]

    def _merge(self) -> None:
        position = bisect_left(self._starts, min(self._late)[0])
        behind = zip(
            self._starts[position:], self._stops[position:], self._values[position:], strict=True
        )
        tail = sorted([*behind, *self._late])
        self._late.clear()
        del self._starts[position:], self._stops[position:], self._values[position:]
        for start, stop, value in tail:
            self._starts.append(start)
            self._stops.append(stop)
            self._values.append(value)


class Coverage:
    """Which positions have been seen: disjoint spans, merged where they touch."""

    __slots__ = ("starts", "stops")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.stops: list[int] = []

    def add(self, start: int, stop: int) -> int:
        """Note ``[start, stop)``; how many of its positions are new."""
        low = bisect_left(self.stops, start)
        high = bisect_right(self.starts, stop)
        old = 0
        for each in range(low, high):
            old += max(0, min(stop, self.stops[each]) - max(start, self.starts[each]))
        if low < high:
            first, last = min(start, self.starts[low]), max(stop, self.stops[high - 1])
        else:
            first, last = start, stop
        self.starts[low:high] = [first]
        self.stops[low:high] = [last]
        return stop - start - old

    def covers(self, start: int, stop: int) -> bool:
        """Whether all of ``[start, stop)`` has been seen."""
        return start >= stop or self.end(start) >= stop

    def end(self, start: int) -> int:
        """The first position from ``start`` on that has not been seen."""
        each = bisect_right(self.starts, start) - 1
        return max(start, self.stops[each]) if each >= 0 else start
