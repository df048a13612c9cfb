"""One chat, or two side by side; one of them is where the reader works."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.core.chats import Chat, ChatBook
from chatlab.core.events import MessageAdded
from chatlab.ui.widgets.chat_area import ChatArea
from tests.helpers.chats import book_with, message
from tests.helpers.stage import LAB
from tests.ui.test_chat_pane import services

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def area_with(qtbot: QtBot) -> tuple[ChatArea, ChatBook, Chat, Chat]:
    book, lab = book_with()
    other = book.open(LAB, "#other")
    area = ChatArea(book, services())
    qtbot.addWidget(area)
    area.resize(800, 500)
    area.show()
    return area, book, lab, other


def titles(area: ChatArea) -> list[str]:
    return [pane.chat.title if pane.chat else "" for pane in area.panes]


def test_it_begins_with_one_empty_pane(qtbot: QtBot) -> None:
    area, *_ = area_with(qtbot)
    assert titles(area) == [""]


def test_a_chat_opens_where_the_reader_works(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.show_chat(lab)
    area.show_beside(other)
    assert titles(area) == ["#lab", "#other"]
    third = area._book.open(LAB, "#third")
    area.activate(area.panes[1])
    area.show_chat(third)
    assert titles(area) == ["#lab", "#third"]


def test_a_chat_that_is_in_view_is_gone_to_not_doubled(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.compare(lab, other)
    area.show_chat(other)
    assert titles(area) == ["#lab", "#other"]
    assert area.active is area.panes[1]


def test_never_more_than_two(qtbot: QtBot) -> None:
    area, book, lab, other = area_with(qtbot)
    area.compare(lab, other)
    area.show_beside(book.open(LAB, "#third"))
    assert titles(area) == ["#lab", "#third"]


def test_both_sides_of_a_comparison_are_equally_wide(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.compare(lab, other)
    left, right = area.sizes()
    assert abs(left - right) <= 1


def test_a_closed_pane_leaves_the_other_and_the_last_one_stays(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.compare(lab, other)
    area.panes[0].close_requested.emit()
    assert titles(area) == ["#other"]
    area.remove_pane(area.panes[0])
    assert titles(area) == [""]


def test_a_chat_that_ends_leaves_its_pane_empty(qtbot: QtBot) -> None:
    area, book, lab, _ = area_with(qtbot)
    area.show_chat(lab)
    book.close(lab.key)
    assert titles(area) == [""]


def test_a_message_lights_up_only_where_it_is(qtbot: QtBot) -> None:
    area, book, lab, other = area_with(qtbot)
    said = message("hello")
    book.apply(MessageAdded(said))
    area.compare(lab, other)
    assert area.select_message(said.id)
    assert area.panes[0].transcript.selected_message() == said.id
    assert area.panes[1].transcript.selected_message() is None
    area.remove_pane(area.panes[0])
    assert not area.select_message(said.id)


def test_everybody_is_told_who_is_active(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.compare(lab, other)
    with qtbot.waitSignal(area.active_changed) as caught:
        area.activate_next()
    assert caught.args == [other.key]


def test_the_member_list_comes_with_every_pane(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.resize(1_200, 600)
    area.show_members(True)
    area.compare(lab, other)
    assert area.are_members_shown
    assert all(not pane.members.isHidden() for pane in area.panes)


def test_the_member_list_gives_way_where_two_panes_are_narrow(qtbot: QtBot) -> None:
    area, _, lab, other = area_with(qtbot)
    area.resize(500, 600)
    area.show_members(True)
    area.compare(lab, other)
    QApplication.processEvents()
    assert area.are_members_shown
    assert not area.are_members_in_view
    area.show_members(True)
    assert [pane.are_members_in_view for pane in area.panes] == [True, False]
