"""The tour: begins by itself once, follows what the reader does, stands in nobody's way."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, Security
from chatlab.core.chats import Chat
from chatlab.core.message import Delivery
from chatlab.ui.actions import ActionId
from chatlab.ui.tour import Deed, Tour
from chatlab.ui.widgets.callout import Callout
from tests.helpers.chats import account, connection, message
from tests.helpers.comparisons import comparison
from tests.helpers.stage import Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


def temporary(name: str, security: Security = Security.PLAIN) -> Account:
    return replace(account(name, security), is_temporary=True)


def in_lab(stage: Stage) -> tuple[Chat, Chat]:
    """The lab's two panes."""
    sealed_account = temporary("sealed", Security.DIRECT_TLS)
    sealed = stage.join(of=sealed_account)
    stage.book.apply(ev.ConnectionOpened(sealed_account.id, connection(sealed_account, "TLSv1.3")))
    plain = stage.join(of=temporary("plain"))
    stage.window.chats.compare(plain, sealed)
    return plain, sealed


def tour_of(stage: Stage) -> Tour:
    return stage.wiring.tour


def callout_of(stage: Stage) -> Callout:
    callout = tour_of(stage).callout
    assert callout is not None
    return callout


def say(stage: Stage, chat: Chat) -> None:
    said = message("hello", of=chat.key.account, delivery=Delivery.WRITTEN)
    event = ev.MessageAdded(said)
    stage.take(event)
    tour_of(stage).take_event(event)


def deed(stage: Stage) -> Deed | None:
    stop = tour_of(stage).stop
    return stop.deed if stop is not None else None


def rect_of(part: QWidget, window: QWidget) -> QRect:
    return QRect(part.mapTo(window, QPoint(0, 0)), part.size())


def test_it_begins_by_itself_in_the_lab_and_nowhere_else(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    assert not tour_of(stage).is_on
    in_lab(stage)
    assert deed(stage) is Deed.SAID_IN_CLEAR


def test_it_takes_neither_focus_nor_composers(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.resize(1280, 800)
    plain, _ = in_lab(stage)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    pane.focus_composer()
    callout = callout_of(stage)
    assert callout.isVisible()
    assert not callout.isAncestorOf(stage.window.focusWidget())
    covered = rect_of(callout, stage.window)
    for each in stage.window.chats.panes:
        assert not covered.intersects(rect_of(each.composer, stage.window).adjusted(1, 1, -1, -1))


def test_who_skips_it_by_keyboard_can_write_on(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    in_lab(stage)
    callout_of(stage).skip_button.setFocus()
    qtbot.keyClick(callout_of(stage).skip_button, Qt.Key.Key_Space)
    assert not tour_of(stage).is_on
    assert stage.window.focusWidget() is stage.window.chats.active.composer.editor


def test_each_step_ends_when_it_is_done(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = in_lab(stage)
    stage.backstage.comparer.table = comparison()
    say(stage, sealed)
    assert deed(stage) is Deed.SAID_IN_CLEAR
    say(stage, plain)
    assert deed(stage) is Deed.LOOKED
    stage.window.wire.detail.hex.byte_clicked.emit(3)
    assert deed(stage) is Deed.SAID_SEALED
    say(stage, sealed)
    stage.window.wire.frame_selected.emit(1)
    assert deed(stage) is Deed.SAID_TWICE
    stage.wiring.twins.switch(True)
    stage.speaker.say(plain.key, "both")
    assert deed(stage) is Deed.COMPARED
    stage.window.actions_table.trigger(ActionId.COMPARISON)
    assert deed(stage) is Deed.NOTHING
    assert not callout_of(stage).skip_button.isVisible()
    qtbot.mouseClick(callout_of(stage).next_button, Qt.MouseButton.LeftButton)
    assert not tour_of(stage).is_on
    assert stage.backstage.preferences.is_tour_over


def test_it_points_at_the_twins_and_does_not_cover_them(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.resize(1280, 800)
    plain, _ = in_lab(stage)
    said = message("both", of=plain.key.account, delivery=Delivery.WRITTEN)
    for _ in range(5):
        qtbot.mouseClick(callout_of(stage).next_button, Qt.MouseButton.LeftButton)
    assert deed(stage) is Deed.COMPARED
    callout = callout_of(stage)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    assert callout._anchor() is stage.window.chats.active.composer
    stage.take(ev.MessageAdded(replace(said, twin="t1")))
    view = pane.transcript
    qtbot.waitUntil(lambda: callout._anchor() is view.viewport())
    callout.place()
    row = view.visualRect(view.model().index(view.model().rowCount() - 1, 0))
    meant = row.translated(view.viewport().mapTo(stage.window, QPoint(0, 0)))
    assert callout._anchor_rect() == meant
    assert not rect_of(callout, stage.window).intersects(meant)


def test_who_only_reads_goes_on_by_the_button(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    in_lab(stage)
    for _ in range(6):
        qtbot.mouseClick(callout_of(stage).next_button, Qt.MouseButton.LeftButton)
    assert deed(stage) is Deed.NOTHING


def test_skipped_once_it_does_not_come_back_by_itself(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = in_lab(stage)
    qtbot.mouseClick(callout_of(stage).skip_button, Qt.MouseButton.LeftButton)
    assert not callout_of(stage).isVisible()
    stage.window.chats.compare(plain, sealed)
    assert not tour_of(stage).is_on


def test_escape_skips_it_when_nobody_else_wants_the_key(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    in_lab(stage)
    qtbot.keyClick(stage.window, Qt.Key.Key_Escape)
    assert not tour_of(stage).is_on


def test_it_outlives_the_pane_that_it_points_at(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = in_lab(stage)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    gone: list[object] = []
    pane.destroyed.connect(lambda: gone.append(True))
    stage.window.chats.remove_pane(pane)
    qtbot.waitUntil(lambda: bool(gone))
    stage.window.resize(1100, 700)
    stage.window.hide()
    stage.window.show()
    assert tour_of(stage).is_on
    assert callout_of(stage)._anchor() is None


def test_help_begins_it_again_and_starts_the_lab_where_it_does_not_run(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.window.actions_table.trigger(ActionId.TOUR)
    assert stage.backstage.asked[-1] == "start lab"
    in_lab(stage)
    assert tour_of(stage).is_on
    tour_of(stage).end()
    stage.window.actions_table.trigger(ActionId.TOUR)
    assert deed(stage) is Deed.SAID_IN_CLEAR


def test_the_bubble_says_its_words_to_screen_readers_and_its_buttons_have_keys(
    qtbot: QtBot,
) -> None:
    stage = Stage(qtbot)
    in_lab(stage)
    callout = callout_of(stage)
    assert "Type a line" in callout.accessibleName()
    assert "&" in callout.next_button.text()
    assert "&" in callout.skip_button.text()
    assert callout.next_button.focusPolicy() is Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("size", [(1024, 700), (1280, 800), (1920, 1080)])
def test_the_bubble_lies_inside_of_the_window_beside_what_it_is_about(
    qtbot: QtBot, size: tuple[int, int]
) -> None:
    stage = Stage(qtbot)
    in_lab(stage)
    stage.window.resize(*size)
    callout = callout_of(stage)
    for _ in range(6):
        qtbot.waitUntil(lambda: stage.window.rect().contains(callout.geometry()))
        anchor = callout._anchor()
        if anchor is not None and anchor.isVisible():
            area = rect_of(anchor, stage.window)
            common = callout.geometry().intersected(area)
            assert common.height() <= area.height() // 2 or common.width() <= area.width() // 2
        callout.next_button.click()
