"""The transcript follows its end, keeps its place, and says what was clicked."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import Chat, ChatBook
from chatlab.core.frame import Exposure
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.ui.models.transcript import TranscriptModel
from chatlab.ui.rich_text import FOLD_AT
from chatlab.ui.widgets.transcript_delegate import BadgeSource, badge_rect
from chatlab.ui.widgets.transcript_view import TranscriptView
from tests.helpers.chats import MINUTE, NOON, book_with, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LEFT = Qt.MouseButton.LeftButton


class Stage:
    """A shown transcript of one chat."""

    def __init__(self, qtbot: QtBot, count: int = 0) -> None:
        self.qtbot = qtbot
        self.book: ChatBook
        self.chat: Chat
        self.book, self.chat = book_with()
        self.say(count)
        self.model = TranscriptModel(self.book, self.chat)
        badges = BadgeSource(lambda _: 2, lambda _: "Two frames.", lambda _: Exposure.READABLE)
        self.view = TranscriptView(badges)
        qtbot.addWidget(self.view)
        self.view.show_model(self.model)
        self.view.resize(420, 300)
        self.view.show()
        QGuiApplication.processEvents()

    def say(self, count: int) -> None:
        for number in range(count):
            text = f"line {number} " + "word " * (number % 40)
            self.book.apply(
                ev.MessageAdded(message(text, f"n{number % 3}", at=NOON + number * MINUTE))
            )

    def add(self, entry: Message) -> Message:
        self.book.apply(ev.MessageAdded(entry))
        self.catch_up()
        return entry

    def catch_up(self) -> None:
        self.model.flush()
        QGuiApplication.processEvents()

    def click(self, point: QPoint) -> None:
        self.qtbot.mouseClick(self.view.viewport(), LEFT, pos=point)

    def rect(self, row: int) -> QPoint:
        return self.view.visualRect(self.model.index(row)).topLeft()

    def last(self) -> int:
        return self.model.rowCount() - 1

    def badge_point(self, row: int) -> QPoint:
        layout = self.view.layout_of(row)
        inside = badge_rect(layout, self.view._metrics).center().toPoint()
        return self.rect(row) + inside


def test_the_view_follows_the_end(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 60)
    stage.add(message("newest"))
    rect = stage.view.visualRect(stage.model.index(stage.last()))
    assert abs(rect.bottom() - stage.view.viewport().height()) <= 2
    assert stage.view.is_at_end


def test_a_reader_who_scrolled_up_keeps_their_place_and_sees_how_many_came(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 80)
    bar = stage.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    middle = stage.view.viewport().rect().center()
    before = stage.view.indexAt(middle).row()

    stage.say(25)
    stage.catch_up()

    assert stage.view.indexAt(middle).row() == before
    assert stage.view._newest.isVisible()
    assert "25" in stage.view._newest.text()
    stage.qtbot.mouseClick(stage.view._newest, LEFT)
    assert stage.view.is_at_end
    assert not stage.view._newest.isVisible()


def test_the_place_is_kept_when_older_lines_come_and_when_the_width_changes(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 80)
    bar = stage.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    top = stage.model.entry(stage.view.indexAt(QPoint(5, 2)).row())

    stage.book.prepend(stage.chat.key, [message("old", at=NOON - MINUTE) for _ in range(30)])
    stage.catch_up()
    assert stage.model.entry(stage.view.indexAt(QPoint(5, 2)).row()) == top
    stage.view.resize(700, 300)
    QGuiApplication.processEvents()
    assert stage.model.entry(stage.view.indexAt(QPoint(5, 2)).row()) == top


def test_scrolling_to_the_start_shows_the_start(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 120)
    with qtbot.waitSignal(stage.view.start_reached):
        stage.view.verticalScrollBar().setValue(0)
    assert stage.view.verticalScrollBar().value() == 0
    assert stage.rect(0).y() == 0


def test_rows_do_not_overlap_and_leave_no_hole(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 50)
    first = stage.view.indexAt(QPoint(5, 1)).row()
    for row in range(first, stage.last()):
        here = stage.view.visualRect(stage.model.index(row))
        below = stage.view.visualRect(stage.model.index(row + 1))
        assert 0 <= below.top() - here.bottom() <= 1 or below.top() == here.bottom()


def test_a_click_on_a_row_selects_its_message(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    entry = stage.add(message("hello"))
    with qtbot.waitSignal(stage.view.message_selected) as caught:
        stage.click(stage.rect(stage.last()) + QPoint(200, 20))
    assert caught.args == [entry.id]
    assert stage.view.selected_message() == entry.id


def test_a_message_chosen_elsewhere_lights_up_without_an_answer(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 80)
    entry = next(entry for entry in stage.chat.entries if isinstance(entry, Message))
    with qtbot.assertNotEmitted(stage.view.message_selected):
        assert stage.view.select_message(entry.id)
    assert stage.view.selected_message() == entry.id
    assert stage.view.viewport().rect().intersects(stage.view.visualRect(stage.view.currentIndex()))
    assert not stage.view.select_message(MessageId("gone"))
    assert stage.view.selected_message() is None


def test_the_keyboard_walks_from_message_to_message(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 5)
    stage.view.setFocus()
    seen: list[str] = []
    stage.view.message_selected.connect(seen.append)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(stage.view, key)
    ids = [entry.id for entry in stage.chat.entries if isinstance(entry, Message)]
    assert seen == [ids[-2], ids[-3], ids[-2]]
    with qtbot.waitSignal(stage.view.badge_clicked) as caught:
        qtbot.keyClick(stage.view, Qt.Key.Key_Return)
    assert caught.args == [ids[-2]]


def test_the_focus_neither_scrolls_nor_chooses(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 60)
    bar = stage.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    before = bar.value()
    with qtbot.assertNotEmitted(stage.view.message_selected):
        stage.view.setFocus()
        QGuiApplication.processEvents()
    assert bar.value() == before


def test_the_badge_says_whose_it_is(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    entry = stage.add(message("hi", "me", delivery=Delivery.ECHOED))
    with qtbot.waitSignal(stage.view.badge_clicked) as caught:
        stage.click(stage.badge_point(stage.last()))
    assert caught.args == [entry.id]
    assert stage.view._tip_at(stage.badge_point(stage.last())) == "Two frames."


def test_a_link_is_activated_whole(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.add(message("🎉 https://example.org/x!"))
    layout = stage.view.layout_of(stage.last())
    origin = stage.rect(stage.last()) + layout.texts[0].origin.toPoint()
    with qtbot.waitSignal(stage.view.link_activated) as caught:
        stage.click(origin + QPoint(60, 8))
    assert caught.args == ["https://example.org/x"]


def test_a_look_alike_host_shows_what_it_is(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.add(message("https://аpple.example/"))
    layout = stage.view.layout_of(stage.last())
    at = stage.rect(stage.last()) + layout.texts[0].origin.toPoint() + QPoint(40, 8)
    assert "xn--" in stage.view._tip_at(at)


def test_a_failed_message_says_why_and_can_be_sent_again(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    entry = stage.add(message("hi", "me", delivery=Delivery.FAILED, failure="Moderated."))
    layout = stage.view.layout_of(stage.last())
    assert layout.hint is not None
    assert "Moderated." in layout.hint.layout.text()
    (rect, _kind, _words) = layout.actions[0]
    with qtbot.waitSignal(stage.view.resend_requested) as caught:
        stage.click(stage.rect(stage.last()) + rect.center().toPoint())
    assert caught.args == [entry.id]


def test_a_long_message_is_unfolded_on_demand(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.add(message("x" * (FOLD_AT + 500)))
    row = stage.last()
    before = stage.view.layout_of(row)
    (rect, _kind, words) = before.actions[0]
    assert "500" in words
    stage.view.scrollTo(stage.model.index(row))
    bar = stage.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    stage.click(stage.rect(row) + rect.center().toPoint())
    after = stage.view.layout_of(row)
    assert after.actions == []
    assert after.height > before.height


def test_selected_rows_are_copied_as_lines(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.add(message("one", "alice"))
    stage.add(message("two", "bob"))
    stage.view.selectAll()
    stage.view.copy_selection()
    assert QGuiApplication.clipboard().text().splitlines()[-2:] == [
        "[12:03] <alice> one",
        "[12:03] <bob> two",
    ]


def test_messages_of_one_person_are_grouped(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    for text, sender in (("a", "alice"), ("b", "alice"), ("c", "bob")):
        stage.add(message(text, sender))
    assert [bool(stage.view.layout_of(row).nick) for row in (1, 2, 3)] == [True, False, True]


def test_the_line_of_new_messages_moves_with_its_row(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 3)
    stage.view.mark_new(2)
    assert ("", 0.0) in stage.view.layout_of(2).bands
    stage.book.prepend(stage.chat.key, [message("old", at=NOON - MINUTE)])
    stage.catch_up()
    assert ("", 0.0) in stage.view.layout_of(3).bands


def test_a_screen_reader_finds_every_row(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 4)
    interface = QAccessible.queryAccessibleInterface(stage.view)
    assert interface.role() == QAccessible.Role.List
    assert interface.childCount() == stage.model.rowCount()
    assert "line 3" in interface.child(4).text(QAccessible.Text.Name)


@pytest.mark.parametrize(
    "text",
    ["\u05d0a" * 4_000, "x" * 20_000, "e" + "\u0301" * 5_000, "<img src='file:///etc/passwd'>", ""],
)
def test_hostile_text_is_drawn_in_bounded_time_and_height(qtbot: QtBot, text: str) -> None:
    stage = Stage(qtbot)
    stage.add(message(text))
    stage.view.grab()
    assert stage.view.layout_of(stage.last()).height < 40_000


def test_a_row_that_is_chosen_again_says_so_again(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    entry = stage.add(message("hello"))
    point = stage.rect(stage.last()) + QPoint(200, 20)
    stage.click(point)
    with qtbot.waitSignal(stage.view.message_selected) as caught:
        stage.click(point)
    assert caught.args == [entry.id]


def test_letters_typed_in_the_transcript_are_for_the_composer(qtbot: QtBot) -> None:
    stage = Stage(qtbot, 3)
    with qtbot.waitSignal(stage.view.typed) as caught:
        qtbot.keyClicks(stage.view, "h")
    assert caught.args == ["h"]
