"""Clocks and timers of the engines, so that tests can hold time in their hands."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chatlab.protocol.stamps import stamp_ns, stamp_of

__all__ = ["Timers", "Timing", "first_of", "stamp_ns", "stamp_of"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where an engine gets its time and its chance from."""

    clock_ns: Callable[[], int] = time.time_ns
    """Nanoseconds since the epoch, for what is shown."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds for measuring; unmoved when somebody sets the clock."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = random.random
    """A number from 0 up to 1."""


async def first_of(*works: Awaitable[object]) -> None:
    """Wait until one of them is done; the others are called off."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


class Timers:
    """Callbacks to come; all of them can be called off at once."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._tasks: set[asyncio.Task[None]] = set()

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.Task[None]:
        """Call back after ``delay_s`` seconds; cancel the task to call it off."""
        return self.spawn(lambda: self._wait(delay_s, callback))

    def spawn(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run a piece of work that ends with these timers; a failure is logged, never lost."""
        task = asyncio.ensure_future(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel_all(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _wait(self, delay_s: float, callback: Callable[[], None]) -> None:
        await self._timing.sleep(delay_s)
        callback()

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("A timer of a connection failed")
