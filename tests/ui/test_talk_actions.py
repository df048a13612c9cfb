"""Channels and people in the whole window: menus, keys, commands and dialogs work together."""

from typing import TypeVar

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey
from chatlab.core.commands import COMMANDS, Command, CommandSpec, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import LocalProtocolError, Severity
from chatlab.core.features import ServerFeatures
from chatlab.core.highlighting import HighlightRule
from chatlab.core.ignoring import IgnoreKind
from chatlab.core.listings import ChannelsListed, ListedChannel, ListedMask, MasksListed
from chatlab.core.preferences import Preferences
from chatlab.core.rules import Buddy
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.dialogs.buddies import BuddiesDialog
from chatlab.ui.dialogs.channel import ChannelDialog
from chatlab.ui.dialogs.channel_list import ChannelListDialog
from chatlab.ui.dialogs.highlights import HighlightsDialog
from chatlab.ui.dialogs.ignores import IgnoresDialog
from chatlab.ui.dialogs.mentions import MentionsDialog
from chatlab.ui.dialogs.preferences import PreferencesDialog
from chatlab.ui.models.account_tree import Role
from tests.helpers.chats import NOON, message
from tests.helpers.stage import LAB, Stage

KEY = ChatKey(LAB, "#lab")
LOCAL = [spec for spec in COMMANDS if spec.is_local]
Shown = TypeVar("Shown", bound=QDialog)


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage(qtbot)
    made.join()
    made.connection.known_features = ServerFeatures(
        is_known=True, has_safe_list=True, buddy_limit=9, list_modes="b"
    )
    return made


def shown(stage: Stage, kind: type[Shown]) -> Shown:
    (found,) = [one for one in stage.window.findChildren(kind) if one.isVisible()]
    return found


def last_words(stage: Stage) -> str:
    entries = stage.book.chats[KEY].entries
    return entries[-1].text if entries else ""


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (ActionId.PREFERENCES, PreferencesDialog),
        (ActionId.CHANNEL_LIST, ChannelListDialog),
        (ActionId.CHANNEL, ChannelDialog),
        (ActionId.MENTIONS, MentionsDialog),
        (ActionId.HIGHLIGHTS, HighlightsDialog),
        (ActionId.BUDDIES, BuddiesDialog),
        (ActionId.IGNORES, IgnoresDialog),
        (ActionId.EXPORT_CHAT, QFileDialog),
    ],
)
def test_an_action_opens_its_dialog(stage: Stage, action: ActionId, kind: type[QDialog]) -> None:
    assert stage.window.actions_table.trigger(action)
    shown(stage, kind).close()


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("/list", ChannelListDialog),
        ("/channel", ChannelDialog),
        ("/monitor", BuddiesDialog),
        ("/ignorelist", IgnoresDialog),
        ("/highlights", HighlightsDialog),
        ("/mentions", MentionsDialog),
        ("/export", QFileDialog),
    ],
)
def test_a_command_opens_its_dialog(stage: Stage, line: str, kind: type[QDialog]) -> None:
    stage.speaker.say(KEY, line)
    shown(stage, kind).close()


@pytest.mark.parametrize("spec", LOCAL, ids=lambda spec: spec.verb.value)
def test_every_local_command_is_carried_out_here(stage: Stage, spec: CommandSpec) -> None:
    needed = " ".join("x" for name in spec.arguments if name.startswith("<"))
    stage.speaker.say(KEY, f"/{spec.verb.value} {needed}")
    assert stage.connection.executed == []
    assert "is carried out by" not in last_words(stage)
    for dialog in stage.window.findChildren(QDialog):
        dialog.close()


def test_the_list_is_asked_for_shown_and_entered(stage: Stage) -> None:
    stage.speaker.say(KEY, "/list >5")
    assert stage.connection.executed == [(Command(Verb.LIST, (">5",)), "")]
    dialog = shown(stage, ChannelListDialog)
    row = ListedChannel("#other", 4, "Hello")
    stage.wiring.talk.desk.take_event(ChannelsListed(LAB, (row,), NOON, True))
    dialog.join_button.click()
    assert stage.connection.executed[-1] == (Command(Verb.JOIN, ("#other",)), "")


def test_a_refused_list_says_why_in_its_dialog(stage: Stage) -> None:
    stage.connection.failure = LocalProtocolError("Not now.", "Later.")
    stage.speaker.say(KEY, "/list")
    assert "Not now. Later." in shown(stage, ChannelListDialog)._notice.text()


def test_the_channel_dialog_follows_the_channel(stage: Stage) -> None:
    operator = Member(nick="me", prefixes="@")
    stage.book.apply(ev.MemberChanged(LAB, "#lab", operator))
    stage.wiring.talk.desk.channel(KEY, "b", "mallory")
    dialog = shown(stage, ChannelDialog)
    desk = stage.wiring.talk.desk
    assert stage.connection.masks_asked == [("#lab", "b")]
    masks = (ListedMask("a!*@*"),)
    desk.take_event(MasksListed(LAB, "#lab", "b", masks, NOON))
    assert dialog.masks["b"].count.text() == "1"
    desk.take_event(ev.ModesChanged(LAB, "#lab", "+b b!*@*", "+nt", NOON))
    assert stage.connection.masks_asked == [("#lab", "b")] * 2
    error = Severity.ERROR
    desk.take_event(ev.Informed(LAB, "No.", NOON, "#lab", error, "Ask.", "482"))
    assert dialog._notice.text() == "No. Ask."
    stage.book.apply(ev.TopicChanged(LAB, "#lab", "New", NOON))
    assert dialog.topic.text() == "New"
    dialog.masks["b"].add_button.click()
    assert stage.connection.executed[-1] == (Command(Verb.MODE, ("+b mallory!*@*",)), "#lab")
    stage.book.close(KEY)
    assert not dialog.isVisible()


