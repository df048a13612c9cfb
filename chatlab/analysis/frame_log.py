"""An index over a capture file that may still be growing: columns, never the frames themselves.

The file is the store (see ARCHITECTURE.md); this is the one place of the inner packages that reads
one. Only whole blocks are taken in, so a tail that is still being written, or that a restarted
capture cuts back to its last whole block, costs nothing: reading goes on where it stopped. A
growing file that is deleted is read on while it is open, and then where its writer has put it back.
"""

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import NamedTuple, Self

from chatlab.core.capture import WHOLE_INTERFACE
from chatlab.core.errors import FileError
from chatlab.core.flow import Direction
from chatlab.core.frame import Frame
from chatlab.protocol.blocks import (
    MAX_BLOCK,
    DamagedFile,
    FileReader,
    Interface,
    OtherBlock,
    PacketColumns,
    PacketOptions,
    Secrets,
    SectionHeader,
    Statistics,
    padded,
)
from chatlab.protocol.pcap import MAGIC_LENGTH, reader_for

SLAB = 1 << 18
"""Bytes read at a time; as much as the processor's cache has room for."""
HEAD = 512
"""As much of a frame as headers can need: Ethernet, VLANs, IPv6 extensions, TCP options."""
_FLAGS_ONLY = 12
"""Bytes of options that hold nothing but epb_flags and the end mark."""
_GZIP = b"\x1f\x8b"
_DIRECTIONS = {1: Direction.RECEIVED, 2: Direction.SENT}


class Heads(NamedTuple):
    """The first bytes of some neighbouring frames, side by side as all that comes by the million."""

    numbers: range
    data: bytes
    """A piece of the file; holds at least ``HEAD`` bytes of every frame that has them."""
    starts: list[int]
    """Where in ``data`` each frame begins."""
    captured: "array[int]"
    wire: "array[int]"
    link_types: list[int]


