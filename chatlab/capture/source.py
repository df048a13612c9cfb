"""The window's side of capturing: lets connections in, keeps the capture process alive.

A connection's frames wait in the kernel from the moment its packet socket is there, so nobody
has to wait for the capture process: it starts beside the first connections, and when it dies
its successor reads on from the duplicates of the sockets that are kept here.
"""

import asyncio
import itertools
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from chatlab.capture import permission
from chatlab.capture.arena import create_arena
from chatlab.capture.helper_process import HelperProcess
from chatlab.capture.interfaces import watch_interface
from chatlab.capture.opening import OpenerRefused, open_packet_socket
from chatlab.capture.permission import BackendState, Permission
from chatlab.capture.watched import (
    Progress,
    Watched,
    is_connected,
    passes_descriptors,
    whole_of,
)
from chatlab.core.capture import (
    CaptureIdle,
    CaptureLost,
    CaptureRefused,
    CaptureStatus,
)
from chatlab.core.errors import CaptureError
from chatlab.core.flow import FlowKey

ANSWER_S = 10.0
"""Patience with the capture process: it starts in half a second on a slow machine."""
STEADY_S = 30.0
"""A capture process that lived this long may be replaced once more without asking."""
MAX_SECRETS = 1024
"""Lines of key log that a new capture process is told again; a TLS 1.3 connection has five."""

_log = logging.getLogger(__name__)
_RESTART_HINT = "Start the capture again; chatting goes on."


