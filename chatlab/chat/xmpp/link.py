"""The engine's end of one connection: bytes in, units of the stream out, each with its bytes.

What arrives is cut by ``StanzaSplitter``, which refuses what no parser should see. What is written
is shown to consoles with the bytes that carry it. After a fault nothing more of the connection is
believed.
"""

import logging
from collections.abc import Callable

from chatlab.chat.link import BaseLink
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

STREAM_END = b"</stream:stream>"
SLICE_S = 0.008
"""Longest time that stanzas are handled without a pause."""
MAX_INBOX = 500
"""Units that may wait before TCP holds the server back."""

MAX_SKIPPED = 64 * 1024 * 1024
"""Bytes of a stanza that is stepped over; a longer one ends the connection after all."""
_MAX_START = 400
"""Bytes kept of a unit that may prove unacceptable, so that it can be named."""

OnUnit = Callable[[StreamUnit, WireRange], None]
_Item = StreamUnit | tuple[StreamFault, bytes]


class Link(BaseLink[_Item, Transport]):
    """The engine's end of one transport."""

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
        super().__init__(account, emit, timing, on_closed, slice_s=SLICE_S, max_inbox=MAX_INBOX)
        self.half_since: float | None = None
        """When the unit began that is half here; None while there is none."""
        self._has_ended = False
        self._on_unit = on_unit
        self._on_fault = on_fault
        self._on_skipped = on_skipped
        limit = MAX_SKIPPED if on_skipped is not None else MAX_STANZA
        self._splitter = StanzaSplitter(limit, is_stepping=on_skipped is not None)

    def restart(self) -> None:
        """The stream begins anew: what comes next is a header."""
        self._splitter.reset()

    @property
    def is_secure(self) -> bool:
        """What is written cannot be read on the way."""
        return self._transport is not None and self._transport.connection.tls is not None

    def channel_binding(self, name: str) -> bytes:
        """Data that tie a login to this TLS connection (RFC 5929); empty where there are none."""
        return self._transport.channel_binding(name) if self._transport is not None else b""

    @property
    def is_writable(self) -> bool:
        """It is open, and our stream has not ended."""
        return self.is_open and not self._has_ended

    def write(self, data: bytes) -> WireRange:
        """Write one unit at once. Raises ConnectError when offline, or behind ``end``."""
        if self._has_ended:
            raise ConnectError("This account is leaving.", "Type /connect.")
        return self._write(data, _shown(data))

    def end(self, words: bytes = b"") -> None:
        """End our stream, behind ``words``; nothing may follow (RFC 6120, section 4.4)."""
        if self.is_writable:
            self.write(words + STREAM_END)
            self._has_ended = True

    # -- receiving

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

    def _receive(self, item: _Item) -> None:
        if self._is_aborted:
            return
        if not isinstance(item, StreamUnit):
            self._show_refused(item[1])
            self._on_fault(*item)
            return
        if self._on_skipped is not None and (fault := _fault_of(item)):
            self._show_refused(item.data[:_MAX_START])
            self._on_skipped(fault, item.data[:_MAX_START])
            return
        wire, now_ns = self._wire_of(item.span), self._timing.clock_ns()
        text = _shown(item.data, item.kind)
        self._emit(LineSeen(self._account, Direction.RECEIVED, text, now_ns, wire))
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


def _shown(data: bytes, kind: UnitKind = UnitKind.ELEMENT) -> str:
    """What consoles show of a unit: no password, and no secret of a login."""
    masked = mask_stanza(data) if kind is UnitKind.ELEMENT else data
    return masked.decode("utf-8", "replace")


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
