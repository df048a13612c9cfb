"""Rows at hand: asked for once, compared when there is news, and forgotten when nobody looks."""

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from pytestqt.qtbot import QtBot

from chatlab.analysis.rows import FrameRow
from chatlab.core.frame import Exposure
from chatlab.ui.models import frame_rows
from chatlab.ui.models.frame_rows import FrameRows
from chatlab.ui.ports import WireFeed


class Rows:
    """A feed that has nothing but rows, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.info: dict[int, str] = {}

    def row(self, number: int) -> FrameRow:
        self.asked.append(number)
        blank = FrameRow(
            number=number,
            time_s=0.0,
            source="",
            destination="",
            protocol="IRC",
            length=60,
            info="",
            exposure=Exposure.READABLE,
            why="",
            messages=(),
        )
        return replace(blank, info=self.info.get(number, ""))


def rows_of(feed: Rows) -> FrameRows:
    return FrameRows(cast(WireFeed, feed))


def test_a_row_is_asked_for_once_until_there_is_news() -> None:
    feed = Rows()
    rows = rows_of(feed)
    assert rows.row(7) is rows.row(7)
    assert feed.asked == [7]


def test_news_name_the_rows_that_say_something_else(qtbot: QtBot) -> None:
    feed = Rows()
    rows = rows_of(feed)
    for number in (1, 2, 3):
        rows.row(number)
    feed.info[2] = "PRIVMSG #lab :hello"
    with qtbot.waitSignal(rows.changed) as told:
        rows.renew()
    assert told.args == [{2}]
    assert rows.row(2).info == "PRIVMSG #lab :hello"


def test_rows_that_nobody_looks_at_any_more_are_not_asked_for(qtbot: QtBot) -> None:
    feed = Rows()
    rows = rows_of(feed)
    rows.row(1)
    rows.renew()
    rows.renew()
    feed.asked.clear()
    rows.row(2)
    feed.info[2] = "PRIVMSG #lab :hello"
    with qtbot.waitSignal(rows.changed):
        rows.renew()
    assert feed.asked == [2, 2]


def test_what_does_not_fit_into_one_turn_is_compared_in_later_ones(qtbot: QtBot) -> None:
    feed, told = Rows(), set[int]()
    rows = rows_of(feed)
    rows.changed.connect(told.update)
    clock = iter(range(1_000_000))
    for number in range(1, 6):
        rows.row(number)
        feed.info[number] = "changed"
    slow = SimpleNamespace(monotonic=lambda: next(clock) * frame_rows.SLICE_S)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_rows, "time", slow)
        with qtbot.waitSignal(rows.changed):
            rows.renew()
        assert len(told) < 5
        qtbot.waitUntil(lambda: told == {1, 2, 3, 4, 5})
