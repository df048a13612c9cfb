"""Rows are painted anew one by one: none is left behind, nor what stood where a row has shrunk."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QGuiApplication, QPaintEvent, QRegion
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.message import Message
from chatlab.ui.models.transcript import TranscriptModel
from chatlab.ui.widgets import transcript_list, transcript_rows
from chatlab.ui.widgets.transcript_delegate import BadgeSource
from chatlab.ui.widgets.transcript_view import TranscriptView
from tests.helpers.chats import NOON, book_with, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

BADGES = BadgeSource(lambda _: None, lambda _: "", lambda _: None)


class Painted(QObject):
    """Which part of a viewport was painted."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.region = QRegion()
        parent.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


class Desk:
    """A shown transcript of a few rows that do not fill it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.book, self.chat = book_with()
        self.model = TranscriptModel(self.book, self.chat)
        self.view = TranscriptView(BADGES)
        qtbot.addWidget(self.view)
        self.view.show_model(self.model)
        self.view.resize(420, 400)
        self.view.show()
        qtbot.waitExposed(self.view)
        self.painted = Painted(self.view.viewport())

    def say(self, said: Message) -> Message:
        self.tell(ev.MessageAdded(said))
        return said

    def tell(self, event: ev.ChatEvent) -> None:
        self.book.apply(event)
        self.model.flush()
        self.settle()

    def settle(self) -> None:
        for _ in range(3):
            QGuiApplication.processEvents()

    def rect(self, said: Message) -> QRect:
        row = self.model.row_of(said.id)
        assert row is not None
        return self.view.visualRect(self.model.index(row))


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def test_what_stood_below_a_row_that_became_lower_is_wiped_away(desk: Desk) -> None:
    said = desk.say(replace(message("long " * 60), msgid="m1"))
    before = desk.rect(said)
    desk.painted.region = QRegion()
    desk.tell(ev.MessageRewritten(said.account, said.target, said.id, "", NOON, True))
    assert desk.rect(said).bottom() < before.bottom()
    missed = QRegion(before) - desk.painted.region
    assert missed.isEmpty()


def test_a_quotation_says_what_its_message_says_now(desk: Desk) -> None:
    said = desk.say(replace(message("meet at ten"), msgid="m1"))
    desk.say(message("between"))
    answer = desk.say(replace(message("yes", "bob"), msgid="m2", reply_to="m1"))
    desk.painted.region = QRegion()
    desk.tell(ev.MessageRewritten(said.account, said.target, said.id, "", NOON, True))
    row = desk.model.row_of(answer.id)
    assert row is not None
    quote = desk.view.layout_of(row).quote
    assert quote is not None
    assert "meet at ten" not in quote.text
    assert desk.painted.region.contains(desk.rect(answer))


def test_after_midnight_today_is_yesterday(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date.fromtimestamp(NOON / 1e9)
    now = [day]

    class Calendar(date):
        @classmethod
        def today(cls) -> date:  # type: ignore[override]
            return now[0]

    monkeypatch.setattr(transcript_list, "date", Calendar)
    monkeypatch.setattr(transcript_rows, "date", Calendar)
    desk.say(message("good night"))
    assert desk.view.layout_of(0).about.day == "Today"
    now[0] = day + timedelta(days=1)
    desk.say(message("good morning", at=NOON + 24 * 3600 * 1_000_000_000))
    assert desk.view.layout_of(0).about.day == "Yesterday"
    last = desk.model.rowCount() - 1
    assert desk.view.layout_of(last).about.day == "Today"
