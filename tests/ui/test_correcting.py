"""Saying a message of one’s own otherwise: by command, by key, and from its menu (XEP-0308)."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from chatlab.core.message import Delivery, Message
from chatlab.ui.actions import ActionId
from chatlab.ui.widgets.transcript_menu import fill_menu
from tests.helpers.chats import account
from tests.helpers.stage import Stage
from tests.helpers.tag_stage import ALL, KEY, act, last_words, pane, say, tag_stage

pytestmark = pytest.mark.qt_log_ignore("does not support")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return tag_stage(qtbot)


def test_the_command_corrects_our_chosen_message_or_the_last(stage: Stage) -> None:
    first = say(stage, "frist", "m1", Delivery.ECHOED)
    say(stage, "secnd", "m2", Delivery.ECHOED)
    other = say(stage, "another’s", "m3")
    for chosen in (None, first, other):
        stage.presenter.select_message(chosen.id if chosen else None)
        stage.speaker.say(KEY, "/correct right")
    assert stage.connection.corrected == [
        ("#lab", "m2", "right"),
        ("#lab", "m1", "right"),
        ("#lab", "m2", "right"),
    ]


def test_ctrl_up_puts_our_last_message_into_the_composer(stage: Stage, qtbot: QtBot) -> None:
    stage.connection.known_features = replace(ALL, can_correct=True)
    stage.book.add_account(account())
    say(stage, "secnd", "m2", Delivery.ECHOED)
    stage.presenter.select_message(None)
    composer = pane(stage).composer
    stage.window.show()
    qtbot.waitExposed(stage.window)
    composer.editor.setFocus()
    qtbot.keyClick(composer.editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert composer.text() == "/correct secnd"


def test_what_was_begun_is_corrected_whatever_is_chosen_meanwhile(stage: Stage) -> None:
    first = say(stage, "frist", "m1", Delivery.ECHOED)
    last = say(stage, "secnd", "m2", Delivery.ECHOED)
    stage.connection.known_features = replace(ALL, can_correct=True)
    composer = pane(stage).composer
    for chosen in (None, last):
        pane(stage).transcript.correction_requested.emit(first.id)
        QApplication.processEvents()
        stage.presenter.select_message(chosen.id if chosen else None)
        composer.submit()
        QApplication.processEvents()
    pane(stage).transcript.correction_requested.emit(first.id)
    composer.set_text("")  # Given up.
    QApplication.processEvents()
    stage.speaker.say(KEY, "/correct second")
    assert stage.connection.corrected == [
        ("#lab", "m1", "frist"),
        ("#lab", "m1", "frist"),
        ("#lab", "m2", "second"),
    ]


def test_the_menu_of_our_own_messages_leads_to_their_correction(stage: Stage) -> None:
    ours = say(stage, "secnd", "m2", Delivery.ECHOED)
    theirs = say(stage, "another’s", "m3")
    stage.connection.known_features = replace(ALL, can_correct=True)

    def offered(said: Message) -> list[str]:
        menu = QMenu()
        fill_menu(menu, pane(stage).transcript, None, said)
        found = [one for one in menu.actions() if one.text().startswith("Correct…")]
        for one in found:
            one.trigger()
        menu.deleteLater()
        return [one.text() for one in found]

    assert offered(theirs) == []
    assert offered(ours) == ["Correct…\tCtrl+Up"]
    assert pane(stage).composer.text() == "/correct secnd"


def test_where_nothing_can_be_corrected_it_is_said(stage: Stage) -> None:
    say(stage, "secnd", "m2", Delivery.ECHOED)
    stage.presenter.select_message(None)
    act(stage, ActionId.CORRECT)
    assert "cannot be changed" in last_words(stage)
    assert pane(stage).composer.text() == ""
