"""Tab goes where the eye goes, in every dialog and through the whole window."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.preferences import Preferences
from chatlab.ui.actions import ACTIONS, ActionId
from chatlab.ui.dialogs.shortcuts import ShortcutsDialog
from chatlab.ui.widgets import tab_order
from tests.helpers import gallery_dcc, gallery_e, gallery_irc, gallery_xmpp
from tests.helpers.chats import message
from tests.helpers.stage import LAB, Stage
from tests.helpers.tab_order import jumps_back, name_of, tab_stops
from tests.helpers.transfer_scenes import moving, offered

SCENES: dict[str, Callable[[], QWidget]] = {
    **gallery_dcc.SCENES,
    **gallery_e.VIEWS,
    **gallery_irc.SCENES,
    **gallery_xmpp.SCENES,
    "shortcuts": lambda: ShortcutsDialog(ACTIONS, Preferences().shortcuts),
}


NO_DIALOGS = ("strip-", "sidebar", "window", "contacts", "find")


@pytest.mark.parametrize("scene", [name for name in SCENES if not name.startswith(NO_DIALOGS)])
def test_no_dialog_sends_the_keyboard_back(qtbot: QtBot, scene: str) -> None:
    shown = SCENES[scene]()
    qtbot.addWidget(shown)
    if not isinstance(shown, QDialog):
        return
    shown.show()
    for _ in range(4):  # Pages that come later are laid out, and then put in order.
        QApplication.processEvents()
    assert jumps_back(shown) == []


def test_the_window_is_walked_through_from_left_to_right(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.window.resize(1280, 800)
    stage.take(ev.MessageAdded(message("hi")))
    stage.book.open(LAB, "bob")
    stage.wiring.files.take_event(ev.TransferOffered(LAB, offered(chat="#lab")))
    stage.wiring.files.take_event(ev.TransferOffered(LAB, moving(chat="#lab")))
    stage.window.chats.show_members(True)
    for action in (ActionId.FIND, ActionId.RAW_CONSOLE):
        stage.window.actions_table.trigger(action)
    for _ in range(4):
        QApplication.processEvents()
    assert jumps_back(stage.window) == []
    names = " ".join(name_of(stop) for stop in tab_stops(stage.window))
    for wanted in (
        "Add account", "Accounts and chats", "Topic", "Accept", "Find in this chat", "Messages",
        "Members", "Message", "Protocol line to send", "This chat", "Captured frames",
    ):  # fmt: skip
        assert wanted in names


def test_what_comes_later_finds_its_place(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    column = QVBoxLayout(root)
    column.addWidget(last := QPushButton("last"))
    root.show()
    grid = QGridLayout()
    fields = {place: QLineEdit(str(place)) for place in ((1, 1), (0, 1), (1, 0), (0, 0))}
    for (row, at), field in fields.items():
        grid.addWidget(field, row, at)
    column.insertLayout(0, grid)
    inner = QHBoxLayout()
    inner.addWidget(middle := QPushButton("middle"))
    column.insertLayout(1, inner)
    QApplication.processEvents()  # Parts that come to a shown window show themselves.
    order = [*(fields[place] for place in sorted(fields)), middle, last]
    assert tab_order.tab_stops(root) == order
    assert go_round(root, len(order), is_forward=True) == [*order[1:], order[0]]
    assert go_round(root, len(order), is_forward=False) == [*order[:0:-1], order[0]]
    middle.setEnabled(False)
    fields[0, 0].hide()
    assert tab_order.tab_stops(root) == [*order[1:4], last]


def go_round(root: QWidget, count: int, *, is_forward: bool) -> list[QWidget | None]:
    """Where the keyboard is after each step from the first stop."""
    tab_order.tab_stops(root)[0].setFocus()
    seen: list[QWidget | None] = []
    for _ in range(count):
        assert tab_order.go_on(root, is_forward=is_forward)
        seen.append(root.focusWidget())
    return seen


def test_where_nothing_takes_the_keyboard_qt_is_asked(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    assert not tab_order.go_on(root, is_forward=True)
