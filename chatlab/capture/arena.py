"""Memory in which the capture process puts its blocks together, shared with its parent.

A frame taken from the kernel is nowhere else any more. If the process is killed before it has
written the frame to the file, the arena still holds it, and the successor writes it.

Layout: a head of three 64-bit numbers, then pcapng blocks. ``base`` is the length of the file
before the batch, ``filled`` the bytes of whole blocks behind the head, ``frames`` all frames
so far. They are true at every instant: the file is either still ``base`` long (or cut within the
batch), and the batch is to be written anew, or it holds all of it.
"""

import mmap
import os
import struct

CAPACITY = 8 * 1024 * 1024
"""Bytes of one batch; the largest frame fits many times."""
_NUMBER = struct.Struct("<Q")
_PROGRESS = struct.Struct("<QQ")
_BASE, _FILLED, _FRAMES, _HEAD = 0, 8, 16, 24


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
    def blocks(self) -> memoryview:
        """The whole blocks in hand; valid until the next ``begin``."""
        return self._view[_HEAD : _HEAD + self.filled]

    def begin(self, base: int) -> None:
        """Forget the batch, which is in the file now; the next one goes to ``base``."""
        _NUMBER.pack_into(self._memory, _FILLED, 0)
        _NUMBER.pack_into(self._memory, _BASE, base)

    def has_room(self, size: int) -> bool:
        return self.filled + size <= CAPACITY

    def append(self, block: bytes, *, frames: int = 0) -> None:
        """Add one whole block, ``frames`` of which are frames (0 or 1)."""
        start = _HEAD + self.filled
        self._view[start : start + len(block)] = block
        filled = start + len(block) - _HEAD
        _PROGRESS.pack_into(self._memory, _FILLED, filled, self.frames + frames)

    def _number(self, at: int) -> int:
        return int(_NUMBER.unpack_from(self._memory, at)[0])
