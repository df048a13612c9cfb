"""Classic pcap in its four byte orders."""

import struct

import pytest

from chatlab.protocol.blocks import DamagedFile, Packet
from chatlab.protocol.pcap import PcapReader, reader_for
from chatlab.protocol.pcapng_reader import BlockReader


def pcap(endian: str, magic: int, fraction: int) -> bytes:
    head = struct.pack(endian + "IHHiIII", magic, 2, 4, 0, 0, 65_535, 1)
    record = struct.pack(endian + "IIII", 1_700_000_000, fraction, 3, 60)
    return head + record + b"abc" + struct.pack(endian + "IIII", 1_700_000_001, 0, 0, 0)


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize(("magic", "fraction"), [(0xA1B2C3D4, 123_456), (0xA1B23C4D, 123_456_000)])
@pytest.mark.parametrize("step", [1, 1000])
def test_all_four_kinds_are_read(endian: str, magic: int, fraction: int, step: int) -> None:
    data = pcap(endian, magic, fraction)
    reader = reader_for(data[:4])
    assert isinstance(reader, PcapReader)
    blocks = [
        block
        for start in range(0, len(data), step)
        for block in reader.feed(data[start : start + step])
    ]
    first, second = (block for block in blocks if isinstance(block, Packet))
    assert (first.time_ns, first.data) == (1_700_000_000_123_456_000, b"abc")
    assert (first.wire_length, second.data) == (60, b"")
    assert reader.interfaces[0].link_type == 1
    assert not reader.pending


def test_a_cut_record_is_left_for_later() -> None:
    data = pcap("<", 0xA1B2C3D4, 0)
    for cut in range(24, len(data)):
        reader = PcapReader()
        found = [block for block in reader.feed(data[:cut]) if isinstance(block, Packet)]
        assert len(found) == (cut >= 43)


def test_an_absurd_length_is_damage() -> None:
    data = pcap("<", 0xA1B2C3D4, 0) + struct.pack("<IIII", 0, 0, 1 << 31, 0)
    with pytest.raises(DamagedFile, match="2,147,483,648"):
        list(PcapReader().feed(data))


def test_anything_else_is_for_the_other_reader() -> None:
    assert isinstance(reader_for(b"\x0a\x0d\x0d\x0a"), BlockReader)
