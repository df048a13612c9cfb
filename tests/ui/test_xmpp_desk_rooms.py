"""Rooms in the window: from menus, panes and events to commands, and back to words."""

import pytest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import Severity
from chatlab.core.forms import DataForm, FormField
from chatlab.core.listings import ListedMask, MasksListed
from chatlab.ui.dialogs.channel_list import ChannelListDialog
from chatlab.ui.dialogs.contact import AddContactDialog
from chatlab.ui.dialogs.invite import InviteDialog
from chatlab.ui.dialogs.join import JoinDialog
from chatlab.ui.dialogs.reason import ReasonDialog
from chatlab.ui.dialogs.room import JoinRoomDialog
from chatlab.ui.dialogs.room_settings import RoomSettingsDialog
from chatlab.ui.widgets.chat_names import nicks_of
from tests.helpers.chats import NOON, account
from tests.helpers.stage import Stage
from tests.helpers.xmpp_stage import BOB, ROOM, X, enter, orders, shown, take, xmpp_stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return xmpp_stage(qtbot)


def test_a_room_is_entered_and_shown(stage: Stage) -> None:
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.room.set_text(ROOM)
    dialog.nick.setText("Me too")
    dialog.password.setText("open sesame")
    dialog.join_button.click()
    assert orders(stage) == [(Command(Verb.JOIN, (f"{ROOM}/Me too", "open sesame")), "")]
    me = Member(nick="Me too", role="participant")
    take(stage, ev.MemberJoined(X, ROOM, me, NOON, is_self=True))
    chat = stage.window.chats.active.chat
    assert chat is not None
    assert (chat.key.name, chat.own_nick) == (ROOM, "Me too")


def test_a_room_that_is_typed_with_a_nickname_is_shown_all_the_same(stage: Stage) -> None:
    server = stage.book.open(X, "")
    stage.presenter.speaker.say(server.key, f"/join {ROOM}/Me")
    assert orders(stage) == [(Command(Verb.JOIN, (f"{ROOM}/Me",)), "")]
    take(stage, ev.MemberJoined(X, ROOM, Member(nick="Me"), NOON, is_self=True))
    chat = stage.window.chats.active.chat
    assert chat is not None
    assert chat.key.name == ROOM


def test_the_list_of_rooms_is_called_so(stage: Stage) -> None:
    stage.window.sidebar.list_requested.emit(X)
    dialog = shown(stage, ChannelListDialog)
    assert dialog.windowTitle() == "Rooms"
    assert orders(stage) == [(Command(Verb.LIST), "")]
    dialog.reject()


def test_menus_speak_of_rooms_and_contacts(stage: Stage) -> None:
    key = enter(stage)
    sidebar, state = stage.window.sidebar, stage.book.accounts[X]
    menu = QMenu(sidebar)
    sidebar._fill_account_menu(menu, state)
    sidebar._fill_chat_menu(menu, stage.book.chats[key], is_xmpp=True)
    sidebar._fill_chat_menu(menu, stage.book.open(X, "new@y.example"), is_xmpp=True)
    words = [act.text() for act in menu.actions()]
    for entry in ("Enter a room…", "List of rooms…", "Topic, settings and people…", "Leave room"):
        assert entry in words
    next(act for act in menu.actions() if act.text() == "Contact…").trigger()
    assert shown(stage, AddContactDialog).jid.text() == "new@y.example"


def test_who_makes_a_room_is_led_to_its_settings(stage: Stage) -> None:
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.room.set_text(ROOM)
    dialog.opens_settings.setChecked(True)
    dialog.join_button.click()
    enter(stage)
    take(stage, ev.Informed(X, f"{ROOM} is new.", NOON, ROOM, code="room-created"))
    assert stage.backstage.xmpp.asked == [("form", ChatKey(X, ROOM))]
    settings = shown(stage, RoomSettingsDialog)
    stage.backstage.xmpp.answer(DataForm(fields=(FormField(name="a", values=("1",)),)))
    settings.settings.button.click()
    assert stage.backstage.xmpp.asked[-1][0] == "settings"
    stage.backstage.xmpp.answer(None)
    assert "has taken" in settings.notice.text()


