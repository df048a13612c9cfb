"""pcapng written and read back, whole, in drips, cut short and damaged."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.core.flow import Direction
from chatlab.protocol import pcapng
from chatlab.protocol.blocks import (
    Block,
    DamagedFile,
    Interface,
    Packet,
    PacketColumns,
    Secrets,
    SectionHeader,
    Statistics,
)
from chatlab.protocol.pcap import reader_for
from chatlab.protocol.pcapng_reader import BlockReader

TIME_NS = 1_700_000_000_123_456_789
PIECES = (
    pcapng.section_header(
        hardware="h", os="o", application="chatlab", comments=["one", "zwei “drei”"]
    ),
    pcapng.interface("eth0", 1, 262_144, description="d", filter="tcp port 6667"),
    pcapng.decryption_secrets(b"CLIENT_RANDOM aa bb\n"),
    pcapng.enhanced_packet(
        0, TIME_NS, b"x" * 61, 70, direction=Direction.SENT, checksum_not_ready=True, comments=["c"]
    ),
    pcapng.enhanced_packet(0, TIME_NS + 1, b"", direction=Direction.RECEIVED),
    pcapng.interface_statistics(0, 5, 1, TIME_NS + 2),
)
FILE = b"".join(PIECES)


def read(data: bytes, step: int = 0) -> list[Block]:
    reader = BlockReader()
    step = step or len(data) or 1
    return [
        block
        for start in range(0, len(data), step)
        for block in reader.feed(data[start : start + step])
    ]


def packets(blocks: list[Block]) -> list[Packet]:
    return [block for block in blocks if isinstance(block, Packet)]


def test_everything_written_is_read_back() -> None:
    section, interface, secrets, packet, empty, statistics = read(FILE)
    assert isinstance(section, SectionHeader)
    assert (section.hardware, section.os, section.application) == ("h", "o", "chatlab")
    assert section.comments == ("one", "zwei “drei”")
    assert isinstance(interface, Interface)
    assert (interface.name, interface.link_type, interface.snaplen) == ("eth0", 1, 262_144)
    assert (interface.description, interface.filter) == ("d", "tcp port 6667")
    assert isinstance(secrets, Secrets)
    assert secrets.data == b"CLIENT_RANDOM aa bb\n"
    assert isinstance(packet, Packet)
    assert (packet.time_ns, packet.data, packet.wire_length) == (TIME_NS, b"x" * 61, 70)
    assert packet.flags == 2 | 1 << 9
    assert packet.comments == ("c",)
    assert isinstance(empty, Packet)
    assert (empty.data, empty.flags) == (b"", 1)
    assert isinstance(statistics, Statistics)
    assert (statistics.received, statistics.dropped) == (5, 1)


@pytest.mark.parametrize("step", [1, 3, 7, 64])
def test_blocks_are_the_same_however_the_bytes_arrive(step: int) -> None:
    assert read(FILE, step) == read(FILE)


def test_a_file_cut_anywhere_gives_the_whole_blocks_before_the_cut() -> None:
    borders = [sum(map(len, PIECES[:count])) for count in range(len(PIECES) + 1)]
    whole = read(FILE)
    for cut in range(len(FILE)):
        kept = sum(border <= cut for border in borders) - 1
        assert read(FILE[:cut]) == whole[:kept]
        assert pcapng.whole_blocks(FILE[:cut]) == borders[kept]


def test_offsets_point_at_the_bytes_of_the_frame() -> None:
    packet = packets(read(FILE))[0]
    assert FILE[packet.offset : packet.offset + 61] == b"x" * 61


def block(kind: int, body: bytes, endian: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(endian + "I", 12 + len(body))
    return struct.pack(endian + "I", kind) + size + body + size


def section(endian: str) -> bytes:
    return block(0x0A0D0D0A, struct.pack(endian + "IHHq", 0x1A2B3C4D, 1, 0, -1), endian)


def test_big_endian_with_microseconds_is_read() -> None:
    data = section(">") + block(1, struct.pack(">HHI", 1, 0, 0), ">")
    stamp = TIME_NS // 1000
    head = struct.pack(">IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, 3, 9)
    data += block(6, head + b"abc", ">")
    (packet,) = packets(read(data))
    assert (packet.time_ns, packet.data, packet.wire_length) == (stamp * 1000, b"abc", 9)


def test_simple_and_obsolete_packets_are_read_and_unknown_blocks_skipped() -> None:
    data = section("<") + block(1, struct.pack("<HHI", 1, 0, 2)) + block(0xBAD, b"whatever")
    data += block(3, struct.pack("<I", 6) + b"ab")
    data += block(2, struct.pack("<HHIIII", 0, 7, 0, 5, 4, 4) + b"wxyz")
    simple, obsolete = packets(read(data))
    assert (simple.data, simple.wire_length) == (b"ab", 6)
    assert (obsolete.data, obsolete.time_ns) == (b"wxyz", 5000)


def test_interfaces_are_numbered_anew_in_each_section() -> None:
    second = pcapng.section_header() + pcapng.interface("lo", 0)
    data = FILE + second + pcapng.enhanced_packet(0, 5, b"y")
    reader = BlockReader()
    found = packets(list(reader.feed(data)))
    assert [reader.interfaces[packet.interface].name for packet in found] == ["eth0", "eth0", "lo"]


@pytest.mark.parametrize(
    "resolution",
    [(6, 10**6), (9, 10**9), (3, 1000), (0x80 | 20, 2**20), (12, 10**12), (0, 1)],
)
def test_times_obey_the_resolution_of_their_interface(resolution: tuple[int, int]) -> None:
    code, units = resolution
    options = struct.pack("<HHB3x", 9, 1, code) + struct.pack("<HHqI", 14, 8, 100, 0)
    data = section("<") + block(1, struct.pack("<HHI", 1, 0, 0) + options)
    stamp = 7 * units + units // 2
    head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, 0, 0)
    (packet,) = packets(read(data + block(6, head)))
    assert packet.time_ns == 107 * 10**9 + (units // 2) * 10**9 // units


def test_times_beyond_64_bits_do_not_break_the_reader() -> None:
    data = section("<") + block(1, struct.pack("<HHI", 1, 0, 0))
    data += block(6, struct.pack("<IIIII", 0, 2**32 - 1, 0, 0, 0))
    assert packets(read(data))[0].time_ns == 2**63 - 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "does not begin"),
        (FILE + struct.pack("<III", 6, 13, 0), "13 bytes long"),
        (FILE + struct.pack("<III", 6, 1 << 30, 0), "1,073,741,824 bytes long"),
        (FILE + block(6, struct.pack("<IIIII", 9, 0, 0, 0, 0)), "interface"),
        (FILE + block(6, struct.pack("<IIIII", 0, 0, 0, 99, 99)), "99 bytes"),
        (FILE + block(6, b"abcd"), "too short"),
        (FILE + block(6, struct.pack("<IIIII", 0, 0, 0, 0, 0))[:-4] + b"\1\0\0\0", "differ"),
        (section("<").replace(b"\1\0\0\0", b"\7\0\0\0"), "version 7"),
    ],
)
def test_damage_is_named_with_its_place(data: bytes, words: str) -> None:
    with pytest.raises(DamagedFile, match=words):
        read(data)


def test_what_lies_before_the_damage_is_not_lost() -> None:
    reader = BlockReader()
    columns = PacketColumns()
    with pytest.raises(DamagedFile):
        reader.index(FILE + b"\xff" * 64, 0, columns, [])
    assert len(columns) == 2


@given(st.binary(max_size=200), st.integers(0, len(FILE)))
def test_junk_never_raises_anything_but_damage(junk: bytes, cut: int) -> None:
    for data in (junk, FILE[:cut] + junk):
        with suppress(DamagedFile):
            list(reader_for(data[:4]).feed(data))


@given(st.integers(0, len(FILE) - 1), st.integers(0, 255))
def test_one_wrong_byte_never_raises_anything_but_damage(place: int, value: int) -> None:
    data = FILE[:place] + bytes([value]) + FILE[place + 1 :]
    with suppress(DamagedFile):
        read(data)


def test_a_comment_too_long_is_cut_between_characters() -> None:
    data = pcapng.section_header(comments=["é" * 60_000])
    (found,) = read(data)
    assert isinstance(found, SectionHeader)
    assert set(found.comments[0]) == {"é"}
    assert len(found.comments[0]) == 32_767
