"""A chat pane shows one chat, keeps drafts, and passes on what is wanted."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Security
from chatlab.core.chat import Member
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import LinkState
from chatlab.core.frame import Exposure
from chatlab.ui.widgets.chat_pane import ChatPane, ChatServices
from tests.helpers.chats import NOON, account, book_with, connection, message

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

LAB = AccountId("lab")


def services() -> ChatServices:
    return ChatServices(
        predict=lambda _key, line, _answered: (len(line),),
        frame_count=lambda _: 1,
        describe=lambda _: "One frame.",
        exposure=lambda _: Exposure.READABLE,
    )


def shown(qtbot: QtBot, book: ChatBook, key: ChatKey | None) -> ChatPane:
    pane = ChatPane(book.chats[key] if key else None, book, services())
    qtbot.addWidget(pane)
    pane.resize(380, 500)
    pane.show()
    return pane


def online(book: ChatBook) -> None:
    book.apply(ev.LinkChanged(LAB, LinkState.ONLINE, NOON))


def test_what_is_typed_names_its_chat(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, chat.key)
    qtbot.keyClicks(pane.composer.editor, "hello")
    with qtbot.waitSignal(pane.submitted) as caught:
        qtbot.keyClick(pane.composer.editor, Qt.Key.Key_Return)
    assert caught.args == [chat.key, "hello"]


def test_drafts_and_history_stay_with_their_chat(qtbot: QtBot) -> None:
    book, lab = book_with()
    other = book.open(LAB, "#other")
    pane = shown(qtbot, book, lab.key)
    pane.composer.set_text("sent")
    pane.composer.submit()
    pane.composer.set_text("half a thought")
    pane.show_chat(other)
    assert pane.composer.text() == ""
    assert pane.drafts() == {lab.key: "half a thought"}
    pane.show_chat(lab)
    assert pane.composer.text() == "half a thought"
    assert pane.composer.editor.history() == ["sent"]


def test_without_a_chat_the_pane_says_how_to_get_one(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, None)
    assert pane._pages.currentIndex() == 1
    pane.show_chat(chat)
    assert pane._pages.currentIndex() == 0
    book.close(chat.key)
    assert pane._pages.currentIndex() == 1


def test_offline_it_says_what_happens_to_a_message_and_offers_to_connect(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, chat.key)
    assert "waits in the queue" in pane.composer._bar._words.text()
    with qtbot.waitSignal(pane.connect_requested) as caught:
        pane.composer._bar._buttons[0].click()
    assert caught.args == [LAB]
    online(book)
    assert pane.composer._bar.isHidden()


def test_outside_a_channel_it_offers_to_join(qtbot: QtBot) -> None:
    book, _ = book_with()
    online(book)
    pane = shown(qtbot, book, book.open(LAB, "#elsewhere").key)
    with qtbot.waitSignal(pane.submitted) as caught:
        pane.composer._bar._buttons[0].click()
    assert caught.args == [ChatKey(LAB, "#elsewhere"), "/join #elsewhere"]


def test_the_badge_says_who_can_read_along(qtbot: QtBot) -> None:
    owner = account("lab", Security.DIRECT_TLS)
    book, chat = book_with(of=owner)
    pane = shown(qtbot, book, chat.key)
    assert pane.header._badge.text() == "TLS"
    online(book)
    book.apply(ev.ConnectionOpened(LAB, connection(owner, "TLSv1.3")))
    assert pane.header._badge.text() == "TLS 1.3"


def test_the_topic_is_changed_in_place(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, chat.key)
    qtbot.mouseClick(pane.header._topic, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(pane.header._edit, "Lab three")
    with qtbot.waitSignal(pane.topic_edited) as caught:
        qtbot.keyClick(pane.header._edit, Qt.Key.Key_Return)
    assert caught.args == [chat.key, "Lab three"]
    assert pane.header._topic_line.currentWidget() is pane.header._topic


def test_what_came_while_nobody_looked_is_marked(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, chat.key)
    pane.set_read(False)
    book.apply(ev.MessageAdded(message("new")))
    assert pane._model is not None
    pane._model.flush()
    QGuiApplication.processEvents()
    assert ("", 0.0) in pane.transcript.layout_of(1).bands


def test_completion_offers_the_last_to_speak_first_and_never_oneself(qtbot: QtBot) -> None:
    book, chat = book_with()
    members = tuple(Member(nick=nick) for nick in ("me", "zoe", "adam", "bob"))
    book.apply(ev.MembersListed(LAB, "#lab", members))
    book.apply(ev.MessageAdded(message(sender="zoe")))
    book.apply(ev.MessageAdded(message(sender="gone")))
    pane = shown(qtbot, book, chat.key)
    assert pane._nicks() == ["zoe", "adam", "bob"]


def test_members_are_shown_on_demand_in_channels_only(qtbot: QtBot) -> None:
    book, chat = book_with()
    pane = shown(qtbot, book, chat.key)
    assert pane.members.isHidden()
    pane.header._members.click()
    assert not pane.members.isHidden()
    pane.show_chat(book.open(LAB, "bob"))
    assert pane.members.isHidden()


def test_a_closed_pane_watches_nothing(qtbot: QtBot) -> None:
    book, chat = book_with()
    before = len(book._observers)
    pane = shown(qtbot, book, chat.key)
    pane.close_pane()
    assert len(book._observers) == before