def test_a_room_that_was_there_before_is_not_taken_for_a_new_one(stage: Stage) -> None:
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.room.set_text(ROOM)
    dialog.opens_settings.setChecked(True)
    dialog.join_button.click()
    enter(stage, affiliation="owner")
    assert not stage.backstage.xmpp.asked
    take(stage, ev.MemberLeft(X, (ROOM,), "me", ev.Departure.PART, NOON, is_self=True))
    enter(stage)
    take(stage, ev.Informed(X, f"{ROOM} is new.", NOON, ROOM, code="room-created"))
    assert not stage.backstage.xmpp.asked


def test_a_refusal_is_said_where_the_reader_is_with_a_way_to_try_again(stage: Stage) -> None:
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.room.set_text(ROOM)
    dialog.join_button.click()
    take(
        stage,
        ev.Informed(
            X, "You cannot enter: it has a password.", NOON, ROOM, Severity.ERROR,
            "Give it.", "room-refused",
        ),
    )  # fmt: skip
    message = stage.window.bar.messages()[-1]
    assert "password" in message.text
    assert message.on_action is not None
    message.on_action()
    again = shown(stage, JoinRoomDialog)
    assert again.room.text() == ROOM
    assert "password" in again.notice.text()


def test_an_invitation_is_taken_with_one_click(stage: Stage) -> None:
    take(stage, ev.Invited(X, ROOM, "anna@x.example", NOON, "<b>come</b>", "open sesame"))
    message = stage.window.bar.messages()[-1]
    assert "anna@x.example" in message.text
    assert "<b>come</b>" in message.hint
    assert not orders(stage)
    assert message.on_action is not None
    message.on_action()
    assert orders(stage) == [(Command(Verb.JOIN, (ROOM, "open sesame")), "")]
    enter(stage)
    stage.window.bar.dismiss()
    take(stage, ev.Invited(X, ROOM, "anna@x.example", NOON))
    assert not stage.window.bar.messages()


def test_tab_completes_people_of_the_room_and_contacts_but_not_oneself(stage: Stage) -> None:
    chat = stage.book.chats[enter(stage)]
    assert nicks_of(stage.book, chat, ()) == ["Gus G", BOB.jid]


def test_channels_and_rooms_lead_to_one_another(stage: Stage) -> None:
    stage.book.add_account(account("IRC"))
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.account.setCurrentIndex(1)
    channels = shown(stage, JoinDialog)
    channels.account.setCurrentIndex(1)
    assert shown(stage, JoinRoomDialog)


def test_the_settings_of_a_room_stand_where_irc_has_modes(stage: Stage) -> None:
    key = enter(stage)
    assert stage.window.chats.active.header._modes.text() == "Room settings"
    stage.window.chats.active.header.channel_clicked.emit()
    dialog = shown(stage, RoomSettingsDialog)
    dialog.tabs.setCurrentIndex(2)
    assert stage.backstage.connections[X].masks_asked == [(ROOM, "owner")]
    take(stage, MasksListed(X, ROOM, "owner", (ListedMask("me@x.example"),), NOON))
    assert dialog.standing.table.model().rowCount() == 1
    take(stage, ev.TopicChanged(X, ROOM, "Packets", NOON))
    assert dialog.subject.text() == "Packets"
    stage.book.close(key)
    assert not dialog.isVisible()


def test_somebody_is_kicked_with_a_reason(stage: Stage) -> None:
    enter(stage)
    stage.window.chats.active.members.reason_requested.emit(Verb.KICK, "Gus G")
    dialog = shown(stage, ReasonDialog)
    dialog.reason.setText("too loud")
    dialog.do_button.click()
    assert orders(stage) == [(Command(Verb.KICK, ("Gus G", "too loud")), ROOM)]


def test_somebody_is_invited_into_the_room(stage: Stage) -> None:
    enter(stage)
    stage.window.chats.active.members.invite_requested.emit()
    dialog = shown(stage, InviteDialog)
    dialog.jid.set_text(BOB.jid)
    dialog.invite_button.click()
    assert orders(stage) == [(Command(Verb.INVITE, (BOB.jid, ROOM)), ROOM)]


def test_what_is_done_about_people_goes_to_their_room(stage: Stage) -> None:
    enter(stage)
    command = Command(Verb.DEVOICE, ("Gus G",))
    stage.window.chats.active.members.order_requested.emit(command)
    assert orders(stage) == [(command, ROOM)]
