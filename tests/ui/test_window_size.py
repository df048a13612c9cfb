"""The first window fits its screen, and says when it was painted."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from chatlab.ui.main_window import DEFAULT_SIZE, WindowLayout
from tests.helpers.stage import Stage


@pytest.mark.parametrize(
    ("screen", "fits"),
    [((1920, 1080), True), (DEFAULT_SIZE, True), ((1366, 728), False), ((1024, 700), False)],
)
def test_the_first_window_is_no_bigger_than_the_screen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int], fits: bool
) -> None:
    stage = Stage(qtbot)
    stage.window.resize(*DEFAULT_SIZE)
    monkeypatch.setattr(QScreen, "availableGeometry", lambda _screen: QRect(0, 0, *screen))
    stage.window.restore_layout(WindowLayout())
    size = stage.window.size()
    if fits:
        assert (size.width(), size.height()) == DEFAULT_SIZE
    else:
        assert size.width() <= screen[0]
        assert size.height() < screen[1]


def test_the_first_paint_is_told_once_also_where_one_page_covers_the_window(qtbot: QtBot) -> None:
    stage, told = Stage(qtbot), list[bool]()
    stage.window.show_first_start(True)
    stage.window.painted.connect(lambda: told.append(True))
    qtbot.waitUntil(lambda: bool(told))
    stage.window.hide()
    with qtbot.waitExposed(stage.window):
        stage.window.show()
    QApplication.processEvents()
    assert told == [True]
