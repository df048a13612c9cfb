"""The first page: three choices, by mouse and by keyboard."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.ui.widgets.card import Card
from chatlab.ui.widgets.first_start import FirstStart

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def page(qtbot: QtBot) -> FirstStart:
    page = FirstStart()
    qtbot.addWidget(page)
    page.resize(1200, 700)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.setFocus()
    return page


def heard(page: FirstStart) -> list[str]:
    found: list[str] = []
    page.lab_requested.connect(lambda: found.append("lab"))
    page.connect_requested.connect(lambda: found.append("connect"))
    page.open_requested.connect(lambda: found.append("open"))
    return found


def test_each_card_tells_its_choice(page: FirstStart, qtbot: QtBot) -> None:
    found = heard(page)
    for card in page.findChildren(Card):
        qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    assert found == ["lab", "connect", "open"]


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ([Qt.Key.Key_1], "lab"),
        ([Qt.Key.Key_3], "open"),
        ([Qt.Key.Key_Return], "lab"),
        ([Qt.Key.Key_Right, Qt.Key.Key_Return], "connect"),
        ([Qt.Key.Key_Left, Qt.Key.Key_Space], "open"),
        ([Qt.Key.Key_Tab, Qt.Key.Key_Space], "connect"),
    ],
)
def test_the_keyboard_is_enough(
    page: FirstStart, qtbot: QtBot, keys: list[Qt.Key], choice: str
) -> None:
    found = heard(page)
    for key in keys:
        qtbot.keyClick(QApplication.focusWidget(), key)
    assert found == [choice]


@pytest.mark.parametrize(("width", "is_column"), [(1280, False), (640, True)])
def test_cards_stand_side_by_side_where_there_is_room(
    page: FirstStart, width: int, is_column: bool
) -> None:
    page.resize(width, 900)
    QApplication.processEvents()
    tops = {card.mapTo(page, card.rect().topLeft()).y() for card in page.findChildren(Card)}
    assert (len(tops) == 3) is is_column


def test_cards_are_explained_to_screen_readers(page: FirstStart) -> None:
    for card in page.findChildren(Card):
        assert card.text()
        assert card.accessibleDescription()
