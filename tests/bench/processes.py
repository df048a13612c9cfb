"""Programs under measurement: started alike, watched through /proc, ended by their id."""

import json
import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STOP_TIMEOUT_S = 15.0
_QUIET_S = 0.5
_QUIET_SHARE = 0.15
"""Of one processor: our own ticking takes half of that, a blinking cursor next to nothing."""
_POLL_S = 0.05
QUIET_TIMEOUT_S = 60.0


class BenchError(Exception):
    """A measurement could not be made; the words say why."""


def child_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment like a user's: a home of its own, Python's byte code kept."""
    drop = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    base = {name: value for name, value in os.environ.items() if name not in drop}
    own = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_RUNTIME_DIR": str(home),
        "CHATLAB_HOME": str(home / "chatlab"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }
    return base | own | more


# --- what a process uses --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program and all that it started use."""

    cpu_s: float
    rss_mb: float


def family(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                yield from family(int(child))
    except (FileNotFoundError, ProcessLookupError):
        return  # It ended while we looked.


def usage(pid: int) -> Usage:
    """CPU time so far and memory now; of children that ended, their parent knows the time."""
    cpu = rss = 0
    for member in family(pid):
        try:
            words = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        cpu += sum(map(int, words[11:15]))
        rss += int(words[21])
    return Usage(cpu / _TICKS, rss * _PAGE / 1e6)


def wait_until_quiet(pid: int) -> Usage:
    """Return once the program does next to nothing any more."""
    deadline = time.monotonic() + QUIET_TIMEOUT_S
    before = usage(pid)
    while time.monotonic() < deadline:
        time.sleep(_QUIET_S)  # There is no event for "does nothing".
        now = usage(pid)
        if now.cpu_s - before.cpu_s <= _QUIET_S * _QUIET_SHARE:
            return now
        before = now
    raise BenchError(f"process {pid} was still busy after {QUIET_TIMEOUT_S:.0f} s")


# --- starting and ending --------------------------------------------------------------------


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program, politely at first."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose output goes to ``log``, until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process)


@contextmanager
def in_terminal(
    command: Sequence[str], environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a pseudo-terminal of 120 by 40; what it shows is read and thrown away."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    reader = threading.Thread(target=_read_away, args=(master,), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        stop(process)
        reader.join(_STOP_TIMEOUT_S)
        os.close(master)


def _read_away(descriptor: int) -> None:
    while True:
        try:
            if not os.read(descriptor, 65536):
                return
        except OSError:  # Linux's way to say that the terminal's program has ended.
            return


# --- our own children, which tell what they measure -----------------------------------------


class Teller:
    """A child of ours that says JSON objects, one a line, and is told single words."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self._log = log
        self._words: IO[bytes] = process.stdin
        self._told: dict[str, object] = {}
        self._heard = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[bytes]) -> None:
        for line in output:
            with self._heard:
                self._told.update(json.loads(line))
                self._heard.notify_all()
        with self._heard:
            self._is_over = True
            self._heard.notify_all()

    def wait_for(self, what: str, timeout_s: float = 60.0) -> object:
        """The value under ``what`` as soon as the child has said it."""
        with self._heard:
            found = self._heard.wait_for(lambda: what in self._told or self._is_over, timeout_s)
            if not found or what not in self._told:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise BenchError(f"the child never told “{what}”; it wrote:\n{tail}")
            return self._told[what]

    def number(self, what: str, timeout_s: float = 60.0) -> float:
        value = self.wait_for(what, timeout_s)
        assert isinstance(value, int | float), value
        return float(value)

    def stalls(self, timeout_s: float = 60.0) -> list[tuple[float, float, float]]:
        """What its ``Ticker`` noted."""
        value = self.wait_for("stalls", timeout_s)
        assert isinstance(value, list), value
        return [(float(when), float(late), float(worked)) for when, late, worked in value]

    def say(self, word: str) -> None:
        self._words.write(f"{word}\n".encode())
        self._words.flush()

    def finish(self) -> None:
        """End it and hear its last words."""
        self._words.close()
        stop(self.process)
        self._reader.join(_STOP_TIMEOUT_S)


@contextmanager
def telling(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[Teller]:
    """Run one of the bench's own modules as a child."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}", *arguments],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=ROOT,
            start_new_session=True,
        )
    teller = Teller(process, log)
    try:
        yield teller
    finally:
        teller.finish()
        assert process.stdout is not None
        process.stdout.close()


def wait_for(look: Callable[[], bool], what: str, timeout_s: float = 30.0) -> None:
    """Look again and again; raises BenchError naming what did not come."""
    deadline = time.monotonic() + timeout_s
    while not look():
        if time.monotonic() > deadline:
            raise BenchError(f"{what} did not come within {timeout_s:.0f} s")
        time.sleep(_POLL_S)  # Between two looks into another process.
