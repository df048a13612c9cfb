"""The sidebar's tree is the book's accounts and chats."""

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import LinkState
from chatlab.ui.models.account_tree import AccountTreeModel, Role, link_words
from chatlab.ui.widgets.account_pane import AccountPane
from tests.helpers.chats import NOON, account, book_with, message

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore("propagateSizeHints")]
LAB = AccountId("lab")


def names(model: AccountTreeModel, parent: QModelIndex | None = None) -> list[object]:
    above = parent or QModelIndex()
    return [model.index(row, 0, above).data() for row in range(model.rowCount(above))]


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    book, _ = book_with()
    book.open(LAB, "alice")
    model = AccountTreeModel(book)
    qtmodeltester.check(model)
    book.add_account(account("other"))
    book.open(AccountId("other"), "#a")
    book.close(ChatKey(LAB, "alice"))
    book.remove_account(LAB)
    model.flush()
    assert names(model) == ["other"]


def test_channels_come_before_people_and_the_server_has_no_row_of_its_own() -> None:
    book, _ = book_with()
    for name in ("zoe", "#b", "adam", "#A"):
        book.open(LAB, name)
    model = AccountTreeModel(book)
    assert names(model) == ["lab"]
    assert names(model, model.index(0, 0)) == ["#A", "#b", "#lab", "adam", "zoe"]
    assert model.index(0, 0).data(Role.CHAT) is book.chats[ChatKey(LAB, "")]


def test_chats_that_open_later_take_their_place() -> None:
    book, _ = book_with()
    model = AccountTreeModel(book)
    book.open(LAB, "#a")
    book.open(LAB, "bob")
    assert names(model, model.index(0, 0)) == ["#a", "#lab", "bob"]


def test_a_burst_changes_a_row_once(qtbot: QtBot) -> None:
    book, chat = book_with()
    model = AccountTreeModel(book)
    model.flush()
    told: list[int] = []
    model.dataChanged.connect(lambda first, _last: told.append(first.row()))
    for _ in range(100):
        book.apply(ev.MessageAdded(message()))
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    spoken = model.chat_index(chat.key).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "channel #lab, 100 unread"


def test_waiting_counts_down() -> None:
    book, _ = book_with()
    book.apply(ev.LinkChanged(LAB, LinkState.WAITING, NOON, retry_in_s=12.0))
    assert link_words(book.accounts[LAB]) == "Reconnects in 12 s"
    assert link_words(book.accounts[LAB], 11.6) == "Reconnects in 0 s"


def test_without_accounts_the_pane_says_how_to_get_one(qtbot: QtBot) -> None:
    book = ChatBook()
    pane = AccountPane(AccountTreeModel(book))
    qtbot.addWidget(pane)
    assert pane._pages.currentIndex() == 1
    book.add_account(account())
    assert pane._pages.currentIndex() == 0


def test_a_click_or_return_opens_a_chat_and_delete_closes_it(qtbot: QtBot) -> None:
    book, chat = book_with()
    model = AccountTreeModel(book)
    pane = AccountPane(model)
    qtbot.addWidget(pane)
    pane.resize(220, 400)
    pane.show()
    spot = pane._tree.visualRect(model.chat_index(chat.key)).center()
    with qtbot.waitSignal(pane.chat_activated) as caught:
        qtbot.mouseClick(pane._tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert caught.args == [chat.key]
    with qtbot.waitSignal(pane.chat_activated):
        qtbot.keyClick(pane._tree, Qt.Key.Key_Return)
    with qtbot.waitSignal(pane.close_requested) as closed:
        qtbot.keyClick(pane._tree, Qt.Key.Key_Delete)
    assert closed.args == [chat.key]
    pane.grab()


@pytest.mark.parametrize("state", list(LinkState))
def test_every_link_state_is_drawn(qtbot: QtBot, state: LinkState) -> None:
    book, _ = book_with()
    book.apply(ev.LinkChanged(LAB, state, NOON, "Because.", 3.0, True))
    pane = AccountPane(AccountTreeModel(book))
    qtbot.addWidget(pane)
    assert not pane.grab().isNull()


def test_buddies_who_are_online_are_counted_and_marked(qtbot: QtBot) -> None:
    book, _ = book_with()
    book.apply(ev.LinkChanged(LAB, LinkState.ONLINE, NOON))
    book.open(LAB, "Bob")
    model = AccountTreeModel(book)
    pane = AccountPane(model)
    qtbot.addWidget(pane)
    pane.show()
    row, private = model.index(0, 0), model.chat_index(ChatKey(LAB, "bob"))
    assert (row.data(Role.ONLINE), private.data(Role.ONLINE)) == ((), False)
    told: list[QModelIndex] = []
    model.dataChanged.connect(lambda first, _last: told.append(first))
    pane.show_online(LAB, ["Bob", "eve"])
    model.flush()
    assert (row.data(Role.ONLINE), private.data(Role.ONLINE)) == (("bob", "eve"), True)
    assert len(told) == 2
    spoken = row.data(Qt.ItemDataRole.AccessibleTextRole)
    assert "2 buddies online: bob, eve" in spoken
    assert "online" in private.data(Qt.ItemDataRole.AccessibleTextRole)
    pane.grab()
    pane.show_online(LAB, [])
    pane.show_online(AccountId("gone"), ["bob"])
    assert row.data(Role.ONLINE) == ()
