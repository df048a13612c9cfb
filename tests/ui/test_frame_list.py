"""The frame list: picking, following the tail, linked frames."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.ui import theme
from chatlab.ui.models.frame_table import Column, FrameTableModel, Scope
from chatlab.ui.widgets.frame_delegate import FramePainter
from chatlab.ui.widgets.frame_list import FrameList
from tests.helpers.wire_feed import LAB, PLAIN, FakeFeed, FakeFrame, lab_feed

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Bench:
    """A list, its model and its feed."""

    def __init__(self, qtbot: QtBot) -> None:
        self.feed: FakeFeed = lab_feed()
        self.feed.frames *= 20
        self.model = FrameTableModel(self.feed)
        self.model.pull()
        self.list = FrameList(self.model)
        qtbot.addWidget(self.list)
        self.list.resize(700, 240)
        self.list.show()

    @property
    def is_at_end(self) -> bool:
        bar = self.list.verticalScrollBar()
        return bar.maximum() > 0 and bar.value() == bar.maximum()


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


def test_picking_a_row_tells_which_frame(qtbot: QtBot, bench: Bench) -> None:
    with qtbot.waitSignal(bench.list.frame_selected) as caught:
        bench.list.setCurrentIndex(bench.model.index(7, 0))
    assert caught.args == [8]
    qtbot.keyClick(bench.list, Qt.Key.Key_Down)
    assert bench.list.current_frame == 9


def test_showing_a_frame_tells_nobody(qtbot: QtBot, bench: Bench) -> None:
    with qtbot.assertNotEmitted(bench.list.frame_selected):
        assert bench.list.show_frame(100)
        assert not bench.list.show_frame(9999)


def test_it_follows_the_newest_until_somebody_scrolls_up(bench: Bench) -> None:
    bench.list.scrollToBottom()
    bench.feed.frames += [FakeFrame("TCP", "ACK")] * 5
    bench.model.pull()
    assert bench.is_at_end

    bench.list.verticalScrollBar().setValue(10)
    bench.feed.frames += [FakeFrame("TCP", "ACK")] * 5
    bench.model.pull()
    assert bench.list.verticalScrollBar().value() == 10


def test_the_chosen_frame_stays_chosen_in_another_scope(bench: Bench) -> None:
    bench.list.show_frame(10)
    bench.model.set_scope(Scope.CHAT, LAB, PLAIN)
    assert bench.model.number_at(bench.list.currentIndex().row()) == 10
    bench.model.set_scope(Scope.ALL, LAB, PLAIN)
    assert bench.list.currentIndex().row() == 9


def test_a_row_is_copied_with_its_columns(qtbot: QtBot, bench: Bench) -> None:
    bench.list.show_frame(2)
    qtbot.keyClick(bench.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    cells = QGuiApplication.clipboard().text().split("\t")
    assert cells[:2] == ["2", "0.018"]
    assert len(cells) == len(Column) - 1


@pytest.mark.parametrize(("width", "is_hidden"), [(400, True), (700, False)])
def test_addresses_give_way_to_info_where_it_is_narrow(
    bench: Bench, width: int, is_hidden: bool
) -> None:
    bench.list.resize(width, 240)
    assert bench.list.isColumnHidden(Column.SOURCE) is is_hidden
    assert not bench.list.isColumnHidden(Column.INFO)


def test_every_row_can_be_painted(bench: Bench) -> None:
    bench.feed.frames[0].info = "\u202eRTL \x00 and a very long line " * 100
    bench.model.set_message(next(iter(bench.feed.attributions)))
    bench.list.show_frame(1)
    assert not bench.list.grab().isNull()


def test_addresses_leave_a_narrow_list_and_come_back_in_a_wide_one(qtbot: QtBot) -> None:
    model = FrameTableModel(lab_feed())
    model.pull()
    frames = FrameList(model)
    qtbot.addWidget(frames)
    frames.show()
    for width, is_hidden in ((520, True), (900, False), (520, True), (900, False)):
        frames.resize(width, 300)
        assert frames.isColumnHidden(Column.SOURCE) is is_hidden
    header = frames.horizontalHeader()
    for column in (Column.SOURCE, Column.DESTINATION):
        assert frames.columnWidth(column) >= header.sectionSizeHint(column), "its title is cut off"


@pytest.mark.parametrize("percent", [80, 100, 125, 150, 200])
def test_a_column_shows_the_figures_that_it_was_made_for(qapp: QApplication, percent: int) -> None:
    light = theme.Theme.load("light")
    light.apply(qapp, percent / 100)
    try:
        painter = FramePainter(FrameTableModel(lab_feed()))
        for count in range(1, 25):
            text, width = "7" * count, painter.width_of(count)
            assert painter.shown(text, Column.TIME, width) == text
            assert "…" in painter.shown(text * 2, Column.TIME, width)
    finally:
        light.apply(qapp, 1.0)
