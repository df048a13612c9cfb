"""The members beside the transcript, and over it where there is no room beside."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QWidget
from pytestqt.qtbot import QtBot

from chatlab.ui.widgets.chat_middle import ChatMiddle

WIDE, NARROW, FOOT = 900, 240, 20


def middle_of(qtbot: QtBot, width: int) -> tuple[ChatMiddle, QWidget, QListView]:
    transcript, members, foot = QWidget(), QListView(), QWidget()
    foot.setFixedHeight(FOOT)
    middle = ChatMiddle(transcript, foot, members)
    qtbot.addWidget(middle)
    middle.resize(width, 400)
    middle.show()
    return middle, transcript, members


def test_members_stand_beside_the_words_where_there_is_room(qtbot: QtBot) -> None:
    middle, transcript, members = middle_of(qtbot, WIDE)
    middle.want_members(True)
    assert members.isVisible()
    assert transcript.geometry().right() < members.geometry().left()


def test_a_pane_that_becomes_narrow_folds_them_away_and_unfolds_them(qtbot: QtBot) -> None:
    middle, transcript, members = middle_of(qtbot, WIDE)
    middle.want_members(True)
    middle.resize(NARROW, 400)
    assert members.isHidden()
    assert transcript.width() == NARROW
    middle.resize(WIDE, 400)
    assert members.isVisible()


def test_asked_for_in_a_narrow_pane_they_cover_words_and_squeeze_none(qtbot: QtBot) -> None:
    middle, transcript, members = middle_of(qtbot, NARROW)
    middle.unfold()
    middle.want_members(True)
    assert members.isVisible()
    assert transcript.width() == NARROW
    assert members.geometry().left() > 0


def test_escape_puts_away_what_covers_the_words(qtbot: QtBot) -> None:
    middle, _, members = middle_of(qtbot, NARROW)
    middle.want_members(True)
    middle.unfold()
    with qtbot.waitSignal(middle.folded_changed):
        QTest.keyClick(members, Qt.Key.Key_Escape)
    assert members.isHidden()


def test_the_members_reach_down_beside_what_stands_below_the_words(qtbot: QtBot) -> None:
    middle, transcript, members = middle_of(qtbot, WIDE)
    middle.want_members(True)
    foot = next(part for part in middle.findChildren(QWidget) if part.height() == FOOT)
    assert members.height() == 400
    assert (transcript.height(), foot.geometry().top()) == (400 - FOOT, 400 - FOOT)
    assert foot.width() == transcript.width()
    foot.setFixedHeight(2 * FOOT)
    qtbot.waitUntil(lambda: transcript.height() == 400 - 2 * FOOT)
    foot.hide()
    assert transcript.height() == 400
