"""The program without a window, as a process that a test talks to."""

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path

TIMEOUT_S = 30.0


class ConnectClient:
    """``chatlab connect --json``: lines go in, events come out. A context manager that ends it."""

    def __init__(self, *arguments: str, cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chatlab", "connect", *arguments, "--json"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
        )
        self._unread: list[dict[str, object]] = []
        self._deadline = threading.Timer(TIMEOUT_S, self.process.kill)
        self._deadline.start()

    def type(self, *lines: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def event(self, name: str, **values: object) -> dict[str, object]:
        """The next event with this name and these values; each is handed out once.

        Those before it stay: two things that happen at once may be told in any order.
        """
        for index, earlier in enumerate(self._unread):
            if _fits(earlier, name, values):
                return self._unread.pop(index)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event: dict[str, object] = json.loads(line)
            if _fits(event, name, values):
                return event
            self._unread.append(event)
        told = "\n".join(map(str, self._unread))
        raise AssertionError(f"there was no {name} with {values}, only:\n{told}")

    def wait(self) -> int:
        code = self.process.wait(TIMEOUT_S)
        self._deadline.cancel()
        return code

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read()

    def __enter__(self) -> "ConnectClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._deadline.cancel()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def _fits(event: dict[str, object], name: str, values: dict[str, object]) -> bool:
    return event["event"] == name and all(event[key] == values[key] for key in values)
