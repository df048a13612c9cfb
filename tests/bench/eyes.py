"""Sees when a window is painted, by looking at the X server's frame buffer."""

import mmap
import struct
from pathlib import Path
from types import TracebackType
from typing import ClassVar

_ROW_STEP = 4
"""Every fourth row is looked at."""
_SHARE = 0.05
"""Of the screen: smaller things are splash screens and tooltips."""
_COLOURS = 24
"""Smooth letters have many shades; a window that only has its background has one or two."""


class Eyes:
    """Looks at one display; must be opened while it is still empty."""

    PAUSE_S: ClassVar[float] = 0.003

    def __init__(self, frame_buffer: Path) -> None:
        with frame_buffer.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        words = struct.unpack(">25I", self._memory[:100])
        header, self._height, self._row, colours = words[0], words[5], words[12], words[19]
        self._start = header + 12 * colours
        self._empty = self._look()

    def __enter__(self) -> "Eyes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._memory.close()

    def _look(self) -> bytes:
        step = self._row * _ROW_STEP
        stop = self._start + self._height * self._row
        return b"".join(self._memory[at : at + self._row] for at in range(self._start, stop, step))

    def see_window(self) -> bool:
        """Whether there is a window with its contents now."""
        now = self._look()
        if now == self._empty:
            return False
        pixels, before = memoryview(now).cast("I"), memoryview(self._empty).cast("I")
        changed = [new for new, old in zip(pixels, before, strict=True) if new != old]
        return len(changed) >= _SHARE * len(pixels) and len(set(changed)) >= _COLOURS
