"""The loop of the capture process: nobody waits for one who never comes to an end."""

from pathlib import Path

import pytest

from chatlab.capture.arena import Arena
from chatlab.capture.capture_file import CaptureFile
from chatlab.capture.control import Words
from chatlab.capture.helper import Capture
from chatlab.capture.lease import Lease
from chatlab.capture.own_flows import EVERYTHING


class Flood:
    """A whole interface with something for so many batches."""

    flow = EVERYTHING
    interface = "lo"
    settle_s = 0.0
    is_over = False
    last_words = ""

    def __init__(self, batches: int) -> None:
        self.lease = Lease(EVERYTHING)
        self.batches = batches

    def fileno(self) -> int:
        return -1

    def drain(self, file: CaptureFile) -> bool:
        self.batches = max(0, self.batches - 1)
        return self.batches > 0

    def dropped(self) -> int:
        return 0

    def close(self) -> None:
        pass


class Orders:
    """Gives one command after the other, and notes how long it was to be waited for each."""

    is_closed = is_congested = False

    def __init__(self, *commands: dict[str, object]) -> None:
        self.left = list(commands)
        self.patience: list[float | None] = []
        self.said: list[Words] = []

    def watch(self, source: object) -> None:
        pass

    unwatch = watch

    def wait(self, timeout: float | None) -> list[dict[str, object]]:
        self.patience.append(timeout)
        return [self.left.pop(0)]

    def say(self, words: Words) -> None:
        self.said.append(words)


def test_what_an_interface_still_holds_is_fetched_without_waiting_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood = Flood(batches=3)
    monkeypatch.setattr(Capture, "_open_whole", lambda *_: flood)
    orders = Orders(
        {"add": 1, "interface": "lo", "via": "descriptor", "promiscuous": False},
        {"sync": 2},
        {"secret": "CLIENT_RANDOM 00 01"},
        {"stop": True},
    )
    Capture(CaptureFile(tmp_path / "file", Arena()), orders, None).run()  # type: ignore[arg-type]
    assert orders.patience[1] == 0.0
    assert flood.batches == 0
    assert {"added": 1} in orders.said
    assert next(words["synced"] for words in orders.said if "synced" in words) == 2
