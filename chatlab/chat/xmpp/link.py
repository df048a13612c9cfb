"""The engine's end of one connection: bytes in, units of the stream out, each with its bytes.

Theory of operation. What arrives is cut by ``StanzaSplitter``, which refuses what no parser should
see. Units wait in an inbox and are handed on in slices of time, so that a flood never stops the
window; while the inbox is full, TCP holds the server back. What is written is shown to consoles
with the bytes that carry it. After a fault nothing more of the connection is believed.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from chatlab.chat.timing import Timing
from chatlab.chat.xmpp.transport import Transport
from chatlab.core.account import AccountId
from chatlab.core.errors import ConnectError
from chatlab.core.events import LineSeen
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.ports import EventSink
from chatlab.protocol.xmpp import (
    MAX_STANZA,
    StanzaSplitter,
    StreamFault,
    StreamUnit,
    UnitKind,
)
from chatlab.protocol.xmpp_masking import mask_stanza

log = logging.getLogger(__name__)

SLICE_S = 0.008
"""Longest time that stanzas are handled without a pause."""
MAX_INBOX = 500
"""Units that may wait before TCP holds the server back."""

MAX_SKIPPED = 64 * 1024 * 1024
"""Bytes of a stanza that is stepped over; a longer one ends the connection after all."""
_MAX_START = 400
"""Bytes kept of a unit that may prove unacceptable, so that it can be named."""

OnUnit = Callable[[StreamUnit, WireRange], None]


class Link:
    """A ``WireSink`` for XMPP."""

    def __init__(
        self,
        account: AccountId,
        emit: EventSink,
        timing: Timing,
        on_unit: OnUnit,
        on_fault: Callable[[StreamFault, bytes], None],
        on_closed: Callable[[str], None],
        *,
        on_skipped: Callable[[StreamFault, bytes], None] | None = None,
    ) -> None:
        """``on_fault`` gets the reason and the beginning of what could not be accepted.

        With ``on_skipped``, a stanza that would end the connection is stepped over where its end
        can be found, and told there.
        """
        self.last_received = timing.monotonic()
        self.half_since: float | None = None
        """When the unit began that is half here; None while there is none."""
        self._account = account
        self._emit = emit
        self._timing = timing
        self._on_unit = on_unit
        self._on_fault = on_fault
        self._on_closed = on_closed
        self._transport: Transport | None = None
        self._on_skipped = on_skipped
        limit = MAX_SKIPPED if on_skipped is not None else MAX_STANZA
        self._splitter = StanzaSplitter(limit, is_stepping=on_skipped is not None)
        self._early: list[tuple[bytes, ByteRange, bool]] = []
        self._inbox: deque[StreamUnit | tuple[StreamFault, bytes]] = deque()
        self._is_draining = False
        self._closed_because: str | None = None
        self._is_finished = False
        self._is_over = False
        """Aborted, or faulty: nothing more is taken in or sent."""

    def attach(self, transport: Transport) -> None:
        """The dialler is done: handle what arrived meanwhile, and everything from now on."""
        self._transport = transport
        early, self._early = self._early, []
        for chunk, origin, exact in early:
            self.wire_received(chunk, origin, exact)
        if self._closed_because is not None:
            self._drain()

    def restart(self) -> None:
        """The stream begins anew: what comes next is a header."""
        self._splitter.reset()

    @property
    def is_open(self) -> bool:
        is_closed = self._is_over or self._closed_because is not None
        return self._transport is not None and not is_closed

    @property
    def is_secure(self) -> bool:
        """What is written cannot be read on the way."""
        return self._transport is not None and self._transport.connection.tls is not None

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this TLS connection (RFC 5929); empty where there are none."""
        return self._transport.channel_binding(name) if self._transport is not None else b""

    # -- sending

    def write(self, data: bytes) -> WireRange:
        """Write one unit at once. Raises ConnectError when offline."""
        if self._transport is None or not self.is_open:
            raise ConnectError("This account is not connected.", "Type /connect.")
        wire = self._transport.write(data)
        self._show(Direction.SENT, data, wire)
        return wire

    def acknowledged(self) -> int | None:
        return self._transport.acknowledged() if self._transport is not None else None

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()

    def abort(self, reason: str = "") -> None:
        """Drop the connection; ``reason`` becomes the reason of its end."""
        if self._transport is not None and self.is_open:
            self._is_over = True
            self._transport.abort(reason)

    # -- receiving (WireSink)

    def wire_received(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        if self._transport is None:
            self._early.append((chunk, origin, exact))
            return
        if self._is_over:
            return
        self.last_received = self._timing.monotonic()
        self._cut(chunk, origin, exact)
        if not self._is_draining:
            self._drain()
        if len(self._inbox) > MAX_INBOX:
            self._transport.set_reading(False)

    def wire_closed(self, reason: str) -> None:
        if self._closed_because is None:
            self._closed_because = reason
            if self._transport is not None and not self._is_draining:
                self._drain()

    # -- inner

    def _cut(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        before = len(self._inbox)
        try:
            self._inbox.extend(self._splitter.feed(chunk, origin, exact))
        except StreamFault as fault:
            self._inbox.append((fault, self._splitter.beginning(_MAX_START)))
        if self._splitter.is_between_units:
            self.half_since = None
        elif self.half_since is None or len(self._inbox) > before:
            self.half_since = self.last_received

    def _drain(self) -> None:
        self._is_draining = True
        deadline = time.perf_counter() + SLICE_S
        while self._inbox:
            self._receive(self._inbox.popleft())
            if len(self._inbox) == MAX_INBOX // 2 and self._transport is not None:
                self._transport.set_reading(True)
            if self._inbox and time.perf_counter() > deadline:
                asyncio.get_running_loop().call_soon(self._drain)
                return
        self._is_draining = False
        if self._closed_because is not None and not self._is_finished:
            self._is_finished = True
            self._on_closed(self._closed_because)

    def _receive(self, item: StreamUnit | tuple[StreamFault, bytes]) -> None:
        assert self._transport is not None  # nothing is cut before attach()
        if self._is_over:
            return
        if not isinstance(item, StreamUnit):
            self._show_refused(item[1])
            self._on_fault(*item)
            return
        if self._on_skipped is not None and (fault := _fault_of(item)):
            self._show_refused(item.data[:_MAX_START])
            self._on_skipped(fault, item.data[:_MAX_START])
            return
        wire = WireRange(self._transport.connection.id, Direction.RECEIVED, item.span)
        self._show(Direction.RECEIVED, item.data, wire, item.kind)
        try:
            self._on_unit(item, wire)
        except ConnectError:
            log.debug("No answer to a stanza: the connection is closing")
        except Exception:  # A fault of ours costs one stanza, never the connection.
            log.exception("Handling a stanza failed")

    def _show_refused(self, start: bytes) -> None:
        """Consoles see the beginning of what no parser is to see."""
        text = f"{start.decode('utf-8', 'replace')} …"
        now_ns = self._timing.clock_ns()
        self._emit(LineSeen(self._account, Direction.RECEIVED, text, now_ns, None, True))

    def _show(
        self,
        direction: Direction,
        data: bytes,
        wire: WireRange,
        kind: UnitKind = UnitKind.ELEMENT,
    ) -> None:
        shown = mask_stanza(data) if kind is UnitKind.ELEMENT else data
        text = shown.decode("utf-8", "replace")
        self._emit(LineSeen(self._account, direction, text, self._timing.clock_ns(), wire))


def _fault_of(unit: StreamUnit) -> StreamFault | None:
    """Why a unit that was cut leniently is nothing for a parser; None when it is in order."""
    if unit.kind is not UnitKind.ELEMENT:
        return None
    strict = StanzaSplitter(is_inside=True)
    try:
        for _ in strict.feed(unit.data, ByteRange(0, len(unit.data)), True):
            pass
    except StreamFault as fault:
        return fault
    return None
