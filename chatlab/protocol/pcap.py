"""Classic pcap, the format before pcapng: one interface, no options, four byte orders.

Read only; draft-ietf-opsawg-pcap. The magic number tells byte order and time unit.
"""

import struct

from chatlab.protocol.blocks import (
    DEFAULT_UNITS,
    MAX_BLOCK,
    NANOSECONDS,
    DamagedFile,
    Endian,
    FileReader,
    Interface,
    OtherBlock,
    PacketColumns,
    PacketOptions,
)
from chatlab.protocol.pcapng_reader import BlockReader

_MAGIC: dict[bytes, tuple[Endian, int]] = {
    b"\xd4\xc3\xb2\xa1": ("<", DEFAULT_UNITS),
    b"\xa1\xb2\xc3\xd4": (">", DEFAULT_UNITS),
    b"\x4d\x3c\xb2\xa1": ("<", NANOSECONDS),
    b"\xa1\xb2\x3c\x4d": (">", NANOSECONDS),
}
_FILE_HEADER = 24
_RECORD_HEADER = 16
MAGIC_LENGTH = 4


class PcapReader(FileReader):
    """Reads classic pcap; its one interface has no name."""

    def __init__(self) -> None:
        super().__init__()
        self._record = struct.Struct("<IIII").unpack_from
        self._scale = 0

    def index(
        self, buffer: bytes, base: int, columns: PacketColumns, others: list[OtherBlock]
    ) -> int:
        position, end = 0, len(buffer)
        if not self.interfaces:
            if end < _FILE_HEADER:
                return 0
            others.append(self._begin(buffer, base))
            position = _FILE_HEADER
        scale = self._scale
        while position + _RECORD_HEADER <= end:
            seconds, fraction, captured, wire = self._record(buffer, position)
            if captured > MAX_BLOCK:
                raise DamagedFile(f"a packet of {captured:,} bytes", base + position)
            start = position + _RECORD_HEADER
            if start + captured > end:
                break
            columns.offsets.append(base + start)
            columns.times.append(seconds * NANOSECONDS + fraction * scale)
            columns.captured.append(captured)
            columns.wire.append(wire)
            columns.interfaces.append(0)
            columns.options.append(0)
            position = start + captured
        return position

    def _begin(self, buffer: bytes, base: int) -> Interface:
        found = _MAGIC.get(buffer[:MAGIC_LENGTH])
        if found is None:
            raise DamagedFile("it does not begin like a capture file", base)
        endian, units = found
        self._record = struct.Struct(endian + "IIII").unpack_from
        self._scale = NANOSECONDS // units
        snaplen, link_type = struct.unpack_from(endian + "II", buffer, 16)
        # The upper bits of the link type tell the length of a frame check sequence.
        described = Interface(
            offset=base, link_type=link_type & 0xFFFF, snaplen=snaplen, units=units, endian=endian
        )
        self.interfaces.append(described)
        return described

    def packet_options(self, area: bytes, interface: int) -> PacketOptions:
        return PacketOptions()


def reader_for(head: bytes) -> FileReader:
    """The reader of the format that ``head``, a file's first four bytes, belongs to.

    Anything unknown goes to the pcapng reader, which says what is wrong with it.
    """
    return PcapReader() if head[:MAGIC_LENGTH] in _MAGIC else BlockReader()
