"""The filter by words: rows that hold them all, in any scope, however long the capture is."""

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.message import MessageId
from chatlab.ui.models import frame_filter
from chatlab.ui.models.frame_filter import FilteredFrames
from chatlab.ui.models.frame_table import Scope, cell_text
from chatlab.ui.widgets.wire_pane import WirePane
from tests.helpers.gallery_a import run_now
from tests.helpers.wire_feed import LAB, PLAIN, FakeFeed, lab_feed, said

HELLO = MessageId("hello")


@pytest.fixture
def feed() -> FakeFeed:
    return lab_feed()


@pytest.fixture
def model(qtbot: QtBot, feed: FakeFeed) -> FilteredFrames:
    made = FilteredFrames(feed)
    made.pull()
    return made


def numbers(model: FilteredFrames) -> list[int]:
    """The frames that are shown, once all were looked at."""
    while model.is_looking:
        QApplication.processEvents()
    return [model.number_at(row) for row in range(model.rowCount())]


def expected(feed: FakeFeed, *words: str) -> list[int]:
    columns = frame_filter._LOOKED_AT
    texts = {
        number: " ".join(cell_text(feed.row(number), column) for column in columns).casefold()
        for number in range(1, feed.count + 1)
    }
    return [number for number, text in texts.items() if all(word in text for word in words)]


def test_rows_hold_every_word_whatever_its_case(model: FilteredFrames, feed: FakeFeed) -> None:
    whole = numbers(model)
    model.set_filter("privmsg  IRC")
    assert numbers(model) == expected(feed, "privmsg", "irc")
    assert 0 < len(numbers(model)) < len(whole)
    model.set_filter("no such words")
    assert numbers(model) == []
    assert not model.is_looking
    model.set_filter("   ")
    assert numbers(model) == whole
    assert not model.is_filtered


@pytest.mark.parametrize("scope", list(Scope))
def test_a_filter_narrows_every_scope(
    model: FilteredFrames, feed: FakeFeed, qtmodeltester: ModelTester, scope: Scope
) -> None:
    model.set_message(HELLO)
    model.set_scope(scope, LAB, PLAIN)
    without = set(numbers(model))
    model.set_filter("irc")
    assert set(numbers(model)) == without & set(expected(feed, "irc"))
    assert all(model.row_of(number) == row for row, number in enumerate(numbers(model)))
    qtmodeltester.check(model)


def test_new_frames_are_judged_as_they_come(model: FilteredFrames, feed: FakeFeed) -> None:
    model.set_filter("quartz")
    assert numbers(model) == []
    feed.frames.append(said("late", "sphinx of quartz"))
    feed.frames.append(said("later", "nothing of it"))
    model.pull()
    assert numbers(model) == [feed.count - 1]


def test_a_long_capture_is_looked_through_in_slices(
    model: FilteredFrames, feed: FakeFeed, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_filter, "SLICE_S", 0.0)
    feed.frames *= 5
    model.pull()
    model.set_filter("irc")
    assert model.is_looking
    assert model.rowCount() < 5
    qtbot.waitUntil(lambda: not model.is_looking)
    assert numbers(model) == expected(feed, "irc")


def test_the_pane_says_when_nothing_fits_and_how_to_see_all_again(qtbot: QtBot) -> None:
    pane = WirePane(lab_feed(), run_now)
    qtbot.addWidget(pane)
    pane.resize(520, 700)
    pane.show()
    pane.bar.filter.setText("no such words")
    qtbot.waitUntil(lambda: not pane._model.is_looking)
    assert pane._stack.currentIndex() == 1
    button = pane.page.findChildren(QPushButton)[0]
    assert button.text() == "Clear the filter"
    button.click()
    assert pane.bar.filter.text() == ""
    assert pane._stack.currentIndex() == 0
    assert pane._model.rowCount() == lab_feed().count


def test_a_message_that_is_chosen_leaves_the_filter_alone_and_a_frame_takes_it_away(
    qtbot: QtBot,
) -> None:
    pane = WirePane(lab_feed(), run_now)
    qtbot.addWidget(pane)
    pane.show()
    pane.bar.filter.setText("syn")
    pane.show_message(HELLO)
    assert pane.scope is Scope.ALL
    assert pane.bar.filter.text() == "syn"
    assert pane._model.row_of(14) is None
    pane.show_frame(14)
    assert pane.bar.filter.text() == ""
    assert pane.frames.current_frame == 14
