"""Memory in which the capture process puts its blocks together, shared with its parent.

A frame taken from the kernel is nowhere else any more. So the process looks at a frame, puts it
here, and only then takes it: if it is killed in between, the frame is here, in the kernel, or both.
The successor writes what is here, and knows by ``last`` which frame it may meet again.

Layout: a head of 64-bit numbers, then pcapng blocks. ``base`` is the length of the file before the
batch, ``filled`` the bytes of whole blocks behind the head, ``frames`` all frames so far, and
``written`` those in the file before the batch. They are true at every instant: the file is either
still ``base`` long (or cut within the batch), and the batch is to be written anew, or it holds all
of it. What a full disk did not take waits elsewhere (``owed`` bytes) and is lost with the process;
the batch is then, too, for it may need what was lost: a section header, an interface.
"""

import mmap
import os
import struct
from typing import NamedTuple

CAPACITY = 8 * 1024 * 1024
"""Bytes of one batch; the largest frame fits many times."""
_NUMBER = struct.Struct("<Q")
_MARK = struct.Struct("<QQQ")
_FRAME_PROGRESS = struct.Struct("<QQQQQ")
_WRITTEN, _BASE, _FILLED, _FRAMES, _LAST, _OWED, _HEAD = 0, 8, 16, 24, 32, 56, 64


class FrameMark(NamedTuple):
    """Enough to recognise a frame when the kernel hands it over once more."""

    flow: int
    """As the parent numbers connections; 0 for frames that cannot come again."""
    time_ns: int
    length: int


NO_FRAME = FrameMark(0, 0, 0)


def create_arena() -> int:
    """A descriptor of fresh shared memory, to be passed to ``Arena`` in another process."""
    descriptor = os.memfd_create("chatlab-capture", os.MFD_CLOEXEC)
    os.ftruncate(descriptor, _HEAD + CAPACITY)
    return descriptor


class Arena:
    """The blocks of the batch in hand."""

    def __init__(self, descriptor: int = -1) -> None:
        """Without a descriptor the memory is this process's own and dies with it."""
        self._memory = mmap.mmap(descriptor, _HEAD + CAPACITY)
        self._view = memoryview(self._memory)

    @property
    def base(self) -> int:
        return self._number(_BASE)

    @property
    def filled(self) -> int:
        return self._number(_FILLED)

    @property
    def frames(self) -> int:
        return self._number(_FRAMES)

    @property
    def written(self) -> int:
        return self._number(_WRITTEN)

    @property
    def blocks(self) -> memoryview:
        """The whole blocks in hand; valid until the next ``begin``."""
        return self._view[_HEAD : _HEAD + self.filled]

    @property
    def owed(self) -> int:
        return self._number(_OWED)

    def begin(self, base: int, written: int, frames: int, owed: int = 0) -> None:
        """Forget the batch, which is in the file now; the next one goes to ``base``."""
        # In this order: whoever is killed between two of them has lost no frame, doubled none.
        for where, number in (
            (_OWED, owed),
            (_WRITTEN, written),
            (_FILLED, 0),
            (_BASE, base),
            (_FRAMES, frames),
        ):
            _NUMBER.pack_into(self._memory, where, number)

    def has_room(self, size: int) -> bool:
        return self.filled + size <= CAPACITY

    @property
    def last(self) -> FrameMark:
        """The frame that was put here last, if it can come again."""
        return FrameMark(*_MARK.unpack_from(self._memory, _LAST))

    def append(self, block: bytes) -> None:
        """Add one whole block that is no frame."""
        _NUMBER.pack_into(self._memory, _FILLED, self._copy(block))

    def append_frame(self, block: bytes, mark: FrameMark) -> None:
        """Add one whole block that holds a frame."""
        filled = self._copy(block)
        _FRAME_PROGRESS.pack_into(self._memory, _FILLED, filled, self.frames + 1, *mark)

    def _copy(self, block: bytes) -> int:
        filled = self.filled + len(block)
        stop = _HEAD + filled
        self._view[stop - len(block) : stop] = block
        return filled

    def _number(self, at: int) -> int:
        return int(_NUMBER.unpack_from(self._memory, at)[0])
