"""One account kept up across connections: what the engines of all protocols have in common.

Theory of operation. ``_run`` makes one attempt after the other and waits between two, longer each
time (with jitter, so that a server that comes back is not stormed), until an attempt says that
trying again makes no sense or the user stops. Where the account is on this way is told as
``LinkChanged``; nothing that a listener does wrong costs the connection.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine

from chatlab.chat.lasting import BaseLasting
from chatlab.chat.timing import Timing, first_of
from chatlab.chat.verdict import Verdict
from chatlab.core.account import Account
from chatlab.core.connection import LinkState
from chatlab.core.errors import UsageError
from chatlab.core.events import ChatEvent, LinkChanged
from chatlab.core.ports import EventSink

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 60.0
STEADY_S = 30.0
"""Online for this long, a connection counts as good, and the back-off begins anew."""
_JITTER = 0.25
_MAX_DOUBLINGS = 10
"""Far beyond the longest wait; a night of failures must not end in a number without bounds."""


class KeptConnection(ABC):
    """The life of a ``ChatConnection``; an engine's own class says what an attempt is."""

    def __init__(self, account: Account, sink: EventSink, timing: Timing) -> None:
        self._account = account
        self._sink = sink
        self._timing = timing
        self._task: asyncio.Task[None] | None = None
        self._retry_now = asyncio.Event()
        self._is_stopping = False
        self._starts_again = False
        """The user wanted to connect again while the account was still being left."""
        self._background: set[asyncio.Task[None]] = set()

    # -- what an engine says

    @property
    @abstractmethod
    def _lasting(self) -> BaseLasting:
        """What outlives its connections."""

    @property
    @abstractmethod
    def _is_connected(self) -> bool:
        """There is a connection to leave."""

    @abstractmethod
    async def _leave(self, reason: str) -> None:
        """Leave it politely; returns when it is closed."""

    @abstractmethod
    async def _attempt_once(self) -> tuple[Verdict, float]:
        """Be online for as long as it lasts; why it ended, and how many seconds it lasted."""

    @abstractmethod
    def _ask_for_life(self) -> None:
        """Find out soon whether the server still knows us, where we are online."""

    @abstractmethod
    def _rest(self, reason: str) -> None:
        """There will be no further attempt."""

    @abstractmethod
    def _pause(self, reason: str) -> None:
        """There will be another attempt, after a while."""

    # -- ChatConnection

    @property
    def account(self) -> Account:
        return self._account

    def update(self, account: Account) -> None:
        """Use these settings from the next connection on."""
        for channel in self._account.channels:
            if channel not in account.channels:
                self._lasting.leave(channel.channel)
        for channel in account.channels:
            self._lasting.join(channel.channel, channel.key)
        self._account = account

    def start(self) -> None:
        """Connect now, and keep trying where that makes sense."""
        if self._task is None or self._task.done():
            self._is_stopping = False
            for channel in self._account.channels:
                self._lasting.join(channel.channel, channel.key)
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif self._is_stopping:
            self._starts_again = True
        else:
            self._retry_now.set()

    def check_now(self) -> None:
        """The computer has slept, or stood still: trust no connection, and wait for none."""
        self._retry_now.set()
        self._ask_for_life()

    async def stop(self, reason: str = "") -> None:
        """Leave politely and close; returns when the socket is closed."""
        task = self._task
        self._starts_again = False
        if task is None or task.done():
            return
        self._is_stopping = True
        self._lasting.come_back()
        if self._is_connected:
            self._set_state(LinkState.CLOSING)
            await self._leave(reason)
        else:
            task.cancel()
        await asyncio.wait({task})
        if self._starts_again:
            self._starts_again = False
            self.start()

    def stop_soon(self, reason: str) -> None:
        self._spawn(self.stop(reason))

    def restart_soon(self) -> None:
        self._spawn(self._restart())

    def answer_only(self, may_answer: Callable[[str], bool]) -> None:
        """Answer questions of an address by ourselves only where this says so."""
        self._lasting.may_answer = may_answer

    # -- inner

    async def _restart(self) -> None:
        await self.stop()
        self.start()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _emit(self, event: ChatEvent) -> None:
        """Hand an event out; a fault of the listener must not cost the connection."""
        try:
            self._sink(event)
        except Exception:
            log.exception("A listener failed on %s", type(event).__name__)

    def _set_state(
        self,
        state: LinkState,
        detail: str = "",
        retry_in_s: float | None = None,
        is_fault: bool = False,
    ) -> None:
        now_ns = self._timing.clock_ns()
        self._emit(LinkChanged(self._account.id, state, now_ns, detail, retry_in_s, is_fault))

    async def _run(self) -> None:
        try:
            await self._keep_up()
        except asyncio.CancelledError:
            self._go_offline()
            raise
        except Exception:  # A fault of ours: it is logged, and the account shows that it is off.
            log.exception("The engine of %s failed", self._account.name)
            self._rest("")
            words = "ChatLab failed on this connection; its log says where. Connect again."
            self._set_state(LinkState.OFFLINE, words, is_fault=True)

    async def _keep_up(self) -> None:
        failures = 0
        while True:
            verdict, online_for_s = await self._attempt_once()
            if self._is_stopping:
                self._go_offline()
                return
            if verdict.is_upgrade:
                continue
            if not verdict.may_retry:
                self._go_offline(verdict.reason, is_fault=True)
                return
            self._pause(verdict.reason)
            failures = 0 if online_for_s >= STEADY_S else failures
            await self._wait_to_retry(verdict, failures)
            failures += 1

    def _go_offline(self, reason: str = "", *, is_fault: bool = False) -> None:
        self._rest(reason)
        self._set_state(LinkState.OFFLINE, reason, is_fault=is_fault)

    async def _wait_to_retry(self, verdict: Verdict, failures: int) -> None:
        doubled = 2.0 ** min(failures, _MAX_DOUBLINGS)
        delay = max(min(MAX_BACKOFF_S, doubled), verdict.min_delay_s)
        delay *= 1 + _JITTER * self._timing.random()
        self._set_state(LinkState.WAITING, verdict.reason, delay, is_fault=True)
        self._retry_now.clear()
        await first_of(self._timing.sleep(delay), self._retry_now.wait())


def not_connected() -> UsageError:
    """What was asked for needs a connection."""
    return UsageError("This account is not connected.", "Connect it first: /connect")
