"""Child: the real window, watched from inside. ``python -m tests.bench.watched [--lab]``.

It is started as ``chatlab`` starts it; what is added is a tick, a look at the chats, and a look at
the frame table. It says when it was painted, when both accounts of the lab have joined, how late
its loop was, and, told ``talk``, how late the rows of captured frames came.
"""

import asyncio
import contextlib
import gc
import random
import sys
import time
from collections.abc import Callable, Coroutine

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QApplication

from chatlab.app.lab import LAB_CHANNEL
from chatlab.app.loop import QtLoop
from chatlab.app.window import _Life
from chatlab.core.account import Application
from chatlab.core.chats import ChatKind
from chatlab.core.connection import Connection
from chatlab.core.ports import ChatConnection
from tests.bench.ticker import Ticker, asked, tell

TALKS = 80
"""Messages that are sent to time their frames."""
_LAB_ACCOUNTS = 4
_SEED = 11


class WatchedLife(_Life):
    """One run of the program, with its measurements."""

    async def run(self) -> int:
        ticker = Ticker()
        watching = [ticker.run(), self._tell_painted(), self._obey()]
        if self._is_lab:
            watching.append(self._tell_ready())
        tasks = [_start(work) for work in watching]
        code = await super().run()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        kept = sum(len(chat.entries) + chat.dropped for chat in self._book.chats.values())
        tell(stalls=ticker.stalls, entries=kept)
        return code

    async def _tell_painted(self) -> None:
        await self._painted.wait()
        tell(painted=time.monotonic())

    async def _tell_ready(self) -> None:
        """Both panes show a joined channel with its members, ready to be typed into."""
        await self._until(self._is_ready)
        tell(ready=time.monotonic())

    async def _until(self, is_true: Callable[[], bool]) -> None:
        changed = asyncio.Event()
        stop = self._book.observe(lambda *_: changed.set())
        while not is_true():
            await changed.wait()
            changed.clear()
            await asyncio.sleep(0)  # Let everybody who was told do his part.
        stop()

    def _is_ready(self) -> bool:
        shown = [pane.chat for pane in self._window.chats.panes if pane.chat is not None]
        joined = [chat for chat in shown if chat.kind is ChatKind.CHANNEL and chat.is_joined]
        return len(joined) == 2 and all(len(chat.members) == 2 for chat in joined)

    def _are_all_there(self) -> bool:
        """The lab's other accounts, which nobody sees yet, have joined their rooms, too."""
        return sum(chat.is_joined for chat in self._book.chats.values()) == _LAB_ACCOUNTS

    # -- wire to row

    async def _obey(self) -> None:
        while word := await asked():
            if word == "ports":
                tell(ports=[each.flow.remote.port for each in self._connections()])
            elif word == "talk":
                await self._talk()
            elif word == "leave":
                return

    def _connections(self) -> list[Connection]:
        states = self._book.accounts.values()
        return [state.connection for state in states if state.connection is not None]

    async def _talk(self) -> None:
        """Send at odd moments, so that no timer of ours goes in step."""
        await self._until(self._are_all_there)
        delays: list[float] = []
        model = self._window.wire.frames.model()
        log = self._feed.log

        def note(_parent: QModelIndex, first: int, last: int) -> None:
            now = time.time_ns()
            delays.extend((now - log.time_ns(row + 1)) / 1e6 for row in range(first, last + 1))

        model.rowsInserted.connect(note)
        session = self._backstage.session
        assert session is not None
        dice = random.Random(_SEED)
        speakers = [each for each in session.connections.values() if _is_irc(each)]
        for number in range(TALKS):
            await asyncio.sleep(dice.uniform(0.05, 0.45))
            speakers[number % len(speakers)].send(LAB_CHANNEL, f"What crosses the wire? {number}")
        await session.catch_up()
        await asyncio.sleep(0.2)  # Longer than the pane ever rests between two messages.
        model.rowsInserted.disconnect(note)
        tell(delays=delays)


def _is_irc(connection: ChatConnection) -> bool:
    return connection.account.application is Application.IRC


def _start(work: Coroutine[object, object, None]) -> "asyncio.Task[None]":
    return asyncio.get_running_loop().create_task(work)


def main(arguments: list[str]) -> int:
    gc.disable()  # As the program does until it is painted.
    application = QApplication(sys.argv[:1])
    application.setApplicationName("ChatLab")
    application.setQuitOnLastWindowClosed(False)
    with asyncio.Runner(loop_factory=QtLoop) as runner, contextlib.suppress(BrokenPipeError):
        return runner.run(WatchedLife(application, is_lab="--lab" in arguments, file=None).run())
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
