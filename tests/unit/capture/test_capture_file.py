"""The growing file: order, damage and a full disk."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatlab.capture import capture_file
from chatlab.capture.arena import Arena, FrameMark, create_arena
from chatlab.capture.capture_file import CapturedFrame, CaptureFile
from chatlab.core.flow import Direction
from chatlab.protocol.blocks import Block, Interface, Packet, Secrets, SectionHeader, Statistics
from chatlab.protocol.pcapng_reader import BlockReader

SECOND = 1_000_000_000


def blocks(path: Path) -> list[Block]:
    reader = BlockReader()
    found = list(reader.feed(path.read_bytes()))
    assert not reader.pending
    return found


def packets(path: Path) -> list[Packet]:
    return [block for block in blocks(path) if isinstance(block, Packet)]


def frame(time_ns: int, data: bytes = b"frame", interface: str = "lo") -> CapturedFrame:
    return CapturedFrame(interface, 1, time_ns, data, len(data), Direction.SENT, True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "capture.pcapng"


@pytest.fixture
def arena() -> Iterator[int]:
    descriptor = create_arena()
    yield descriptor
    os.close(descriptor)


@pytest.mark.only_on("linux")
def test_nobody_else_may_read_the_file(path: Path) -> None:
    CaptureFile(path, Arena()).close(0)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_begins_with_its_section(path: Path) -> None:
    file = CaptureFile(path, Arena())
    (header,) = blocks(path)
    assert isinstance(header, SectionHeader)
    assert header.application.startswith("ChatLab")
    assert file.position == path.stat().st_size
    file.close(0)


def test_frames_of_one_batch_are_in_the_order_of_their_times(path: Path) -> None:
    file = CaptureFile(path, Arena())
    for time_ns in (3, 1, 2):
        file.add(frame(SECOND + time_ns, bytes([time_ns])), "tcp")
    file.flush()
    assert [packet.data for packet in packets(path)] == [b"\x01", b"\x02", b"\x03"]
    assert packets(path)[0].time_ns == SECOND + 1
    assert file.frames == 3
    file.close(0)


def test_when_the_clock_is_set_back_frames_stay_in_the_order_of_their_arrival(path: Path) -> None:
    file = CaptureFile(path, Arena())
    times = [3600 * SECOND, 3600 * SECOND + 1, SECOND, SECOND + 1]
    for number, time_ns in enumerate(times):
        file.add(frame(time_ns, b"%d" % number, f"if{number % 2}"), "tcp")
    file.flush()
    assert [packet.data for packet in packets(path)] == [b"0", b"1", b"2", b"3"]
    assert [packet.time_ns for packet in packets(path)] == times
    file.close(0)


def test_each_interface_is_described_once_before_its_frames(path: Path) -> None:
    file = CaptureFile(path, Arena())
    for name in ("lo", "eth0", "lo"):
        file.add(frame(SECOND, interface=name), f"filter of {name}")
    file.close(2 * SECOND)
    described = [block for block in blocks(path) if isinstance(block, Interface)]
    assert [(each.name, each.filter) for each in described] == [
        ("lo", "filter of lo"),
        ("eth0", "filter of eth0"),
    ]
    assert [packet.interface for packet in packets(path)] == [0, 1, 0]


def test_drops_are_in_the_statistics_at_the_end(path: Path) -> None:
    file = CaptureFile(path, Arena())
    file.add(frame(SECOND), "tcp")
    file.note_drops("lo", 5)
    file.close(2 * SECOND)
    (last,) = [block for block in blocks(path) if isinstance(block, Statistics)]
    assert (last.received, last.dropped) == (6, 5)


def test_direction_and_unready_checksum_are_noted(path: Path) -> None:
    file = CaptureFile(path, Arena())
    file.add(frame(SECOND), "tcp")
    file.close(SECOND)
    assert packets(path)[0].flags == 2 | 1 << 9


def test_a_secret_is_written_at_once(path: Path) -> None:
    file = CaptureFile(path, Arena())
    file.add_secret("CLIENT_RANDOM 00 11\n")
    (secret,) = [block for block in blocks(path) if isinstance(block, Secrets)]
    assert secret.data == b"CLIENT_RANDOM 00 11\n"
    file.close(0)


@pytest.mark.only_on("linux")
@pytest.mark.parametrize("written", [0, 1, 57, 10_000])
def test_the_batch_of_a_killed_process_is_written_by_its_successor(
    path: Path, arena: int, written: int
) -> None:
    """``written``: how much of the batch had reached the file when the process was killed."""
    victim = CaptureFile(path, Arena(arena))
    victim.add(frame(SECOND, b"in the file"), "tcp")
    victim.flush()
    memory = Arena(arena)
    for number in range(20):
        victim.add(frame(SECOND + number, b"%d" % number), "tcp")
    with path.open("ab") as torn:
        torn.write(bytes(memory.blocks)[:written])

    successor = CaptureFile(path, Arena(arena))
    assert [packet.data for packet in packets(path)] == [
        b"in the file",
        *(b"%d" % number for number in range(20)),
    ]
    assert successor.frames == 21
    assert successor.position == path.stat().st_size
    successor.close(0)


@pytest.mark.only_on("linux")
def test_the_successor_knows_the_frame_that_it_may_meet_again(path: Path, arena: int) -> None:
    victim = CaptureFile(path, Arena(arena))
    mark = FrameMark(7, SECOND, 5)
    victim.add(frame(SECOND), "tcp", mark)
    successor = CaptureFile(path, Arena(arena))
    assert successor.met_before == mark
    assert len(packets(path)) == 1
    successor.close(0)


def test_without_shared_memory_a_torn_block_is_cut_off(path: Path) -> None:
    victim = CaptureFile(path, Arena())
    victim.add(frame(SECOND), "tcp")
    victim.flush()
    with path.open("ab") as torn:
        torn.write(b"\x06\0\0\0\x40\0\0\0torn")
    successor = CaptureFile(path, Arena(), whole_until=victim.position)
    assert len(packets(path)) == 1
    assert sum(isinstance(block, SectionHeader) for block in blocks(path)) == 2
    successor.close(0)


class FullDisk:
    """Takes ``room`` bytes and no more, as a file system does: partly, then not at all."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = self._write(descriptor, data[: self.room])
        self.room -= taken
        return taken


