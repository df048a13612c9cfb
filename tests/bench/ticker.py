"""Counts how late an event loop is: a stall of the window is a late tick."""

import asyncio
import json
import sys
import time
from typing import NamedTuple

TICK_S = 0.005
NOTED_S = 0.005
"""Ticks that come later than this are remembered."""


class Ticker:
    """Wants to be called every 5 ms, and notes when it was not."""

    def __init__(self) -> None:
        self.stalls: list[tuple[float, float, float]] = []
        """When a late tick came (monotonic clock), how many seconds late, and how many of them the
        loop's thread worked: the others it waited for a processor."""

    async def run(self) -> None:
        due = time.monotonic() + TICK_S
        while True:
            worked = time.thread_time()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now, worked = time.monotonic(), time.thread_time() - worked
            if now - due > NOTED_S:
                self.stalls.append((now, now - due, min(worked, now - due)))
            due = now + TICK_S


class Stall(NamedTuple):
    """The longest that fell into a time, in milliseconds."""

    late_ms: float
    worked_ms: float
    """The most that the thread worked between two ticks: another one may have been later."""


def longest(stalls: list[tuple[float, float, float]], started: float, ended: float) -> Stall:
    """What was worst between two moments."""
    found = [
        (late, worked) for when, late, worked in stalls if started <= when and when - late <= ended
    ]
    worst = (max(each, default=0.0) * 1000 for each in zip(*found, strict=True))
    return Stall(*worst) if found else Stall(0.0, 0.0)


def tell(**words: object) -> None:
    """Say something to the bench that started this process."""
    print(json.dumps(words), flush=True)


async def asked() -> str:
    """The next word of the bench."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()