class FrameLog:
    """The frames of one capture file, numbered from 1 as analysers do.

    ``is_growing``: somebody is still writing, so an incomplete tail is no fault, and the file
    need not exist yet.
    """

    def __init__(self, path: Path, *, is_growing: bool = False) -> None:
        self.path = path
        self.is_growing = is_growing
        self._file: FileIO | None = None
        if not (is_growing and not path.exists()):
            self._open()
        self.section_comments: list[str] = []
        self.secrets: list[Secrets] = []
        self._reader: FileReader | None = None
        self._columns = PacketColumns()
        self._others: list[OtherBlock] = []
        self.statistics: dict[int, Statistics] = {}
        """The last of each interface, by its index in ``interfaces``."""
        self._commented = array("Q")
        self._position = 0
        self._size = 0
        self._damage: str | None = None

    def __len__(self) -> int:
        return len(self._columns)

    def _open(self) -> FileIO:
        try:
            self._file = FileIO(self.path)
        except OSError as error:
            raise FileError(
                f"{self.path.name} cannot be opened: {error.strerror}.",
                "Choose another file, or change its permissions.",
            ) from error
        return self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; nothing can be asked about frames any more."""
        if self._file is not None:
            self._file.close()

    # --- following the file ------------------------------------------------------------------

    def pull(self) -> range:
        """Index what the file has gained: the numbers of the new frames."""
        first = len(self) + 1
        if self._file is None and self.path.exists():
            self._open()
        if self._damage is None and self._file is not None:
            if self.is_growing and not os.fstat(self._file.fileno()).st_nlink:
                self._find_again()
            try:
                self._index()
            except DamagedFile as fault:
                self._damage = f"{fault.message} {len(self):,} frames before that were read."
        self._note_options(first)
        return range(first, len(self) + 1)

    def _find_again(self) -> None:
        """The open file was deleted: go on in the one that has taken its place, if there is one."""
        try:
            fresh = FileIO(self.path)
        except OSError:
            return  # Not yet.
        if os.fstat(fresh.fileno()).st_size < self._position:
            fresh.close()  # Another file, which holds none of what is indexed.
            return
        if self._file is not None:
            self._file.close()
        self._file = fresh

    def _index(self) -> None:
        wanted = SLAB
        while True:
            buffer = self._read(self._position, wanted)
            self._size = self._position + len(buffer)
            if self._reader is None:
                if len(buffer) < MAGIC_LENGTH:
                    return
                self._refuse_compressed(buffer)
                self._reader = reader_for(buffer)
            used = self._reader.index(buffer, self._position, self._columns, self._others)
            self._take_others()
            self._position += used
            if len(buffer) < wanted:
                return
            # Nothing used: a block longer than the slab (the reader has checked its length).
            wanted = SLAB if used else min(wanted * 2, 2 * MAX_BLOCK)

    def _refuse_compressed(self, head: bytes) -> None:
        if head.startswith(_GZIP):
            raise FileError(
                f"{self.path.name} is compressed (gzip).", f"Unpack it first: gunzip {self.path}"
            )

    def _take_others(self) -> None:
        for block in self._others:
            match block:
                case SectionHeader():
                    self.section_comments += block.comments
                case Secrets():
                    self.secrets.append(block)
                case Statistics():
                    self.statistics[block.interface] = block
                case Interface():
                    pass  # The reader keeps them.
        self._others.clear()

    def _note_options(self, first: int) -> None:
        """Remember which of the new frames have more options than a direction."""
        options = self._columns.options
        if any(size > _FLAGS_ONLY for size in options[first - 1 :]):
            for number in range(first, len(self) + 1):
                if options[number - 1] > _FLAGS_ONLY:
                    self._commented.append(number)

    def _read(self, offset: int, size: int) -> bytes:
        file = self._file or self._open()
        try:
            file.seek(offset)
            data = file.read(size)
            while len(data) < size and (more := file.read(size - len(data))):
                data += more
        except OSError as error:
            raise FileError(
                f"{self.path.name} cannot be read: {error.strerror}.",
                "Check that the disk is still there.",
            ) from error
        return data

    # --- facts about the file ------------------------------------------------------------------

    @property
    def problem(self) -> str | None:
        """What is wrong with the file, in words; None while all is well."""
        if self._damage is not None:
            return self._damage
        if not self.is_growing and self._reader is None:
            return f"{self.path.name} is not a capture file: it holds {self._size} bytes."
        if not self.is_growing and self._size > self._position:
            return f"The file is cut off after frame {len(self):,}."
        return None

    @property
    def position(self) -> int:
        """Bytes of the file that have been indexed."""
        return self._position

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        return tuple(self._reader.interfaces) if self._reader else ()

    @property
    def dropped(self) -> int:
        """Frames that the capture had to drop, as far as the file tells."""
        return sum(block.dropped or 0 for block in self.statistics.values())

    @property
    def first_time_ns(self) -> int | None:
        return self._columns.times[0] if len(self) else None

    @property
    def commented(self) -> tuple[int, ...]:
        """Numbers of the frames which may carry comments, ascending."""
        return tuple(self._commented)

    # --- one frame ---------------------------------------------------------------------------

    def _row(self, number: int) -> int:
        if not 1 <= number <= len(self):
            raise IndexError(f"there is no frame {number} among {len(self)}")
        return number - 1

    def time_ns(self, number: int) -> int:
        return self._columns.times[self._row(number)]

    def link_type(self, number: int) -> int:
        assert self._reader is not None
        return self._reader.interfaces[self._columns.interfaces[self._row(number)]].link_type

    def interface_index(self, number: int) -> int:
        """Index into ``interfaces`` of the one that captured the frame."""
        return self._columns.interfaces[self._row(number)]

    def is_of_others(self, number: int) -> bool:
        """Whether ChatLab captured the frame beside its own connections, see ``core.capture``."""
        assert self._reader is not None
        described = self._reader.interfaces[self.interface_index(number)]
        return described.description == WHOLE_INTERFACE

    def wire_length(self, number: int) -> int:
        return self._columns.wire[self._row(number)]

    def raw(self, number: int) -> bytes:
        """The captured bytes of a frame."""
        row = self._row(number)
        return self._read(self._columns.offsets[row], self._columns.captured[row])

    def frame(self, number: int) -> Frame:
        row = self._row(number)
        columns = self._columns
        described = self.interfaces[columns.interfaces[row]]
        return Frame(
            number=number,
            time_ns=columns.times[row],
            captured_length=columns.captured[row],
            wire_length=columns.wire[row],
            link_type=described.link_type,
            interface=described.name,
            direction=_DIRECTIONS.get(self.options(number).flags & 3),
        )

    def options(self, number: int) -> PacketOptions:
        """Flags and comments that the file holds for a frame."""
        row = self._row(number)
        assert self._reader is not None
        size = self._columns.options[row]
        if not size:
            return PacketOptions()
        behind = self._columns.offsets[row] + padded(self._columns.captured[row])
        area = self._read(behind, size)
        return self._reader.packet_options(area, self._columns.interfaces[row])

    def comments(self, number: int) -> tuple[str, ...]:
        row = bisect_left(self._commented, number)
        if row == len(self._commented) or self._commented[row] != number:
            return ()
        return self.options(number).comments

    def heads(self, numbers: range) -> Iterator[Heads]:
        """The first bytes of frames, in file order, a slab of the file at a time."""
        offsets, interfaces = self._columns.offsets, self._columns.interfaces
        links = [described.link_type for described in self.interfaces]
        low, end = numbers.start - 1, numbers.stop - 1
        while low < end:
            base = offsets[low]
            high = bisect_left(offsets, base + SLAB, low, end)
            yield Heads(
                range(low + 1, high + 1),
                self._read(base, offsets[high - 1] - base + HEAD),
                [offset - base for offset in offsets[low:high]],
                self._columns.captured[low:high],
                self._columns.wire[low:high],
                [links[interface] for interface in interfaces[low:high]],
            )
            low = high
