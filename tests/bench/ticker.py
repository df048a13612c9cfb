"""Counts how late an event loop is: a stall of the window is a late tick."""

import asyncio
import json
import sys
import time

TICK_S = 0.005
NOTED_S = 0.005
"""Ticks that come later than this are remembered."""


class Ticker:
    """Wants to be called every 5 ms, and notes when it was not."""

    def __init__(self) -> None:
        self.stalls: list[tuple[float, float]] = []
        """When a late tick came (monotonic clock), and how many seconds late."""

    async def run(self) -> None:
        due = time.monotonic() + TICK_S
        while True:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now - due > NOTED_S:
                self.stalls.append((now, now - due))
            due = now + TICK_S


def longest(stalls: list[tuple[float, float]], started: float, ended: float) -> float:
    """The longest stall that fell into a time, in milliseconds."""
    found = [late for when, late in stalls if started <= when and when - late <= ended]
    return max(found, default=0.0) * 1000


def tell(**words: object) -> None:
    """Say something to the bench that started this process."""
    print(json.dumps(words), flush=True)


async def asked() -> str:
    """The next word of the bench."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    return line.strip()
