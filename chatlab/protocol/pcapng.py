"""pcapng, written: values to blocks; ``pcapng_reader`` is the way back.

The format is draft-ietf-opsawg-pcapng. A file is a run of blocks ``type, length, body, length``;
a section header sets the byte order and starts the numbering of interfaces anew. We write
little-endian with nanoseconds.
"""

import ipaddress
import struct
from collections.abc import Iterable, Sequence

from chatlab.core.flow import Direction

SECTION_HEADER = 0x0A0D0D0A
INTERFACE = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
NAME_RESOLUTION = 4
STATISTICS = 5
ENHANCED_PACKET = 6
SECRETS = 10
TLS_KEY_LOG = 0x544C534B
"""Secrets type: an NSS key log."""
MAX_OPTION = 65_535

BYTE_ORDER = 0x1A2B3C4D
OPT_END, OPT_COMMENT = 0, 1
SHB_HARDWARE, SHB_OS, SHB_APPLICATION = 2, 3, 4
IF_NAME, IF_DESCRIPTION, IF_TSRESOL, IF_FILTER, IF_TSOFFSET = 2, 3, 9, 11, 14
EPB_FLAGS = 2
NRB_END, NRB_IPV4, NRB_IPV6 = 0, 1, 2
ISB_RECEIVED, ISB_DROPPED, ISB_OS_DROPPED = 4, 5, 7
_DIRECTION_BITS = {None: 0, Direction.RECEIVED: 1, Direction.SENT: 2}
_CHECKSUM_NOT_READY = 1 << 9
MIN_BLOCK = 12


def section_header(
    *, hardware: str = "", os: str = "", application: str = "", comments: Sequence[str] = ()
) -> bytes:
    """A section of unknown length, so that it can grow."""
    options = [(OPT_COMMENT, text(comment)) for comment in comments]
    options += [
        (code, text(value))
        for code, value in (
            (SHB_HARDWARE, hardware),
            (SHB_OS, os),
            (SHB_APPLICATION, application),
        )
        if value
    ]
    return _block(SECTION_HEADER, struct.pack("<IHHq", BYTE_ORDER, 1, 0, -1), options)


def interface(
    name: str, link_type: int, snaplen: int = 0, *, description: str = "", filter: str = ""
) -> bytes:
    """An interface whose packets carry nanoseconds; numbered from 0 within its section."""
    options = [(IF_NAME, text(name))] if name else []
    if description:
        options.append((IF_DESCRIPTION, text(description)))
    options.append((IF_TSRESOL, b"\x09"))
    if filter:
        options.append((IF_FILTER, b"\0" + text(filter)))
    return _block(INTERFACE, struct.pack("<HHI", link_type, 0, snaplen), options)


def enhanced_packet(
    interface_id: int,
    time_ns: int,
    data: bytes | memoryview,
    wire_length: int | None = None,
    *,
    direction: Direction | None = None,
    checksum_not_ready: bool = False,
    comments: Sequence[str] = (),
) -> bytes:
    """One frame. ``checksum_not_ready``: captured before the network card filled it in."""
    size = len(data)
    head = struct.pack(
        "<IIIII",
        interface_id,
        time_ns >> 32,
        time_ns & 0xFFFFFFFF,
        size,
        size if wire_length is None else wire_length,
    )
    options = [(OPT_COMMENT, text(comment)) for comment in comments]
    flags = _DIRECTION_BITS[direction] | (_CHECKSUM_NOT_READY if checksum_not_ready else 0)
    if flags:
        options.append((EPB_FLAGS, struct.pack("<I", flags)))
    return _block(ENHANCED_PACKET, b"".join((head, data, bytes(-size % 4))), options)


def decryption_secrets(key_log: bytes, kind: int = TLS_KEY_LOG) -> bytes:
    """Keys, to be written before the packets that they decrypt."""
    head = struct.pack("<II", kind, len(key_log))
    return _block(SECRETS, head + key_log + bytes(-len(key_log) % 4), [])


def name_resolution(names: Iterable[tuple[str, str]]) -> bytes:
    """The names that addresses were reached by, so that analysers need not ask DNS for them."""
    parts: list[bytes] = []
    for address, name in names:
        packed = ipaddress.ip_address(address).packed
        kind = NRB_IPV4 if len(packed) == 4 else NRB_IPV6
        # Room for the address and the zero that ends the name.
        value = packed + text(name)[: MAX_OPTION - 17] + b"\0"
        parts += (struct.pack("<HH", kind, len(value)), value, bytes(-len(value) % 4))
    parts.append(struct.pack("<HH", NRB_END, 0))
    return _block(NAME_RESOLUTION, b"".join(parts), [])


def interface_statistics(
    interface_id: int, received: int | None, dropped: int | None, time_ns: int
) -> bytes:
    """What became of an interface's frames; ``None`` for what is not known."""
    options = [
        (code, struct.pack("<Q", value))
        for code, value in ((ISB_RECEIVED, received), (ISB_DROPPED, dropped))
        if value is not None
    ]
    head = struct.pack("<III", interface_id, time_ns >> 32, time_ns & 0xFFFFFFFF)
    return _block(STATISTICS, head, options)


def text(value: str) -> bytes:
    """UTF-8 that fits one option; cut between characters when it is too long."""
    data = value.encode("utf-8", "replace")
    # One byte is left for the code that precedes a capture filter.
    return data[: MAX_OPTION - 1].decode("utf-8", "ignore").encode()


def _block(kind: int, body: bytes, options: Sequence[tuple[int, bytes]]) -> bytes:
    parts = [body]
    for code, value in options:
        parts += (struct.pack("<HH", code, len(value)), value, bytes(-len(value) % 4))
    if options:
        parts.append(b"\0\0\0\0")
    length = MIN_BLOCK + sum(map(len, parts))
    size = struct.pack("<I", length)
    return b"".join((struct.pack("<I", kind), size, *parts, size))


def whole_blocks(data: bytes) -> int:
    """Length of the longest beginning of ``data`` that ends between two blocks."""
    position = 0
    endian = "<"
    while position + MIN_BLOCK <= len(data):
        if data[position : position + 4] == b"\x0a\x0d\x0d\x0a":
            endian = ">" if data[position + 8 : position + 9] == b"\x1a" else "<"
        (length,) = struct.unpack_from(endian + "I", data, position + 4)
        if length < MIN_BLOCK or length & 3 or position + length > len(data):
            break
        position += length
    return position


def count_frames(blocks: bytes | memoryview) -> int:
    """How many frames there are among whole blocks that this module has made."""
    position = found = 0
    while position < len(blocks):
        kind, length = struct.unpack_from("<II", blocks, position)
        found += kind == ENHANCED_PACKET
        position += length
    return found
