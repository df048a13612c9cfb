"""What strangers say cannot steer the reader's terminal, and usage errors are in words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatlab.cli.arguments import run
from chatlab.cli.given_secrets import read_password
from chatlab.cli.messages import messages
from chatlab.cli.terminal import complain, harmless, show
from chatlab.core.errors import FileError
from tests.helpers.tcp_talk import RECEIVED
from tests.unit.analysis.test_finding import SAID, WELCOME, spoken

CLEAR = "\x1b[2J"
CSI = "\x9b2J"


def test_control_characters_become_visible_and_lines_stay_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert harmless(f"a{CLEAR}b{CSI}c\x7f\r\n\td") == "a�[2Jb�2Jc��\n\td"
    show(CLEAR)
    complain(FileError(f"“{CSI}” is odd.", "Go on."))
    written = capsys.readouterr()
    assert (written.out, written.err) == ("�[2J\n", "“�2J” is odd. Go on.\n")


def test_a_nick_and_a_channel_cannot_steer_it_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = f":ev{CLEAR}e!e@h PRIVMSG #l{CSI}ab :hello{CLEAR}\r\n".encode()
    file = spoken([*WELCOME, (RECEIVED, line)]).write(tmp_path / "a.pcapng")
    assert messages(file) == 0
    written = capsys.readouterr().out
    assert "hello" in written
    assert "\x1b" not in written
    assert "\x9b" not in written


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serve", "--tls-port", "abc"), "“abc” is not a port"),
        (("serve", "--tls-port", "65536"), "“65536” is not a port"),
        (("say", "irc://x", "--listen", "soon"), "“soon” is not between 0 and 86400 seconds"),
        (("say", "irc://x", "--interval", "nan"), "“nan” is not between 0 and 86400 seconds"),
    ],
)
def test_a_number_that_is_none_is_named_in_words(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    written = capsys.readouterr().err
    assert words in written
    assert "value" not in written


def test_a_password_is_the_first_line_whatever_wrote_the_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("\ufeffhünter2\r\nnote to self\r\n".encode())
    assert read_password(file, "--password-file") == "hünter2"


@pytest.mark.parametrize("content", [None, b"\xff\xfea\0"])
def test_a_password_file_that_cannot_be_read_is_explained(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_password(file, "--password-file")
    assert "Errno" not in caught.value.message
    assert "codec" not in caught.value.message
    assert caught.value.hint == "Check --password-file."


def listed(file: Path, output: int, letters: str = "utf-8") -> subprocess.CompletedProcess[str]:
    """``chatlab messages`` in a process of its own, which writes to ``output``."""
    command = [sys.executable, "-m", "chatlab", "messages", str(file)]
    return subprocess.run(
        command,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": letters},
    )


def test_a_letter_that_the_terminal_lacks_stops_nothing(tmp_path: Path) -> None:
    file = spoken([*WELCOME, *SAID]).write(tmp_path / "a.pcapng")
    outcome = listed(file, subprocess.PIPE, "ascii")
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "hello all" in outcome.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is full")
def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    file = spoken(WELCOME).write(tmp_path / "a.pcapng")
    with open("/dev/full", "wb") as full:
        outcome = listed(file, full.fileno())
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("Not all could be written: No space left on device.")
    assert outcome.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="pipes break otherwise there")
def test_a_reader_who_has_seen_enough_is_no_trouble(tmp_path: Path) -> None:
    file = spoken(WELCOME).write(tmp_path / "a.pcapng")
    read, write = os.pipe()
    os.close(read)
    try:
        outcome = listed(file, write)
    finally:
        os.close(write)
    assert (outcome.returncode, outcome.stderr) == (1, "")


def test_where_nothing_can_be_saved_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none" / "a.pcapng"
    assert run(("say", "irc://bob@127.0.0.1:1/%23lab", "hello", "--save", str(file))) == 1
    written = capsys.readouterr().err
    assert written.startswith(f"Nothing can be saved in {file.parent}.")
    assert "Nothing was sent" in written
