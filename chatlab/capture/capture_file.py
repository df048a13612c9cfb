"""The growing capture file: whole blocks only, one write a batch, frames of a batch by time.

When the disk is full the file is cut back to its last whole block and stays readable; what comes
meanwhile waits in memory (``MAX_PENDING``), and every later batch tries again.
"""

import platform
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chatlab import __version__
from chatlab.capture.append_file import AppendFile
from chatlab.capture.arena import NO_FRAME, Arena, FrameMark
from chatlab.capture.bpf import SNAPLEN
from chatlab.core.capture import WHOLE_INTERFACE
from chatlab.core.flow import Direction
from chatlab.protocol import pcapng

MAX_PENDING = 32 * 1024 * 1024
"""Bytes of blocks kept while the disk takes none; frames beyond are counted as dropped."""
MAX_AT_ONCE = 4_096
"""Frames that a source hands over in a row: those that are not kept fill no batch, and others wait."""
_OWN = "ChatLab’s own connections, one filter each"
_READ_STEP = 4 * 1024 * 1024
_BLOCK_OVERHEAD = 2048
"""More than all that a frame needs beside its bytes, a new interface's description included."""
_FIRST = -1
"""Sorts blocks that frames depend on before all frames."""
CLOCK_STEP_NS = 1_000_000_000
"""Sources are read one after the other, so within a batch times go back a little; by this much
only when somebody has set the clock, and then the order of arrival is the true one."""


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
    is_whole: bool = False
    """It comes from the capture of a whole interface, and may be anybody’s."""


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
        self._file = AppendFile(path)
        self._arena = arena
        self._order: list[tuple[int, int, int]] = []
        """Of each block in the arena: sort key, start, stop."""
        self._is_sorted = True
        self._newest = _FIRST
        self._is_clock_set = False
        self._pending: deque[tuple[bytes, int]] = deque()
        """Batches that the disk did not take, each with the number of its frames."""
        self._pending_size = 0
        self._interfaces: dict[tuple[str, int, bool], _Interface] = {}
        self.unwritten = 0
        """Frames that were given up because the disk stayed full."""
        self.frames = 0
        """Those in the file."""
        self.met_before = arena.last
        """The predecessor's last frame: written, but perhaps still in the kernel's queue."""
        self._recover(whole_until)
        self._begin()
        self._append(
            pcapng.section_header(
                os=platform.platform(terse=True), application=f"ChatLab {__version__}"
            )
        )
        self.flush()

    def _recover(self, whole_until: int) -> None:
        """Mend what a killed predecessor left."""
        arena, file = self._arena, self._file
        if arena.owed:
            # It may have been killed just when the disk had taken some of it after all.
            self.frames = arena.written + self._scan(min(arena.base, file.position))
            self.unwritten = arena.frames - self.frames
            return
        batch = pcapng.count_frames(arena.blocks)
        self.frames = arena.frames - batch
        if not arena.filled:
            self._scan(min(whole_until, file.position))
        elif file.position < arena.base + arena.filled:
            file.cut(arena.base)
            self._put(bytes(arena.blocks), batch)
        else:
            self.frames += batch

    def _scan(self, position: int) -> int:
        """Cut the file off behind its last whole block; the frames from ``position`` on."""
        file, found = self._file, 0
        while position < file.position:
            data = file.read(position, _READ_STEP)
            whole = pcapng.whole_blocks(data)
            if not whole:
                file.cut(position)
                break
            found += pcapng.count_frames(data[:whole])
            position += whole
        return found

    @property
    def position(self) -> int:
        """Bytes of the file that hold whole blocks."""
        return self._file.position

    @property
    def fault(self) -> str:
        """Why nothing can be written at the moment; empty while all is well."""
        return self._file.fault

    @property
    def hint(self) -> str:
        """What helps against the fault."""
        return self._file.hint

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
        key = frame.interface, frame.link_type, frame.is_whole
        interface = self._interfaces.get(key)
        if self._pending_size > MAX_PENDING:
            self.unwritten += 1
            if interface is not None:
                interface.dropped += 1
            return
        if interface is None:
            interface = _Interface(len(self._interfaces))
            self._interfaces[key] = interface
            self._append(
                pcapng.interface(
                    frame.interface,
                    frame.link_type,
                    SNAPLEN,
                    description=WHOLE_INTERFACE if frame.is_whole else _OWN,
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

    def add_secret(self, key_log_line: str) -> None:
        """Add a line of an NSS key log and write it at once, before later frames."""
        self.flush()
        self._append(pcapng.decryption_secrets(key_log_line.strip().encode() + b"\n"))
        self.flush()

    def note_drops(self, interface: str, dropped: int) -> None:
        """Charge ``dropped`` frames to an interface, or to the first when it is unknown."""
        for (name, *_), entry in self._interfaces.items():
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
        if key < self._newest:
            self._is_sorted = False
            self._is_clock_set |= _FIRST < key < self._newest - CLOCK_STEP_NS
        self._newest = max(self._newest, key)
        self._order.append((key, start, start + length))

    def flush(self) -> None:
        """Write the batch. A failure is not raised: see ``fault``."""
        if not self.has_batch:
            return
        blocks = self._arena.blocks
        if not self._is_sorted:
            self._order.sort(key=self._place)
            blocks = memoryview(b"".join(blocks[start:stop] for _, start, stop in self._order))
        self._put(blocks, sum(key != _FIRST for key, _, _ in self._order))
        self._begin()

    def _place(self, entry: tuple[int, int, int]) -> int:
        key, start, _ = entry
        return start if self._is_clock_set and key != _FIRST else key

    def _begin(self) -> None:
        """The batch is written, or waits outside the arena: make room for the next one."""
        self._order.clear()
        self._is_sorted, self._is_clock_set, self._newest = True, False, _FIRST
        waiting = sum(frames for _, frames in self._pending)
        frames = self.frames + waiting
        self._arena.begin(self.position, self.frames, frames, self._pending_size)

    def _put(self, blocks: bytes | memoryview, frames: int) -> None:
        """Append a batch to the file, after those that the disk did not take before."""
        while self._pending:
            piece, count = self._pending[0]
            if not self._file.append(piece):
                break
            self.frames += count
            self._pending_size -= len(piece)
            self._pending.popleft()
        if len(blocks) and (self._pending or not self._file.append(blocks)):
            self._pending.append((bytes(blocks), frames))
            self._pending_size += len(blocks)
        else:
            self.frames += frames

    def look_after(self) -> None:
        """To be called now and then: see ``AppendFile.look_after``."""
        self._file.look_after()

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
        self._file.close()
