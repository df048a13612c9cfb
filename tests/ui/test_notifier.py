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
from chatlab.core.preferences import Preferences
from chatlab.ui.actions import ActionId
from chatlab.ui.idle import IdleWatch
from chatlab.ui.notifier import Notifier, badged_icon
from tests.helpers.chats import NOON, message
from tests.helpers.stage import LAB, Stage

ON = Preferences(notifies=True)


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
    stage.window.set_subject("file – ChatLab")
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
    stage.wiring.talk.notifier.obey(ON)
    hear(stage, mention())
    hear(stage, ev.MessageAdded(message("nothing for you")))
    assert told == [("alice in #lab", "me: look")]
    stage.wiring.talk.notifier.obey(Preferences())
    hear(stage, mention())
    assert len(told) == 1


def test_what_others_write_stays_words_on_the_desktop(
    stage: Stage, told: list[tuple[str, str]]
) -> None:
    stage.wiring.talk.notifier.obey(ON)
    hear(stage, mention("me: <img src=x>\x02bold\x02"))
    assert told == [("alice in #lab", "me: ‹img src=x›bold")]


def test_muted_and_replayed_messages_are_not_told(
    stage: Stage, told: list[tuple[str, str]]
) -> None:
    stage.wiring.talk.notifier.obey(ON)
    hear(stage, ev.MessageAdded(message("me", is_highlight=True, is_history=True)))
    stage.book.set_muted(frozenset({ChatKey(LAB, "#lab")}))
    hear(stage, mention())
    assert told == []


def test_a_click_on_a_notification_goes_to_the_chat(
    stage: Stage, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.window, "raise_", lambda: None)  # The test platform has no stack.
    gone: list[ChatKey] = []
    notifier = Notifier(stage.window, stage.book, stage.backstage.rules, gone.append)
    notifier.obey(ON)
    stage.take(event := mention())
    notifier.take_event(event)
    assert notifier._tray is not None
    notifier._tray.messageClicked.emit()
    assert gone == [ChatKey(LAB, "#lab")]


def test_the_window_hides_in_the_tray_and_comes_back(
    stage: Stage, told: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.window, "raise_", lambda: None)
    notifier, window = stage.wiring.talk.notifier, stage.window
    window.show()
    asked: list[bool] = []
    window.close_requested.connect(lambda: asked.append(True))
    window.close()
    assert (window.isVisible(), asked) == (True, [True])
    notifier.obey(Preferences(closes_to_tray=True))
    window.close()
    assert not window.isVisible()
    assert asked == [True]
    assert told == [
        ("ChatLab goes on in the tray", "It stays online. Its icon brings the window back.")
    ]
    assert notifier._tray is not None
    notifier._tray.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert window.isVisible()
    hear(stage, mention())
    window.close()
    assert len(told) == 1
    menu = notifier._tray.contextMenu()
    assert [action.text() for action in menu.actions()] == ["Show ChatLab", "Quit"]
    menu.actions()[1].trigger()
    assert stage.backstage.asked[-1] == "quit"
    assert window.actions_table.trigger(ActionId.QUIT)


def test_every_message_of_a_chosen_chat_is_told(stage: Stage, told: list[tuple[str, str]]) -> None:
    stage.wiring.talk.notifier.obey(ON)
    key = ChatKey(LAB, "#lab")
    stage.backstage.rules.tell_all(key, True)
    hear(stage, ev.MessageAdded(message("nothing for you")))
    assert told == [("alice in #lab", "nothing for you")]
    stage.backstage.rules.tell_all(key, False)
    hear(stage, ev.MessageAdded(message("nothing for you")))
    assert len(told) == 1


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
