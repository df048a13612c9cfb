"""One time axis for several ladders: equal times lie at equal heights, and no two steps of a ladder
lie on one another. Where many things happen at once the axis is stretched, where nothing happens
for long it is cut short; it stays the same for all ladders, and says its times.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_MOST_GAPS = 3.0
"""A pause takes at most so many rows; beyond, the axis is cut."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Where everything lies, in pixels from the top of the axis."""

    heights: tuple[tuple[float, ...], ...]
    """For each ladder, for each of its steps."""
    ticks: tuple[tuple[float, int], ...]
    """Height and time (ns) of places where the axis can be labelled, downwards."""
    breaks: tuple[float, ...]
    """Heights at which a long pause was cut short."""
    height: float


def lay_axis(times: Sequence[Sequence[int]], row: float) -> Axis:
    """Place steps by their times (ns from the start, ascending in each ladder), ``row`` apart."""
    events = sorted(
        (time, _rank(ladder, at), number, at)
        for number, ladder in enumerate(times)
        for at, time in enumerate(ladder)
    )
    total = max((time for time, *_ in events), default=0)
    longest = max((len(ladder) for ladder in times), default=0)
    per_ns = row * max(4, longest) / max(1, total)
    heights: list[list[float]] = [[0.0] * len(ladder) for ladder in times]
    lowest: dict[int, float] = {}
    y, before = 0.0, 0
    ticks: list[tuple[float, int]] = []
    breaks: list[float] = []
    for time, _rank_of_it, number, at in events:
        pause = (time - before) * per_ns
        if pause > _MOST_GAPS * row:
            breaks.append(y + _MOST_GAPS * row / 2)
            pause = _MOST_GAPS * row
        y = max(y + pause, lowest[number] + row if number in lowest else y)
        heights[number][at] = lowest[number] = y
        before = time
        if not ticks or ticks[-1][0] < y:
            ticks.append((y, time))
    return Axis(tuple(map(tuple, heights)), tuple(ticks), tuple(breaks), y)


def _rank(ladder: Sequence[int], at: int) -> int:
    """How many steps of the same ladder before this one have its time."""
    rank = 0
    while at - rank - 1 >= 0 and ladder[at - rank - 1] == ladder[at]:
        rank += 1
    return rank
