"""A text of several lines as one message (IRCv3 draft/multiline): how it is cut and framed.

The server names two limits, in bytes of all lines together and in lines; a longer text becomes
several such messages. Line ends count one byte each, as the specification has it. A line too long
for IRC goes in parts that the reader's client joins again (``multiline-concat``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatlab.chat.irc.state import ServerState
from chatlab.protocol.irc import format_line
from chatlab.protocol.irc_text import split_text

NAMES = ("draft/multiline", "multiline")
_NEEDED = frozenset({"batch", "message-tags"})
_NO_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What the server takes as one message."""

    name: str
    """As the capability is called, and so the batch: the draft's name or the final one."""
    max_bytes: int
    max_lines: int


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One line of such a message."""

    text: str
    is_concat: bool = False
    """It goes on where the line before it ended."""


def limits_of(state: ServerState) -> Limits | None:
    """None where the server takes no such message, or does not say how long it may be."""
    name = next((name for name in NAMES if name in state.caps), "")
    if not name or not state.caps >= _NEEDED:
        return None
    pairs = (word.partition("=") for word in state.offered.get(name, "").split(","))
    values = {key: int(value) for key, _, value in pairs if value.isascii() and value.isdigit()}
    max_bytes = values.get("max-bytes", 0)
    return Limits(name, max_bytes, values.get("max-lines", _NO_LIMIT)) if max_bytes > 0 else None


def blocks(lines: Sequence[str], budget: int, limits: Limits) -> Iterator[tuple[BatchLine, ...]]:
    """The lines of each message, none longer than ``budget`` and no message beyond the limits."""
    block: list[BatchLine] = []
    size = 0
    for line in lines:
        for number, part in enumerate(split_text(line, min(budget, limits.max_bytes))):
            length = len(part.encode("utf-8", "replace"))
            is_concat = number > 0 and bool(block)
            needed = length + (bool(block) and not is_concat)
            if block and (size + needed > limits.max_bytes or len(block) >= limits.max_lines):
                yield from _without_blank_edges(block)
                block, size, needed, is_concat = [], 0, length, False
            block.append(BatchLine(part, is_concat))
            size += needed
    yield from _without_blank_edges(block)


def _without_blank_edges(block: list[BatchLine]) -> Iterator[tuple[BatchLine, ...]]:
    """A message must not be blank; blank lines at its edges say nothing."""
    start, stop = 0, len(block)
    while start < stop and not block[start].text:
        start += 1
    while stop > start and not block[stop - 1].text:
        stop -= 1
    if start < stop:
        yield tuple(block[start:stop])


def text_of(block: Sequence[BatchLine]) -> str:
    """What the readers see, line ends included."""
    first, *rest = block
    return first.text + "".join(line.text if line.is_concat else f"\n{line.text}" for line in rest)


def frame(
    name: str, reference: str, command: str, target: str, block: Sequence[BatchLine], limit: int
) -> tuple[bytes, ...]:
    """The lines between the opening BATCH and its end, formatted."""
    formatted = []
    for line in block:
        tags = {"batch": reference} | ({f"{name}-concat": ""} if line.is_concat else {})
        formatted.append(format_line(command, target, line.text, tags=tags, limit=limit))
    return tuple(formatted)
