"""One connection to an IRC server: lines in, events out; lines out, byte ranges back.

The ``irc`` package gives the vocabulary: event names for numerics (``433`` is ``nicknameinuse``),
``Event`` and ``NickMask``, and the reactor that hands events to handlers. What of it breaks a
connection or writes wrong bytes is not used at all: framing, decoding, parsing, formatting and
PING are ours, and every line is handled on its own, so that a bad line or a faulty handler costs
that line and nothing else.

Lines are handled in slices of a few milliseconds, in order, so that a flood never stops the window.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from irc.client import Event, NickMask
from irc.client_aio import AioReactor
from irc.events import Command

from chatlab.chat.link import BaseLink
from chatlab.chat.timing import Timing, stamp_ns
from chatlab.chat.transport import Transport
from chatlab.core.account import AccountId
from chatlab.core.errors import ConnectError, RemoteProtocolError, Severity
from chatlab.core.events import Informed, LineSeen
from chatlab.core.flow import ByteRange, Direction, WireRange
from chatlab.core.ports import EventSink
from chatlab.protocol.irc import (
    LINE_LIMIT,
    FramedLine,
    IrcLine,
    LineFramer,
    decode,
    format_line,
    parse,
)
from chatlab.protocol.irc_masking import mask_line

if TYPE_CHECKING:
    from chatlab.chat.irc.batches import Batch

log = logging.getLogger(__name__)

SLICE_S = 0.004
"""How long lines are handled before the event loop gets its turn."""
MAX_INBOX = 10_000
"""Lines that wait to be handled; with more, the server has to wait, too."""
_MAX_MALFORMED_SHOWN = 20
"""Warnings per connection about lines not understood; the console shows every one."""
_MAX_SHOWN_LENGTH = 200


class LineEvent(Event):
    """One received line as an event of the ``irc`` package, with where it came from."""

    def __init__(self, line: IrcLine, wire: WireRange, time_ns: int) -> None:
        parameters = line.parameters
        super().__init__(
            event_type(line.command),
            NickMask(line.source),
            parameters[0] if parameters else None,
            list(parameters[1:]),
        )
        self.line = line
        self.wire = wire
        self.time_ns = time_ns
        """The server's time tag, else when it arrived."""
        self.label = line.tags.get("label", "")
        self.is_history = False
        """Replayed, not said just now."""
        self.batch: Batch | None = None

    @property
    def nick(self) -> str:
        return str(self.source.nick)

    @property
    def last(self) -> str:
        """The last parameter, where most numerics say it in words; empty without any."""
        return self.line.parameters[-1] if self.line.parameters else ""

    def parameter(self, index: int) -> str:
        return self.line.parameter(index)


Handler = Callable[[LineEvent], None]


@lru_cache(maxsize=512)
def event_type(command: str) -> str:
    """The ``irc`` package's name for a command or numeric: ``433`` is ``nicknameinuse``."""
    return str(Command.lookup(command.lower()))


def server_time_ns(tag: str) -> int:
    """Nanoseconds since the epoch of a ``time`` tag (IRCv3 server-time); 0 if absurd."""
    return stamp_ns(tag)


class Dispatcher(AioReactor):
    """Hands each event to the handlers of its type, else to those of the rest."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        # The package's own PONG loses words and fails without an argument; ours answers.
        self.handlers.clear()
        self._fallback: Handler | None = None
        self._first: Callable[[LineEvent], bool] | None = None

    def before_each(self, handler: Callable[[LineEvent], bool]) -> None:
        """Call ``handler`` with every event before its own handlers; True keeps it from them."""
        self._first = handler

    def on(self, commands: str, handler: Handler) -> None:
        """Call ``handler`` for each of the commands or numerics, written with blanks between."""
        for command in commands.split():
            self.add_global_handler(event_type(command), lambda _link, event: handler(event))

    def otherwise(self, handler: Handler) -> None:
        """Call ``handler`` for whatever nobody asked for."""
        self._fallback = handler

    def dispatch(self, event: LineEvent) -> None:
        if self._first is not None and self._first(event):
            return
        self.handle_now(event)

    def handle_now(self, event: LineEvent) -> None:
        """Hand an event to its handlers, whatever batch it may belong to."""
        if event.type in self.handlers:
            self._handle_event(None, event)
        elif self._fallback is not None:
            self._fallback(event)


class Link(BaseLink[FramedLine, Transport]):
    """The engine's end of one transport."""

    def __init__(
        self,
        account: AccountId,
        dispatcher: Dispatcher,
        emit: EventSink,
        on_closed: Callable[[str], None],
        timing: Timing,
    ) -> None:
        super().__init__(account, emit, timing, on_closed, slice_s=SLICE_S, max_inbox=MAX_INBOX)
        self._dispatcher = dispatcher
        self._framer = LineFramer()
        self._malformed = 0

    @property
    def is_trusted(self) -> bool:
        """The other end's certificate was accepted for a reason: verified, or pinned."""
        tls = self._transport.connection.tls if self._transport is not None else None
        return tls is not None and tls.trust != "unverified"

    # -- sending

    def send(
        self,
        command: str,
        *parameters: str,
        tags: dict[str, str] | None = None,
        limit: int = LINE_LIMIT,
    ) -> WireRange:
        """Write one line at once.

        Raises LocalProtocolError when the grammar forbids it, ConnectError when offline.
        """
        return self.send_bytes(format_line(command, *parameters, tags=tags, limit=limit))

    def send_bytes(self, line: bytes) -> WireRange:
        """Write one line, already formatted, without its line end."""
        return self._write(line + b"\r\n", mask_line(line.decode("utf-8")))

    # -- receiving

    def _cut(self, chunk: bytes, origin: ByteRange, exact: bool) -> None:
        self._inbox.extend(self._framer.feed(chunk, origin, exact))

    def _receive(self, item: FramedLine) -> None:
        text, _ = decode(item.line)
        now_ns = self._timing.clock_ns()
        wire = self._wire_of(item.span)
        try:
            line = parse(text)
            if item.is_too_long:
                raise RemoteProtocolError("The line is longer than IRC allows; it was cut.")
        except RemoteProtocolError as error:
            self._emit(LineSeen(self._account, Direction.RECEIVED, text, now_ns, wire, True))
            self._complain(error.message, text)
            return
        shown = mask_line(text, line)
        self._emit(LineSeen(self._account, Direction.RECEIVED, shown, now_ns, wire))
        try:
            time_ns = server_time_ns(line.tags.get("time", "")) or now_ns
            self._dispatcher.dispatch(LineEvent(line, wire, time_ns))
        except ConnectError:
            log.debug("No answer to a line: the connection is closing")
        except Exception:  # A fault of ours costs one line, never the connection.
            log.exception("Handling a line failed: %.200s", shown)
            self._complain("It is well-formed, but handling it failed.", shown)

    def _complain(self, why: str, line: str) -> None:
        self._malformed += 1
        if self._malformed > _MAX_MALFORMED_SHOWN:
            return
        text = f"A line of the server was not understood. {why} “{line[:_MAX_SHOWN_LENGTH]}”"
        if self._malformed == _MAX_MALFORMED_SHOWN:
            text += " Further such lines are counted only."
        now_ns = self._timing.clock_ns()
        self._emit(Informed(self._account, text, now_ns, severity=Severity.WARNING))
