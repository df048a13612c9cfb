"""The engine's end of one connection, whatever is spoken: bytes in, items handled in their order.

Theory of operation. What arrives before the engine holds its transport waits. From then on it is
cut into items (lines, units of a stream), which wait in an inbox and are handled in slices of
time, so that a flood never stops the window; while the inbox is full, TCP holds the server back.
The end of the connection is told once, behind everything that came before it.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from chatlab.chat.timing import Timing
from chatlab.chat.transport import Transport
from chatlab.core.account import AccountId
from chatlab.core.errors import ConnectError
from chatlab.core.events import LineSeen
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.ports import EventSink

Item = TypeVar("Item")
T = TypeVar("T", bound=Transport)


class BaseLink(ABC, Generic[Item, T]):
    """A ``WireSink``; an engine's own link says what an item is."""

    def __init__(
        self,
        account: AccountId,
        emit: EventSink,
        timing: Timing,
        on_closed: Callable[[str], None],
        *,
        slice_s: float,
        max_inbox: int,
    ) -> None:
        """``slice_s`` is how long items are handled before the event loop gets its turn, and
        ``max_inbox`` how many may wait before the server has to."""
        self.last_received = timing.monotonic()
        self._account = account
        self._emit = emit
        self._timing = timing
        self._on_closed = on_closed
        self._slice_s = slice_s
        self._max_inbox = max_inbox
        self._transport: T | None = None
        self._early: list[tuple[bytes, ByteRange, bool]] = []
        self._inbox: deque[Item] = deque()
        self._is_draining = False
        self._closed_because: str | None = None
        self._is_finished = False
        self._is_aborted = False
        """Nothing more is taken in or sent."""

    @abstractmethod
    def _cut(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        """Put the items that ``chunk`` completes into the inbox."""

    @abstractmethod
    def _receive(self, item: Item) -> None:
        """Handle one item. Raises nothing: a fault costs that item alone."""

    def attach(self, transport: T) -> None:
        """The dialler is done: handle what arrived meanwhile, and everything from now on."""
        self._transport = transport
        early, self._early = self._early, []
        for chunk, origin, exact in early:
            self.wire_received(chunk, origin, exact)
        if self._closed_because is not None:
            self._drain()

    @property
    def is_open(self) -> bool:
        is_closed = self._is_aborted or self._closed_because is not None
        return self._transport is not None and not is_closed

    def acknowledged(self) -> int | None:
        return self._transport.acknowledged() if self._transport is not None else None

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    def abort(self, reason: str = "") -> None:
        """Drop the connection; ``reason`` becomes the reason of its end.

        What waits in the inbox is not handled any more, not even where the peer closed already:
        whoever counts must be able to say what came and what did not.
        """
        if self._transport is None:
            return
        was_open, self._is_aborted = self.is_open, True
        if was_open:
            self._transport.abort(reason)

    # -- WireSink

    def wire_received(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        if self._transport is None:
            self._early.append((chunk, origin, exact))
            return
        if self._is_aborted:
            return
        self.last_received = self._timing.monotonic()
        self._cut(chunk, origin, exact)
        if not self._is_draining:
            self._drain()
        if len(self._inbox) > self._max_inbox:
            self._transport.set_reading(False)

    def wire_closed(self, reason: str) -> None:
        if self._closed_because is None:
            self._closed_because = reason
            if self._transport is not None and not self._is_draining:
                self._drain()

    # -- for the engine's own link

    def _write(self, data: bytes, shown: str) -> WireRange:
        """Write at once, and show consoles ``shown``. Raises ConnectError when offline."""
        if self._transport is None or not self.is_open:
            raise ConnectError("This account is not connected.", "Type /connect.")
        wire = self._transport.write(data)
        self._emit(LineSeen(self._account, Direction.SENT, shown, self._timing.clock_ns(), wire))
        return wire

    def _wire_of(self, span: ByteRange) -> WireRange:
        """Where bytes that arrived lie on the wire."""
        assert self._transport is not None  # nothing is cut before attach()
        return WireRange(self._transport.connection.id, Direction.RECEIVED, span)

    # -- inner

    def _drain(self) -> None:
        self._is_draining = True
        deadline = time.perf_counter() + self._slice_s
        while self._inbox:
            self._receive(self._inbox.popleft())
            if len(self._inbox) == self._max_inbox // 2 and self._transport is not None:
                self._transport.set_reading(True)
            if self._inbox and time.perf_counter() > deadline:
                asyncio.get_running_loop().call_soon(self._drain)
                return
        self._is_draining = False
        if self._closed_because is not None and not self._is_finished:
            self._is_finished = True
            self._on_closed(self._closed_because)
