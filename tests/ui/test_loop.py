"""asyncio on Qt's event loop: order, precision, and nothing that outlives its use."""

import asyncio
import time
from collections.abc import Callable, Coroutine

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from chatlab.app.loop import TURN_S, QtLoop

Run = Callable[[Coroutine[object, object, None]], None]


@pytest.fixture
def run(qapp: QApplication) -> Run:
    def run_to_its_end(work: Coroutine[object, object, None]) -> None:
        with asyncio.Runner(loop_factory=QtLoop) as runner:
            runner.run(work)

    return run_to_its_end


def test_what_is_delayed_comes_in_its_order_and_what_is_cancelled_never(run: Run) -> None:
    async def work() -> None:
        loop, came = asyncio.get_running_loop(), list[str]()
        loop.call_later(0.03, came.append, "third")
        loop.call_later(0.01, came.append, "first")
        loop.call_later(0.015, came.append, "never").cancel()
        loop.call_later(0.02, came.append, "second")
        loop.call_later(10**9, came.append, "in thirty years")
        await asyncio.sleep(0.04)
        assert came == ["first", "second", "third"]

    run(work())


def test_a_sleep_never_ends_early(run: Run) -> None:
    async def work() -> None:
        for delay in (0.0004, 0.003, 0.0101):
            began = time.monotonic()
            await asyncio.sleep(delay)
            assert time.monotonic() - began >= delay

    run(work())


def test_what_is_due_does_not_wait_for_another_turn(run: Run) -> None:
    """However busy the queue of what is ready: its next turn takes along what is due by then."""

    async def work() -> None:
        loop, turns, due_in = asyncio.get_running_loop(), 0, list[int]()
        is_over = asyncio.Event()

        def go_on() -> None:
            nonlocal turns
            turns += 1
            if turns < 5:
                time.sleep(1.25 * TURN_S)  # Works, as a flood of lines does.
                loop.call_soon(go_on)
            else:
                is_over.set()

        loop.call_later(0.001, lambda: due_in.append(turns))
        loop.call_soon(go_on)
        await is_over.wait()
        assert due_in == [1]

    run(work())


def test_a_timeout_that_was_not_needed_is_forgotten_at_once(run: Run) -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QtLoop)
        async with asyncio.timeout(3600):
            await asyncio.sleep(0)
        assert loop._own_timers is not None
        assert not loop._own_timers._later

    run(work())


def test_a_turn_of_qt_inside_a_task_runs_no_other_task(run: Run) -> None:
    async def work() -> None:
        steps: list[str] = []

        async def other() -> None:
            for step in ("one", "two"):
                steps.append(step)
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        for _ in range(5):
            QApplication.processEvents()
        assert steps == []
        await task
        assert steps == ["one", "two"]

    run(work())


def test_the_end_of_a_turn_comes_before_anything_is_painted(run: Run, qapp: QApplication) -> None:
    """However much is ready: what a turn has to finish is not put off to the next one."""

    async def work() -> None:
        loop, came = asyncio.get_running_loop(), list[str]()
        assert isinstance(loop, QtLoop)
        is_over = asyncio.Event()
        QTimer.singleShot(0, lambda: came.append("Qt"))

        def long() -> None:
            came.append("work")
            loop.at_turn_end(lambda: came.append("end"))
            loop.call_soon(came.append, "next turn")
            loop.call_soon(is_over.set)
            time.sleep(1.25 * TURN_S)

        loop.call_soon(long)
        await is_over.wait()
        assert came.index("end") == came.index("work") + 1
        assert came.index("end") < came.index("next turn")

    run(work())
