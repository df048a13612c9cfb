"""The table of actions: one key, one meaning; what is shown works, what works is shown."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from chatlab import resources
from chatlab.ui.actions import (
    ACTIONS,
    NUMBERS,
    ActionId,
    Actions,
    Menu,
    shortcut_texts,
    spec_of,
)


def all_keys() -> list[str]:
    keys: list[str] = []
    for spec in ACTIONS:
        for shortcut in spec.shortcuts:
            numbers = NUMBERS if spec.is_numbered else [0]
            keys += [QKeySequence(shortcut.format(number)).toString() for number in numbers]
    return keys


def test_no_key_means_two_things() -> None:
    assert [key for key, count in Counter(all_keys()).items() if count > 1] == []


def test_every_shortcut_is_one_that_qt_understands() -> None:
    assert all(all_keys())
    assert {QKeySequence(key).count() for key in all_keys()} == {1}


def test_no_menu_letter_takes_a_shortcut_away() -> None:
    letters = {menu.value[menu.value.index("&") + 1].upper() for menu in Menu}
    assert len(letters) == len(Menu)
    assert not {f"Alt+{letter}" for letter in letters} & set(all_keys())


def test_no_two_entries_of_a_menu_share_a_letter() -> None:
    for menu in Menu:
        texts = [spec.text for spec in ACTIONS if spec.menu is menu and not spec.is_numbered]
        letters = [text[text.index("&") + 1].lower() for text in texts]
        assert len(set(letters)) == len(letters), menu


def test_nothing_uses_the_keys_of_other_programs_and_layouts() -> None:
    """Ctrl+Alt is AltGr on Windows, Ctrl+Shift+Esc its task manager, Ctrl+Shift+U is IBus."""
    assert not [key for key in all_keys() if "Ctrl+Alt" in key]
    assert not {"Ctrl+Shift+Esc", "Ctrl+Shift+U"} & set(all_keys())


@pytest.mark.parametrize("action", ActionId)
def test_every_row_is_complete(action: ActionId) -> None:
    row = spec_of(action)
    assert row.help.endswith(".")
    assert not row.icon or resources.path(f"icons/{row.icon}.svg").exists()


def test_every_id_has_exactly_one_row() -> None:
    assert Counter(spec.id for spec in ACTIONS) == Counter(ActionId)


def test_only_what_does_something_is_in_a_menu(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    actions = Actions(window)
    actions.on(ActionId.HELP, lambda: None)
    actions.on_number(ActionId.GO_TO_CHAT, lambda number: None)
    actions.fill(window.menuBar())
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == [Menu.GO.value, Menu.HELP.value]
    assert [spec.id for spec in actions.obeyed()] == [ActionId.GO_TO_CHAT, ActionId.HELP]


def test_keys_reach_their_handlers(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    seen: list[object] = []
    actions = Actions(window)
    actions.on(ActionId.PALETTE, lambda: seen.append("palette"))
    actions.on_number(ActionId.GO_TO_CHAT, seen.append)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_7, Qt.KeyboardModifier.AltModifier)
    assert seen == ["palette", 7]


def test_the_palette_can_trigger_what_is_switched_on(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    seen: list[str] = []
    actions = Actions(window)
    made = actions.on(ActionId.CAPTURE, lambda: seen.append("capture"))
    assert actions.trigger(ActionId.CAPTURE)
    made.setEnabled(False)
    assert not actions.trigger(ActionId.CAPTURE)
    assert not actions.trigger(ActionId.SPLIT)
    assert seen == ["capture"]


def test_a_numbered_action_says_its_range() -> None:
    assert shortcut_texts(spec_of(ActionId.GO_TO_CHAT)) == ("Alt+1 … Alt+9",)
