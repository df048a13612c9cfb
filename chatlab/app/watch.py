"""What happens to a session from outside, told once each in a sentence: the capture ends or goes
on, the computer slept, the program stood still, somebody set the clock.

Three clocks tell such things apart. The *wall* clock is what people set. The *steady* clock is that
of all timers; it stands still while the computer sleeps. The *running* clock never stops.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from chatlab.app.feed import CaptureFeed
from chatlab.core.capture import CaptureLive, CaptureLost, CaptureRefused, CaptureStatus
from chatlab.core.errors import Severity

TICK_S = 2.0
MIN_SLEEP_S = 5.0
MIN_STILL_S = 20.0
"""A window that is busy for some seconds is no news."""
MIN_STEP_S = 2.0
"""Smaller corrections are what time servers make all day."""
_NS = 1_000_000_000
_CHECKED = "Each connection is looked at now, and made anew where it did not survive that."
_ORDER_HOLDS = (
    "Times of messages and frames from before and after do not compare; their order is right."
)
CAPTURE, CLOCKS = "capture", "clocks"
Say = Callable[[str, Severity, str, str], None]
"""Called with the topic, how grave it is, what happened, and what to know about it."""


def _running_ns() -> int:
    if sys.platform == "darwin":  # There the steady clock is another one than this.
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic_ns() if clock is None else time.clock_gettime_ns(clock)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the time comes from; nanoseconds each."""

    wall: Callable[[], int] = time.time_ns
    steady: Callable[[], int] = time.monotonic_ns
    running: Callable[[], int] = _running_ns


class SessionWatch:
    """Looks at one session's capture whenever that moves, and at the clocks now and then."""

    def __init__(
        self, feed: CaptureFeed, say: Say, wake: Callable[[], None], clocks: Clocks | None = None
    ) -> None:
        """``wake`` is called when connections may have died unseen."""
        self._feed = feed
        self._say = say
        self._wake = wake
        self._clocks = clocks or Clocks()
        self._before = self._read()
        self._timer: asyncio.TimerHandle | None = None
        self._fault: CaptureStatus | None = None
        """Why nothing is captured; None while all is well."""
        self._dropped = 0
        feed.on_frames(self.look_at_capture)

    def start(self) -> None:
        """Look at the clocks from now on; needs a running event loop."""
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self.look_at_clocks()
        self.start()

    # -- the capture

    def look_at_capture(self) -> None:
        """The capture moved on."""
        match self._feed.status:
            case CaptureLive(dropped=dropped) as status:
                if isinstance(self._fault, CaptureLost):
                    self._tell_recovery(dropped - self._dropped)
                self._fault, self._dropped = None, status.dropped
            case CaptureLost() as status:
                if not isinstance(self._fault, CaptureLost):
                    words = f"Frames are not written to the disk any more: {status.reason}"
                    self._say(CAPTURE, Severity.ERROR, words, status.hint)
                self._fault = status
            case CaptureRefused() as status:
                if self._fault is None and self._feed.count:
                    self._say(
                        CAPTURE,
                        Severity.ERROR,
                        f"Capturing stopped: {status.reason}",
                        status.remedy,
                    )
                self._fault = status
            case _:
                self._fault = None

    def _tell_recovery(self, lost: int) -> None:
        if not lost:
            self._say(CAPTURE, Severity.INFO, "The capture goes on: no frame is missing.", "")
            return
        frames = "1 frame is" if lost == 1 else f"{lost:,} frames are"
        hint = "Messages of that time may be shown without their frames."
        self._say(CAPTURE, Severity.WARNING, f"The capture goes on: {frames} missing.", hint)

    # -- the clocks

    def _read(self) -> tuple[int, int, int]:
        clocks = self._clocks
        return clocks.wall(), clocks.steady(), clocks.running()

    def look_at_clocks(self) -> None:
        """Compare how far each clock has come since the last look."""
        now = self._read()
        wall, steady, running = (
            (after - before) / _NS for after, before in zip(now, self._before, strict=True)
        )
        self._before = now
        slept, still, step = running - steady, steady - TICK_S, wall - running
        if slept >= MIN_SLEEP_S:
            words = f"The computer slept for {_duration(slept)}: nothing was sent or received then."
            self._say(CLOCKS, Severity.INFO, words, _CHECKED)
            self._wake()
        elif still >= MIN_STILL_S:
            words = f"ChatLab stood still for {_duration(still)}: it was stopped, or had no turn."
            self._say(CLOCKS, Severity.WARNING, words, _CHECKED)
            self._wake()
        if abs(step) >= MIN_STEP_S:
            where = "forward" if step > 0 else "back"
            words = f"The computer’s clock was set {where} by {_duration(abs(step))}."
            self._say(CLOCKS, Severity.WARNING, words, _ORDER_HOLDS)


def _duration(seconds: float) -> str:
    """``45 seconds``, ``12 minutes``, ``3 h 5 min``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} second{'' if whole == 1 else 's'}"
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
