"""Killed at any moment: what was on the disk stays, and everything that was shown had been there."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatlab.analysis.session_file import MessageRecord, message_records
from chatlab.app.feed import CaptureFeed
from chatlab.app.replay import fill_from_file
from chatlab.capture.child import environment, module_command
from chatlab.capture.dissector import ScapyDissector
from chatlab.cli.arguments import run
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.message import Message
from tests.helpers import tshark
from tests.helpers.proof import Feeder, Lab, _listed, _seen, lab_server, said

pytestmark = [pytest.mark.capture, pytest.mark.only_on("linux"), pytest.mark.servers("tshark")]

TIMEOUT_S = 20.0
ROOM = ChatKey(AccountId("ann"), "#lab")


@dataclass
class Seen:
    """What a session that is going to be killed has shown so far."""

    frames: int = 0
    position: int = 0
    helper: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """By message id, in the order in which they were shown."""

    def take(self, line: str) -> None:
        words = json.loads(line)
        assert "fault" not in words, words
        self.frames = words.get("frames", self.frames)
        self.position = words.get("position", self.position)
        self.helper = words.get("helper") or self.helper
        if "message" in words:
            self.texts[words["message"]] = words["text"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def live_and_die(lab: Lab, folder: Path, victims: str, chance: random.Random) -> Seen:
    """Let a session talk, kill it in the middle, and say what it had shown."""
    seen = Seen()
    tls_port, ca_file = str(lab.tls_port), str(lab.ca_file)
    command = module_command("tests.helpers.mortal", str(folder), lab.host, tls_port, ca_file)
    root = str(Path(__file__).parents[2])
    with (
        Feeder(lab.host, lab.port, "rain") as rain,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**environment(), "PYTHONPATH": root}
        ) as window,
    ):
        assert window.stdout is not None
        last, count, killed = 60, 0, 0
        for is_last in (False, False, True) if victims == "capture" else (True,):
            last += chance.randrange(1, 120)
            # What it has told before it was killed may still be in the pipe: wait for its successor.
            while seen.frames < last or seen.helper == killed:
                seen.take(window.stdout.readline())
                count += 1
                if count % 20 == 0:
                    rain.speak(*(f"in {count} {number}" for number in range(3)))
            if not is_last:
                killed = seen.helper
                os.kill(killed, signal.SIGKILL)
        if victims == "both":
            os.kill(seen.helper, signal.SIGKILL)
        window.kill()
        for line in window.stdout:
            if line.endswith("\n"):
                seen.take(line)
    deadline = time.monotonic() + TIMEOUT_S
    while not is_gone(seen.helper):
        assert time.monotonic() < deadline, "the capture process has outlived its window"
        time.sleep(0.01)  # Between two looks; it ends by itself when it has written all.
    return seen


def reopened(file: Path) -> tuple[list[str], list[MessageRecord], int]:
    """The transcript, the messages with their frames, and the number of frames."""
    book = ChatBook()
    feed = CaptureFeed(file, book, ScapyDissector(), is_live=False)
    try:
        fill_from_file(feed, book)
        entries = book.chats[ROOM].entries
        texts = [entry.text for entry in entries if isinstance(entry, Message)]
        records = list(message_records(feed.messages.values(), feed.correlator))
        return texts, records, feed.count
    finally:
        feed.close()


def whole(file: Path) -> Path:
    """A copy as it is exported: in a growing file, secrets may come behind the frames they open."""
    copy = file.with_name("copy.pcapng")
    assert run(["export", str(file), str(copy), "--secrets", "keep"]) == 0
    return copy


@pytest.mark.parametrize("victims", ["window", "capture", "both"])
def test_what_was_shown_was_on_the_disk_and_comes_back(
    lab: Lab, tmp_path: Path, victims: str
) -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)  # Shown when it fails.
    seen = live_and_die(lab, tmp_path, victims, random.Random(seed))
    file = tmp_path / "capture.pcapng"

    assert file.stat().st_size >= seen.position
    texts, records, count = reopened(file)
    assert count >= seen.frames
    assert texts[: len(seen.texts)] == list(seen.texts.values())
    assert len(texts) <= len(seen.texts) + 20  # Written down, and not yet shown.

    proven = {each.text: _seen(each) for each in said(whole(file)) if each.nick in ("", "rain")}
    carried = [record for record in records if record["frames"] and record["text"] in proven]
    assert [_listed(each) for each in carried] == [proven[each["text"]] for each in carried]
    if victims == "both":
        assert len(tshark.fields(file, ["frame.number"])) == count
    else:  # Then the capture process has written whatever had crossed the wire; of what was being
        # said when the window died, the last may not have.
        missing = [each for each in records if each["text"] not in proven and each["bytes"]]
        assert missing in ([], records[-1:])
        assert tshark.complaints(file) == ""
