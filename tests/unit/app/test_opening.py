"""Whatever the user opens is read alike: a session, a saved capture, one that a crash has left."""

from pathlib import Path

import pytest

from chatlab.analysis import journal as form
from chatlab.analysis.frame_log import FrameLog
from chatlab.app.journal import journal_of
from chatlab.app.opening import OpenedFile, check_file
from chatlab.app.saving import save, save_capture, session_work
from chatlab.core.errors import FileError
from tests.helpers.tcp_talk import connection
from tests.unit.app.feeding import full_feed, messages, talk


def texts(file: Path) -> list[str]:
    with OpenedFile(file) as opened, FrameLog(opened.capture) as log:
        found = opened.session(log)
        assert len(log) == 6
        return [message.text for message in found.messages]


def test_a_session_and_a_capture_say_the_same(tmp_path: Path) -> None:
    feed, book = full_feed(tmp_path / "live.pcapng")
    save(session_work(feed, book, ""), tmp_path / "a.chatlab")
    save_capture(feed, tmp_path / "a.pcapng")
    assert texts(tmp_path / "a.chatlab") == texts(tmp_path / "a.pcapng") == ["hi", "ho"]


def test_what_a_killed_program_wrote_down_beside_its_capture_is_found(tmp_path: Path) -> None:
    file = talk().write(tmp_path / "capture.pcapng")
    lines = [form.first_line(), form.connection_line(connection(), {})]
    lines += [form.message_line(message) for message in messages()]
    journal_of(file).write_bytes(b"".join(lines))
    file.with_name("notes.md").write_text("seen – ä", encoding="utf-8")
    assert texts(file) == ["hi", "ho"]
    with OpenedFile(file) as opened:
        assert opened.notes == "seen – ä"


def test_a_session_is_known_by_its_bytes_not_by_its_name(tmp_path: Path) -> None:
    feed, book = full_feed(tmp_path / "live.pcapng")
    save(session_work(feed, book, ""), tmp_path / "renamed.pcapng")
    assert texts(tmp_path / "renamed.pcapng") == ["hi", "ho"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file") as caught:
        check_file(tmp_path / "gone.chatlab")
    assert caught.value.hint


def test_a_folder_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be opened"):
        check_file(tmp_path)
