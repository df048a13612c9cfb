"""A saved capture is whole, private, and never costs the one that was there."""

import asyncio
import errno
import os
import ssl
import sys
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import read_session
from chatlab.app import saving
from chatlab.app.exporting_capture import export_facts
from chatlab.app.saving import capture_work, save_beside, save_capture
from chatlab.core.errors import FileError
from chatlab.core.export import SecretsChoice
from tests.helpers.tcp_talk import SENT, connection, tls_facts
from tests.helpers.tls_talk import TLS_FLOW, TlsTalk
from tests.unit.app.feeding import full_feed, live_feed


def test_the_copy_has_the_same_frames_and_the_messages(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    file = tmp_path / "saved.pcapng"
    save_capture(feed, file)
    with FrameLog(file) as log:
        log.pull()
        assert [log.raw(n) for n in range(1, len(log) + 1)] == [feed.raw(n) for n in range(1, 7)]
        assert [each.text for each in read_session(log).messages] == ["hi", "ho"]


def test_secrets_and_what_they_protect_are_left_out_on_demand(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    feed.changed(connection(tls=tls_facts()))
    feed.secret("CLIENT_RANDOM " + "ab" * 32 + " " + "cd" * 48)
    bare, full = tmp_path / "bare.pcapng", tmp_path / "full.pcapng"
    save_capture(feed, bare, SecretsChoice.DROP)
    save_capture(feed, full)
    assert b"CLIENT_RANDOM" not in bare.read_bytes()
    assert b"CLIENT_RANDOM" in full.read_bytes()
    with FrameLog(bare) as log:
        log.pull()
        assert read_session(log).messages == ()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    file = tmp_path / "saved.pcapng"
    save_capture(feed, file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_the_old_file_and_no_crumbs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    file = tmp_path / "out" / "saved.pcapng"
    file.parent.mkdir()
    file.write_bytes(b"the lesson of last week")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left") as caught:
        save_capture(feed, file)
    assert "another folder" in caught.value.hint
    assert file.read_bytes() == b"the lesson of last week"
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    with pytest.raises(FileError, match="nowhere"):
        save_capture(feed, tmp_path / "nowhere" / "saved.pcapng")


def test_a_capture_saved_beside_other_work_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    at_once, beside = tmp_path / "at-once.pcapng", tmp_path / "beside.pcapng"
    save_capture(feed, at_once)
    monkeypatch.setattr(saving, "SLICE_S", 0.0)
    told: list[int] = []
    turns = 0

    async def save() -> None:
        nonlocal turns
        work = asyncio.create_task(save_beside(capture_work(feed), beside, told.append))
        while not work.done():
            await asyncio.wait([work], timeout=0)
            turns += 1

    asyncio.run(save())
    assert beside.read_bytes() == at_once.read_bytes()
    assert turns > len(feed.log), "the loop got its turn after every block"
    assert told == sorted(set(told))
    assert 0 < told[-1] < 100


def test_a_save_that_is_cancelled_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, _ = full_feed(tmp_path / "capture.pcapng")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(saving, "SLICE_S", 0.0)

    async def save() -> None:
        file = tmp_path / "out" / "saved.pcapng"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await save_beside(capture_work(feed), file, print)

    asyncio.run(save())
    assert list((tmp_path / "out").iterdir()) == []


def test_of_a_key_log_that_was_given_only_what_belongs_to_the_capture_is_kept(
    tmp_path: Path,
) -> None:
    tls = TlsTalk(tmp_path, ssl.TLSVersion.TLSv1_3)
    tls.write(SENT, b"PRIVMSG #lab :hi\r\n")
    feed, _ = live_feed(tls.talk.write(tmp_path / "foreign.pcapng"))
    feed.opened(connection(TLS_FLOW, name="c2", tls=tls_facts()))
    feed.pull()
    other = "CLIENT_RANDOM " + "ab" * 32 + " " + "cd" * 48
    feed.use_keys([*tls.key_log.splitlines(), other])
    file = tmp_path / "copy.pcapng"
    save_capture(feed, file)
    data = file.read_bytes()
    assert all(line.encode() in data for line in tls.key_log.splitlines() if "TRAFFIC" in line)
    assert other.encode() not in data
    *_, facts = export_facts(feed)
    assert (facts.sealed_connections, facts.opened_connections) == (1, 1)
