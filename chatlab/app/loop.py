"""The Qt event loop for asyncio: qasync, with timers and ready callbacks of our own.

qasync 0.28 gives each callback its own coarse Qt timer: sleeps may end 50 ms early, a cancelled
timer lives on until its time, and a delay beyond 24 days overflows. Here ready callbacks share one
queue and one zero timer, and delayed ones one heap and one precise timer, as asyncio's own loop has
it; what is cancelled is forgotten at once.
"""

import asyncio
import heapq
import math
import time
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
TURN_S = 0.004
"""How long a turn goes on with what its own callbacks made ready."""

Ts = TypeVarTuple("Ts")


class _Timers(QObject):
    """Runs asyncio handles from two Qt timers: one for what is ready, one for what is due next."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop = loop
        self._ready: deque[asyncio.Handle] = deque()
        self._ready_timer = 0
        self._at_end: list[Callable[[], None]] = []
        self._later: list[asyncio.TimerHandle] = []
        """A heap, by when they are due."""
        self._later_timer = 0

    def add_ready(self, handle: asyncio.Handle) -> None:
        self._ready.append(handle)
        if not self._ready_timer:
            self._ready_timer = self.startTimer(0)

    def at_turn_end(self, callback: Callable[[], None]) -> None:
        self._at_end.append(callback)
        if not self._ready_timer:
            self._ready_timer = self.startTimer(0)

    def add_later(self, handle: asyncio.TimerHandle) -> None:
        heapq.heappush(self._later, handle)
        if self._later[0] is handle:
            self._set_alarm()

    def forget(self, handle: asyncio.TimerHandle) -> None:
        """It was cancelled: let go of it now, not at its time."""
        kept = [other for other in self._later if other is not handle]
        if len(kept) < len(self._later):
            self._later = kept
            heapq.heapify(self._later)
            self._set_alarm()

    def stop(self) -> None:
        """Called by qasync when the loop closes."""
        self._later.clear()
        self._set_alarm()
        self._ready.clear()
        self._at_end.clear()

    def set_debug(self, enabled: bool) -> None:
        """qasync's own timer has debug output; asyncio's debug mode serves us."""

    def timerEvent(self, event: QTimerEvent) -> None:
        """One turn: what is due, then what is ready, and for a while what that makes ready.

        All in one go whichever timer it was: Qt may paint the whole window between two timers, and
        what came on a socket takes several callbacks until somebody acts on it.
        Nothing runs while a task is in the middle of a step, i.e. has a Qt loop of its own turn
        (``processEvents``, a native dialog): asyncio forbids it, and the other task's step is lost.
        """
        if asyncio.current_task(self._loop) is not None:
            return
        self._run_due()
        end = time.perf_counter() + TURN_S
        while self._ready:
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
            if time.perf_counter() > end:
                break
        at_end, self._at_end = self._at_end, []
        for callback in at_end:
            callback()
        if self._ready_timer and not (self._ready or self._at_end):
            self.killTimer(self._ready_timer)
            self._ready_timer = 0

    def _run_due(self) -> None:
        now = self._loop.time()
        while self._later and self._later[0].when() <= now:
            heapq.heappop(self._later)._run()
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake up for the first of the later ones."""
        if self._later_timer:
            self.killTimer(self._later_timer)
            self._later_timer = 0
        if self._later:
            delay_ms = math.ceil(max(0.0, self._later[0].when() - self._loop.time()) * 1000)
            self._later_timer = self.startTimer(
                min(delay_ms, _LONGEST_MS), Qt.TimerType.PreciseTimer
            )


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

    def at_turn_end(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` before Qt gets its turn, and with it the chance to paint."""
        assert self._own_timers is not None
        self._own_timers.at_turn_end(callback)

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