def test_a_full_disk_leaves_whole_blocks_and_nothing_is_lost_when_there_is_room_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CaptureFile(path, Arena())
    disk = FullDisk(150)
    monkeypatch.setattr(os, "write", disk.write)
    for number in range(30):
        file.add(frame(SECOND + number, b"%d" % number), "tcp")
        if number % 10 == 9:
            file.flush()
    assert file.fault == os.strerror(errno.ENOSPC)
    assert path.stat().st_size == file.position
    assert packets(path) == []

    disk.room = 1 << 20
    file.flush()
    assert file.fault == ""
    assert [packet.data for packet in packets(path)] == [b"%d" % number for number in range(30)]
    assert file.frames == 30
    file.close(0)


def test_frames_beyond_the_memory_for_a_full_disk_are_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CaptureFile(path, Arena())
    monkeypatch.setattr(capture_file, "MAX_PENDING", 1000)
    disk = FullDisk(0)
    monkeypatch.setattr(os, "write", disk.write)
    for number in range(10):
        file.add(frame(SECOND + number, bytes(300)), "tcp")
        file.flush()
    assert file.unwritten > 0
    disk.room = 1 << 20
    file.flush()
    assert len(packets(path)) + file.unwritten == 10
    assert file.frames == len(packets(path))
    file.close(0)


def test_frames_given_up_for_a_full_disk_are_in_the_statistics(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = CaptureFile(path, Arena())
    file.add(frame(SECOND), "tcp")
    file.flush()
    monkeypatch.setattr(capture_file, "MAX_PENDING", 100)
    disk = FullDisk(0)
    monkeypatch.setattr(os, "write", disk.write)
    for _ in range(5):
        file.add(frame(SECOND, bytes(300)), "tcp")
        file.flush()
    disk.room = 1 << 20
    file.close(SECOND)
    (last,) = [block for block in blocks(path) if isinstance(block, Statistics)]
    assert (last.received, last.dropped) == (6, file.unwritten)
    assert len(packets(path)) == 6 - file.unwritten


@pytest.mark.only_on("linux")
def test_what_waited_for_a_full_disk_when_its_process_was_killed_is_counted(
    path: Path, arena: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = CaptureFile(path, Arena(arena))
    victim.add(frame(SECOND), "tcp")
    victim.flush()
    disk = FullDisk(0)
    monkeypatch.setattr(os, "write", disk.write)
    for number in range(3):
        victim.add(frame(SECOND + number), "tcp")
        victim.flush()
    victim.add(frame(SECOND + 9, b"on an interface that the file does not know", "eth0"), "tcp")

    successor = CaptureFile(path, Arena(arena))
    assert successor.fault
    disk.room = 1 << 20
    successor.add(frame(SECOND, b"later"), "tcp")
    successor.flush()
    assert [packet.data for packet in packets(path)] == [b"frame", b"later"]
    assert (successor.frames, successor.unwritten) == (2, 4)
    successor.close(0)
    third = CaptureFile(path, Arena(arena))
    assert (third.frames, third.unwritten) == (2, 0)
    third.close(0)
