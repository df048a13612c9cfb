"""One gesture, several chats: which get the text, what is shown, what happens when one fails."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.chats import Chat, ChatKey, Note
from chatlab.core.errors import LocalProtocolError
from chatlab.core.message import Delivery, MessageKind
from chatlab.ui.actions import ActionId
from chatlab.ui.widgets.transcript_layout import Hit, HitKind
from tests.helpers.chats import account, connection, message
from tests.helpers.stage import LAB, NotingConnection, Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

TLS = account("sealed", Security.DIRECT_TLS)


def pair(stage: Stage) -> tuple[Chat, Chat]:
    """The same channel in clear and under TLS, side by side."""
    sealed = stage.join(of=TLS)
    stage.book.apply(ev.ConnectionOpened(TLS.id, connection(TLS, "TLSv1.3")))
    plain = stage.join()
    stage.window.chats.compare(plain, sealed)
    return plain, sealed


def sealed_connection(stage: Stage) -> NotingConnection:
    return stage.backstage.connections[TLS.id]


def said(stage: Stage) -> tuple[list[str], list[str]]:
    """What left in clear, and what left under TLS."""
    plain, sealed = stage.connection, sealed_connection(stage)
    return [text for _, text, _ in plain.said], [text for _, text, _ in sealed.said]


def bar_words(stage: Stage) -> list[str]:
    return [each.text for each in stage.window.bar.messages()]


def test_what_is_typed_once_leaves_on_both(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    stage.wiring.twins.switch(True)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    pane.submitted.emit(plain.key, "hello")
    assert said(stage) == (["hello"], ["hello"])


def test_who_clicks_the_switch_writes_on_at_once(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    stage.window.wire.focus_frames()
    qtbot.mouseClick(pane.composer.twin_switch, Qt.MouseButton.LeftButton)
    assert stage.window.focusWidget() is pane.composer.editor
    stage.wiring.twins.switch(False)
    pane.composer.twin_switch.setFocus()
    qtbot.keyClick(pane.composer.twin_switch, Qt.Key.Key_Space)
    assert stage.wiring.twins.is_on
    assert stage.window.focusWidget() is pane.composer.twin_switch, "the keyboard was taken away"


def test_the_twins_share_one_name_and_the_next_ones_another(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    stage.wiring.twins.switch(True)
    for text in ("one", "two"):
        stage.speaker.say(plain.key, text)
    names = [twin for _, twin in stage.backstage.comparer.paired]
    assert len(names) == 4
    assert names[0] == names[1] != names[2] == names[3]


def test_an_action_is_a_twin_and_a_command_is_not(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    stage.wiring.twins.switch(True)
    stage.speaker.say(plain.key, "/me waves")
    stage.speaker.say(plain.key, "/topic New")
    assert sealed_connection(stage).said == [("#lab", "waves", MessageKind.ACTION)]
    assert not sealed_connection(stage).executed


def test_an_answer_stays_in_its_chat(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    stage.wiring.twins.switch(True)
    stage.speaker.say(plain.key, "yes", "msgid-1")
    assert said(stage) == (["yes"], [])


def test_off_means_this_chat_alone(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    stage.wiring.twins.switch(True)
    stage.wiring.twins.switch(False)
    stage.speaker.say(plain.key, "hello")
    assert said(stage) == (["hello"], [])


def test_each_composer_says_where_else_it_leaves_and_how_big_it_is_there(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = pair(stage)
    left, right = (stage.window.chats.pane_of(chat.key) for chat in (plain, sealed))
    assert left
    assert right
    assert left.composer.twins.isHidden()
    qtbot.mouseClick(left.composer.twin_switch, Qt.MouseButton.LeftButton)
    left.composer.editor.setPlainText("hi")
    words = left.composer.twins.accessibleName()
    assert "sealed" in words
    assert f"({len('PRIVMSG #lab :hi') + 2} B)" in words
    assert not right.composer.twins.isHidden()
    assert right.composer.twin_switch.isChecked()


def test_one_that_fails_is_said_and_the_other_leaves(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = pair(stage)
    stage.wiring.twins.switch(True)
    sealed_connection(stage).failure = LocalProtocolError("Too long.", "Shorten it.")
    stage.speaker.say(plain.key, "hello")
    assert said(stage) == (["hello"], [])
    assert "Sent on 1 of 2 chats" in bar_words(stage)[-1]
    assert "sealed" in bar_words(stage)[-1]
    note = sealed.entries[-1]
    assert isinstance(note, Note)
    assert note.text == "Too long."


def test_one_that_fails_later_is_said_as_well(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    pair(stage)
    entry = message("hello", delivery=Delivery.QUEUED)
    stage.take(ev.MessageAdded(entry))
    stage.take(ev.MessageChanged(LAB, entry.id, twin="t1"))
    failed = ev.MessageChanged(LAB, entry.id, Delivery.FAILED, failure="You were banned.")
    stage.take(failed)
    stage.wiring.twins.take_event(failed)
    assert "You were banned." in bar_words(stage)[-1]


def test_more_than_two_may_be_chosen(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = pair(stage)
    third = stage.join("#other", shows=False)
    stage.wiring.twins.switch(True)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    menu = pane.composer.twins.make_menu()
    ticked = {action.text(): action.isChecked() for action in menu.actions()}
    assert sum(ticked.values()) == 1
    next(a for a in menu.actions() if a.text().startswith("#other")).trigger()
    assert set(stage.wiring.twins.chosen) == {plain.key, sealed.key, third.key}
    menu.close()


def test_a_chat_that_goes_is_no_twin_any_more(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    _, sealed = pair(stage)
    stage.wiring.twins.switch(True)
    stage.book.close(sealed.key)
    assert not stage.wiring.twins.is_on
    assert not any(pane.composer.twin_switch.isChecked() for pane in stage.window.chats.panes)


def test_the_key_brings_the_counterpart_beside_the_chat(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    pair(stage)
    stage.window.chats.remove_pane(stage.window.chats.active)
    assert stage.window.actions_table.trigger(ActionId.TWINS)
    assert stage.wiring.twins.is_on
    assert len(stage.window.chats.panes) == 2


def test_with_one_chat_there_is_nothing_to_switch_on(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.wiring.twins.switch(True)
    assert not stage.wiring.twins.is_on
    assert "only one chat" in bar_words(stage)[-1]


def test_chats_in_clear_stand_first(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = pair(stage)
    stage.wiring.twins.choose((sealed.key, plain.key))
    assert stage.wiring.twins.chosen == (plain.key, sealed.key)


def test_nobody_can_choose_a_server_page_or_a_chat_from_a_file(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, sealed = pair(stage)
    stage.wiring.twins.choose((plain.key, ChatKey(LAB, "")))
    assert not stage.wiring.twins.is_on
    stage.book.accounts[TLS.id].source = "saved.pcapng"
    stage.wiring.twins.choose((plain.key, sealed.key))
    assert not stage.wiring.twins.is_on


def test_a_twin_has_a_way_to_the_comparison_below_it(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    plain, _ = pair(stage)
    pane = stage.window.chats.pane_of(plain.key)
    assert pane is not None
    entry = message("hello", delivery=Delivery.WRITTEN)
    stage.take(ev.MessageAdded(entry))
    stage.take(ev.MessageChanged(LAB, entry.id, twin="t1"))
    transcript = pane.transcript

    def kinds() -> list[HitKind]:
        last = transcript.model().rowCount() - 1
        return [kind for _, kind, _ in transcript.layout_of(last).actions] if last >= 0 else []

    qtbot.waitUntil(lambda: kinds() == [HitKind.TWIN])
    with qtbot.waitSignal(transcript.compare_requested):
        transcript._act(Hit(HitKind.TWIN, transcript.model().rowCount() - 1))
