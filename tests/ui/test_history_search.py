"""Search in the history: from words to a message in its chat."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatKey
from chatlab.core.message import Message
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.history_search import HistorySearchDialog
from chatlab.ui.models.history_hits import HistoryHits, HitColumn, snippet
from chatlab.ui.widgets.find_bar import pattern_of
from tests.helpers.chats import NOON, account, message
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Desk:
    """The window with two old messages on disk."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.stage = Stage(qtbot)
        self.chat = self.stage.join()
        self.old = replace(message("the old needle", "alice", at=NOON - 5), is_history=True)
        self.stage.backstage.stored = (self.old, message("needle", "bob", of="gone"))

    def open(self, words: str = "") -> HistorySearchDialog:
        self.stage.wiring._search.open(words)
        found = self.stage.window.findChild(HistorySearchDialog)
        assert found is not None
        if words:
            self.qtbot.waitUntil(lambda: not found._timer.isActive())
        return found


def rows(dialog: HistorySearchDialog) -> list[Message | None]:
    return [dialog.model.message(row) for row in range(dialog.model.rowCount())]


def test_the_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    model = HistoryHits()
    model.show_hits([(message("hello"), "#lab · lab")], pattern_of("hell"))
    qtmodeltester.check(model)


def test_a_match_far_inside_a_long_message_is_seen() -> None:
    shown = snippet("word " * 100 + "needle" + " word" * 100, pattern_of("NEEDLE"))
    assert "needle" in shown
    assert shown.startswith("…")
    assert snippet("needle first", pattern_of("needle")) == "needle first"


def test_typed_words_are_looked_for_on_disk(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    dialog = desk.open()
    qtbot.keyClicks(dialog.field, "needle")
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 2)
    assert desk.stage.backstage.asked[-1] == "search needle"
    assert dialog._state.text() == "2 messages"
    assert dialog.model.index(1, HitColumn.CHAT).data() == "#lab · lab"


def test_one_letter_is_not_looked_for(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    dialog = desk.open("n")
    assert rows(dialog) == []
    assert not [asked for asked in desk.stage.backstage.asked if asked.startswith("search")]


def test_nothing_found_is_said(qtbot: QtBot) -> None:
    dialog = Desk(qtbot).open("haystack")
    assert dialog._state.text() == "0 messages"
    assert not dialog.go_button.isEnabled()


def test_a_message_on_disk_is_brought_into_its_chat_and_chosen(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    again = replace(desk.old, id=message().id)

    def bring(key: ChatKey) -> None:
        desk.stage.book.prepend(key, [again])

    desk.stage.backstage.on_load_back = bring
    dialog = desk.open("old needle")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert f"back #lab {desk.old.time_ns}" in desk.stage.backstage.asked
    assert desk.stage.presenter.selected == again.id


def test_what_cannot_be_brought_back_is_said(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    desk.open("old needle").go_button.click()
    assert "too far back" in desk.stage.window.bar._text.text()


def test_a_message_of_a_removed_account_is_shown_but_not_gone_to(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    dialog = desk.open("needle")
    row = next(at for at, one in enumerate(rows(dialog)) if one and one.sender == "bob")
    dialog.table.setCurrentIndex(dialog.model.index(row, 0))
    dialog.go_button.click()
    assert "was removed" in desk.stage.window.bar._text.text()


def test_the_labs_messages_are_found_in_memory(qtbot: QtBot) -> None:
    desk = Desk(qtbot)
    lab = replace(account("class"), is_temporary=True)
    desk.stage.join("#class", lab)
    said = message("a needle in class", chat="#class", of="class")
    desk.stage.book.apply(ev.MessageAdded(said))
    dialog = desk.open("in class")
    assert rows(dialog) == [said]
    dialog.go_button.click()
    assert desk.stage.presenter.selected == said.id


def test_the_arrows_walk_through_the_list_from_the_field(qtbot: QtBot) -> None:
    dialog = Desk(qtbot).open("needle")
    qtbot.keyClick(dialog.field, Qt.Key.Key_Down)
    assert dialog.table.currentIndex().row() == 1
    qtbot.keyClick(dialog.field, Qt.Key.Key_Up)
    assert dialog.table.currentIndex().row() == 0


def test_key_command_and_find_bar_open_the_search(qtbot: QtBot) -> None:
    desk = Desk(qtbot)

    def words() -> list[str]:
        dialogs = desk.stage.window.findChildren(HistorySearchDialog)
        return [dialog.field.text() for dialog in dialogs if dialog.isVisible()]

    desk.stage.window.actions_table.trigger(ActionId.SEARCH)
    assert words() == [""]
    desk.stage.speaker.say(ChatKey(LAB, "#lab"), "/lastlog two words")
    assert words() == ["two words"]
    desk.stage.window.chats.active.search_requested.emit("from the bar")
    assert words() == ["from the bar"]


def test_answers_to_older_words_are_not_shown(qtbot: QtBot) -> None:
    dialog = HistorySearchDialog("new")
    qtbot.addWidget(dialog)
    dialog.show_found("old", [(message("old"), "#lab")], is_cut=False)
    assert rows(dialog) == []
