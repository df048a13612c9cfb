"""Keys that the reader chose: never two meanings, and told everywhere."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from chatlab.core.preferences import Preferences
from chatlab.ui import shortcuts
from chatlab.ui.actions import ACTIONS, ActionId, spec_of
from chatlab.ui.dialogs.help import HelpDialog
from chatlab.ui.dialogs.preferences import PreferencesDialog
from chatlab.ui.dialogs.shortcuts import KeyField, ShortcutsDialog
from chatlab.ui.models.palette import action_entries
from chatlab.ui.models.shortcut_rows import ShortcutColumn
from chatlab.ui.shortcuts import expanded, fault_of, owner_of, portable, resolved
from chatlab.ui.topics import topics
from tests.helpers.stage import Stage

FIND, BOLD, GO = spec_of(ActionId.FIND), spec_of(ActionId.BOLD), spec_of(ActionId.GO_TO_CHAT)
FREE = "Ctrl+Shift+F10"
"""What no action has."""
pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(autouse=True)
def usual_keys() -> Iterator[None]:
    yield
    shortcuts.obey({})


@pytest.fixture
def dialog(qtbot: QtBot) -> ShortcutsDialog:
    made = ShortcutsDialog(ACTIONS, {})
    qtbot.addWidget(made)
    made.show()
    return made


def choose(dialog: ShortcutsDialog, action: ActionId) -> None:
    row = dialog.model.row_of(action)
    assert row is not None
    dialog.table.setCurrentIndex(dialog.model.index(row, 0))


def press(field: KeyField, keys: str) -> None:
    """As if the keys were pressed together in the field."""
    field.setKeySequence(QKeySequence(keys))


def cell(dialog: ShortcutsDialog, action: ActionId, column: ShortcutColumn) -> str:
    row = dialog.model.row_of(action)
    assert row is not None
    return str(dialog.model.index(row, column).data())


def hint(dialog: ShortcutsDialog) -> str:
    return " ".join(label.text() for label in dialog._form.findChildren(QLabel))


# --- rules


def test_these_tests_use_a_key_that_is_free() -> None:
    assert owner_of(FREE, resolved({})) is None


def test_without_a_choice_every_key_is_that_of_the_table() -> None:
    usual = {spec.id: tuple(map(portable, spec.shortcuts)) for spec in ACTIONS}
    assert resolved({}) == usual


@pytest.mark.parametrize(
    "chosen",
    [
        {"bold": ("Ctrl+F",)},
        {"bold": ("Ctrl+F",), "italic": ("Ctrl+F", FREE), "find": (FREE,)},
        {"go-to-chat": ("Ctrl+{}",), "bold": ("Ctrl+3",)},
        {"bold": ("nonsense", "", "Ctrl+{}", "Ctrl+X, Ctrl+Y"), "no-such-action": (FREE,)},
    ],
)
def test_whatever_a_file_says_no_key_means_two_things(chosen: dict[str, tuple[str, ...]]) -> None:
    keys = [
        key for several in resolved(chosen).values() for one in several for key in expanded(one)
    ]
    assert len(keys) == len(set(keys))


def test_a_chosen_key_is_taken_from_the_action_that_had_it() -> None:
    keys = resolved({"bold": ("ctrl+f",)})
    assert (keys[ActionId.BOLD], keys[ActionId.FIND]) == (("Ctrl+F",), ())


@pytest.mark.parametrize(
    ("key", "word"),
    [("A", "writing"), ("Shift+A", "writing"), ("Ctrl+C", "copies"), ("Alt+F", "File menu"),
     ("Return", "writing"), ("Ctrl+Z", "undoes")],
)  # fmt: skip
def test_keys_that_are_needed_are_refused_with_the_reason(key: str, word: str) -> None:
    assert word in fault_of(FIND, key)


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.id.value)
def test_no_usual_key_would_be_refused(spec: object) -> None:
    row = next(one for one in ACTIONS if one is spec)
    assert [fault for key in row.shortcuts if (fault := fault_of(row, portable(key)))] == []


def test_a_numbered_action_wants_a_number() -> None:
    assert "number" in fault_of(GO, "Ctrl+G")
    assert owner_of("Alt+3", resolved({})) is ActionId.GO_TO_CHAT


# --- the dialog


def test_a_free_key_is_taken_and_handed_on(dialog: ShortcutsDialog, qtbot: QtBot) -> None:
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], "Ctrl+G")
    assert cell(dialog, ActionId.FIND, ShortcutColumn.KEYS) == "Ctrl+G"
    assert cell(dialog, ActionId.FIND, ShortcutColumn.STATE) == "Changed"
    with qtbot.waitSignal(dialog.submitted) as told:
        dialog.save_button.click()
    assert told.args == [{"find": ("Ctrl+G",)}]


def test_keys_reach_the_field_from_the_keyboard(dialog: ShortcutsDialog, qtbot: QtBot) -> None:
    choose(dialog, ActionId.FIND)
    qtbot.keyClick(dialog.fields[1], Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: cell(dialog, ActionId.FIND, ShortcutColumn.KEYS) == "Ctrl+F, Ctrl+G")


def test_tab_goes_on_and_escape_closes(dialog: ShortcutsDialog, qtbot: QtBot) -> None:
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    choose(dialog, ActionId.FIND)
    dialog.fields[0].setFocus()
    qtbot.keyClick(dialog.fields[0], Qt.Key.Key_Tab)
    assert dialog.focusWidget() is dialog.fields[1]
    assert dialog.model.chosen == {}
    qtbot.keyClick(dialog.fields[1], Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_conflict_is_said_and_settled_only_by_taking_over(dialog: ShortcutsDialog) -> None:
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], "Ctrl+B")
    assert "already does something: Bold" in hint(dialog)
    assert cell(dialog, ActionId.FIND, ShortcutColumn.KEYS) == "Ctrl+F"
    assert dialog.fields[0].keySequence().toString() == "Ctrl+F"
    dialog.take_button.click()
    assert cell(dialog, ActionId.FIND, ShortcutColumn.KEYS) == "Ctrl+B"
    assert cell(dialog, ActionId.BOLD, ShortcutColumn.KEYS) == ""
    assert dialog.model.chosen == {"find": ("Ctrl+B",), "bold": ()}
    assert dialog.take_button.isHidden()


def test_another_choice_forgets_the_conflict(dialog: ShortcutsDialog) -> None:
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], "Ctrl+B")
    choose(dialog, ActionId.HELP)
    assert dialog.take_button.isHidden()
    dialog.take_button.click()
    assert dialog.model.chosen == {}


def test_what_cannot_be_a_key_is_not_shown_as_one(dialog: ShortcutsDialog) -> None:
    choose(dialog, ActionId.FIND)
    press(dialog.fields[1], "A")
    assert "needed for writing" in hint(dialog)
    assert dialog.fields[1].keySequence().isEmpty()
    assert dialog.model.chosen == {}


def test_backspace_takes_a_key_away_and_the_usual_one_comes_back(dialog: ShortcutsDialog) -> None:
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], "Backspace")
    assert dialog.model.chosen == {"find": ()}
    assert dialog.fields[0].keySequence().isEmpty()
    dialog.reset_button.click()
    assert dialog.model.chosen == {}
    assert dialog.fields[0].keySequence().toString() == "Ctrl+F"
    assert not dialog.reset_button.isEnabled()


def test_a_number_stands_for_nine(dialog: ShortcutsDialog) -> None:
    choose(dialog, ActionId.GO_TO_CHAT)
    press(dialog.fields[0], "Meta+5")
    assert dialog.model.chosen == {"go-to-chat": ("Meta+{}",)}
    press(dialog.fields[0], "Ctrl+5")  # Ctrl+0 is “Normal text”; 0 is none of the nine.
    assert dialog.model.chosen == {"go-to-chat": ("Ctrl+{}",)}


def test_the_filter_finds_actions_by_word_and_key(dialog: ShortcutsDialog) -> None:
    for words, action in (("ctrl+k", ActionId.PALETTE), ("emphasis ital", ActionId.ITALIC)):
        dialog.filter.setText(words)
        rows = [dialog.model.spec(row) for row in range(dialog.model.rowCount())]
        assert action in [spec.id for spec in rows if spec is not None]
        assert len(rows) < 5
    dialog.filter.setText("no such thing")
    assert dialog.model.rowCount() == 0
    assert not dialog.fields[0].isEnabled()


def test_all_as_usual_forgets_every_choice(qtbot: QtBot) -> None:
    made = ShortcutsDialog(ACTIONS, {"find": (FREE,), "bold": ()})
    qtbot.addWidget(made)
    assert cell(made, ActionId.FIND, ShortcutColumn.KEYS) == FREE
    made.reset_all_button.click()
    assert made.model.chosen == {}
    assert not made.reset_all_button.isEnabled()


# --- in force


def test_menus_tips_palette_help_and_topics_say_the_keys_of_now(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.wiring.talk._obey(
        Preferences(shortcuts={"find": (FREE,), "palette": (), "capture": ("F3",)})
    )
    table = stage.window.actions_table
    assert table.action(ActionId.FIND).shortcut().toString() == FREE
    assert f"({FREE})" in table.action(ActionId.FIND).toolTip()
    assert stage.window.wire.bar._toggle.toolTip().endswith("(F3)")
    entries = {entry.target: entry.shortcut for entry in action_entries(table.obeyed())}
    assert entries[ActionId.FIND] == FREE
    page = HelpDialog(table.obeyed())
    qtbot.addWidget(page)
    page.search(FREE)
    assert "Find in this chat" in [
        label.text() for label in page.findChildren(QLabel) if not label.isHidden()
    ]
    text = " ".join(topic.text for topic in topics())
    assert "Ctrl+K" not in text
    stage.wiring.talk._obey(Preferences())
    assert table.action(ActionId.FIND).shortcut().toString() == "Ctrl+F"


def test_the_window_obeys_the_new_key_at_once(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    with qtbot.waitActive(stage.window):
        stage.window.activateWindow()
    assert stage.window.actions_table.trigger(ActionId.SHORTCUTS)
    (dialog,) = stage.window.findChildren(ShortcutsDialog)
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], FREE)
    dialog.save_button.click()
    assert stage.backstage.preferences.shortcuts == {"find": (FREE,)}
    bar = stage.window.chats.active.find_bar
    with qtbot.waitActive(stage.window):
        stage.window.activateWindow()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(stage.window, Qt.Key.Key_F10, keys)
    assert bar.isVisible()


def test_keys_that_are_chosen_in_the_preferences_count_with_them(qtbot: QtBot) -> None:
    preferences = PreferencesDialog(Preferences(), ACTIONS, can_notify=True)
    qtbot.addWidget(preferences)
    preferences.keys_button.click()
    (dialog,) = preferences.findChildren(ShortcutsDialog)
    choose(dialog, ActionId.FIND)
    press(dialog.fields[0], FREE)
    dialog.save_button.click()
    assert preferences.read().shortcuts == {"find": (FREE,)}
    preferences.condenses.setChecked(False)
    assert not preferences.read().condenses
