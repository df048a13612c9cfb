"""The frame log over whole, growing, cut and damaged files."""

import shutil
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import HEAD
from chatlab.core.errors import FileError
from chatlab.protocol import pcapng
from tests.helpers.tcp_talk import ETHERNET, RECEIVED, SENT, START_NS, Talk
from tests.unit.analysis.conftest import OpenLog


@pytest.fixture
def talk() -> Talk:
    talk = Talk().handshake()
    talk.send(SENT, b"NICK alice\r\n")
    talk.ack(RECEIVED)
    return talk


def test_frames_are_numbered_from_one(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    log = open_log(talk.write(tmp_path / "a.pcapng"))
    assert log.pull() == range(1, 6)
    assert log.pull() == range(6, 6)
    frame = log.frame(4)
    assert (frame.number, frame.link_type, frame.interface) == (4, 1, "eth0")
    assert frame.direction is SENT
    assert frame.time_ns == START_NS + 3_000_000
    assert log.first_time_ns == START_NS
    assert log.raw(4).endswith(b"NICK alice\r\n")
    assert len(log.raw(4)) == frame.captured_length == frame.wire_length
    assert log.problem is None
    for number in (0, 6):
        with pytest.raises(IndexError):
            log.raw(number)


def test_a_file_may_grow_by_single_bytes(talk: Talk, tmp_path: Path, open_log: OpenLog) -> None:
    data, file = talk.blocks(), tmp_path / "a.pcapng"
    log = open_log(file, is_growing=True)
    assert log.pull() == range(1, 1)
    found: list[int] = []
    with file.open("wb", buffering=0) as writer:
        for byte in data:
            writer.write(bytes([byte]))
            found += log.pull()
    assert found == [1, 2, 3, 4, 5]
    assert log.problem is None
    assert log.position == len(data)


def test_a_finished_file_that_is_cut_off_says_after_which_frame(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    file = tmp_path / "a.pcapng"
    file.write_bytes(talk.blocks()[:-5])
    log = open_log(file)
    log.pull()
    assert len(log) == 4
    assert log.problem == "The file is cut off after frame 4."
    log.is_growing = True
    assert log.problem is None


def test_a_restarted_writer_may_cut_the_tail_and_begin_a_new_section(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    file, whole = tmp_path / "a.pcapng", talk.blocks()
    file.write_bytes(whole[:-5])
    log = open_log(file, is_growing=True)
    assert log.pull() == range(1, 5)
    keep = pcapng.whole_blocks(whole[:-5])
    with file.open("r+b") as writer:
        writer.truncate(keep)
    assert log.pull() == range(5, 5)
    with file.open("ab") as writer:
        writer.write(talk.blocks(5))
    assert log.pull() == range(5, 6)
    assert log.frame(5).interface == "eth0"
    assert len(log.interfaces) == 2


def test_secrets_comments_and_losses_are_kept(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    file = tmp_path / "a.pcapng"
    file.write_bytes(
        pcapng.section_header(application="chatlab", comments=["of the section"])
        + pcapng.interface("eth0", 1)
        + pcapng.decryption_secrets(b"CLIENT_RANDOM a b\n")
        + pcapng.enhanced_packet(0, 5, ETHERNET, direction=SENT)
        + pcapng.enhanced_packet(0, 6, ETHERNET, comments=["first", "second"])
        + pcapng.interface_statistics(0, 2, 3, 7)
        + pcapng.interface_statistics(0, 2, 4, 8)
    )
    log = open_log(file)
    log.pull()
    assert log.section_comments == ["of the section"]
    assert [block.data for block in log.secrets] == [b"CLIENT_RANDOM a b\n"]
    assert log.comments(1) == ()
    assert log.comments(2) == ("first", "second")
    assert log.commented == (2,)
    assert log.dropped == 4


def test_frames_longer_than_a_slab_are_read(tmp_path: Path, open_log: OpenLog) -> None:
    file, big = tmp_path / "a.pcapng", bytes(3 << 20)
    file.write_bytes(
        pcapng.section_header()
        + pcapng.interface("lo", 1)
        + pcapng.enhanced_packet(0, 1, big)
        + pcapng.enhanced_packet(0, 2, b"x")
    )
    log = open_log(file)
    assert log.pull() == range(1, 3)
    assert (log.raw(1), log.raw(2)) == (big, b"x")
    first, second = log.heads(range(1, 3))
    assert (first.numbers, second.numbers) == (range(1, 2), range(2, 3))
    assert first.data[first.starts[0] :][:HEAD] == bytes(HEAD)
    assert second.data[second.starts[0] :][: second.captured[0]] == b"x"


def test_damage_is_told_and_what_lies_before_it_kept(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    file = tmp_path / "a.pcapng"
    file.write_bytes(talk.blocks() + b"\xff" * 40)
    log = open_log(file)
    log.pull()
    assert len(log) == 5
    assert log.problem is not None
    assert "5 frames before that were read" in log.problem


@pytest.mark.parametrize("data", [b"", b"\x0a"])
def test_an_empty_file_is_no_capture(data: bytes, tmp_path: Path, open_log: OpenLog) -> None:
    file = tmp_path / "a.pcapng"
    file.write_bytes(data)
    log = open_log(file)
    log.pull()
    assert log.problem is not None
    assert "not a capture file" in log.problem


def test_a_compressed_file_is_refused_with_the_way_out(tmp_path: Path, open_log: OpenLog) -> None:
    file = tmp_path / "a.pcapng.gz"
    file.write_bytes(b"\x1f\x8b\x08\x00" + bytes(20))
    with pytest.raises(FileError, match="gunzip"):
        open_log(file).pull()


def test_a_missing_file_is_an_error_with_a_next_step(tmp_path: Path, open_log: OpenLog) -> None:
    with pytest.raises(FileError, match="cannot be opened"):
        open_log(tmp_path / "none.pcapng")


@pytest.mark.only_on("linux")
def test_a_growing_file_that_was_deleted_is_followed_where_it_is_put_back(
    talk: Talk, tmp_path: Path, open_log: OpenLog
) -> None:
    file, kept = tmp_path / "folder" / "growing.pcapng", tmp_path / "kept"
    file.parent.mkdir()
    talk.write(kept)
    whole = kept.read_bytes()
    with file.open("wb") as writer:
        writer.write(whole[:-40])
        writer.flush()
        log = open_log(file, is_growing=True)
        before = len(log.pull())
        shutil.rmtree(file.parent)
        assert len(log.pull()) == 0
        assert log.raw(before) == talk.frames[before - 1][2]
        file.parent.mkdir()
        file.write_bytes(b"another")
        assert len(log.pull()) == 0
        file.write_bytes(whole)
    assert before + len(log.pull()) == len(talk.frames)
    assert log.problem is None
