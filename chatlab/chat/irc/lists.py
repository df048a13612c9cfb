"""The list of a network's channels (LIST): asked for carefully, handed on in blocks, stoppable."""

import asyncio
import re

from chatlab.chat.irc.context import Context
from chatlab.chat.irc.link import Dispatcher, LineEvent
from chatlab.chat.irc.numerics import explain
from chatlab.core.errors import UsageError
from chatlab.core.listings import ChannelsListed, ListedChannel

BLOCK = 500
"""Rows handed on at once."""
FLUSH_S = 0.25
"""How long a row of a slow list waits for company."""
MAX_ROWS = 200_000
LONG_LIST = 1_000
"""Channels from which a list is long enough for a careless server to cut its own connection."""
ALL, STOP = "all", "stop"
_MODES_BEFORE_TOPIC = re.compile(r"\[\+[^\]]*\] ?")
"""Some servers put a channel's modes before its topic: ``[+nt] Welcome``."""


class ChannelList:
    """LIST of one connection, one at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._state = context.state
        self._rows: list[ListedChannel] = []
        self._count = 0
        self._is_running = False
        self._is_stopped = False
        """Nobody wants what still arrives of this list."""
        self._flush: asyncio.Task[None] | None = None

    def handle(self, dispatcher: Dispatcher) -> None:
        dispatcher.on("254", self._on_count)
        dispatcher.on("321", lambda event: None)  # RPL_LISTSTART, which new servers leave out.
        dispatcher.on("322", self._on_row)
        dispatcher.on("323", self._on_end)
        dispatcher.on("263 416", self._on_refused)

    def ask(self, words: str) -> None:
        """``/list [>users] [mask]``, ``/list all`` or ``/list stop``. Raises UsageError."""
        wanted = words.strip()
        if wanted.lower() == STOP:
            self._stop()
            return
        if self._is_running:
            raise UsageError(
                "The server is still sending the list that was asked for.",
                "Wait for its end; /list stop leaves the rest out.",
            )
        parameters = self._parameters(wanted)
        self._context.outbox.put_command("LIST", *parameters)
        self._rows.clear()
        self._count = 0
        self._is_running, self._is_stopped = True, False

    def _parameters(self, wanted: str) -> list[str]:
        isupport = self._state.isupport
        if wanted.lower() == ALL:
            return []
        if not wanted:
            count = self._state.channel_count
            if not isupport.has("SAFELIST") and (count is None or count > LONG_LIST):
                raise UsageError(
                    "This server may cut the connection when it has to send a long list "
                    "(it does not announce SAFELIST).",
                    "Ask for busy channels only, /list >50, or for all the same: /list all.",
                )
            return []
        filters = isupport.text("ELIST").upper()
        for word in wanted.replace(",", " ").split():
            if word[0] in "<>" and "U" not in filters:
                raise UsageError(
                    "This server cannot list channels by their number of users.",
                    "Ask for all, /list all, and filter the list.",
                )
            if ("*" in word or "?" in word) and "M" not in filters:
                raise UsageError(
                    "This server cannot list channels by a mask.",
                    "Ask for all, /list all, and filter the list.",
                )
        return [",".join(wanted.replace(",", " ").split())]

    def _stop(self) -> None:
        if self._is_running and not self._is_stopped:
            self._is_stopped = True
            self._hand_on(is_complete=True, problem="You stopped the list.")

    # -- what the server says

    def _on_count(self, event: LineEvent) -> None:
        """``254 <me> <count> :channels formed``, in the greeting and after LUSERS."""
        text = event.parameter(1)
        if text.isascii() and text.isdigit() and len(text) < 10:
            self._state.channel_count = int(text)
        self._tell(event)

    def _on_row(self, event: LineEvent) -> None:
        """``322 <me> <channel> <users> :<topic>``."""
        name, users, topic = event.parameter(1), event.parameter(2), event.parameter(3)
        if not self._is_running:
            self._context.inform(f"{name}: {users} users. {topic}", event, code="322")
            return
        if self._is_stopped or self._count >= MAX_ROWS or not name:
            return
        self._count += 1
        count = int(users) if users.isascii() and users.isdigit() and len(users) < 10 else 0
        topic = topic[match.end() :] if (match := _MODES_BEFORE_TOPIC.match(topic)) else topic
        self._rows.append(ListedChannel(name, count, topic))
        if len(self._rows) >= BLOCK:
            self._hand_on()
        elif self._flush is None:
            self._flush = self._context.timers.call_later(FLUSH_S, self._hand_on)

    def _on_end(self, event: LineEvent) -> None:
        if self._is_running and not self._is_stopped:
            is_cut = self._count >= MAX_ROWS
            problem = f"Only the first {MAX_ROWS} channels are shown." if is_cut else ""
            self._hand_on(is_complete=True, problem=problem)
        self._is_running = False

    def _on_refused(self, event: LineEvent) -> None:
        """``263 <me> LIST :Please wait`` or ``416 <me> LIST :Output too long``."""
        if self._is_running and event.parameter(1).upper() == "LIST":
            said = explain(event.line.command, event.line.parameters)
            self._is_running = False
            if not self._is_stopped:
                self._hand_on(is_complete=True, problem=f"{said.text} {said.hint}".strip())
            return
        self._tell(event)

    def _tell(self, event: LineEvent) -> None:
        said = explain(event.line.command, event.line.parameters)
        self._context.inform(
            said.text, event, severity=said.severity, hint=said.hint, code=event.line.command
        )

    def _hand_on(self, *, is_complete: bool = False, problem: str = "") -> None:
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        rows, self._rows = tuple(self._rows), []
        self._context.emit(
            ChannelsListed(
                self._context.account.id,
                rows,
                self._context.timing.clock_ns(),
                is_complete,
                problem,
            )
        )
