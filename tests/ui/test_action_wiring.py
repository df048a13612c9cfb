"""Every action of the table does something, with and without chats."""

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.core.capture import CaptureIdle
from chatlab.ui import action_wiring
from chatlab.ui.actions import ACTIONS, ActionId, ActionSpec
from chatlab.ui.theme import Theme
from tests.helpers.stage import Stage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def press(stage: Stage, action: ActionId) -> None:
    for made in stage.window.actions_table._numbered.get(action, ()):
        made.trigger()
        return
    assert stage.window.actions_table.trigger(action)


def test_every_action_is_connected(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    assert {spec.id for spec in stage.window.actions_table.obeyed()} == set(ActionId)


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.id.value)
@pytest.mark.parametrize("has_chats", [False, True], ids=["empty", "with chats"])
def test_no_action_fails(qtbot: QtBot, spec: ActionSpec, has_chats: bool) -> None:
    stage = Stage(qtbot)
    if has_chats:
        stage.join()
        stage.join("#other")
    press(stage, spec.id)
    for widget in QApplication.topLevelWidgets():
        if widget is not stage.window:
            widget.close()


def test_ctrl_e_starts_what_is_stopped_and_stops_what_runs(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    press(stage, ActionId.CAPTURE)
    assert stage.backstage.asked[-1] == "stop capture"
    stage.feed.status = CaptureIdle()
    press(stage, ActionId.CAPTURE)
    assert stage.backstage.asked[-1] == "start capture"


def test_the_chats_are_gone_through_in_the_order_of_the_sidebar(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join("#one")
    stage.join("#two")
    seen = []
    for _ in range(3):
        press(stage, ActionId.NEXT_CHAT)
        chat = stage.window.chats.active.chat
        seen.append(chat.key.name if chat else None)
    assert seen == ["", "#one", "#two"]
    press(stage, ActionId.PREVIOUS_CHAT)
    assert stage.window.chats.active.chat is not None
    assert stage.window.chats.active.chat.key.name == "#one"


def test_f6_goes_through_the_parts_of_the_window(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    lab = stage.join()
    stage.presenter.show_chat(lab.key)
    stage.window.activateWindow()
    qtbot.waitUntil(stage.window.isActiveWindow)
    visited = []
    for _ in range(3):
        press(stage, ActionId.NEXT_PANE)
        focus = stage.window.focusWidget()
        assert focus is not None
        visited.append(focus.accessibleName())
    assert visited == ["Captured frames", "Accounts and chats", "Message"]


def test_parts_are_shown_and_hidden(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    for action, part in (
        (ActionId.SIDEBAR, stage.window.sidebar),
        (ActionId.WIRE_PANE, stage.window.wire),
    ):
        press(stage, action)
        assert part.isHidden()
        press(stage, action)
        assert not part.isHidden()


def test_the_theme_switches(qtbot: QtBot, qapp: QApplication) -> None:
    stage = Stage(qtbot)
    Theme.load("dark").apply(qapp)
    press(stage, ActionId.THEME)
    Theme.load("light").apply(qapp)
    press(stage, ActionId.THEME)
    assert stage.backstage.asked[-2:] == ["theme light", "theme dark"]


def test_a_theme_that_was_switched_to_is_in_the_preferences(
    qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action_wiring, "system_theme_name", lambda: "light")
    stage = Stage(qtbot)
    Theme.load("light").apply(qapp)
    stage.backstage.font_scale = 120
    press(stage, ActionId.THEME)
    assert stage.backstage.preferences.theme == "dark"
    assert stage.backstage.preferences.font_scale == 120
    Theme.load("dark").apply(qapp)
    press(stage, ActionId.THEME)
    assert stage.backstage.preferences.theme == "system"


def test_the_font_grows_shrinks_and_comes_back(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    sizes = []
    for action in (ActionId.FONT_BIGGER, ActionId.FONT_SMALLER, ActionId.FONT_BIGGER):
        press(stage, action)
        sizes.append(stage.backstage.font_scale)
    press(stage, ActionId.FONT_RESET)
    assert [*sizes, stage.backstage.font_scale] == [110, 100, 110, 100]
