"""pcapng, read: growing bytes to columns and values.

Reads whatever draft-ietf-opsawg-pcapng allows: any byte order, several sections, the Simple and
the obsolete Packet Block; blocks of unknown type are skipped. ``pcapng`` is the way there.
"""

import struct
from collections.abc import Iterator

from chatlab.protocol import pcapng
from chatlab.protocol.blocks import (
    DEFAULT_UNITS,
    MAX_BLOCK,
    MAX_INTERFACES,
    NANOSECONDS,
    DamagedFile,
    Endian,
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
from chatlab.protocol.pcapng import (
    BYTE_ORDER,
    ENHANCED_PACKET,
    EPB_FLAGS,
    IF_DESCRIPTION,
    IF_FILTER,
    IF_NAME,
    IF_TSOFFSET,
    IF_TSRESOL,
    ISB_DROPPED,
    ISB_OS_DROPPED,
    ISB_RECEIVED,
    MIN_BLOCK,
    OPT_COMMENT,
    OPT_END,
    SHB_APPLICATION,
    SHB_HARDWARE,
    SHB_OS,
    SIMPLE_PACKET,
)

_PACKET_HEAD = 28
_SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"


def split_options(area: bytes, endian: Endian) -> Iterator[tuple[int, bytes]]:
    """The options of a block; one that is cut off ends the list, as analysers have it."""
    position = 0
    unpack = struct.Struct(endian + "HH").unpack_from
    while position + 4 <= len(area):
        code, length = unpack(area, position)
        position += 4
        if code == OPT_END or position + length > len(area):
            return
        yield code, area[position : position + length]
        position += padded(length)


def _words(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace")


class BlockReader(FileReader):
    """Reads pcapng: any byte order, any number of sections, unknown blocks skipped."""

    def __init__(self) -> None:
        super().__init__()
        self._endian: Endian | None = None
        self._first = 0
        """Index of the current section's first interface."""
        self._scales: list[tuple[int, int]] = []
        """Per interface: nanoseconds per unit, and the upper half of a stamp from which on
        their product would not fit 63 bits; (0, 0) where the way is longer."""
        self._use("<")

    def _use(self, endian: Endian) -> None:
        self._head = struct.Struct(endian + "IIIIIII").unpack_from
        self._pair = struct.Struct(endian + "II").unpack_from
        self._size = struct.Struct(endian + "I").unpack_from

    def index(
        self, buffer: bytes, base: int, columns: PacketColumns, others: list[OtherBlock]
    ) -> int:
        position = 0
        while True:
            if self._endian is not None:
                position = self._run(buffer, position, base, columns)
            used = self._other(buffer, position, base, columns, others)
            if not used:
                return position
            position += used

    def _run(self, buffer: bytes, position: int, base: int, columns: PacketColumns) -> int:
        """List enhanced packets up to the first block of another kind, or one that is cut.

        Packets come by the million, so this loop does the least it can: it keeps what one
        ``unpack`` gives and leaves the arithmetic to whole columns.
        """
        head, size, known = self._head, self._size, len(self.interfaces) - self._first
        last = len(buffer) - _PACKET_HEAD - 4
        end = len(buffer)
        rows: list[tuple[int, ...]] = []
        starts: list[int] = []
        try:
            while position <= last:
                fields = head(buffer, position)
                if fields[0] != ENHANCED_PACKET:
                    break
                _, length, number, _, _, captured, _ = fields
                behind = position + length
                if captured > length - 32 or length > MAX_BLOCK or length & 3 or number >= known:
                    self._refuse_packet(base + position, fields, known)
                if behind > end:
                    break
                if size(buffer, behind - 4)[0] != length:
                    raise DamagedFile("a block’s two lengths differ", base + position)
                rows.append(fields)
                starts.append(position)
                position = behind
        finally:
            if rows:
                self._list(rows, starts, base + _PACKET_HEAD, columns)
        return position

    def _list(
        self, rows: list[tuple[int, ...]], starts: list[int], base: int, columns: PacketColumns
    ) -> None:
        """Append packets, given as the seven words that begin their blocks, to the columns."""
        _, lengths, numbers, high, low, captured, wire = zip(*rows, strict=True)
        first = self._first
        scales = {self._scales[first + number] for number in set(numbers)}
        scale, bound = scales.pop()
        if not scales and max(high) < bound:
            stamps = [(upper << 32 | lower) * scale for upper, lower in zip(high, low, strict=True)]
        else:
            stamps = [
                self.interfaces[first + number].nanoseconds(upper << 32 | lower)
                for number, upper, lower in zip(numbers, high, low, strict=True)
            ]
        columns.times.extend(stamps)
        columns.offsets.extend([base + start for start in starts])
        columns.captured.extend(captured)
        columns.wire.extend(wire)
        columns.interfaces.extend([first + number for number in numbers] if first else numbers)
        columns.options.extend(
            [length - 32 - (size + 3 & ~3) for length, size in zip(lengths, captured, strict=True)]
        )

    def _refuse_packet(self, offset: int, fields: tuple[int, ...], known: int) -> None:
        _, length, number, _, _, captured, _ = fields
        if length > MAX_BLOCK or length & 3 or length < MIN_BLOCK:
            raise DamagedFile(f"a block cannot be {length:,} bytes long", offset)
        if number >= known:
            raise DamagedFile("a packet names an interface that was not described", offset)
        raise DamagedFile(f"a packet of {captured:,} bytes in a block of {length:,}", offset)

    def packet_options(self, area: bytes, interface: int) -> PacketOptions:
        if not area:
            return PacketOptions()
        endian = self.interfaces[interface].endian
        flags, comments = 0, list[str]()
        for code, value in split_options(area, endian):
            if code == OPT_COMMENT:
                comments.append(_words(value))
            elif code == EPB_FLAGS and len(value) == 4:
                (flags,) = struct.unpack(endian + "I", value)
        return PacketOptions(flags, tuple(comments))

    def _other(
        self,
        buffer: bytes,
        position: int,
        base: int,
        columns: PacketColumns,
        others: list[OtherBlock],
    ) -> int:
        """Take one block of any kind; 0 when it is not all there yet."""
        if position + MIN_BLOCK > len(buffer):
            return 0
        endian, first = self._endian, self._first
        if buffer[position : position + 4] == _SECTION_MAGIC:
            endian, first = _byte_order(buffer, position, base), len(self.interfaces)
            self._use(endian)
        elif endian is None:
            raise DamagedFile("it does not begin like a capture file", base + position)
        kind, length = self._pair(buffer, position)
        if length < MIN_BLOCK or length > MAX_BLOCK or length & 3:
            raise DamagedFile(f"a block cannot be {length:,} bytes long", base + position)
        end = position + length
        if end > len(buffer):
            return 0
        if self._size(buffer, end - 4)[0] != length:
            raise DamagedFile("a block’s two lengths differ", base + position)
        self._endian, self._first = endian, first
        body = buffer[position + 8 : end - 4]
        try:
            self._take(kind, body, base + position, columns, others)
        except struct.error:
            raise DamagedFile("a block is too short for its kind", base + position) from None
        return int(length)

    def _take(
        self,
        kind: int,
        body: bytes,
        offset: int,
        columns: PacketColumns,
        others: list[OtherBlock],
    ) -> None:
        assert self._endian is not None
        match kind:
            case pcapng.SECTION_HEADER:
                others.append(_read_section(body, offset, self._endian))
            case pcapng.INTERFACE:
                self._add(_read_interface(body, offset, self._endian))
                others.append(self.interfaces[-1])
            case pcapng.OBSOLETE_PACKET | pcapng.SIMPLE_PACKET | pcapng.ENHANCED_PACKET:
                self._take_packet(kind, body, offset, columns)
            case pcapng.STATISTICS:
                others.append(self._read_statistics(body, offset))
            case pcapng.SECRETS:
                secret, size = self._pair(body)
                others.append(Secrets(offset=offset, kind=secret, data=body[8 : 8 + size]))

    def _add(self, described: Interface) -> None:
        if len(self.interfaces) >= MAX_INTERFACES:
            raise DamagedFile(f"more than {MAX_INTERFACES:,} interfaces", described.offset)
        self.interfaces.append(described)
        if NANOSECONDS % described.units or described.time_offset:
            self._scales.append((0, 0))
        else:
            scale = NANOSECONDS // described.units
            self._scales.append((scale, (1 << 31) // scale))

    def _take_packet(self, kind: int, body: bytes, offset: int, columns: PacketColumns) -> None:
        """A packet of one of the rarer kinds."""
        number, stamp, data = 0, 0, 4
        if kind == SIMPLE_PACKET:
            (wire,) = self._size(body)
            captured = min(wire, len(body) - data)
        else:
            data = 20
            form = "IIIII" if kind == ENHANCED_PACKET else "HHIIII"
            fields = struct.unpack_from(f"{self._endian}{form}", body)
            number, wire, captured = fields[0], fields[-1], fields[-2]
            stamp = fields[-4] << 32 | fields[-3]
        number += self._first
        if number >= len(self.interfaces):
            raise DamagedFile("a packet names an interface that was not described", offset)
        described = self.interfaces[number]
        if kind == SIMPLE_PACKET and described.snaplen:
            captured = min(captured, described.snaplen)
        rest = len(body) - data - padded(captured)
        if captured > len(body) - data or rest < 0:
            raise DamagedFile(f"a packet of {captured:,} bytes in a shorter block", offset)
        columns.offsets.append(offset + 8 + data)
        columns.times.append(described.nanoseconds(stamp))
        columns.captured.append(captured)
        columns.wire.append(wire)
        columns.interfaces.append(number)
        columns.options.append(rest if kind != SIMPLE_PACKET else 0)

    def _read_statistics(self, body: bytes, offset: int) -> Statistics:
        assert self._endian is not None
        number, high, low = struct.unpack_from(self._endian + "III", body)
        number += self._first
        if number >= len(self.interfaces):
            raise DamagedFile("statistics of an interface that was not described", offset)
        found = {
            code: struct.unpack(self._endian + "Q", value)[0]
            for code, value in split_options(body[12:], self._endian)
            if len(value) == 8
        }
        return Statistics(
            offset=offset,
            interface=number,
            time_ns=self.interfaces[number].nanoseconds(high << 32 | low),
            received=found.get(ISB_RECEIVED),
            dropped=found.get(ISB_DROPPED, found.get(ISB_OS_DROPPED)),
        )


def _byte_order(buffer: bytes, position: int, base: int) -> Endian:
    magic = buffer[position + 8 : position + 12]
    if magic == struct.pack("<I", BYTE_ORDER):
        return "<"
    if magic == struct.pack(">I", BYTE_ORDER):
        return ">"
    raise DamagedFile("a section of unknown byte order", base + position)


def _read_section(body: bytes, offset: int, endian: Endian) -> SectionHeader:
    _, major, _, _ = struct.unpack_from(endian + "IHHq", body)
    if major != 1:
        raise DamagedFile(f"version {major} of the format is not known", offset)
    options = list(split_options(body[16:], endian))
    named = {code: _words(value) for code, value in options}
    return SectionHeader(
        offset=offset,
        hardware=named.get(SHB_HARDWARE, ""),
        os=named.get(SHB_OS, ""),
        application=named.get(SHB_APPLICATION, ""),
        comments=tuple(_words(value) for code, value in options if code == OPT_COMMENT),
    )


def _read_interface(body: bytes, offset: int, endian: Endian) -> Interface:
    link_type, _, snaplen = struct.unpack_from(endian + "HHI", body)
    options = dict(split_options(body[8:], endian))
    shift = options.get(IF_TSOFFSET, b"")
    return Interface(
        offset=offset,
        link_type=link_type,
        snaplen=snaplen,
        name=_words(options.get(IF_NAME, b"")),
        description=_words(options.get(IF_DESCRIPTION, b"")),
        filter=_words(options.get(IF_FILTER, b"")[1:]),
        units=_units(options.get(IF_TSRESOL, b"")),
        time_offset=struct.unpack(endian + "q", shift)[0] if len(shift) == 8 else 0,
        endian=endian,
    )


def _units(resolution: bytes) -> int:
    """Time units per second: a power of ten, or of two when the top bit is set."""
    if not resolution:
        return DEFAULT_UNITS
    exponent = resolution[0] & 0x7F
    return 1 << exponent if resolution[0] & 0x80 else int(10**exponent)
