"""Who is told of what: callables by the kinds of news that they asked for.

In a flood of messages most of the work would be calls that end with “not for me”.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
L = TypeVar("L")


class Listeners(Generic[K, L]):
    """For each kind those who asked for it, in the order in which they came."""

    def __init__(self, kinds: Iterable[K]) -> None:
        self._of: dict[K, tuple[L, ...]] = dict.fromkeys(kinds, ())

    def add(self, listener: L, kinds: tuple[K, ...] = ()) -> Callable[[], None]:
        """Tell ``listener`` of these kinds, or of all without any; the function returned ends that.

        Raises KeyError for a kind that there is none of.
        """
        wanted = kinds or tuple(self._of)
        for kind in wanted:
            self._of[kind] += (listener,)

        def end() -> None:
            for kind in wanted:
                self._of[kind] = tuple(one for one in self._of[kind] if one is not listener)

        return end

    def of(self, kind: K) -> tuple[L, ...]:
        """Those to be told; it stays as it is while one of them ends his own listening."""
        return self._of[kind]

    def __len__(self) -> int:
        """How many times somebody listens to something."""
        return sum(map(len, self._of.values()))
