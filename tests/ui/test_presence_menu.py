"""How others see us: chosen from the account’s menu, shown in its row."""

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.roster import Availability
from chatlab.ui.models.account_tree import link_words
from tests.helpers.chats import NOON
from tests.helpers.stage import LAB, Stage
from tests.helpers.xmpp_stage import X, orders, take, xmpp_stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return xmpp_stage(qtbot)


def moods(stage: Stage, menu: QMenu) -> dict[str, QAction]:
    stage.window.sidebar._fill_account_menu(menu, stage.book.accounts[X])
    (inner,) = [one.menu() for one in menu.actions() if one.menu()]
    assert isinstance(inner, QMenu)
    return {one.text(): one for one in inner.actions()}


@pytest.mark.parametrize(
    ("words", "typed"),
    [("Do not disturb", "dnd"), ("Away for long", "xa"), ("Free to chat", "chat")],
)
def test_a_mood_is_chosen_from_the_menu(stage: Stage, words: str, typed: str) -> None:
    menu = QMenu(stage.window)
    found = moods(stage, menu)
    assert found["Online"].isChecked()
    found[words].trigger()
    assert orders(stage) == [(Command(Verb.PRESENCE, (typed,)), "")]


def test_the_row_and_the_menu_show_the_mood_of_now(stage: Stage) -> None:
    busy = Availability.DO_NOT_DISTURB
    take(stage, ev.AwayChanged(X, True, NOON, busy))
    state = stage.book.accounts[X]
    assert link_words(state) == "Do not disturb"
    menu = QMenu(stage.window)
    assert [words for words, one in moods(stage, menu).items() if one.isChecked()] == [
        "Do not disturb"
    ]
    stage.window.sidebar.grab()  # The row paints its sign.
    take(stage, ev.LinkChanged(X, LinkState.WAITING, NOON))
    assert state.availability is Availability.AVAILABLE


def test_irc_knows_here_and_away_only(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    menu = QMenu(stage.window)
    stage.window.sidebar._fill_account_menu(menu, stage.book.accounts[LAB])
    assert "I am away" in [one.text() for one in menu.actions()]