class CaptureSource:
    """Implements ``core.ports.CaptureGate``; belongs to one capture file."""

    def __init__(
        self,
        file: Path,
        on_notice: Callable[[CaptureStatus], None],
        *,
        check: Callable[[], Permission] = permission.check,
        polling: bool = sys.platform == "win32",
    ) -> None:
        """``check`` says what this user may; ``polling`` is for systems without selectable pipes."""
        self._file = file
        self._on_notice = on_notice
        self._check = check
        self._polling = polling
        self._status: CaptureStatus = CaptureIdle()
        self._numbers = itertools.count(1)
        self._watched: dict[int, Watched] = {}
        self._syncs: dict[int, asyncio.Future[None]] = {}
        self._secrets: deque[str] = deque(maxlen=MAX_SECRETS)
        self._backend: BackendState | None = None
        self._helper: HelperProcess | None = None
        self._arena = -1
        self._progress = Progress()
        self._base = Progress()
        """Frames and drops of capture processes that are gone."""
        self._started = 0.0
        self._trouble = ""
        self._is_running = False
        self._one_at_a_time = asyncio.Lock()
        """Two capture processes would write to one file."""
        self._revival: asyncio.Task[None] | None = None

    @property
    def status(self) -> CaptureStatus:
        return self._status

    @property
    def position(self) -> int:
        """Bytes of the capture file that hold whole blocks."""
        return self._progress.position

    @property
    def helper_pid(self) -> int | None:
        """Process id of the capture process while there is one."""
        return self._helper.pid if self._helper else None

    async def start(self) -> None:
        """Begin: find out what may be done, and start the capture process if anything may.

        Never raises for what is missing; the status tells.
        """
        if self._is_running:
            return
        self._is_running = True
        await self._ask_permission()
        if self._backend is not None:
            await self._launch()

    async def _ask_permission(self) -> None:
        found = await asyncio.to_thread(self._check)
        self._backend = found.best
        if self._backend is None and self._is_running:
            reason, remedy = found.reason, found.remedy
            self._set(CaptureRefused(reason=reason, remedy=remedy, can_enable=found.can_enable))

    # --- connections come and go ------------------------------------------------------------

    async def admit(self, fileno: int, flow: FlowKey) -> bool:
        """See ``core.ports.CaptureGate.admit``."""
        if not self._is_running:
            return False
        if self._backend is None:
            # Rights may have been granted since; no restart should be needed for that.
            await self._ask_permission()
        for _ in range(2):
            state = self._backend
            if state is None:
                return False
            try:
                return await self._admit_by(state, fileno, flow)
            except CaptureError as error:
                refusal = error
            if not isinstance(refusal, OpenerRefused) or not refusal.is_permission:
                break
            # A right that was taken away: there may be another way.
            await self._ask_permission()
            if self._backend is None:
                return False
        _log.error("%s: %s", flow, refusal)
        self._set(CaptureRefused(reason=refusal.message, remedy=refusal.hint))
        return False

    async def _admit_by(self, state: BackendState, fileno: int, flow: FlowKey) -> bool:
        watched = Watched(next(self._numbers), flow, state, is_connected(fileno))
        if passes_descriptors(state):
            watched.descriptor = await open_packet_socket(fileno, flow, state.command)
        return await self._admit(watched)

    async def _admit(self, watched: Watched) -> bool:
        if not self._is_running:
            watched.close()
            return False
        self._watched[watched.number] = watched
        if self._helper is None and not isinstance(self._status, CaptureLost):
            await self._launch()
        else:
            self._send_add(watched)
        if self._helper is None:
            return False  # Lost; a restart takes this connection along.
        if watched.descriptor >= 0:
            self._publish()
            return True
        return await self._await_answer(watched)

    async def _await_answer(self, watched: Watched) -> bool:
        """Where the capture process itself opens the packets, it says when the filter is there."""
        if watched.answer is None:
            watched.answer = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(watched.answer, ANSWER_S)
        except TimeoutError:
            self._send_remove(watched.number, time.time_ns())
            self._forget(watched.number)
            _log.error("%s: the capture process does not answer", watched.flow)
            return False

    def dismiss(self, flow: FlowKey) -> None:
        """See ``core.ports.CaptureGate.dismiss``."""
        for watched in reversed(self._watched.values()):
            if watched.flow == flow and not watched.is_dismissed:
                watched.dismissed_ns = time.time_ns()
                self._send_remove(watched.number, watched.dismissed_ns)
                if self._helper is None and isinstance(self._status, CaptureLost):
                    self._forget(watched.number)
                return

    async def watch_interface(self, name: str, *, is_promiscuous: bool = False) -> None:
        """Capture a whole interface beside the connections; an empty name ends that.

        Raises CaptureError where this user may not.
        """
        self._trouble = ""
        self._end_whole()
        if not (name and self._is_running):
            return
        found = await asyncio.to_thread(self._check)
        self._end_whole()  # Another one may have been chosen meanwhile.
        whole = watch_interface(next(self._numbers), name, is_promiscuous, found)
        if not await self._admit(whole):
            raise whole.error

    def _end_whole(self) -> None:
        if (before := whole_of(self._watched.values())) is not None:
            before.dismissed_ns = time.time_ns()
            self._send_remove(before.number, before.dismissed_ns)
            self._publish()

    def secret(self, line: str) -> None:
        """Put a line of an NSS key log into the file, so that analysers can decrypt it."""
        self._secrets.append(line)
        if self._helper is not None:
            self._helper.send({"secret": line})

    async def sync(self) -> int:
        """Wait until every frame that has passed by now is in the file; returns its length."""
        if self._revival is not None:
            await self._revival
        if self._helper is None:
            return self.position
        number = next(self._numbers)
        done = asyncio.get_running_loop().create_future()
        self._syncs[number] = done
        self._helper.send({"sync": number})
        try:
            await asyncio.wait_for(done, ANSWER_S)
        except TimeoutError:
            _log.error("the capture process does not answer")
        finally:
            del self._syncs[number]
        return self.position

    # --- the capture process ----------------------------------------------------------------

    async def _launch(self) -> None:
        """Start a capture process, unless there is one or none is wanted any more."""
        # A task of its own: whose connection it starts for may be cancelled, others wait for it.
        await asyncio.shield(asyncio.create_task(self._launch_alone()))

    async def _launch_alone(self) -> None:
        async with self._one_at_a_time:
            if self._helper is None and self._is_running:
                await self._start_helper()

    async def _start_helper(self) -> None:
        """Start it and tell it everything that it has to know."""
        if self._arena < 0 and sys.platform == "linux":
            self._arena = create_arena()
        helper = HelperProcess(self._on_words, self._on_exit)
        self._helper = helper
        self._started = time.monotonic()
        try:
            await helper.start(self._file, self._arena, self.position, polling=self._polling)
        except OSError as error:
            self._helper = None
            self._lose(f"The capture process cannot be started: {error.strerror}.")
            return
        # Connections first: an interface leaves to them what is theirs.
        for watched in sorted(self._watched.values(), key=lambda each: bool(each.interface)):
            self._send_add(watched)
            if watched.dismissed_ns is not None:
                self._send_remove(watched.number, watched.dismissed_ns)
        for line in self._secrets:
            # The predecessor may have died before it wrote them; twice does no harm.
            helper.send({"secret": line})
        for number in self._syncs:
            helper.send({"sync": number})
        self._publish()

    def _send_add(self, watched: Watched) -> None:
        if self._helper is None:
            return
        if watched.descriptor < 0 and watched.answer is None:
            watched.answer = asyncio.get_running_loop().create_future()
        self._helper.send(watched.words, watched.descriptor)

    def _send_remove(self, number: int, closed_ns: int) -> None:
        if self._helper is not None:
            self._helper.send({"remove": number, "closed_ns": closed_ns})

    def _on_words(self, words: dict[str, object]) -> None:
        if (progress := self._base.with_words(words)) is not None:
            self._progress = progress
            self._publish()
        match words:
            case {"synced": int(number)}:
                if (done := self._syncs.get(number)) is not None and not done.done():
                    done.set_result(None)
            case {"added": int(number)}:
                self._answer(number, True)
            case {"removed": int(number)}:
                self._forget(number)
                self._publish()
            case {"refused": int(number), "reason": str(reason)}:
                _log.error("capturing is refused: %s", reason)
                whole = self._watched.get(number)
                if whole is not None and whole.interface:
                    self._trouble = whole.end(reason)
                    self._forget(number)
                    self._publish()
                    return
                self._answer(number, False)
                self._forget(number)
                self._set(CaptureRefused(reason=reason, remedy=str(words.get("hint", ""))))

    def _answer(self, number: int, is_captured: bool) -> None:
        watched = self._watched.get(number)
        if watched is not None and watched.answer is not None and not watched.answer.done():
            watched.answer.set_result(is_captured)

    def _forget(self, number: int) -> None:
        watched = self._watched.pop(number, None)
        if watched is not None:
            watched.close()

    def _on_exit(self, helper: HelperProcess, last_words: str) -> None:
        if helper is not self._helper:
            return
        self._helper = None
        self._keep_counts()
        if not self._is_running:
            return
        _log.error("the capture process has ended: %s", last_words or "without a reason")
        if time.monotonic() - self._started < STEADY_S and self._revival is not None:
            self._lose(f"The capture process has ended: {last_words or 'nobody knows why'}.")
        else:
            self._revival = asyncio.create_task(self._launch())

    def _lose(self, reason: str) -> None:
        self._set(CaptureLost(reason=reason, since_ns=time.time_ns(), hint=_RESTART_HINT))
        for done in self._syncs.values():
            if not done.done():
                done.set_result(None)
        for number in list(self._watched):
            self._answer(number, False)

    async def restart(self) -> None:
        """Replace the capture process, dead or alive; frames wait in the kernel meanwhile."""
        if not self._is_running:
            return
        if self._helper is not None and self._progress.fault:
            # It holds what the disk did not take, and tries again by itself.
            await self.sync()
            return
        async with self._one_at_a_time:
            await self._end_helper(0.0)
            self._revival = None
        await self._launch()

    async def stop(self) -> None:
        """Write what is left, close the file for good and let go of every socket."""
        if not self._is_running:
            return
        self._is_running = False
        async with self._one_at_a_time:
            if self._helper is not None:
                self._helper.send({"stop": True})
                await self._end_helper(ANSWER_S)
        if self._revival is not None:
            await self._revival
        self._base = Progress(0, self._progress.frames, self._progress.dropped)
        self._revival = None
        for number in list(self._watched):
            self._answer(number, False)
            self._forget(number)
        if self._arena >= 0:
            os.close(self._arena)
            self._arena = -1
        self._set(CaptureIdle())

    def _keep_counts(self) -> None:
        # With an arena the successor knows itself how many frames came before it.
        frames = self._progress.frames if self._arena < 0 else 0
        self._base = Progress(0, frames, self._progress.dropped)

    async def _end_helper(self, patience_s: float) -> None:
        helper, self._helper = self._helper, None
        if helper is None:
            return
        if not patience_s:
            helper.kill()
        await helper.wait(patience_s or ANSWER_S)
        self._keep_counts()

    # --- telling ----------------------------------------------------------------------------

    def _publish(self) -> None:
        progress = self._progress
        if progress.fault:
            self._set(progress.lost(self._file, self._status))
            return
        if self._backend is None or self._helper is None:
            return
        self._set(progress.live(self._backend.backend.value, self._watched.values(), self._trouble))

    def _set(self, status: CaptureStatus) -> None:
        if status != self._status:
            self._status = status
            self._on_notice(status)
