"""The frame table's model: rules of Qt, scopes, blocks of new frames."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.account import AccountId
from chatlab.core.attribution import Attribution
from chatlab.core.message import MessageId
from chatlab.ui.models import frame_table
from chatlab.ui.models.frame_links import Link, links_of
from chatlab.ui.models.frame_table import Column, FrameTableModel, Scope
from tests.helpers.wire_feed import LAB, PLAIN, SEALED, FakeFeed, FakeFrame, lab_feed, said

HELLO = MessageId("hello")


@pytest.fixture
def feed() -> FakeFeed:
    return lab_feed()


@pytest.fixture
def model(qtbot: QtBot, feed: FakeFeed) -> FrameTableModel:
    made = FrameTableModel(feed)
    made.pull()
    return made


def _numbers(model: FrameTableModel) -> list[int]:
    return [model.number_at(row) for row in range(model.rowCount())]


@pytest.mark.parametrize("scope", list(Scope))
def test_model_keeps_the_rules_of_qt(
    qtmodeltester: ModelTester, model: FrameTableModel, scope: Scope
) -> None:
    model.set_message(HELLO)
    model.set_scope(scope, LAB, PLAIN)
    qtmodeltester.check(model)


def test_columns_are_wiresharks(model: FrameTableModel) -> None:
    titles = [
        model.headerData(column, Qt.Orientation.Horizontal)
        for column in Column
        if column is not Column.MARK
    ]
    assert titles == ["No.", "Time", "Source", "Destination", "Protocol", "Len", "Info"]
    cells = [model.index(7, column).data() for column in Column]
    assert cells[1:7] == ["8", "0.128", "127.0.0.1", "127.0.0.1", "IRC", "115"]
    assert str(cells[7]).startswith("PRIVMSG #lab :hello everyone")


def test_pull_takes_a_burst_in_one_insertion(
    qtbot: QtBot, model: FrameTableModel, feed: FakeFeed
) -> None:
    feed.frames += [FakeFrame("TCP", "ACK")] * 50
    with qtbot.waitSignal(model.rowsInserted) as caught:
        model.pull()
    assert caught.args[1:] == [14, 63]
    assert model.rowCount() == 64


def test_rows_are_asked_for_when_looked_at(model: FrameTableModel, feed: FakeFeed) -> None:
    feed.rows_asked = 0
    feed.frames += [FakeFrame("TCP", "ACK")] * 1000
    model.pull()
    assert feed.rows_asked == 0
    model.index(500, Column.INFO).data()
    model.index(500, Column.TIME).data()
    assert feed.rows_asked == 1


def test_scope_message_shows_its_frames_its_acks_and_its_echo(model: FrameTableModel) -> None:
    model.set_scope(Scope.MESSAGE, LAB, PLAIN)
    assert _numbers(model) == []
    model.set_message(HELLO)
    assert _numbers(model) == [8, 9, 10, 13]
    assert [model.link(number) for number in (8, 9, 10, 13, 11)] == [
        Link.CARRIES,
        Link.ACKNOWLEDGES,
        Link.ECHOES,
        Link.RESENDS,
        None,
    ]


def test_scope_account_leaves_out_the_others(model: FrameTableModel) -> None:
    model.set_scope(Scope.ACCOUNT, None, SEALED)
    assert _numbers(model) == [6, 7, 11, 12]


def test_scope_chat_grows_with_the_chat(model: FrameTableModel, feed: FakeFeed) -> None:
    model.set_scope(Scope.CHAT, LAB, PLAIN)
    assert _numbers(model) == [8, 9, 10, 13]
    feed.chats[LAB] |= {14}
    model.pull()
    assert _numbers(model) == [8, 9, 10, 13, 14]
    # A frame that turns out later to have belonged to the chat goes where its number says.
    feed.chats[LAB] |= {5}
    model.pull()
    assert _numbers(model) == [5, 8, 9, 10, 13, 14]


def test_a_frame_whose_connection_is_known_late_still_finds_its_account(
    model: FrameTableModel, feed: FakeFeed
) -> None:
    feed.frames[1].account = None
    model.set_scope(Scope.ACCOUNT, None, PLAIN)
    assert 2 not in _numbers(model)
    feed.frames[1].account = PLAIN
    model.pull()
    assert 2 in _numbers(model)
    assert _numbers(model) == sorted(_numbers(model))


def test_a_long_capture_is_scanned_in_slices(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, feed: FakeFeed
) -> None:
    monkeypatch.setattr(frame_table, "_SCAN_SLICE", 100)
    feed.frames += [FakeFrame("TCP", "ACK", account=AccountId("other"))] * 250
    feed.frames.append(said("last", "the last one"))
    model = FrameTableModel(feed)
    model.set_scope(Scope.ACCOUNT, None, PLAIN)
    assert model.rowCount() <= 14
    qtbot.waitUntil(lambda: _numbers(model)[-1:] == [feed.count])


def test_a_shorter_capture_behind_the_feed_starts_over(
    model: FrameTableModel, feed: FakeFeed
) -> None:
    del feed.frames[3:]
    model.pull()
    assert _numbers(model) == [1, 2, 3]


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.CHAT])
def test_a_row_is_found_by_its_number(model: FrameTableModel, scope: Scope) -> None:
    model.set_scope(scope, LAB, PLAIN)
    row = model.row_of(10)
    assert row is not None
    assert model.number_at(row) == 10
    assert model.row_of(999) is None


def test_a_frame_that_carries_and_acknowledges_counts_as_carrying() -> None:
    found = Attribution(message=HELLO, stream=0, frames=(3,), acks=(3, 4), echo_frames=(4,))
    assert links_of(found) == {3: Link.CARRIES, 4: Link.ECHOES}


def test_foreign_words_stay_plain_in_the_tooltip(model: FrameTableModel, feed: FakeFeed) -> None:
    feed.frames[7].info = "PRIVMSG #lab :<img src=x>"
    tip = model.index(7, Column.INFO).data(Qt.ItemDataRole.ToolTipRole)
    assert "<img" not in str(tip)
