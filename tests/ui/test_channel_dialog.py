"""The channel dialog: only what the server announces, sent as what one would have typed."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from chatlab.core.chat import Member
from chatlab.core.features import ServerFeatures
from chatlab.core.listings import ListedMask
from chatlab.ui.dialogs.channel import ChannelDialog
from chatlab.ui.dialogs.channel_modes import ModesPage, read_modes
from tests.helpers.chats import NOON

FEATURES = ServerFeatures(
    is_known=True, topic_length=20, list_modes="beI", exception_mode="e", flag_modes="imnstzC",
    list_limits=(("b", 60),),
)  # fmt: skip
MEMBERS = {"bob": Member(nick="Bob", user_host="~b@a.isp.example")}


@pytest.fixture
def dialog(qtbot: QtBot) -> ChannelDialog:
    made = ChannelDialog("#lab", FEATURES, MEMBERS)
    qtbot.addWidget(made)
    made.show_channel("Old topic", "+ntl 20", "@")
    made.show()
    return made


def commands(dialog: ChannelDialog) -> list[str]:
    seen: list[str] = []
    dialog.command_wanted.connect(seen.append)
    return seen


def test_only_what_the_server_has_is_there(dialog: ChannelDialog) -> None:
    tabs = [dialog.tabs.tabText(number) for number in range(dialog.tabs.count())]
    assert tabs == ["Topic", "Modes", "Bans", "Exceptions"]
    assert set(dialog.modes.ticks) == set("imnstzCkl")


def test_a_topic_is_counted_and_sent(dialog: ChannelDialog, qtbot: QtBot) -> None:
    seen = commands(dialog)
    assert not dialog.topic.button.isEnabled()
    dialog.topic.edit.setPlainText("New\ntopic é")
    assert dialog.topic.count.text() == "12 of 20 bytes"
    qtbot.keyClick(dialog.topic.edit, Qt.Key.Key_Return)
    dialog.topic.edit.setPlainText("")
    dialog.topic.button.click()
    assert seen == ["/topic New topic é", "/topic -"]


def test_a_topic_that_is_too_long_is_not_sent(dialog: ChannelDialog) -> None:
    dialog.topic.edit.setPlainText("x" * 21)
    assert not dialog.topic.button.isEnabled()
    assert "cut off" in dialog.topic.count.text()


def test_a_topic_being_written_survives_a_change_by_somebody_else(dialog: ChannelDialog) -> None:
    dialog.topic.edit.setPlainText("Mine")
    dialog.show_channel("Theirs", "+nt", "@")
    assert dialog.topic.text() == "Mine"


@pytest.mark.parametrize(
    ("ticks", "key", "limit", "lines"),
    [
        ({}, "", "20", []),
        ({"m": True, "s": True, "t": False}, "", "20", ["/mode +ms-t"]),
        ({"k": True}, "s3cret", "20", ["/mode +k s3cret"]),
        ({"l": False}, "", "20", ["/mode -l"]),
        ({}, "", "30", ["/mode +l 30"]),
    ],
)
def test_switches_become_modes(
    dialog: ChannelDialog, ticks: dict[str, bool], key: str, limit: str, lines: list[str]
) -> None:
    seen = commands(dialog)
    for letter, is_on in ticks.items():
        dialog.modes.ticks[letter].setChecked(is_on)
    dialog.modes.key.setText(key)
    dialog.modes.limit.setText(limit)
    dialog.modes_button.click()
    assert seen == lines


def test_a_key_without_a_word_is_asked_for(dialog: ChannelDialog) -> None:
    seen = commands(dialog)
    dialog.modes.ticks["k"].setChecked(True)
    dialog.modes_button.click()
    assert seen == []
    assert "Type the key" in dialog.modes.error()


def test_a_key_that_is_set_is_replaced_or_removed(qtbot: QtBot) -> None:
    page = ModesPage(FEATURES)
    qtbot.addWidget(page)
    page.show_modes("+kn")
    assert page.changes() == []
    page.key.setText("new")
    assert page.changes() == ["-k", "+k new"]
    page.ticks["k"].setChecked(False)
    assert page.changes() == ["-k"]


def test_parameters_belong_to_their_letters() -> None:
    features = replace(FEATURES, modes_with_parameter="kL", modes_set_with_parameter="lj")
    assert read_modes("+jknlL 3:5 20 #other", features) == {
        "j": "3:5", "k": "", "n": "", "l": "20", "L": "#other",
    }  # fmt: skip


def test_a_list_is_asked_for_when_it_is_looked_at_and_when_it_changed(
    dialog: ChannelDialog,
) -> None:
    asked: list[str] = []
    dialog.masks_wanted.connect(asked.append)
    dialog.renew("b")
    dialog.tabs.setCurrentIndex(2)
    dialog.tabs.setCurrentIndex(0)
    dialog.tabs.setCurrentIndex(2)
    dialog.renew("eb")
    assert asked == ["b", "b"]


def test_a_nick_is_banned_by_the_mask_that_was_chosen(dialog: ChannelDialog) -> None:
    seen = commands(dialog)
    page = dialog.masks["b"]
    page.who.setText("bob")
    assert page.form.count() == 4
    page.form.setCurrentIndex(2)
    page.add_button.click()
    page.who.setText("*!*@spam.example")
    page.add_button.click()
    assert seen == ["/mode +b Bob!*@*", "/mode +b *!*@spam.example"]


def test_chosen_entries_are_removed(dialog: ChannelDialog, qtbot: QtBot) -> None:
    seen = commands(dialog)
    page = dialog.masks["b"]
    page.show_masks((ListedMask("a!*@*", "bob", NOON), ListedMask("c!*@*")))
    assert page.count.text() == "2 of 60"
    page.table.selectAll()
    qtbot.keyClick(page.table, Qt.Key.Key_Delete)
    assert seen == ["/mode -b a!*@*", "/mode -b c!*@*"]


def test_who_is_no_operator_can_look_and_change_nothing(dialog: ChannelDialog) -> None:
    dialog.show_channel("Old topic", "+nt", "+")
    assert dialog._notice.isVisible()
    assert dialog.topic.edit.isReadOnly()
    assert not dialog.modes_button.isEnabled()
    assert not dialog.masks["b"].who.isEnabled()
    dialog.show_channel("Old topic", "+n", "")
    assert not dialog.topic.edit.isReadOnly()


def test_somebody_joining_undoes_nothing(dialog: ChannelDialog) -> None:
    dialog.modes.ticks["m"].setChecked(True)
    dialog.say_refused("Not now.")
    dialog.show_channel("Old topic", "+ntl 20", "@")
    assert dialog.modes.changes() == ["+m"]
    assert dialog._notice.isVisible()
    dialog.show_channel("Old topic", "+nt", "@")
    assert dialog.modes.changes() == []


def test_a_refusal_stands_in_the_dialog(dialog: ChannelDialog) -> None:
    dialog.say_refused("Only operators may do that.")
    assert "Only operators" in dialog._notice.text()
