"""One run of the capture process, as its parent sees it."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from chatlab.capture.child import environment, module_command
from chatlab.capture.control import LineBuffer, Words, encode

_log = logging.getLogger(__name__)

_READ_SIZE = 64 * 1024
HELPER = "chatlab.capture.helper"
RETRY_S = 0.01
"""Between two looks whether the channel of the descriptors has room again."""
_HAS_DESCRIPTORS = sys.platform == "linux"


class HelperProcess:
    """Starts it, talks to it, and tells when it is gone."""

    def __init__(
        self,
        on_words: Callable[[dict[str, object]], None],
        on_exit: Callable[["HelperProcess", str], None],
    ) -> None:
        """``on_exit`` gets the process's last words, empty when it ended as it should."""
        self._on_words = on_words
        self._on_exit = on_exit
        self._process: asyncio.subprocess.Process | None = None
        self._channel: socket.socket | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[Words, int]] = deque()
        """Commands that wait for room in the channel, with duplicates of their descriptors."""
        self._retry: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self, file: Path, arena: int, whole_until: int, *, polling: bool) -> None:
        """Returns as soon as the process exists; it hears commands from then on.

        Raises OSError when it cannot be started.
        """
        arguments = ["--file", str(file), "--whole-until", str(whole_until)]
        inherited = []
        theirs = None
        if arena >= 0:
            arguments += ["--arena", str(arena)]
            inherited.append(arena)
        if polling:
            arguments.append("--polling")
        if _HAS_DESCRIPTORS:
            self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._channel.setblocking(False)
            arguments += ["--descriptors", str(theirs.fileno())]
            inherited.append(theirs.fileno())
        try:
            self._process = await _spawn(module_command(HELPER, *arguments), inherited)
        finally:
            if theirs is not None:
                theirs.close()
        self._watcher = asyncio.create_task(self._watch(self._process))

    def send(self, words: Words, descriptor: int = -1) -> None:
        """Give a command, with a descriptor where it needs one. Never blocks.

        Linux lets fewer than 300 descriptors wait in a channel; of a process that is just starting,
        the others wait here. What a dead process is told is lost; ``on_exit`` says that it is dead.
        """
        if not self._waiting and self._give(words, descriptor):
            return
        try:
            # The original may be closed, and its number be another's, until it is passed on.
            own = os.dup(descriptor) if descriptor >= 0 else -1
        except OSError as error:
            _log.error("keeping a packet socket: %s", error)
            return
        self._waiting.append((words, own))
        self._try_later()

    def _give(self, words: Words, descriptor: int) -> bool:
        """False while the channel is full."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return True
        if descriptor >= 0 and self._channel is not None:
            try:
                socket.send_fds(self._channel, [b"packet socket"], [descriptor])
            except BlockingIOError:
                return False
            except OSError as error:
                # The process is dying; its successor is given the descriptor anew.
                _log.warning("passing a packet socket: %s", error)
                return True
        process.stdin.write(encode(words))
        return True

    def _try_later(self) -> None:
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY_S, self._give_waiting)

    def _give_waiting(self) -> None:
        self._retry = None
        while self._waiting:
            if not self._give(*self._waiting[0]):
                self._try_later()
                return
            self._drop_first()

    def _drop_first(self) -> None:
        _, descriptor = self._waiting.popleft()
        if descriptor >= 0:
            os.close(descriptor)

    def _forget_waiting(self) -> None:
        """Nobody will hear it any more."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        while self._waiting:
            self._drop_first()

    async def wait(self, timeout_s: float) -> None:
        """Until it has ended by itself, or is killed because it did not in time."""
        if self._watcher is None:
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._watcher), timeout_s)
        except TimeoutError:
            self.kill()
            await self._watcher

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        errors = asyncio.create_task(self._read_errors(process))
        lines = LineBuffer()
        while data := await process.stdout.read(_READ_SIZE):
            try:
                found = list(lines.feed(data))
            except ValueError as error:
                _log.error("the capture process speaks nonsense: %s", error)
                process.kill()
                break
            for words in _newest(found):
                self._tell(words)
        code = await process.wait()
        _end_group(process.pid)
        last_words = await errors
        self._forget_waiting()
        if process.stdin is not None:
            process.stdin.close()
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if code and not last_words:
            last_words = f"it was ended by signal {-code}" if code < 0 else f"exit code {code}"
        self._on_exit(self, last_words if code else "")

    def _tell(self, words: dict[str, object]) -> None:
        try:
            self._on_words(words)
        except Exception:  # a fault of the listener's must not end the capture
            _log.exception("a notice of the capture process")

    async def _read_errors(self, process: asyncio.subprocess.Process) -> str:
        """Log what it complains about, and keep the last of it."""
        assert process.stderr is not None
        last = ""
        while data := await process.stderr.read(_READ_SIZE):
            for line in data.decode("utf-8", "replace").splitlines():
                last = line.strip() or last
                _log.warning("capture process: %s", line)
        return last


def _newest(words: list[dict[str, object]]) -> list[dict[str, object]]:
    """Leave out progress that newer progress behind it makes stale."""
    kept = [each for each in words[:-1] if next(iter(each), "") != "position"]
    return kept + words[-1:]


async def _spawn(command: Sequence[str], inherited: Sequence[int]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        pass_fds=tuple(inherited),
        # A group of its own: Ctrl-C in a terminal is not for it, nor for a dumpcap of its.
        start_new_session=True,
    )


def _end_group(pid: int) -> None:
    """End what a capture process left behind when it was killed: a dumpcap without a reader."""
    if sys.platform == "win32":
        return
    try:
        os.killpg(pid, signal.SIGTERM)
    except ProcessLookupError:
        return  # The rule: nothing is left.
    except PermissionError as error:
        _log.warning("ending what the capture process left behind: %s", error)
