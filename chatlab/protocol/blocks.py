"""What a capture file consists of, whichever of the two formats it is written in.

Values only. ``PacketColumns`` is how packets are listed when there are millions of them: arrays
side by side, no object per packet. ``FileReader`` is what both format readers have in common.
"""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from chatlab.core.errors import RemoteProtocolError

MAX_BLOCK = 16 * 1024 * 1024
"""Bytes of one block; analysers refuse longer ones, too."""
MAX_INTERFACES = 65_535
NANOSECONDS = 1_000_000_000
DEFAULT_UNITS = 1_000_000
"""Time stamps count microseconds unless the file says otherwise."""
_MIN_TIME, _MAX_TIME = -(1 << 63), (1 << 63) - 1

Endian = Literal["<", ">"]


class DamagedFile(RemoteProtocolError):
    """The bytes are not what the format demands; ``offset`` says where."""

    def __init__(self, fault: str, offset: int) -> None:
        super().__init__(f"The capture file is damaged at byte {offset:,}: {fault}.")
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionHeader:
    """Begins a section; what follows obeys its byte order."""

    offset: int
    hardware: str = ""
    os: str = ""
    application: str = ""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """One interface of one section, and how its packets' times are to be read."""

    offset: int
    link_type: int
    snaplen: int = 0
    """Longest captured length; 0 for no limit."""
    name: str = ""
    description: str = ""
    filter: str = ""
    units: int = DEFAULT_UNITS
    """Time units in a second."""
    time_offset: int = 0
    """Seconds to add to every time stamp."""
    endian: Endian = "<"

    def nanoseconds(self, stamp: int) -> int:
        """Nanoseconds since the epoch for a time stamp in this interface's units."""
        time_ns = stamp * NANOSECONDS // self.units + self.time_offset * NANOSECONDS
        return max(_MIN_TIME, min(_MAX_TIME, time_ns))


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One captured frame with everything the file says about it."""

    offset: int
    """Of its bytes in the file, not of its block."""
    interface: int
    """Index into the reader's ``interfaces``."""
    time_ns: int
    data: bytes
    wire_length: int
    flags: int = 0
    """epb_flags; 0 where the file does not say."""
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Keys which let an analyser decrypt what follows."""

    offset: int
    kind: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """How many frames an interface delivered, and how many it had to drop."""

    offset: int
    interface: int
    time_ns: int
    received: int | None = None
    dropped: int | None = None


OtherBlock = SectionHeader | Interface | Secrets | Statistics
Block = OtherBlock | Packet


@dataclass(slots=True)
class PacketColumns:
    """Packets side by side: five numbers and the size of the options each."""

    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    """Of the frame's first byte in the file."""
    times: "array[int]" = field(default_factory=lambda: array("q"))
    captured: "array[int]" = field(default_factory=lambda: array("I"))
    wire: "array[int]" = field(default_factory=lambda: array("I"))
    interfaces: "array[int]" = field(default_factory=lambda: array("H"))
    options: "array[int]" = field(default_factory=lambda: array("I"))
    """Bytes of options behind the (padded) frame."""

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, slots=True)
class PacketOptions:
    """What a packet's options say."""

    flags: int = 0
    comments: tuple[str, ...] = ()


class FileReader(ABC):
    """Reads one format incrementally: bytes in, columns and blocks out.

    The file may still be growing: what does not yet make a whole block is left for next time.
    """

    def __init__(self) -> None:
        self.interfaces: list[Interface] = []
        """Of all sections so far, in file order."""
        self._rest = b""
        self._offset = 0

    @abstractmethod
    def index(
        self, buffer: bytes, base: int, columns: PacketColumns, others: list[OtherBlock]
    ) -> int:
        """List the whole blocks of ``buffer``, which lies at ``base`` in the file.

        Returns how many bytes they fill. Raises DamagedFile at bytes that cannot be a
        block; everything before them has been listed by then.
        """

    @abstractmethod
    def packet_options(self, area: bytes, interface: int) -> PacketOptions:
        """Read the bytes that ``PacketColumns.options`` counts."""

    @property
    def pending(self) -> int:
        """Bytes fed that do not make a whole block yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> Iterator[Block]:
        """Yield the blocks that ``data`` completed, in file order."""
        buffer = self._rest + data
        base = self._offset
        columns, others = PacketColumns(), list[OtherBlock]()
        used = 0
        try:
            used = self.index(buffer, base, columns, others)
        finally:
            self._rest = buffer[used:]
            self._offset = base + used
        packets = range(len(columns))
        found: list[Block] = [self._packet(buffer, base, columns, each) for each in packets]
        yield from sorted([*found, *others], key=lambda block: block.offset)

    def _packet(self, buffer: bytes, base: int, columns: PacketColumns, row: int) -> Packet:
        start = columns.offsets[row] - base
        stop = start + columns.captured[row]
        behind = start + padded(columns.captured[row])
        options = self.packet_options(
            buffer[behind : behind + columns.options[row]], columns.interfaces[row]
        )
        return Packet(
            offset=columns.offsets[row],
            interface=columns.interfaces[row],
            time_ns=columns.times[row],
            data=buffer[start:stop],
            wire_length=columns.wire[row],
            flags=options.flags,
            comments=options.comments,
        )


def padded(length: int) -> int:
    """``length`` rounded up to the 32 bits that blocks and options are aligned to."""
    return (length + 3) & ~3
