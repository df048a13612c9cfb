"""What the engines have in common: attempt after attempt, whatever goes wrong."""

import asyncio
from collections.abc import Callable

import pytest

from chatlab.chat.kept_connection import MAX_BACKOFF_S, KeptConnection
from chatlab.chat.lasting import BaseLasting
from chatlab.chat.timing import Timing
from chatlab.chat.verdict import Verdict
from chatlab.core.connection import LinkState
from chatlab.core.events import ChatEvent, LinkChanged
from tests.helpers.irc_play import ACCOUNT


class Attempts(KeptConnection):
    """Each attempt ends at once, as the test says."""

    def __init__(self, attempt: Callable[[int], Verdict], sink: Callable[[ChatEvent], None]):
        self.slept: list[float] = []

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            await asyncio.sleep(0)

        super().__init__(ACCOUNT, sink, Timing(sleep=sleep, random=lambda: 0.0))
        self._wanted = BaseLasting(ACCOUNT.channels)
        self._attempt = attempt
        self.count = 0
        self.ends: list[str] = []

    @property
    def _lasting(self) -> BaseLasting:
        return self._wanted

    @property
    def _is_connected(self) -> bool:
        return False

    async def _leave(self, reason: str) -> None:
        raise AssertionError("there is nothing to leave")

    async def _attempt_once(self) -> tuple[Verdict, float]:
        self.count += 1
        return self._attempt(self.count), 0.0

    def _ask_for_life(self) -> None:
        raise AssertionError("there is nobody to ask")

    def _rest(self, reason: str) -> None:
        self.ends.append(reason)

    def _pause(self, reason: str) -> None:
        pass

    async def to_the_end(self) -> None:
        self.start()
        assert self._task is not None
        await self._task


def last_state(events: list[ChatEvent]) -> LinkChanged:
    change = events[-1]
    assert isinstance(change, LinkChanged)
    return change


def test_waits_double_up_to_a_minute_however_many_attempts_fail() -> None:
    events: list[ChatEvent] = []
    most = 1_100  # 2.0 ** 1024 is no number any more.
    made = Attempts(lambda number: Verdict("down", may_retry=number < most), events.append)
    asyncio.run(made.to_the_end())
    assert made.slept[:7] == [1, 2, 4, 8, 16, 32, MAX_BACKOFF_S]
    assert set(made.slept[7:]) == {MAX_BACKOFF_S}
    assert (made.count, made.ends) == (most, ["down"])
    assert last_state(events).is_fault


def test_an_upgrade_waits_for_nothing() -> None:
    events: list[ChatEvent] = []
    made = Attempts(
        lambda number: Verdict("x", may_retry=False, is_upgrade=number == 1), events.append
    )
    asyncio.run(made.to_the_end())
    assert (made.count, made.slept) == (2, [])


def test_a_fault_of_the_engine_shows_the_account_as_off(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events: list[ChatEvent] = []

    def fail(number: int) -> Verdict:
        raise ZeroDivisionError

    made = Attempts(fail, events.append)
    asyncio.run(made.to_the_end())
    change = last_state(events)
    assert (change.state, change.is_fault) == (LinkState.OFFLINE, True)
    assert "its log says where" in change.detail
    assert "The engine of Test failed" in caplog.text


def test_a_listener_that_fails_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def sink(event: ChatEvent) -> None:
        raise ZeroDivisionError

    made = Attempts(lambda number: Verdict("no", may_retry=False), sink)
    asyncio.run(made.to_the_end())
    assert made.ends == ["no"]
    assert "A listener failed on LinkChanged" in caplog.text
