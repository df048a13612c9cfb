"""``chatlab export``: a copy, one sentence about it, and a clear word where it cannot be made."""

from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.cli.arguments import EXIT_FAILED, EXIT_USAGE, run
from chatlab.protocol import pcapng
from tests.helpers.tcp_talk import RECEIVED, SENT, Talk


def capture(folder: Path) -> Path:
    """Somebody else's capture of a login in clear."""
    talk = Talk().handshake()
    talk.send(SENT, b"PASS hunter2\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n")
    talk.send(RECEIVED, b":irc.example 001 ann :Welcome\r\n")
    talk.send(SENT, b"PRIVMSG #lab :good morning\r\n")
    talk.close()
    return talk.write(folder / "login.pcapng")


def test_a_copy_of_any_capture_is_redacted_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "hand-in.pcapng"
    assert run(["export", str(capture(tmp_path)), str(target)]) == 0
    assert "1 password or login step is blanked" in capsys.readouterr().out
    data = target.read_bytes()
    assert b"hunter2" not in data
    assert b"PRIVMSG #lab :good morning" in data
    with FrameLog(target) as log:
        assert len(log.pull()) == 8


@pytest.mark.parametrize("choice", ["keep", "drop"])
def test_passwords_in_clear_stay_where_that_is_asked_for_and_the_sentence_says_so(
    choice: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "copy.pcapng"
    assert run(["export", str(capture(tmp_path)), str(target), "--secrets", choice]) == 0
    assert "1 password" in capsys.readouterr().out
    assert b"hunter2" in target.read_bytes()


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("copy.txt", EXIT_USAGE, "copy.pcapng"),
        ("login.pcapng", EXIT_USAGE, "onto itself"),
        ("nowhere/copy.pcapng", EXIT_FAILED, "another folder"),
    ],
)
def test_a_target_that_cannot_be_is_explained(
    target: str, code: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = capture(tmp_path)
    before = file.read_bytes()
    assert run(["export", str(file), str(tmp_path / target)]) == code
    assert words in capsys.readouterr().err
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [None, b"", b"no capture at all", pcapng.section_header()[:9]])
def test_a_source_that_cannot_be_read_is_explained(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.pcapng"
    if content is not None:
        file.write_bytes(content)
    assert run(["export", str(file), str(tmp_path / "copy.pcapng")]) == EXIT_FAILED
    error = capsys.readouterr().err
    assert "odd.pcapng" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "copy.pcapng").exists()
