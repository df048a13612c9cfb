"""What the window and the capture process say to one another: one JSON object a line.

Commands go to the process's standard input, notices come from its standard output, on every
system alike. On Linux packet sockets travel beside them over a Unix socket pair, each sent before
the command that names its flow.

Command                                       Notice
{"add": 1, "flow": {…}, "via": "descriptor",  {"added": 1} or {"refused": 1, "reason", "hint"}
 "late": false}
{"add": 2, "interface": "eth0",               the same; everything that crosses it, but
 "promiscuous": false, "via": …}               what the flows above take themselves
{"remove": 1, "closed_ns": …}                 {"removed": 1}, when its last frames are written
{"secret": "CLIENT_RANDOM …"}
{"sync": 7}                                   {"synced": 7, position, frames, dropped}
{"stop": true}                                {"stopped": true, position, …}
                                              {"ready": true, position, …} first of all
                                              {"position", "frames", "dropped", "fault", "hint"}
"""

import json
import os
import queue
import selectors
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Protocol

from chatlab.core.flow import Endpoint, FlowKey, Transport

Value = str | int | bool | list[str | int] | Mapping[str, "Value"]
Words = Mapping[str, Value]

VIA_DESCRIPTOR, VIA_PCAP, VIA_DUMPCAP = "descriptor", "pcap", "dumpcap"
_READ_SIZE = 64 * 1024
_MAX_LINE = 1024 * 1024
_POLL_S = 0.01


def encode(words: Words) -> bytes:
    return json.dumps(words, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def flow_words(flow: FlowKey) -> Words:
    return {
        "local": [flow.local.address, flow.local.port],
        "remote": [flow.remote.address, flow.remote.port],
        "transport": flow.transport.name,
    }


def read_flow(words: Mapping[str, object]) -> FlowKey:
    """The inverse of ``flow_words``. Raises ValueError or KeyError."""
    local, remote = words["local"], words["remote"]
    if not isinstance(local, list) or not isinstance(remote, list):
        raise ValueError("an endpoint is a list of address and port")
    return FlowKey(
        Endpoint(str(local[0]), int(local[1])),
        Endpoint(str(remote[0]), int(remote[1])),
        Transport[str(words["transport"])],
    )


class LineBuffer:
    """Cuts bytes into lines; a line beyond all measure ends the conversation."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[dict[str, object]]:
        """Raises ValueError for what is not a JSON object."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE:
            raise ValueError("a control line is too long")
        for line in lines:
            words = json.loads(line)
            if not isinstance(words, dict):
                raise ValueError("a control line is no object")
            yield words


class HasFileno(Protocol):
    def fileno(self) -> int: ...


class SelectorWaiter:
    """Waits for commands and frames at once (POSIX)."""

    def __init__(self) -> None:
        os.set_blocking(0, False)
        os.set_blocking(1, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ)
        self._lines = LineBuffer()
        self._backlog = b""
        self.is_closed = False
        """The window has hung up: time to stop."""

    def watch(self, source: HasFileno) -> None:
        self._selector.register(source, selectors.EVENT_READ)

    def unwatch(self, source: HasFileno) -> None:
        self._selector.unregister(source)

    def wait(self, timeout: float | None) -> list[dict[str, object]]:
        """Commands that have come; returns early when a watched source has frames."""
        if self._backlog:
            self._push()
        if self._backlog:
            timeout = _POLL_S if timeout is None else min(timeout, _POLL_S)
        ready = self._selector.select(timeout)
        if not any(key.fileobj == 0 for key, _ in ready):
            return []
        try:
            data = os.read(0, _READ_SIZE)
        except BlockingIOError:
            return []
        if not data:
            self._selector.unregister(0)
            self.is_closed = True
        return list(self._lines.feed(data))

    def say(self, words: Words) -> None:
        """Tell the window; never blocks, however busy the window is."""
        self._backlog += encode(words)
        self._push()

    @property
    def is_congested(self) -> bool:
        """The window has not read yet what was said; progress can wait."""
        return bool(self._backlog)

    def _push(self) -> None:
        try:
            self._backlog = self._backlog[os.write(1, self._backlog) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._backlog = b""
            self.is_closed = True


class PollingWaiter:
    """The same where pipes cannot be selected (Windows): a thread reads, frames are polled."""

    is_congested = False

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self.is_closed = False
        threading.Thread(target=self._read, name="control", daemon=True).start()

    def _read(self) -> None:
        lines = LineBuffer()
        try:
            while data := os.read(0, _READ_SIZE):
                for words in lines.feed(data):
                    self._commands.put(words)
        finally:
            self._commands.put(None)

    def watch(self, source: HasFileno) -> None:
        """Every source is polled; nothing to register."""

    def unwatch(self, source: HasFileno) -> None:
        """See ``watch``."""

    def wait(self, timeout: float | None) -> list[dict[str, object]]:
        """Commands that have come within one polling interval."""
        found: list[dict[str, object]] = []
        try:
            words = self._commands.get(timeout=_POLL_S)
            while True:
                if words is None:
                    self.is_closed = True
                else:
                    found.append(words)
                words = self._commands.get_nowait()
        except queue.Empty:
            return found

    def say(self, words: Words) -> None:
        try:
            os.write(1, encode(words))
        except OSError:
            self.is_closed = True


Waiter = SelectorWaiter | PollingWaiter


def make_waiter(*, polling: bool = sys.platform == "win32") -> Waiter:
    return PollingWaiter() if polling else SelectorWaiter()
