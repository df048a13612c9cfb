"""One capture process at a time, whoever starts, stops or gives up while it comes up."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from chatlab.capture import source as source_module
from chatlab.capture.control import Words
from chatlab.capture.permission import Backend
from chatlab.capture.source import CaptureSource
from chatlab.core.capture import CaptureIdle, CaptureLive, CaptureStatus
from tests.helpers.capturing import only, until

LIMIT_S = 20.0


class Helper:
    """Stands for a capture process; comes up when ``gate`` is open."""

    made: list["Helper"]
    gate: asyncio.Event

    def __init__(
        self,
        on_words: Callable[[dict[str, object]], None],
        on_exit: Callable[["Helper", str], None],
    ) -> None:
        self.made.append(self)
        self._on_exit = on_exit
        self.told: list[Words] = []
        self.is_up = False
        self.was_up = asyncio.Event()
        self.pid = len(self.made)

    async def start(self, file: Path, arena: int, whole_until: int, *, polling: bool) -> None:
        self.was_up.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        self.is_up = True

    def send(self, words: Words, descriptor: int = -1) -> None:
        assert self.is_up
        self.told.append(words)

    def kill(self) -> None:
        self.is_up = False

    async def wait(self, timeout_s: float) -> None:
        assert self.is_up == ({"stop": True} in self.told)
        await asyncio.sleep(0)
        self.is_up = False

    def die(self) -> None:
        self.is_up = False
        self._on_exit(self, "it was ended by signal 9")


def play(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[[CaptureSource, list[Helper]], Coroutine[object, object, None]],
) -> list[CaptureStatus]:
    """Have ``run`` act on a source whose processes are ``Helper``s; the statuses told."""
    notices: list[CaptureStatus] = []
    monkeypatch.setattr(source_module, "HelperProcess", Helper)

    async def act() -> None:
        Helper.made, Helper.gate = [], asyncio.Event()
        check = only(Backend.PACKET_SOCKET, "nothing")
        source = CaptureSource(tmp_path / "capture.pcapng", notices.append, check=check)
        await asyncio.wait_for(run(source, Helper.made), LIMIT_S)

    asyncio.run(act())
    return notices


async def coming_up(made: list[Helper], count: int) -> Helper:
    await until(lambda: len(made) >= count)
    await made[-1].was_up.wait()
    return made[-1]


def test_a_stop_waits_for_a_process_that_comes_up_and_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(source: CaptureSource, made: list[Helper]) -> None:
        starting = asyncio.create_task(source.start())
        helper = await coming_up(made, 1)
        stopping = asyncio.create_task(source.stop())
        await asyncio.sleep(0)
        Helper.gate.set()
        await asyncio.gather(starting, stopping)
        assert helper.told == [{"stop": True}]
        assert len(made) == 1

    notices = play(tmp_path, monkeypatch, run)
    assert notices[-1] == CaptureIdle()


def test_a_restart_that_a_stop_overtakes_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(source: CaptureSource, made: list[Helper]) -> None:
        Helper.gate.set()
        await source.start()
        await asyncio.gather(source.restart(), source.stop())
        assert not any(helper.is_up for helper in made)
        assert source.helper_pid is None

    notices = play(tmp_path, monkeypatch, run)
    assert notices[-1] == CaptureIdle()


def test_who_gives_up_while_it_comes_up_leaves_it_to_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(source: CaptureSource, made: list[Helper]) -> None:
        starting = asyncio.create_task(source.start())
        helper = await coming_up(made, 1)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        Helper.gate.set()
        await until(lambda: helper.is_up)
        assert source.helper_pid == helper.pid
        await source.stop()
        assert len(made) == 1

    notices = play(tmp_path, monkeypatch, run)
    assert any(isinstance(status, CaptureLive) for status in notices)


def test_a_death_and_a_restart_at_once_make_one_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(source: CaptureSource, made: list[Helper]) -> None:
        Helper.gate.set()
        await source.start()
        made[0].die()
        await source.restart()
        assert [helper.is_up for helper in made] == [False, True]
        await source.stop()

    play(tmp_path, monkeypatch, run)
