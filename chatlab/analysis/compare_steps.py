"""Work that goes on a step at a time, so that a window stays awake beside it.

Between two steps everything is in order: others may ask, and messages and frames may arrive.
"""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

UNITS_AT_ONCE = 16
"""Lines, stanzas or records that one step reads."""
ENTRIES_AT_ONCE = 128
"""Things that one step counts or sorts, without reading any bytes."""


def finish(steps: Generator[None, None, T]) -> T:
    """All the steps at once, for somebody who waits anyway."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: T = end.value
            return found
