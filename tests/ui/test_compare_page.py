"""The comparison view: what stands on its pages, and how the reader gets about in it."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.core.comparison import Comparison, Row
from chatlab.core.frame import Exposure
from chatlab.core.observing import Claim, Observer
from chatlab.ui.compare.message_rows import Frame, Group
from chatlab.ui.compare.message_sheet import ROWS_AT_ONCE
from chatlab.ui.compare.page import ComparePage, Part
from chatlab.ui.compare.sheet import Fonts
from chatlab.ui.theme import Theme
from tests.helpers.comparisons import (
    LINE,
    PLAIN,
    RECORD,
    SEALED,
    TEXT_SPAN,
    FakeComparer,
    comparison,
    row,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def page_of(qtbot: QtBot, table: Comparison | None = None) -> ComparePage:
    page = ComparePage(FakeComparer(table or comparison()))
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show_twins("", can_send=False)
    page.show()
    page.show_comparison(page._comparer.comparison())
    return page


# --- messages -------------------------------------------------------------------------------


def test_a_bar_is_as_long_as_its_frames_and_all_have_one_scale(qtbot: QtBot) -> None:
    page = page_of(qtbot, comparison(row("hello"), row("a longer text than that", "t2")))
    sheet = page.messages.sheet
    widths = {
        round(line.bar.width() / line.cost.carried.length, 6)
        for group in sheet._groups
        for line in group.lines
        if line.cost is not None and line.cost.carried is not None
    }
    assert len(widths) == 1


def test_bars_and_figures_stay_inside_at_any_width_and_size(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    page = page_of(qtbot)
    try:
        for scale, width in ((1.0, 700), (1.6, 1024), (1.6, 1280), (2.5, 1280)):
            Theme.load("light").apply(application, scale)
            sheet = page.messages.sheet
            sheet.lay_out(width)
            for group in sheet._groups:
                for line in group.lines:
                    assert line.bar.right() < width
                    assert all(at.x() < width for at, _, _ in line.figures)
    finally:
        Theme.load("light").apply(application)


def test_a_row_says_everything_to_a_screen_reader(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    words = page.messages.sheet.items[0].words
    for part in ("hello", "87 bytes", "109 bytes", "TLS 22", "acknowledged", "echo"):
        assert part in words


def test_the_newest_row_is_chosen_until_the_reader_picks_another(qtbot: QtBot) -> None:
    page = page_of(qtbot, comparison(row("one", "t1")))
    page.show_comparison(comparison(row("one", "t1"), row("two", "t2")))
    assert page.messages.sheet.chosen == "t2"
    page.choose_twin("t1")
    page.show_comparison(comparison(row("one", "t1"), row("two", "t2"), row("three", "t3")))
    assert page.messages.sheet.chosen == "t1"


def test_many_rows_come_some_at_a_time_and_the_newest_first(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed: list[str] = []
    place = Frame.place

    def counted(frame: Frame, of: Row, fonts: Fonts) -> Group:
        placed.append(of.twin)
        return place(frame, of, fonts)

    monkeypatch.setattr(Frame, "place", counted)
    names = [f"t{number}" for number in range(5 * ROWS_AT_ONCE)]
    page = ComparePage(FakeComparer())
    qtbot.addWidget(page)
    page.show_comparison(comparison(*(row("hello", name) for name in names)))
    sheet, view = page.messages.sheet, page.messages.view
    assert placed[0] == names[-1]
    assert len(placed) < len(names)
    turns = [len(placed)]
    while not sheet.is_whole:
        before = len(placed)
        view._go_on()
        turns.append(len(placed) - before)
    assert max(turns[1:]) <= ROWS_AT_ONCE
    assert [item.key for item in sheet.items] == names
    rects = [item.rect for item in sheet.items]
    assert all(one.bottom() <= two.top() for one, two in pairwise(rects))
    before = len(placed)
    page.show_comparison(comparison(*(row("hello", name) for name in [*names, "new"])))
    assert placed[before:] == ["new"]


def test_what_is_worked_out_says_so_and_the_table_of_before_stays(qtbot: QtBot) -> None:
    page = ComparePage(FakeComparer())
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show_working(0)
    assert page._pages.currentIndex() == 1
    page.show_comparison(comparison())
    page.show()
    page.show_working(34)
    assert page._pages.currentIndex() == 0
    assert page._working.isVisible()
    assert "34" in page._working.text()
    assert page.rect().contains(page._working.geometry())
    page.show_working(100)
    assert not page._working.isVisible()


def test_rows_are_chosen_by_keys_and_by_clicks(qtbot: QtBot) -> None:
    page = page_of(qtbot, comparison(row("one", "t1"), row("two", "t2")))
    view = page.messages.view
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert page.messages.sheet.chosen == "t1"
    assert "one" in view.accessibleDescription()
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert page.messages.sheet.chosen == "t2"
    first = page.messages.sheet.items[0].rect.toRect().center()
    view.verticalScrollBar().setValue(0)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert page.messages.sheet.chosen == "t1"


def test_the_bytes_of_both_stand_side_by_side_with_the_words_underlined(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    plain, sealed = page.messages.bytes.columns
    assert plain.view.data.endswith(LINE)
    assert sealed.view.data.endswith(RECORD)
    chosen = [mark for mark in plain.view._marks if mark.is_chosen]
    assert [(mark.span, mark.exposure) for mark in chosen] == [(TEXT_SPAN, Exposure.READABLE)]
    assert {mark.exposure for mark in sealed.view._marks} == {Exposure.SEALED}


def test_bytes_scroll_in_step(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.messages.splitter.setSizes([600, 160])
    page.resize(1280, 520)
    plain, sealed = page.messages.bytes.columns
    bars = plain.view.verticalScrollBar(), sealed.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bars[0].maximum() == bars[1].maximum() > 1)
    bars[1].setValue(bars[1].maximum())
    assert bars[0].value() == bars[1].value()


def test_dumps_beside_one_another_have_as_many_bytes_a_row(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    columns = page.messages.bytes.columns
    wide = columns[0].view.width_for(16)
    for width, per_row in ((wide - 20, 8), (wide + 60, 16)):
        columns[1].setFixedWidth(width)
        QApplication.processEvents()
        assert [column.view.dump_layout.per_row for column in columns] == [per_row] * 2


def test_bytes_that_have_room_again_do_not_stay_scrolled(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.messages.splitter.setSizes([600, 160])
    page.resize(1280, 520)
    views = [column.view for column in page.messages.bytes.columns]
    qtbot.waitUntil(lambda: all(view.verticalScrollBar().maximum() > 1 for view in views))
    page.messages.splitter.setSizes([10, 600])
    page.resize(1280, 1000)
    qtbot.waitUntil(lambda: all(view.verticalScrollBar().maximum() == 0 for view in views))
    assert [view.verticalScrollBar().value() for view in views] == [0, 0]


def test_what_is_chosen_stays_chosen_while_more_arrives(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.messages.splitter.setSizes([600, 160])
    page.resize(1280, 520)
    plain = page.messages.bytes.columns[0]
    bar = plain.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() > 0)
    bar.setValue(0)
    page.show_comparison(comparison())
    assert bar.value() == 0, "the reader had gone elsewhere"
    page.show_part(Part.OBSERVERS)
    view, sheet = page.observers.views[0], page.observers.sheets[0]
    qtbot.keyClick(view, Qt.Key.Key_End)
    chosen = sheet.claim
    page.show_comparison(comparison(row("hello"), row("more", "t2")))
    assert sheet.claim == chosen


def test_the_ruler_tells_the_difference_and_what_the_length_leaks(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    ruler = page.messages.ruler
    assert [line.payload.total for line in ruler._lines] == [21, 43]
    assert "that 21 are inside" in ruler.accessibleName()


def test_where_nothing_was_said_that_is_said(qtbot: QtBot) -> None:
    page = page_of(qtbot, comparison(row("hello"), row("alone", "t2", (PLAIN,))))
    assert len(page.messages.bytes.columns) == 1
    page.choose_twin("t1")
    assert len(page.messages.bytes.columns) == 2


# --- observers ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1024, 600), (1280, 760), (1920, 1000)])
def test_bytes_take_no_more_room_than_they_need(qtbot: QtBot, size: tuple[int, int]) -> None:
    page = page_of(qtbot)
    page.show_part(Part.OBSERVERS)
    page.resize(*size)
    part = page.observers
    QApplication.processEvents()
    above, below = part.splitter.sizes()
    assert below <= part.bytes.wanted_height + 2 or below <= part.bytes.minimumSizeHint().height()
    assert below <= 0.45 * (above + below)
    part.splitter.setSizes([100, above + below - 100])
    part.splitter.splitterMoved.emit(100, 1)
    mine = part.splitter.sizes()
    part.show_comparison(page._comparison, page.sides())
    assert part.splitter.sizes() == mine, "the reader shared it out"


def test_each_observer_is_one_click_away(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_part(Part.OBSERVERS)
    told = []
    for number, observer in enumerate(Observer):
        button = page.observers.switch.segment(number)
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert page.observers.observer is observer
        told.append([claim.is_learnt for claim in _claims(page, 1)])
    assert told == [[True, False], [True, True], [True, True]]


def _claims(page: ComparePage, column: int) -> list[Claim]:
    return [entry.claim for entry in page.observers.sheets[column]._entries]


def test_a_claim_leads_to_its_bytes(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_part(Part.OBSERVERS)
    view, sheet = page.observers.views[0], page.observers.sheets[0]
    qtbot.keyClick(view, Qt.Key.Key_End)
    assert sheet.claim is not None
    assert sheet.claim.value == "hello"
    assert page.observers.bytes.columns[0].view.chosen == TEXT_SPAN
    with qtbot.waitSignal(page.frame_requested) as wanted:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert wanted.args == [PLAIN, 1]


def test_a_password_shows_itself_only_when_it_is_chosen(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_part(Part.OBSERVERS)
    sheet = page.observers.sheets[0]
    password = next(entry for entry in sheet._entries if entry.claim.is_secret)
    assert "hunter2" not in sheet._value(password.claim, password.key)
    assert all("hunter2" not in item.words.partition(".")[0] for item in sheet.items)
    page.observers.views[0].choose(password.key)
    assert "hunter2" in sheet._value(password.claim, password.key)
    sheet.is_picture = True
    assert "hunter2" not in sheet._value(password.claim, password.key)


# --- handshakes -----------------------------------------------------------------------------


def test_a_step_is_taken_apart_below(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_part(Part.HANDSHAKES)
    view = page.handshakes.view
    for _ in range(3):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert "AUTHENTICATE" in page.handshakes.title.text()
    assert "hunter2" in page.handshakes.details.text()
    with qtbot.waitSignal(page.frame_requested):
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_the_part_in_clear_before_tls_lies_on_red(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_part(Part.HANDSHAKES)
    image = page.handshakes.view.viewport().grab().toImage()
    rungs = [rung for rung in page.handshakes.sheet._rungs if rung.key.startswith("1/")]
    soft = Theme.load("light").color("readable_soft")
    ratio = image.devicePixelRatio()
    colours = [
        image.pixelColor(QPoint(round(x * ratio), round((rung.y - 4) * ratio)))
        for rung in rungs
        for x in (rung.client_x + 2,)
    ]
    assert colours[2] == soft
    assert colours[3] != soft


# --- around them ----------------------------------------------------------------------------


def test_without_messages_the_page_says_how_to_get_some(qtbot: QtBot) -> None:
    page = page_of(qtbot, Comparison())
    assert page._pages.currentIndex() == 1
    page.show_comparison(comparison())
    assert page._pages.currentIndex() == 0


def test_the_reader_chooses_which_connections_stand_side_by_side(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    assert page.sides() == (PLAIN, SEALED)
    page.set_sides([SEALED])
    assert page.sides() == (SEALED,)
    assert len(page.messages.bytes.columns) == 1


def test_a_text_is_handed_on_once(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    page.show_twins("Leaves on both", can_send=True)
    page.field.setText("  hello ")
    with qtbot.waitSignal(page.submitted) as sent:
        qtbot.keyClick(page.field, Qt.Key.Key_Return)
    assert sent.args == ["hello"]
    assert not page.field.text()


def test_escape_leads_back(qtbot: QtBot) -> None:
    page = page_of(qtbot)
    with qtbot.waitSignal(page.closed):
        qtbot.keyClick(page.messages.view, Qt.Key.Key_Escape)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_paints_in_both_themes(qtbot: QtBot, qapp: QApplication, theme: str) -> None:
    page = page_of(qtbot)
    try:
        Theme.load(theme).apply(qapp)
        for part in Part:
            page.show_part(part)
            image = page.grab().toImage()
            lines = range(60, image.height(), 9)
            assert len({image.pixel(x, y) for y in lines for x in range(0, 1280, 9)}) > 12
    finally:
        Theme.load("light").apply(qapp)
