"""What waits is told about at the composer, and can be taken back from there."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.message import Delivery, Message
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices
from chatlab.ui.widgets.chat_situations import WayOut, situation_of, waiting_in
from chatlab.ui.widgets.transcript_layout import HitKind
from tests.helpers.chats import NOON, book_with, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def online(book: ChatBook) -> None:
    for account in book.accounts:
        book.apply(ev.LinkChanged(account, LinkState.ONLINE, NOON))


def waiting(book: ChatBook, count: int) -> list[Message]:
    made = [message(f"line {n}", "me", delivery=Delivery.QUEUED) for n in range(count)]
    for one in made:
        book.apply(ev.MessageAdded(one))
    return made


@pytest.fixture
def pane(qtbot: QtBot) -> ChatPane:
    book, chat = book_with()
    online(book)
    services = ChatServices(lambda *_: (), lambda _: None, lambda _: "", lambda _: None)
    made = ChatPane(chat, book, services)
    qtbot.addWidget(made)
    made.resize(480, 400)
    made.show()
    return made


def test_many_waiting_messages_are_told_about_one_is_not() -> None:
    book, chat = book_with()
    online(book)
    state = book.accounts[chat.key.account]
    assert situation_of(chat, state, 1).notice == ""
    told = situation_of(chat, state, 12)
    assert told.way_out is WayOut.CANCEL
    assert "12 messages wait" in told.notice


@pytest.mark.parametrize(
    ("count", "words"), [(0, "What you send"), (1, "1 message"), (3, "3 mess")]
)
def test_without_a_connection_the_queue_is_counted(count: int, words: str) -> None:
    book, chat = book_with()
    assert words in situation_of(chat, book.accounts[chat.key.account], count).notice


def test_cancel_all_asks_for_each_waiting_message(pane: ChatPane, qtbot: QtBot) -> None:
    asked: list[str] = []
    pane.cancel_requested.connect(asked.append)
    made = waiting(pane._book, 3)
    qtbot.waitUntil(lambda: "3 messages wait" in pane.composer._bar.accessibleName())
    pane.composer._bar._buttons[0].click()
    assert asked == [one.id for one in made]


def test_a_row_that_waits_can_be_cancelled_by_a_click(pane: ChatPane, qtbot: QtBot) -> None:
    (one,) = waiting(pane._book, 1)
    view = pane.transcript
    assert pane._model is not None
    pane._model.flush()
    QGuiApplication.processEvents()
    row = pane._model.row_of(one.id)
    assert row is not None
    ((rect, kind, words),) = view.layout_of(row).actions
    assert (kind, words) == (HitKind.CANCEL, "Cancel")
    point = view.visualRect(pane._model.index(row)).topLeft() + rect.center().toPoint()
    with qtbot.waitSignal(pane.cancel_requested) as caught:
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(point))
    assert caught.args == [one.id]


def test_what_has_left_waits_no_more(pane: ChatPane) -> None:
    first, second = waiting(pane._book, 2)
    chat = pane.chat
    assert chat is not None
    pane._book.apply(ev.MessageChanged(first.account, first.id, delivery=Delivery.WRITTEN))
    assert waiting_in(chat) == (second.id,)
