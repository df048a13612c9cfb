"""Whether somebody looks at the window, as servers are told."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chatlab.core.account import AccountId
from chatlab.ui import attention
from chatlab.ui.attention import AttentionWatch
from tests.helpers.chats import account
from tests.helpers.stage import NotingConnection, Stage

ACTIVE = Qt.ApplicationState.ApplicationActive
AWAY = Qt.ApplicationState.ApplicationInactive


class NotingTaker(NotingConnection):
    """A connection that writes down what it is told of the window."""

    told: list[bool]

    def set_active(self, is_active: bool) -> None:
        self.told.append(is_active)


@pytest.fixture
def taker(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> tuple[AttentionWatch, NotingTaker]:
    monkeypatch.setattr(attention, "QUIET_MS", 20)
    stage = Stage(qtbot)
    stage.join()  # On IRC there is nothing to tell.
    mine = account(AccountId("x"))
    connection = NotingTaker(mine)
    connection.told = []
    stage.book.add_account(mine)
    stage.backstage.connections[mine.id] = connection
    return AttentionWatch(stage.backstage, stage.book, stage.window), connection


def test_servers_are_told_a_while_after_the_window_was_left_and_at_once_on_coming_back(
    qtbot: QtBot, taker: tuple[AttentionWatch, NotingTaker]
) -> None:
    watch, connection = taker
    watch.follow(AWAY)
    assert connection.told == []
    qtbot.waitUntil(lambda: connection.told == [False])
    watch.follow(AWAY)
    watch.follow(ACTIVE)
    watch.follow(ACTIVE)
    assert connection.told == [False, True]


def test_a_short_look_elsewhere_is_not_told(
    qtbot: QtBot, taker: tuple[AttentionWatch, NotingTaker]
) -> None:
    watch, connection = taker
    watch.follow(AWAY)
    watch.follow(ACTIVE)
    with qtbot.assertNotEmitted(watch.destroyed, wait=60):
        pass
    assert connection.told == []
