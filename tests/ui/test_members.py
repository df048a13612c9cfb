"""The member list groups by rank and follows the book."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.ui.models.members import GroupRow, MemberModel, rows_of
from chatlab.ui.widgets.member_list import FILTER_FROM, MemberList
from tests.helpers.chats import NOON, book_with

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.qt_log_ignore("propagateSizeHints")]
LAB = AccountId("lab")


def listed(*members: Member) -> ev.MembersListed:
    return ev.MembersListed(LAB, "#lab", members)


def test_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    book, chat = book_with()
    model = MemberModel(book, chat)
    qtmodeltester.check(model)
    book.apply(listed(Member(nick="a", prefixes="@"), Member(nick="b")))
    model.flush()
    book.apply(listed())
    model.flush()


def test_the_highest_rank_comes_first_and_counts() -> None:
    rows = rows_of(
        {
            "bob": Member(nick="Bob"),
            "zed": Member(nick="zed", prefixes="@+"),
            "amy": Member(nick="amy", prefixes="+"),
            "al": Member(nick="al"),
        }
    )
    shown = [row.title if isinstance(row, GroupRow) else row.nick for row in rows]
    assert shown == ["Operators", "zed", "With voice", "amy", "Members", "al", "Bob"]
    assert rows[4] == GroupRow("Members", 2)


_SETS = st.lists(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "@", "+"])))


@settings(max_examples=50, deadline=None)
@given(_SETS)
def test_rows_follow_every_change(steps: list[dict[str, str]]) -> None:
    book, chat = book_with()
    model = MemberModel(book, chat)
    count = model.rowCount()

    def change(by: int) -> None:
        nonlocal count
        count += by

    model.rowsInserted.connect(lambda _p, first, last: change(last - first + 1))
    model.rowsRemoved.connect(lambda _p, first, last: change(first - last - 1))
    for step in steps:
        book.apply(listed(*(Member(nick=nick, prefixes=sign) for nick, sign in step.items())))
        model.flush()
        assert model._rows == rows_of(chat.members)
        assert count == model.rowCount()
    model.close()


def test_a_filter_appears_when_the_list_is_long(qtbot: QtBot) -> None:
    book, chat = book_with()
    view = MemberList()
    qtbot.addWidget(view)
    view.show_chat(book, chat)
    assert view._filter.isHidden()
    book.apply(listed(*(Member(nick=f"nick{n}") for n in range(FILTER_FROM + 1))))
    qtbot.waitUntil(lambda: not view._filter.isHidden())
    view._filter.setText("NICK17")
    model = view._model
    assert model is not None
    assert [model.index(row).data() for row in range(model.rowCount())] == ["Members", "nick17"]


def test_a_double_click_or_return_asks_for_a_private_chat(qtbot: QtBot) -> None:
    book, chat = book_with()
    book.apply(ev.MemberJoined(LAB, "#lab", Member(nick="bob", is_away=True), NOON))
    view = MemberList()
    qtbot.addWidget(view)
    view.show_chat(book, chat)
    view.show()
    assert view._model is not None
    index = view._model.index(1)
    view._list.setCurrentIndex(index)
    with qtbot.waitSignal(view.query_requested) as caught:
        qtbot.keyClick(view._list, Qt.Key.Key_Return)
    assert caught.args == ["bob"]
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "bob, away"
    view.grab()