def test_a_click_on_the_modes_opens_the_channel(stage: Stage) -> None:
    stage.window.chats.active.header.channel_clicked.emit()
    shown(stage, ChannelDialog)


def test_ignoring_by_command_and_taking_it_back(stage: Stage) -> None:
    stage.speaker.say(KEY, "/ignore bob ctcp")
    (rule,) = stage.backstage.rules.rules.ignores
    assert (rule.mask, rule.account) == ("bob!*@*", LAB)
    assert rule.kinds == frozenset({IgnoreKind.CTCP})
    assert "bob!*@*" in last_words(stage)
    stage.speaker.say(KEY, "/unignore bob")
    assert stage.backstage.rules.rules.ignores == ()
    stage.speaker.say(KEY, "/unignore bob")
    assert "Nobody is ignored" in last_words(stage)
    stage.speaker.say(KEY, "/ignore bob perhaps")
    assert "perhaps" in last_words(stage)


def test_the_list_of_ignored_people_follows_the_rules(stage: Stage) -> None:
    stage.speaker.say(KEY, "/ignorelist")
    dialog = shown(stage, IgnoresDialog)
    stage.speaker.say(KEY, "/ignore bob")
    assert dialog.model.rowCount() == 1
    dialog.table.selectAll()
    dialog.remove_button.click()
    assert stage.backstage.rules.rules.ignores == ()
    assert dialog.model.rowCount() == 0


def test_muting_by_command_and_by_key(stage: Stage) -> None:
    stage.speaker.say(KEY, "/mute")
    assert stage.backstage.rules.rules.muted == {KEY}
    stage.speaker.say(KEY, "/unmute")
    assert not stage.backstage.rules.rules.muted
    stage.window.actions_table.trigger(ActionId.MUTE)
    assert stage.backstage.rules.rules.muted == {KEY}


def test_buddies_are_kept_and_their_coming_is_shown(stage: Stage) -> None:
    stage.speaker.say(KEY, "/monitor bob,carol")
    stage.speaker.say(KEY, "/monitor - carol")
    assert stage.backstage.rules.rules.buddies == (Buddy(LAB, "bob"),)
    stage.speaker.say(KEY, "/monitor")
    dialog = shown(stage, BuddiesDialog)
    desk = stage.wiring.talk.desk
    desk.take_event(ev.ContactSeen(LAB, "Bob", True, NOON))
    assert dialog.model.item(0, 1).text() == "Online"
    tree = stage.window.sidebar._model
    assert tree.account_index(LAB).data(Role.ONLINE) == ("bob",)
    desk.take_event(ev.LinkChanged(LAB, LinkState.OFFLINE, NOON))
    assert dialog.model.item(0, 1).text() == "Not known"
    assert tree.account_index(LAB).data(Role.ONLINE) == ()


def test_away_and_back_by_one_key(stage: Stage) -> None:
    trigger = stage.window.actions_table.trigger
    trigger(ActionId.AWAY)
    stage.book.apply(ev.AwayChanged(LAB, True, NOON))
    trigger(ActionId.AWAY)
    assert [command.verb for command, _ in stage.connection.executed] == [Verb.AWAY, Verb.BACK]


def test_a_mention_is_gone_to(stage: Stage) -> None:
    said = message("me: look", is_highlight=True)
    stage.take(ev.MessageAdded(said))
    stage.speaker.say(KEY, "/mentions")
    shown(stage, MentionsDialog).go_button.click()
    assert stage.presenter.selected == said.id


def test_highlights_are_kept(stage: Stage) -> None:
    stage.speaker.say(KEY, "/highlights")
    dialog = shown(stage, HighlightsDialog)
    dialog.text.setText("lab")
    dialog.new_button.click()
    assert stage.backstage.rules.rules.highlights == (HighlightRule(text="lab"),)
    assert dialog.model.rowCount() == 1


def test_a_server_is_filled_in_and_not_connected(stage: Stage) -> None:
    stage.speaker.say(KEY, "/server irc.example.net +6698")
    dialog = shown(stage, AccountDialog)
    account = dialog.read()
    assert (account.host, account.port) == ("irc.example.net", 6698)
    assert stage.backstage.kept == []


def test_preferences_are_handed_on(stage: Stage) -> None:
    stage.window.actions_table.trigger(ActionId.PREFERENCES)
    dialog = shown(stage, PreferencesDialog)
    dialog.history.setChecked(False)
    dialog.save_button.click()
    assert stage.backstage.preferences == Preferences(keep_history=False)


def test_a_chat_is_exported_where_it_was_said(stage: Stage) -> None:
    stage.speaker.say(KEY, "/export /tmp/talk.txt")
    assert stage.backstage.asked[-1] == "export #lab talk.txt"


def test_offline_there_is_no_list(stage: Stage) -> None:
    stage.book.apply(ev.LinkChanged(AccountId("lab"), LinkState.OFFLINE, NOON))
    stage.speaker.say(KEY, "/list")
    assert not [d for d in stage.window.findChildren(ChannelListDialog) if d.isVisible()]
    assert "Connect" in stage.window.bar.messages()[-1].hint
