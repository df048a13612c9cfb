"""A terminal program driven by a test: keys in, screen output out, nothing but a deadline.

The program's output is read all the time, by a thread, so it never blocks on a full terminal.
What is waited for is matched against the text without its escape sequences; each match is
consumed, so waiting twice for the same words means that they must come twice.
"""

import os
import re
import struct
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: cursor, colours, modes
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: titles
    r"|\x1b[()*+][0-9A-Za-z]"  # character sets
    r"|\x1b[=>78cDEHMNOZ]"
    r"|[\x0e\x0f\x07]"
)
_MOVES = re.compile(r"\x1b\[\d*(?:;\d*)?[Hdf]")
_CLOSE_TIMEOUT_S = 5.0
_TAIL = 2000


class Terminal:
    """A program in a pseudo-terminal; a context manager that ends it."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        columns: int = 200,
        rows: int = 50,
        cwd: Path | None = None,
    ) -> None:
        # Absent on Windows, where this module must still be importable.
        import fcntl
        import pty
        import termios

        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._text = ""
        self._position = 0
        self._changed = threading.Condition()
        self._is_at_end = False
        self._is_closed = False
        environment = {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **(env or {})}
        try:
            self.process = subprocess.Popen(
                argv,
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env=environment,
                cwd=cwd,
                start_new_session=True,
            )
        finally:
            os.close(slave)
        self._reader = threading.Thread(target=self._read, name=f"terminal {argv[0]}", daemon=True)
        self._reader.start()

    def send(self, text: str) -> None:
        """Press keys; a line is entered with ``\\r``, as a keyboard does."""
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def enter(self, line: str) -> None:
        """Type a line and press Return."""
        self.send(line + "\r")

    def wait_for(self, pattern: str, timeout: float = 20.0) -> re.Match[str]:
        """The next text that matches; raises AssertionError with the screen's end otherwise."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (found := wanted.search(self._text, self._position)):
                rest = deadline - time.monotonic()
                if self._is_at_end or rest <= 0:
                    why = "the program has ended" if self._is_at_end else f"{timeout:.0f} s passed"
                    shown = self._text[self._position :][-_TAIL:]
                    raise AssertionError(f"“{pattern}” did not appear: {why}; seen:\n{shown}")
                self._changed.wait(rest)
            self._position = found.end()
            return found

    def text(self) -> str:
        """All that was shown so far, without escape sequences."""
        with self._changed:
            return self._text

    def close(self) -> None:
        """End the program, politely at first."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_CLOSE_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(_CLOSE_TIMEOUT_S)
        if not self._is_closed:
            self._is_closed = True
            os.close(self._master)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read(self) -> None:
        raw = b""
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                # Linux reports the end of a pseudo-terminal as an input/output error.
                data = b""
            raw += data
            # An escape sequence or a character may be cut in the middle: keep the end back.
            cut = _safe_length(raw) if data else len(raw)
            text, raw = raw[:cut].decode(errors="replace"), raw[cut:]
            with self._changed:
                self._text += _ESCAPES.sub("", _MOVES.sub("\n", text))
                self._is_at_end = not data
                self._changed.notify_all()
            if not data:
                return


def _safe_length(raw: bytes) -> int:
    """How much of ``raw`` can be decoded without cutting a sequence at its end."""
    escape = raw.rfind(b"\x1b", max(0, len(raw) - 32))
    if escape >= 0 and not _ESCAPES.match(raw[escape:].decode("latin-1")):
        return escape
    for back in range(1, min(4, len(raw)) + 1):
        byte = raw[-back]
        if byte & 0xC0 != 0x80:
            needed = 1 + (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
            return len(raw) - back if needed > back else len(raw)
    return len(raw)
