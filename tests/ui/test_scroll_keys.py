"""Scrolling while one writes, and the line between what was read and what is new."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.core.events import MessageAdded
from chatlab.ui.actions import ActionId
from tests.helpers.chats import message
from tests.helpers.stage import Stage

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
COUNT = 80


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage(qtbot)
    made.join()
    for number in range(COUNT):
        made.take(MessageAdded(message(f"line {number}")))
    QApplication.processEvents()
    return made


def press(
    stage: Stage,
    qtbot: QtBot,
    key: Qt.Key,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> int:
    """Where the messages are scrolled to, after a key in the composer."""
    pane = stage.window.chats.active
    qtbot.keyClick(pane.composer.editor, key, held)
    QApplication.processEvents()
    return pane.transcript.verticalScrollBar().value()


def test_pages_scroll_and_escape_goes_back_to_the_newest(stage: Stage, qtbot: QtBot) -> None:
    bar = stage.window.chats.active.transcript.verticalScrollBar()
    end = bar.value()
    assert end > bar.pageStep()
    up = press(stage, qtbot, Qt.Key.Key_PageUp)
    further = press(stage, qtbot, Qt.Key.Key_PageUp)
    assert further < up < end
    assert press(stage, qtbot, Qt.Key.Key_PageDown) > further
    press(stage, qtbot, Qt.Key.Key_Escape)
    assert stage.window.chats.active.transcript.is_at_end


def test_the_ends_are_the_texts_while_there_is_one(stage: Stage, qtbot: QtBot) -> None:
    composer = stage.window.chats.active.composer
    composer.set_text("half a thought")
    end = press(stage, qtbot, Qt.Key.Key_Home, CTRL)
    assert composer.editor.textCursor().position() == 0
    assert stage.window.chats.active.transcript.is_at_end
    composer.set_text("")
    assert press(stage, qtbot, Qt.Key.Key_Home, CTRL) == 0 < end
    press(stage, qtbot, Qt.Key.Key_End, CTRL)
    assert stage.window.chats.active.transcript.is_at_end


def test_the_line_is_put_below_the_last_message_and_found_again(stage: Stage, qtbot: QtBot) -> None:
    pane, table = stage.window.chats.active, stage.window.actions_table
    assert table.trigger(ActionId.GO_TO_MARKER)
    assert "there is no line" in stage.window.strip._message.text()
    assert table.trigger(ActionId.SET_MARKER)
    row = pane.transcript.model().rowCount()
    assert pane.transcript._first_new == row
    assert pane.go_to_marker()  # Nothing is below it yet: the end.
    assert pane.transcript.is_at_end
    for number in range(COUNT):
        stage.take(MessageAdded(message(f"later {number}")))
    model = pane.transcript.model()
    qtbot.waitUntil(lambda: model.rowCount() == row + COUNT)
    assert table.trigger(ActionId.GO_TO_MARKER)
    assert 0 <= pane.transcript.visualRect(model.index(row, 0)).top() <= 2
    assert (
        pane.transcript.verticalScrollBar().value() < pane.transcript.verticalScrollBar().maximum()
    )


def test_what_a_key_has_done_is_said_for_a_while(stage: Stage, qtbot: QtBot) -> None:
    strip = stage.window.strip
    strip.tell_briefly("first")
    assert strip._message.text() == "first"
    strip.show_message("saving …")
    strip._fade("first")
    assert strip._message.text() == "saving …"
    strip.tell_briefly("second")
    strip._fade("second")
    assert strip._message.text() == ""
