"""Bytes of one direction as those read them who look for lines, stanzas and records.

Positions count from wherever the source begins; bytes may be missing, and more may come.
"""

from collections.abc import Sequence
from typing import Protocol

from chatlab.analysis.streams import Streams
from chatlab.core.flow import ByteRange
from chatlab.protocol.spans import Coverage
from chatlab.protocol.tcp import StreamDirection

GAP_PATIENCE = 64 * 1024
"""Bytes that may lie behind a gap before it counts as one that is not going to be filled."""
ACKED_PATIENCE = 1024
"""The same where the receiver has acknowledged what is missing: only the capture missed it."""


class ByteSource(Protocol):
    """What is known of one direction's bytes."""

    @property
    def seen(self) -> Coverage:
        """Which positions are there."""
        ...

    @property
    def high(self) -> int:
        """The position after the last byte seen."""
        ...

    @property
    def is_anchored(self) -> bool:
        """Position 0 is the first byte that was sent."""
        ...

    def is_lost(self, position: int) -> bool:
        """Whether the bytes that are missing at a position are not going to come any more."""
        ...

    def read(self, span: ByteRange) -> bytes | None:
        """The bytes at these positions; None when some are missing."""
        ...

    def stops_at(self, position: int) -> Sequence[int]:
        """Where the pieces end that brought the byte at a position: segments, records."""
        ...


class CapturedBytes:
    """One direction of a TCP stream, as its frames carried it."""

    def __init__(self, streams: Streams, direction: StreamDirection) -> None:
        self._streams = streams
        self._direction = direction

    @property
    def seen(self) -> Coverage:
        return self._direction.seen

    @property
    def high(self) -> int:
        return self._direction.high

    @property
    def is_anchored(self) -> bool:
        return self._direction.is_anchored

    def is_lost(self, position: int) -> bool:
        behind = self._direction.high - position
        if not self._streams.log.is_growing:
            return behind > 0
        acknowledged = self._direction.acknowledged
        is_acknowledged = acknowledged is not None and acknowledged > position
        return behind > (ACKED_PATIENCE if is_acknowledged else GAP_PATIENCE)

    def read(self, span: ByteRange) -> bytes | None:
        return self._streams.read(self._direction, span)

    def stops_at(self, position: int) -> Sequence[int]:
        segments = self._direction.segments(ByteRange(position, position + 1))
        return [stop for _, stop, _ in segments]
