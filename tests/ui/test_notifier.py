"""What tells of messages while the reader is elsewhere: the counter, the desktop, and being away."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chats import ChatKey
from chatlab.core.commands import Verb
from chatlab.ui.idle import IdleWatch
from chatlab.ui.notifier import Notifier, badged_icon
from tests.helpers.chats import NOON, message
from tests.helpers.stage import LAB, Stage


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage(qtbot)
    made.join("#lab", shows=False)
    made.join("#other")
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A desktop that notes what it is to show."""
    shown: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", staticmethod(lambda: True))
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda self: None)
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda self, title, text, *_: shown.append((title, text))
    )
    return shown


def mention(text: str = "me: look", chat: str = "#lab") -> ev.MessageAdded:
    return ev.MessageAdded(message(text, chat=chat, is_highlight=True))


def hear(stage: Stage, event: ev.MessageAdded) -> None:
    stage.take(event)
    stage.wiring.talk.notifier.take_event(event)


def test_the_counter_stands_in_the_title_and_goes_with_reading(stage: Stage) -> None:
    notifier = stage.wiring.talk.notifier
    before = stage.window.windowTitle()
    hear(stage, mention())
    hear(stage, ev.MessageAdded(message("nothing for you")))
    notifier.refresh()
    assert stage.window.windowTitle() == f"(1) {before}"
    stage.book.mark_read(ChatKey(LAB, "#lab"))
    notifier.refresh()
    assert stage.window.windowTitle() == before


def test_a_title_that_changed_meanwhile_keeps_its_words(stage: Stage) -> None:
    hear(stage, mention())
    stage.wiring.talk.notifier.refresh()
    stage.window.setWindowTitle("(1) file – ChatLab")
    hear(stage, mention())
    stage.wiring.talk.notifier.refresh()
    assert stage.window.windowTitle() == "(2) file – ChatLab"


def test_the_icon_wears_the_number(qapp: QApplication) -> None:
    pictures = [badged_icon(count).pixmap(32, 32).toImage() for count in (0, 1, 2, 100)]
    assert all(a != b for a, b in pairwise(pictures))


def test_the_desktop_is_told_only_when_it_was_chosen(
    stage: Stage, told: list[tuple[str, str]]
) -> None:
    hear(stage, mention())
    assert told == []
    stage.wiring.talk.notifier.set_on(True)
    hear(stage, mention())
    hear(stage, ev.MessageAdded(message("nothing for you")))
    assert told == [("alice in #lab", "me: look")]
    stage.wiring.talk.notifier.set_on(False)
    hear(stage, mention())
    assert len(told) == 1


def test_what_others_write_stays_words_on_the_desktop(
    stage: Stage, told: list[tuple[str, str]]
) -> None:
    stage.wiring.talk.notifier.set_on(True)
    hear(stage, mention("me: <img src=x>\x02bold\x02"))
    assert told == [("alice in #lab", "me: ‹img src=x›bold")]


def test_muted_and_replayed_messages_are_not_told(
    stage: Stage, told: list[tuple[str, str]]
) -> None:
    stage.wiring.talk.notifier.set_on(True)
    hear(stage, ev.MessageAdded(message("me", is_highlight=True, is_history=True)))
    stage.book.set_muted(frozenset({ChatKey(LAB, "#lab")}))
    hear(stage, mention())
    assert told == []


def test_a_click_on_a_notification_goes_to_the_chat(
    stage: Stage, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.window, "raise_", lambda: None)  # The test platform has no stack.
    gone: list[ChatKey] = []
    notifier = Notifier(stage.window, stage.book, gone.append)
    notifier.set_on(True)
    stage.take(event := mention())
    notifier.take_event(event)
    assert notifier._tray is not None
    notifier._tray.messageClicked.emit()
    assert gone == [ChatKey(LAB, "#lab")]


def test_nobody_is_away_by_himself_unless_he_chose_to(stage: Stage) -> None:
    stage.wiring.talk.idle.check(10**9)
    assert stage.connection.executed == []


def test_idle_accounts_are_marked_and_come_back_with_the_next_key(
    stage: Stage, qapp: QApplication
) -> None:
    idle = IdleWatch(stage.backstage, stage.book, stage.window)
    idle.set_minutes(5)
    idle.check(4 * 60_000)
    assert stage.connection.executed == []
    idle.check(5 * 60_000)
    stage.book.apply(ev.AwayChanged(LAB, True, NOON))
    idle.check(6 * 60_000)
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
    qapp.sendEvent(stage.window, key)
    qapp.sendEvent(stage.window, key)
    assert [command.verb for command, _ in stage.connection.executed] == [Verb.AWAY, Verb.BACK]
    idle.set_minutes(0)


def test_who_was_away_by_hand_stays_away(stage: Stage) -> None:
    stage.book.apply(ev.AwayChanged(LAB, True, NOON))
    idle = IdleWatch(stage.backstage, stage.book, stage.window)
    idle.set_minutes(5)
    idle.check(5 * 60_000)
    idle.eventFilter(QObject(), QEvent(QEvent.Type.KeyPress))
    assert stage.connection.executed == []
    idle.set_minutes(0)
