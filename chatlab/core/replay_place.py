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
    """The index by its time; None when the same words of the same time and sender are there,
    unless the server names them differently.

    What was seen live, or came from disk, has the server's time as well; so a message replayed
    after a reconnect or a restart is known again.
    """
    place = bisect_right(entries, message.time_ns, key=lambda entry: entry.time_ns)
    at = place
    while at and entries[at - 1].time_ns == message.time_ns:
        at -= 1
        other = entries[at]
        if isinstance(other, Message) and _is_same(other, message):
            return None
    return place


def _is_same(one: Message, other: Message) -> bool:
    if one.msgid and other.msgid:
        return one.msgid == other.msgid
    return (one.sender, one.text) == (other.sender, other.text)
