"""Find in a chat: what is typed is marked, counted and walked through, the newest first."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.ui.rich_text import FOLD_AT
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices
from chatlab.ui.widgets.find_bar import FindBar
from tests.helpers.chats import MINUTE, NOON, book_with, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Stage:
    """A pane with forty lines; every fifth one has the word in it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.book, self.chat = book_with()
        for number in range(40):
            word = "A Needle" if number % 5 == 0 else "hay"
            self.say(f"{word} {number} " + "and more words " * (number % 4), number)
        services = ChatServices(lambda *_: (), lambda _: None, lambda _: "", lambda _: None)
        self.pane = ChatPane(self.chat, self.book, services)
        qtbot.addWidget(self.pane)
        self.pane.resize(500, 400)
        self.pane.show()

    def say(self, text: str, minute: int = 50) -> None:
        self.book.apply(ev.MessageAdded(message(text, at=NOON + minute * MINUTE)))

    @property
    def bar(self) -> FindBar:
        return self.pane.find_bar

    def find(self, text: str) -> None:
        self.bar.open()
        self.qtbot.keyClicks(self.bar._field, text)
        self.qtbot.waitUntil(lambda: not self.bar._timer.isActive())

    @property
    def words(self) -> str:
        return self.bar._count.text()

    @property
    def chosen(self) -> str:
        entry = self.pane.transcript._entry_at(self.pane.transcript.currentIndex().row())
        return entry.text.strip()[:11] if entry else ""


def test_typing_goes_to_the_newest_match_and_counts_them(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    assert stage.words == "1 of 8"
    assert stage.chosen.startswith("A Needle 35")


def test_f3_goes_further_back_and_round(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    for _ in range(7):
        stage.bar.go(1)
    assert (stage.words, stage.chosen) == ("8 of 8", "A Needle 0 ".strip())
    stage.bar.go(1)
    assert stage.words == "1 of 8"
    stage.bar.go(-1)
    assert stage.words == "8 of 8"


def test_return_and_arrows_walk_too(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    qtbot.keyClick(stage.bar._field, Qt.Key.Key_Return)
    assert stage.words == "2 of 8"
    qtbot.keyClick(stage.bar._field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert stage.words == "1 of 8"
    qtbot.keyClick(stage.bar._field, Qt.Key.Key_Up)
    assert stage.words == "2 of 8"


def test_a_match_is_chosen_so_that_its_frames_are_shown(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    with qtbot.waitSignal(stage.pane.message_selected):
        stage.find("needle")
    rect = stage.pane.transcript.visualRect(stage.pane.transcript.currentIndex())
    assert 0 <= rect.top() < rect.bottom() <= stage.pane.transcript.viewport().height()


def test_what_is_not_there_is_said_and_nothing_moves(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("(needle")
    assert stage.words == "Not found"
    assert not stage.bar._older.isEnabled()
    assert stage.chosen == ""


def test_new_lines_are_counted_while_the_bar_is_open(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    stage.say("one more needle")
    qtbot.waitUntil(lambda: stage.words == "2 of 9")


def test_a_match_in_the_folded_part_of_a_long_message_is_unfolded(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.say("x" * (2 * FOLD_AT) + " treasure")
    stage.pane.transcript.model().flush()  # type: ignore[attr-defined]
    stage.find("treasure")
    row = stage.pane.transcript.currentIndex().row()
    texts = [text.layout.text() for text in stage.pane.transcript.layout_of(row).texts]
    assert texts[-1].endswith("treasure")


def test_escape_closes_and_takes_the_marks_away(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    assert stage.pane.transcript._painter.wanted is not None
    qtbot.keyClick(stage.bar._field, Qt.Key.Key_Escape)
    assert not stage.bar.isVisible()
    assert stage.pane.transcript._painter.wanted is None


def test_the_marks_are_painted(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    before = stage.pane.transcript.viewport().grab().toImage()
    stage.find("hay")
    assert stage.pane.transcript.viewport().grab().toImage() != before


def test_another_chat_is_searched_anew(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    other = stage.book.open(stage.chat.key.account, "#other")
    stage.pane.show_chat(other)
    assert stage.words == "Not found"
    stage.pane.show_chat(stage.chat)
    assert stage.words == "8 found"


def test_in_a_narrow_pane_nothing_is_cut_off(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.pane.resize(260, 400)
    stage.find("needle")
    qtbot.waitUntil(lambda: not stage.bar._history.isVisible())
    assert stage.bar.minimumSizeHint().width() <= 260
    stage.pane.resize(600, 400)
    qtbot.waitUntil(stage.bar._history.isVisible)


def test_the_words_can_be_taken_to_the_whole_history(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.find("needle")
    with qtbot.waitSignal(stage.pane.search_requested) as caught:
        stage.bar._history.click()
    assert caught.args == ["needle"]
