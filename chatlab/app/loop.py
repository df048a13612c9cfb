"""The Qt event loop for asyncio: qasync, with timers and ready callbacks of our own.

qasync 0.28 gives each callback its own coarse Qt timer: sleeps may end 50 ms early, a cancelled
timer lives on until its time, and a delay beyond 24 days overflows. Here ready callbacks share one
queue and one zero timer, as asyncio's own loop has it, and delayed ones get a precise timer that
dies when its handle is cancelled.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import TypeVarTuple, Unpack

from PySide6.QtCore import QObject, Qt, QTimerEvent

# isort: split
# qasync takes the first Qt binding that it finds imported, hence after PySide6.
import qasync

_LONGEST_MS = 2**31 - 1
"""A Qt timer counts milliseconds in a C int; a longer delay is waited for in pieces."""

Ts = TypeVarTuple("Ts")


class _Timers(QObject):
    """Runs asyncio handles from Qt timers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._ready: deque[asyncio.Handle] = deque()
        self._ready_timer = 0
        self._later: dict[int, asyncio.TimerHandle] = {}
        self._ids: dict[asyncio.TimerHandle, int] = {}

    def add_ready(self, handle: asyncio.Handle) -> None:
        self._ready.append(handle)
        if not self._ready_timer:
            self._ready_timer = self.startTimer(0)

    def add_later(self, handle: asyncio.TimerHandle) -> None:
        delay_ms = math.ceil(max(0.0, handle.when() - self._loop.time()) * 1000)
        number = self.startTimer(min(delay_ms, _LONGEST_MS), Qt.TimerType.PreciseTimer)
        self._later[number] = handle
        self._ids[handle] = number

    def forget(self, handle: asyncio.TimerHandle) -> None:
        if (number := self._ids.pop(handle, None)) is not None:
            self.killTimer(number)
            del self._later[number]

    def stop(self) -> None:
        """Called by qasync when the loop closes."""
        for number in self._later:
            self.killTimer(number)
        self._later.clear()
        self._ids.clear()
        self._ready.clear()

    def set_debug(self, enabled: bool) -> None:
        """qasync's own timer has debug output; asyncio's debug mode serves us."""

    def timerEvent(self, event: QTimerEvent) -> None:
        number = event.timerId()
        if number == self._ready_timer:
            self._run_ready()
        elif handle := self._later.pop(number, None):
            self.killTimer(number)
            del self._ids[handle]
            if handle.cancelled():
                return
            if handle.when() > self._loop.time() + 0.001:
                self.add_later(handle)  # The next piece of a very long delay.
            else:
                handle._run()
                # What it woke is due now: a timer of 0 ms would come after everything that Qt
                # has to paint.
                self._run_ready()

    def _run_ready(self) -> None:
        """One turn: what was ready when it began; what that adds waits for the next."""
        for _ in range(len(self._ready)):
            if not self._ready:
                break
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
        if self._ready_timer and not self._ready:
            self.killTimer(self._ready_timer)
            self._ready_timer = 0


class QtLoop(qasync.QEventLoop):
    """asyncio's loop, run by Qt's."""

    def __init__(self) -> None:
        self._own_timers: _Timers | None = None
        super().__init__()
        self._timer = self._own_timers = _Timers(self)  # qasync stops it at close().

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        if self._own_timers is None:  # asyncio's constructor may schedule its self-pipe.
            inherited: asyncio.Handle = super().call_soon(callback, *args, context=context)
            return inherited
        handle = asyncio.Handle(callback, args, self, context)
        self._own_timers.add_ready(handle)
        return handle

    def _add_callback(self, handle: asyncio.Handle, delay: float = 0) -> None:
        """asyncio's way in for signal handlers."""
        if self._own_timers is None:
            super()._add_callback(handle, delay)
        else:
            self._own_timers.add_ready(handle)

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if self._own_timers is not None:
            self._own_timers.add_later(handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if self._own_timers is not None:
            self._own_timers.forget(handle)
