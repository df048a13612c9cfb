"""Sleep, a stopped program, a clock that was set, a capture that fails: each is told once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlab.app.watch import TICK_S, Clocks, SessionWatch
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureLost, CaptureRefused
from chatlab.core.errors import Severity
from tests.unit.app.feeding import full_feed

NS = 1_000_000_000


class Machine:
    """A computer whose clocks a test holds in its hands, and what was said on it."""

    def __init__(self, folder: Path) -> None:
        self.wall = self.steady = self.running = 1_000_000 * NS
        self.said: list[str] = []
        self.hints: list[str] = []
        self.severities: list[Severity] = []
        self.wakes = 0
        clocks = Clocks(lambda: self.wall, lambda: self.steady, lambda: self.running)
        self.feed, _ = full_feed(folder / "capture.pcapng")
        self.watch = SessionWatch(self.feed, self._say, self._wake, clocks)

    def _say(self, topic: str, severity: Severity, text: str, hint: str) -> None:
        assert topic
        self.severities.append(severity)
        self.said.append(text)
        self.hints.append(hint)

    def _wake(self) -> None:
        self.wakes += 1

    def go_on(self, seconds: float = TICK_S, *, asleep: float = 0.0, step: float = 0.0) -> None:
        """Time passes: awake, then asleep, and somebody sets the clock."""
        self.steady += round(seconds * NS)
        self.running += round((seconds + asleep) * NS)
        self.wall += round((seconds + asleep + step) * NS)
        self.watch.look_at_clocks()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_an_ordinary_day_is_no_news(machine: Machine) -> None:
    for _ in range(100):
        machine.go_on(2.3, step=0.01)
    machine.go_on(8)  # Busy for a while.
    assert (machine.said, machine.wakes) == ([], 0)


def test_sleep_is_told_and_wakes_the_connections(machine: Machine) -> None:
    machine.go_on(asleep=722)
    machine.go_on()
    assert machine.said == ["The computer slept for 12 minutes: nothing was sent or received then."]
    assert machine.wakes == 1


def test_a_program_that_stood_still_says_so(machine: Machine) -> None:
    machine.go_on(60)
    assert machine.said == ["ChatLab stood still for 58 seconds: it was stopped, or had no turn."]
    assert machine.wakes == 1


@pytest.mark.parametrize(
    ("step", "words"),
    [(-3600, "set back by 60 minutes"), (5, "forward by 5 seconds"), (86_700, "24 h 5 min")],
)
def test_a_clock_that_was_set_is_told(machine: Machine, step: float, words: str) -> None:
    machine.go_on(step=step)
    machine.go_on()
    assert len(machine.said) == 1
    assert words in machine.said[0]
    assert machine.wakes == 0


@given(st.floats(6, 1e6), st.floats(-1e6, 1e6).filter(lambda step: abs(step) > 3))
def test_sleep_and_a_set_clock_are_told_apart(asleep: float, step: float) -> None:
    said: list[str] = []
    times = [0, 0, 0]
    clocks = Clocks(lambda: times[0], lambda: times[1], lambda: times[2])

    class NoFeed:
        def on_frames(self, observer: object) -> None:
            """Nothing is captured here."""

    watch = SessionWatch(
        NoFeed(),  # type: ignore[arg-type]
        lambda topic, severity, text, hint: said.append(text),
        lambda: None,
        clocks,
    )
    times[:] = [round((2 + asleep + step) * NS), 2 * NS, round((2 + asleep) * NS)]
    watch.look_at_clocks()
    assert len(said) == 2
    assert "slept" in said[0]
    assert ("forward" if step > 0 else "back") in said[1]


# --- the capture -------------------------------------------------------------------------------


def live(dropped: int = 0) -> CaptureLive:
    return CaptureLive(backend="test", frames=6, dropped=dropped, position=0, flows=1)


LOST = CaptureLost(reason="The disk is full.", since_ns=1, hint="Free some space.")


@pytest.mark.parametrize(
    ("dropped", "words", "severity"),
    [
        (3, "The capture goes on: no frame is missing.", Severity.INFO),
        (4, "The capture goes on: 1 frame is missing.", Severity.WARNING),
        (1003, "The capture goes on: 1,000 frames are missing.", Severity.WARNING),
    ],
)
def test_a_capture_that_fails_and_goes_on_is_told_with_what_is_missing(
    machine: Machine, dropped: int, words: str, severity: Severity
) -> None:
    machine.feed.take_status(live(3))
    machine.feed.take_status(LOST)
    machine.feed.take_status(LOST)
    machine.feed.take_status(live(dropped))
    machine.feed.take_status(live(dropped + 5))
    assert machine.said == [
        "Frames are not written to the disk any more: The disk is full.",
        words,
    ]
    assert machine.hints[0] == "Free some space."
    assert machine.severities == [Severity.ERROR, severity]


def test_a_right_that_is_lost_on_the_way_is_told(machine: Machine) -> None:
    machine.feed.take_status(live())
    machine.feed.take_status(CaptureRefused(reason="No right.", remedy="Ask for it."))
    assert machine.said == ["Capturing stopped: No right."]


def test_a_capture_that_the_reader_stops_is_no_news(machine: Machine) -> None:
    machine.feed.take_status(live())
    machine.feed.take_status(CaptureIdle())
    machine.feed.take_status(live())
    assert machine.said == []
