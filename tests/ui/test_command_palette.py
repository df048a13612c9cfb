"""The palette: a few letters, Return, and it is done."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.core.chats import ChatBook, ChatKey
from chatlab.ui.actions import ACTIONS, ActionId, Actions
from chatlab.ui.models.palette import (
    PaletteKind,
    PaletteModel,
    action_entries,
    chat_entries,
    command_entries,
    topic_entries,
)
from chatlab.ui.widgets.command_palette import CommandPalette
from tests.helpers.accounts import PLAIN_ACCOUNT

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def book() -> ChatBook:
    book = ChatBook()
    book.add_account(PLAIN_ACCOUNT)
    book.open(PLAIN_ACCOUNT.id, "#Lab")
    book.open(PLAIN_ACCOUNT.id, "alice")
    return book


class Scene:
    """A window with a field, two actions, and the palette over it."""

    def __init__(self, qtbot: QtBot, book: ChatBook) -> None:
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        self.window.resize(900, 600)
        self.field = QLineEdit(self.window)
        self.window.setCentralWidget(self.field)
        self.done: list[object] = []
        actions = Actions(self.window)
        actions.on(ActionId.WIRE_PANE, lambda: self.done.append("wire"))
        actions.on(ActionId.HELP, lambda: self.done.append("help"))
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        self.field.setFocus()
        self.palette = CommandPalette(book, actions, self.window)
        self.palette.chat_chosen.connect(self.done.append)
        self.palette.command_chosen.connect(self.done.append)
        self.palette.help_chosen.connect(self.done.append)
        self.palette.open()


@pytest.fixture
def scene(qtbot: QtBot, book: ChatBook) -> Scene:
    return Scene(qtbot, book)


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("#la", ChatKey(PLAIN_ACCOUNT.id, "#lab")),
        ("alic", ChatKey(PLAIN_ACCOUNT.id, "alice")),
        ("wire pane", "wire"),
        ("/whoi", "/whois "),
        ("unknown", "“UNKNOWN PACKET” in Wireshark"),
    ],
)
def test_return_does_the_first_that_fits(
    scene: Scene, qtbot: QtBot, typed: str, done: object
) -> None:
    qtbot.keyClicks(scene.palette.edit, typed)
    qtbot.keyClick(scene.palette.edit, Qt.Key.Key_Return)
    assert scene.done == [done]


def test_it_gives_the_keyboard_back(scene: Scene, qtbot: QtBot) -> None:
    assert QApplication.focusWidget() is scene.palette.edit
    qtbot.keyClick(scene.palette.edit, Qt.Key.Key_Escape)
    assert scene.done == []
    assert QApplication.focusWidget() is scene.field


def test_a_click_elsewhere_closes_it(scene: Scene) -> None:
    scene.field.setFocus()
    assert not scene.palette.isVisible()


def test_arrow_keys_choose_and_wrap_around(scene: Scene, qtbot: QtBot) -> None:
    view, edit = scene.palette.list, scene.palette.edit
    qtbot.keyClick(edit, Qt.Key.Key_Down)
    assert view.currentIndex().row() == 1
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    qtbot.keyClick(edit, Qt.Key.Key_Up)
    assert view.currentIndex().row() == view.model().rowCount() - 1


def test_nothing_found_is_said(scene: Scene, qtbot: QtBot) -> None:
    qtbot.keyClicks(scene.palette.edit, "zzzz")
    assert scene.palette._empty.isVisible()
    qtbot.keyClick(scene.palette.edit, Qt.Key.Key_Return)
    assert scene.done == []


def test_it_stays_inside_a_small_window(scene: Scene) -> None:
    scene.window.resize(500, 360)
    assert scene.window.rect().contains(scene.palette.geometry())


def test_an_action_nobody_obeys_is_not_offered(scene: Scene, qtbot: QtBot) -> None:
    qtbot.keyClicks(scene.palette.edit, "quit")
    titles = [entry.title for row in range(60) if (entry := scene.palette._model.entry(row))]
    assert "Quit" not in titles


def test_the_model_keeps_the_rules_of_qt(qtmodeltester: ModelTester, book: ChatBook) -> None:
    model = PaletteModel()
    model.set_entries([*chat_entries(book), *command_entries()])
    qtmodeltester.check(model)


def test_without_a_query_chats_come_first(book: ChatBook, qtbot: QtBot) -> None:
    model = PaletteModel()
    model.set_entries([*topic_entries(), *command_entries(), *chat_entries(book)])
    kinds = [entry.kind for row in range(4) if (entry := model.entry(row))]
    assert kinds == [PaletteKind.CHAT] * 3 + [PaletteKind.COMMAND]


def test_entries_are_found_by_other_words(qtbot: QtBot) -> None:
    model = PaletteModel()
    model.set_entries(action_entries(ACTIONS))
    model.set_query("screenshot")
    entry = model.entry(0)
    assert entry is not None
    assert entry.target is ActionId.PICTURE


def test_a_screen_reader_hears_what_an_entry_is(book: ChatBook, qtbot: QtBot) -> None:
    model = PaletteModel()
    model.set_entries(chat_entries(book))
    model.set_query("#lab")
    spoken = model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Chat, #Lab, Lab plain"
