"""Lines of standard input for the event loop, whatever it is: terminal, pipe or file.

A thread reads, because no event loop waits for all three on every system. It reads the descriptor
itself: a thread that is stuck in Python's buffered reader would not let the interpreter end.
"""

import asyncio
import os
import threading

MAX_LINE_BYTES = 64 << 10
_CHUNK = 4096


class InputLines:
    """``await next()`` gives the next line without its end, then None for ever."""

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._is_over = False
        threading.Thread(target=self._read, name="standard input", daemon=True).start()

    async def next(self) -> str | None:
        if self._is_over:
            return None
        line = await self._queue.get()
        self._is_over = line is None
        return line

    def _read(self) -> None:
        pending = b""
        while data := self._read_some():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._put(line)
            if len(pending) > MAX_LINE_BYTES:  # Nobody typed that; the rest is another line.
                self._put(pending)
                pending = b""
        if pending:
            self._put(pending)
        self._put(None)

    def _read_some(self) -> bytes:
        try:
            return os.read(self._descriptor, _CHUNK)
        except OSError:  # Closed, or there never was one: the end of input.
            return b""

    def _put(self, line: bytes | None) -> None:
        text = None if line is None else line.decode("utf-8", "replace").rstrip("\r")
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, text)
        except RuntimeError:  # The loop is closed; nobody listens any more.
            return
