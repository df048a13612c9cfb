"""Where a replayed message goes among what is there already, if it is not there itself."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from chatlab.core.message import Message


class Timed(Protocol):
    """An entry of a transcript."""

    @property
    def time_ns(self) -> int: ...


def place_of(entries: Sequence[Timed], message: Message) -> int | None:
    """The index by its time; None when the same words of the same time and sender are there.

    What was seen live, or came from disk, has the server's time as well; so a message replayed
    after a reconnect or a restart is known again.
    """
    place = bisect_right(entries, message.time_ns, key=lambda entry: entry.time_ns)
    at = place
    while at and entries[at - 1].time_ns == message.time_ns:
        at -= 1
        other = entries[at]
        if isinstance(other, Message) and (other.sender, other.text) == (
            message.sender,
            message.text,
        ):
            return None
    return place
