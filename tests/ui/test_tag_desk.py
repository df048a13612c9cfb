"""Answers, reactions, taking back and typing in the whole window: menus, keys and commands."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Security
from chatlab.core.chats import ChatKey
from chatlab.core.features import ServerFeatures
from chatlab.core.message import Delivery, MessageKind
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.widgets.reaction_chooser import SUGGESTED, ReactionChooser
from chatlab.ui.widgets.transcript_menu import fill_menu
from chatlab.ui.widgets.typing_line import writing_words
from tests.helpers.chats import NOON, account, message
from tests.helpers.stage import LAB, Stage
from tests.helpers.tag_stage import KEY, act, chat, last_words, pane, say, tag_stage

pytestmark = pytest.mark.qt_log_ignore("does not support")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return tag_stage(qtbot)


def press(qtbot: QtBot, stage: Stage, key: Qt.Key) -> None:
    qtbot.keyClick(pane(stage).composer.editor, key)


def chooser(stage: Stage) -> ReactionChooser:
    (found,) = stage.window.findChildren(ReactionChooser)
    return found


# -- answers


def test_an_answer_names_its_message_once(stage: Stage, qtbot: QtBot) -> None:
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REPLY)
    composer = pane(stage).composer
    assert composer.answered is not None
    composer.set_text("yes")
    press(qtbot, stage, Qt.Key.Key_Return)
    composer.set_text("and now")
    press(qtbot, stage, Qt.Key.Key_Return)
    assert stage.connection.said == [
        ("#lab", "yes", MessageKind.MESSAGE),
        ("#lab", "and now", MessageKind.MESSAGE),
    ]
    assert stage.connection.replies == ["m1"]
    assert composer.answered is None


def test_what_one_does_can_be_an_answer_and_other_commands_leave_it_be(
    stage: Stage, qtbot: QtBot
) -> None:
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REPLY)
    for line in ("/whois alice", "/me nods"):
        pane(stage).composer.set_text(line)
        press(qtbot, stage, Qt.Key.Key_Return)
    assert stage.connection.executed[0][0].arguments == ("alice",)
    assert stage.connection.said == [("#lab", "nods", MessageKind.ACTION)]
    assert stage.connection.replies == ["m1"]


def test_the_chosen_message_is_answered_and_escape_answers_none(stage: Stage, qtbot: QtBot) -> None:
    first = say(stage, "first", "m1")
    say(stage, "second", "m2")
    stage.presenter.select_message(first.id)
    act(stage, ActionId.REPLY)
    composer = pane(stage).composer
    assert composer.answered is not None
    assert composer.answered.msgid == "m1"
    press(qtbot, stage, Qt.Key.Key_Escape)
    assert composer.answered is None


def test_where_messages_have_no_names_their_author_is_addressed(stage: Stage) -> None:
    say(stage, "shall we?", "")
    act(stage, ActionId.REPLY)
    assert pane(stage).composer.answered is None
    assert pane(stage).composer.text() == "alice: "


def test_an_answer_is_kept_with_the_draft_of_its_chat(stage: Stage) -> None:
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REPLY)
    stage.join("#other")
    assert pane(stage).composer.answered is None
    stage.presenter.show_chat(KEY)
    assert pane(stage).composer.answered is not None


def test_a_command_answers_and_may_begin_with_a_slash(stage: Stage) -> None:
    say(stage, "which path?", "m1")
    stage.speaker.say(KEY, "/reply /usr/bin")
    assert stage.connection.said == [("#lab", "/usr/bin", MessageKind.MESSAGE)]
    assert stage.connection.replies == ["m1"]


def test_an_answered_message_is_brought_from_disk(stage: Stage) -> None:
    def bring(key: ChatKey) -> None:
        stage.book.prepend(key, [replace(message("long ago", at=NOON - 5), msgid="m0")])

    say(stage, "shall we?", "m1")
    view = pane(stage).transcript
    view.earlier_wanted.emit("m0")
    assert any("not kept" in one.text() for one in stage.window.bar.findChildren(QLabel))
    stage.backstage.on_load_back = bring
    view.earlier_wanted.emit("m0")
    assert stage.backstage.asked[-1] == "named #lab m0"
    chosen = stage.book.named(KEY, "m0")
    assert chosen is not None
    assert view.selected_message() == chosen.id


@pytest.mark.parametrize("line", ["/reply yes", "/react 👍", "/unreact 👍", "/retract"])
def test_where_there_is_nothing_to_refer_to_it_is_said(stage: Stage, line: str) -> None:
    stage.speaker.say(KEY, line)
    assert "no message here" in last_words(stage)
    assert not stage.connection.reactions
    assert not stage.connection.retracted


# -- reactions


def test_a_reaction_is_chosen_by_number(stage: Stage, qtbot: QtBot) -> None:
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REACT)
    qtbot.keyClick(chooser(stage), Qt.Key.Key_2)
    assert stage.connection.reactions == [("#lab", "m1", SUGGESTED[1][0], False)]


def test_a_reaction_is_chosen_by_arrows_or_written(stage: Stage, qtbot: QtBot) -> None:
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REACT)
    found = chooser(stage)
    qtbot.keyClick(found, Qt.Key.Key_Left)
    qtbot.keyClick(found, Qt.Key.Key_Return)
    act(stage, ActionId.REACT)
    other = next(one for one in stage.window.findChildren(ReactionChooser) if one.isVisible())
    qtbot.keyClick(other, Qt.Key.Key_Down)
    other.other.setText(" neat ")
    qtbot.keyClick(other.other, Qt.Key.Key_Return)
    assert [one[2] for one in stage.connection.reactions] == [SUGGESTED[-1][0], "neat"]


def test_a_click_on_a_reaction_joins_it_or_leaves_it(stage: Stage) -> None:
    said = say(stage, "shall we?", "m1")
    pane(stage).transcript.reaction_toggled.emit(said.id, "👍")
    stage.take(ev.ReactionSeen(LAB, "#lab", "me", "m1", "👍", NOON))
    state = stage.book.accounts[LAB]
    assert state.nick == "me"
    pane(stage).transcript.reaction_toggled.emit(said.id, "👍")
    assert stage.connection.reactions == [("#lab", "m1", "👍", False), ("#lab", "m1", "👍", True)]


def test_a_reaction_of_ours_is_known_by_our_name_in_that_room(stage: Stage) -> None:
    said = say(stage, "shall we?", "m1")
    renamed = ev.MemberRenamed(LAB, ("#lab",), "me", "me-in-here", NOON, is_self=False)
    stage.take(renamed)
    chat(stage).own_nick = "me-in-here"
    assert stage.book.accounts[LAB].nick == "me"
    stage.take(ev.ReactionSeen(LAB, "#lab", "me-in-here", "m1", "👍", NOON))
    pane(stage).transcript.reaction_toggled.emit(said.id, "👍")
    assert stage.connection.reactions == [("#lab", "m1", "👍", True)]


def test_commands_react_and_take_it_off_again(stage: Stage) -> None:
    say(stage, "shall we?", "m1")
    stage.speaker.say(KEY, "/react 👍")
    stage.speaker.say(KEY, "/unreact 👍")
    assert [one[2:] for one in stage.connection.reactions] == [("👍", False), ("👍", True)]


def test_a_server_without_reactions_is_told_about(stage: Stage) -> None:
    stage.connection.known_features = ServerFeatures()
    say(stage, "shall we?", "m1")
    act(stage, ActionId.REACT)
    assert "no reactions" in last_words(stage)
    assert not stage.window.findChildren(ReactionChooser)


# -- taking back


def test_taking_back_is_asked_first_and_is_about_our_own(stage: Stage, qtbot: QtBot) -> None:
    say(stage, "mine", "m1", Delivery.ECHOED)
    say(stage, "another’s", "m2")
    stage.presenter.select_message(None)
    act(stage, ActionId.RETRACT)
    assert stage.connection.retracted == []
    button = next(
        one for one in stage.window.bar.findChildren(QPushButton) if one.text() == "Take back"
    )
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert stage.connection.retracted == [("#lab", "m1")]


def test_the_command_takes_our_last_message_back(stage: Stage) -> None:
    say(stage, "mine", "m1", Delivery.ECHOED)
    say(stage, "another’s", "m2")
    stage.presenter.select_message(None)
    stage.speaker.say(KEY, "/retract")
    assert stage.connection.retracted == [("#lab", "m1")]


def test_the_menu_offers_what_the_server_can(stage: Stage) -> None:
    said = say(stage, "shall we?", "m1")

    def offered() -> dict[str, bool]:
        menu = QMenu()
        fill_menu(menu, pane(stage).transcript, None, said)
        found = {one.text().partition("\t")[0]: one.isEnabled() for one in menu.actions()}
        menu.deleteLater()
        return found

    assert offered()["Answer…"] is offered()["React…"] is offered()["Take back…"] is True
    stage.connection.known_features = ServerFeatures()
    assert offered()["Answer…"] is offered()["React…"] is False
    assert "Take back…" not in offered()


# -- typing


def test_who_writes_is_shown_until_they_have_spoken(stage: Stage) -> None:
    desk, line = stage.wiring.tags, pane(stage).typing
    event = ev.TypingSeen(LAB, "#lab", "bob", ev.Typing.ACTIVE, NOON)
    desk.take_event(event)
    assert "bob" in line.text
    height = line.height()
    desk.take_event(ev.MessageAdded(message(sender="bob")))
    assert (line.text, line.height()) == ("", height)


def test_who_stopped_writing_is_forgotten_in_time(stage: Stage, qtbot: QtBot) -> None:
    desk, line = stage.wiring.tags, pane(stage).typing
    clock = [NOON]
    desk._clock_ns = lambda: clock[0]
    desk.take_event(ev.TypingSeen(LAB, "#lab", "bob", ev.Typing.ACTIVE, NOON))
    assert desk._expiry.isActive()
    clock[0] += 7_000_000_000
    desk._expire()
    assert line.text == ""
    assert not desk._expiry.isActive()


def test_another_chat_shows_who_writes_there(stage: Stage) -> None:
    stage.wiring.tags.take_event(ev.TypingSeen(LAB, "#lab", "bob", ev.Typing.ACTIVE, NOON))
    stage.join("#other")
    assert pane(stage).typing.text == ""
    stage.presenter.show_chat(KEY)
    assert "bob" in pane(stage).typing.text


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), ""),
        (("a",), "\u2068a\u2069 is writing …"),
        (("a", "b"), "\u2068a\u2069 and \u2068b\u2069 are writing …"),
        (("a", "b", "c"), "\u2068a\u2069, \u2068b\u2069 and one more are writing …"),
        (tuple("abcde"), "\u2068a\u2069, \u2068b\u2069 and 3 more are writing …"),
    ],
)
def test_writers_are_a_sentence(names: tuple[str, ...], words: str) -> None:
    assert writing_words(names) == words


def test_our_writing_is_noted_for_messages_alone(stage: Stage, qtbot: QtBot) -> None:
    editor = pane(stage).composer.editor
    qtbot.keyClicks(editor, "hi")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert stage.connection.typing == [("#lab", True), ("#lab", True)]
    qtbot.keyClicks(editor, "/")
    assert stage.connection.typing[2:] == [("#lab", False)]
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    pane(stage).composer.set_text("a draft that comes back")
    assert [is_writing for _, is_writing in stage.connection.typing[2:]] == [False, False]


# -- several lines, and the experiment in clear


def test_several_lines_leave_as_one_where_the_server_can(stage: Stage, qtbot: QtBot) -> None:
    composer = pane(stage).composer
    composer.set_text("one\n\n/two\nthree\nfour\nfive")
    press(qtbot, stage, Qt.Key.Key_Return)
    text = "one\n\n/two\nthree\nfour\nfive"
    assert stage.connection.said == [("#lab", text, MessageKind.MESSAGE)]
    stage.connection.known_features = ServerFeatures()
    stage.book.add_account(account())
    composer.set_text("one\n/two")
    press(qtbot, stage, Qt.Key.Key_Return)
    assert [said[1] for said in stage.connection.said[1:]] == ["one", "/two"]


def test_an_experiment_in_clear_is_visible_and_leads_to_its_settings(
    stage: Stage, qtbot: QtBot
) -> None:
    strip = pane(stage).experiment
    assert strip.isHidden()
    stage.book.add_account(replace(account(security=Security.PLAIN), ignores_sts=True))
    assert strip.isVisible()
    assert "No password leaves" in strip.accessibleName()
    button = strip.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [one for one in stage.window.findChildren(AccountDialog) if one.isVisible()]
    stage.book.add_account(account(security=Security.PLAIN))
    assert strip.isHidden()


def test_the_chooser_stays_on_the_screen(qtbot: QtBot) -> None:
    made = ReactionChooser()
    qtbot.addWidget(made)
    for place in (QPoint(-500, -500), QPoint(9_000, 9_000)):
        made.show_at(place)
        screen = made.screen().availableGeometry()
        assert screen.left() <= made.x() <= screen.right() - made.width() + 1
    made.close()
