"""Sessions and copies of them, made by the commands and judged by Wireshark's tools."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import MessageRecord
from chatlab.app.opening import OpenedFile
from chatlab.cli.arguments import run
from tests.helpers import tshark
from tests.helpers.proof import chatlab, lab_server, run_tool

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux"), pytest.mark.servers("tshark")]

TEXTS = ("a sentence to be found", "schön – mit Umlaut")


@dataclass(frozen=True, slots=True)
class Saved:
    """A session file that ``say`` saved, and what it printed."""

    file: Path
    records: list[MessageRecord]
    is_sealed: bool


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Saved, Saved]]:
    """One in clear and one under TLS."""
    folder = tmp_path_factory.mktemp("sessions")
    with lab_server(folder / "server") as lab:

        def say(name: str, *, tls: bool) -> Saved:
            file = folder / f"{name}.chatlab"
            url = lab.url(name, tls=tls)
            given = ("--interval", "0", "--json", "--save", str(file), "--ca", str(lab.ca_file))
            outcome = chatlab("say", url, *TEXTS, *given)
            assert (outcome.exit_code, outcome.error) == (0, "")
            return Saved(file, outcome.records, tls)

        yield say("ann", tls=False), say("zoe", tls=True)


def test_messages_says_of_the_file_what_say_said_live(sessions: tuple[Saved, Saved]) -> None:
    for saved in sessions:
        outcome = chatlab("messages", str(saved.file), "--json")
        assert (outcome.exit_code, outcome.error) == (0, "")
        assert outcome.records == saved.records


@pytest.mark.parametrize(
    ("choice", "is_sealed"), [("keep", True), ("drop", True), ("redact", True), ("redact", False)]
)
def test_wireshark_s_tools_read_every_copy(
    choice: str,
    is_sealed: bool,
    sessions: tuple[Saved, Saved],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    saved = sessions[is_sealed]
    file = tmp_path / f"{choice}.pcapng"
    assert run(["export", str(saved.file), str(file), "--secrets", choice]) == 0
    is_readable = choice == "keep" or not is_sealed
    assert ("stays sealed" in capsys.readouterr().out) is not is_readable
    run_tool("editcap", str(file), str(tmp_path / "anew.pcapng"))
    assert f"packets:   {_frames_of(file)}" in run_tool("capinfos", "-M", "-c", str(file))
    assert (TEXTS[0] in _followed(file, is_sealed=is_sealed)) is is_readable
    told = {
        int(number): comment
        for number, comment, malformed in tshark.fields(
            file,
            ["frame.number", "frame.comment", "_ws.malformed"],
            display_filter="frame.comment || _ws.malformed",
        )
        if not malformed
    }
    for record in saved.records:
        start = f"Sent: {record['sender']} → {record['target']}: {record['text']}"
        assert [number for number in record["frames"] if start in told.get(number, "")] == (
            record["frames"] if is_readable else []
        )
    if not is_readable:
        assert told == {}
        assert TEXTS[0].encode() not in file.read_bytes()
        assert b"zoe" not in file.read_bytes()


def _frames_of(file: Path) -> int:
    with FrameLog(file) as log:
        return len(log.pull())


def _followed(file: Path, *, is_sealed: bool) -> str:
    """What “Follow” shows of the first stream; tshark must have nothing to say against the file."""
    layer = "tls" if is_sealed else "tcp"
    done = subprocess.run(
        ["tshark", "-q", "-r", str(file), "-z", f"follow,{layer},ascii,0"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("Running as user")]
    assert said == []
    return done.stdout


def test_the_capture_inside_counts_as_the_live_one_did(
    sessions: tuple[Saved, Saved], tmp_path: Path
) -> None:
    """No comment: tshark would count such a frame under a root of its own."""
    file = sessions[True].file
    with OpenedFile(file) as opened:
        hierarchy = run_tool("tshark", "-q", "-r", str(opened.capture), "-z", "io,phs")
        assert "pkt_comment" not in hierarchy
        assert (
            f"tcp                                  frames:{_frames_of(opened.capture)} "
            in hierarchy
        )
        assert TEXTS[0] in _followed(opened.capture, is_sealed=True)
