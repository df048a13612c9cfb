"""The growing capture file: whole blocks only, one write a batch, frames of a batch by time.

When the disk is full the file is cut back to its last whole block and stays readable; what comes
meanwhile waits in memory (``MAX_PENDING``), and every later batch tries again.
"""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chatlab import __version__
from chatlab.capture.arena import NO_FRAME, Arena, FrameMark
from chatlab.capture.bpf import SNAPLEN
from chatlab.core.flow import Direction
from chatlab.protocol import pcapng

MAX_PENDING = 32 * 1024 * 1024
"""Bytes of blocks kept while the disk takes none; frames beyond are counted as dropped."""
_READ_STEP = 4 * 1024 * 1024
_BLOCK_OVERHEAD = 2048
"""More than all that a frame needs beside its bytes, a new interface's description included."""
_FIRST = -1
"""Sorts blocks that frames depend on before all frames."""


class CapturedFrame(NamedTuple):
    """One frame as a source hands it over; ``data`` is valid for the call only.

    A named tuple because it is made for every frame, and made faster than a dataclass.
    """

    interface: str
    link_type: int
    time_ns: int
    data: bytes | memoryview
    wire_length: int
    direction: Direction | None
    is_checksum_pending: bool = False


@dataclass(slots=True)
class _Interface:
    number: int
    frames: int = 0
    dropped: int = 0


class CaptureFile:
    """Appends to one pcapng file. Mend it with ``recover`` first when a predecessor died."""

    def __init__(self, path: Path, arena: Arena, whole_until: int = 0) -> None:
        """Opens or creates ``path`` (mode 0600) and begins a section.

        ``whole_until``: a length up to which the file is known to hold whole blocks.
        Raises OSError when the file cannot be opened.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        self._arena = arena
        self._order: list[tuple[int, int, int]] = []
        """Of each block in the arena: sort key, start, stop."""
        self._is_sorted = True
        self._pending: list[bytes] = []
        self._pending_frames = 0
        self._interfaces: dict[tuple[str, int], _Interface] = {}
        self.unwritten = 0
        """Frames that were given up because the disk stayed full."""
        self.fault = ""
        """Why nothing can be written at the moment; empty while all is well."""
        self.position = self._recover(whole_until)
        self.frames = arena.frames
        self.met_before = arena.last
        """The predecessor's last frame: written, but perhaps still in the kernel's queue."""
        arena.begin(self.position)
        self._append(
            pcapng.section_header(
                os=platform.platform(terse=True), application=f"ChatLab {__version__}"
            )
        )
        self.flush()

    def _recover(self, whole_until: int) -> int:
        """Mend what a killed predecessor left, and return the length of the file."""
        size = os.fstat(self._descriptor).st_size
        arena = self._arena
        if arena.filled:
            if size < arena.base + arena.filled:
                os.ftruncate(self._descriptor, arena.base)
                os.write(self._descriptor, arena.blocks)
            return arena.base + arena.filled
        position = min(whole_until, size)
        while position < size:
            os.lseek(self._descriptor, position, os.SEEK_SET)
            whole = pcapng.whole_blocks(os.read(self._descriptor, _READ_STEP))
            if not whole:
                os.ftruncate(self._descriptor, position)
                break
            position += whole
        return position

    @property
    def is_full(self) -> bool:
        """The batch must be flushed before the largest possible frame fits again."""
        return not self._arena.has_room(SNAPLEN + _BLOCK_OVERHEAD)

    @property
    def has_batch(self) -> bool:
        return bool(self._order or self._pending)

    def add(self, frame: CapturedFrame, filter_text: str, mark: FrameMark = NO_FRAME) -> None:
        """Put a frame into the batch; ``is_full`` must be False.

        The interface is described, with the filter under which it was first seen, when new.
        ``mark`` is how the frame is known again if this process dies before it takes it.
        """
        if self._pending_size() > MAX_PENDING:
            self.unwritten += 1
            return
        key = frame.interface, frame.link_type
        interface = self._interfaces.get(key)
        if interface is None:
            interface = _Interface(len(self._interfaces))
            self._interfaces[key] = interface
            self._append(
                pcapng.interface(
                    frame.interface,
                    frame.link_type,
                    SNAPLEN,
                    description="ChatLab’s own connections, one filter each",
                    filter=filter_text,
                )
            )
        interface.frames += 1
        block = pcapng.enhanced_packet(
            interface.number,
            frame.time_ns,
            frame.data,
            frame.wire_length,
            direction=frame.direction,
            checksum_not_ready=frame.is_checksum_pending,
        )
        start = self._arena.filled
        self._arena.append_frame(block, mark)
        self._note(frame.time_ns, start, len(block))

    def _pending_size(self) -> int:
        return sum(map(len, self._pending))

    def add_secret(self, key_log_line: str) -> None:
        """Add a line of an NSS key log and write it at once, before later frames."""
        self.flush()
        self._append(pcapng.decryption_secrets(key_log_line.strip().encode() + b"\n"))
        self.flush()

    def note_drops(self, interface: str, dropped: int) -> None:
        """Charge ``dropped`` frames to an interface, or to the first when it is unknown."""
        for (name, _), entry in self._interfaces.items():
            if name == interface:
                entry.dropped += dropped
                return
        for entry in self._interfaces.values():
            entry.dropped += dropped
            return

    def _append(self, block: bytes) -> None:
        start = self._arena.filled
        self._arena.append(block)
        self._note(_FIRST, start, len(block))

    def _note(self, key: int, start: int, length: int) -> None:
        if self._order and key < self._order[-1][0]:
            self._is_sorted = False
        self._order.append((key, start, start + length))

    def flush(self) -> None:
        """Write the batch. A failure is not raised: see ``fault``."""
        if not self.has_batch:
            return
        blocks = self._arena.blocks
        if not self._is_sorted:
            self._order.sort(key=lambda each: each[0])
            blocks = memoryview(b"".join(blocks[start:stop] for _, start, stop in self._order))
        frames = sum(key != _FIRST for key, _, _ in self._order)
        if self._pending:
            blocks = memoryview(b"".join((*self._pending, blocks)))
        if self._write(blocks):
            self.frames += frames + self._pending_frames
            self._pending, self._pending_frames = [], 0
        else:
            self._pending = [bytes(blocks)]
            self._pending_frames += frames
        self._order.clear()
        self._is_sorted = True
        self._arena.begin(self.position)

    def _write(self, blocks: memoryview) -> bool:
        written = 0
        try:
            while written < len(blocks):
                written += os.write(self._descriptor, blocks[written:])
        except OSError as error:
            self.fault = error.strerror or str(error)
            if written:
                os.ftruncate(self._descriptor, self.position)
            return False
        self.position += len(blocks)
        self.fault = ""
        return True

    def close(self, time_ns: int) -> None:
        """Add the statistics of each interface and make sure all of it is on the disk."""
        for interface in self._interfaces.values():
            self._append(
                pcapng.interface_statistics(
                    interface.number,
                    interface.frames + interface.dropped,
                    interface.dropped,
                    time_ns,
                )
            )
        self.flush()
        if not self.fault:
            os.fsync(self._descriptor)
        os.close(self._descriptor)
