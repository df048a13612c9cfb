"""XMPP in the window: from menus, panes and events to commands, and back to words."""

from dataclasses import replace
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.chats import ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, LocalProtocolError
from chatlab.core.events import Member
from chatlab.core.forms import DataForm, FormField
from chatlab.core.listings import ListedMask, MasksListed
from chatlab.core.registration import RegistrationForm
from chatlab.core.roster import (
    Availability,
    Contact,
    ContactsListed,
    Subscription,
    SubscriptionRequested,
)
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.dialogs.channel_list import ChannelListDialog
from chatlab.ui.dialogs.contact import AddContactDialog, ContactDialog
from chatlab.ui.dialogs.invite import InviteDialog
from chatlab.ui.dialogs.join import JoinDialog
from chatlab.ui.dialogs.new_account import NewAccountDialog
from chatlab.ui.dialogs.reason import ReasonDialog
from chatlab.ui.dialogs.register import RegisterDialog
from chatlab.ui.dialogs.room import JoinRoomDialog
from chatlab.ui.dialogs.room_settings import RoomSettingsDialog
from chatlab.ui.dialogs.server_account import DeletionDialog, PasswordDialog
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog
from chatlab.ui.models.account_tree import Role
from chatlab.ui.models.palette import contact_entries
from chatlab.ui.widgets.chat_names import nicks_of
from chatlab.ui.widgets.contact_pane import ContactPane
from tests.helpers.chats import NOON, account
from tests.helpers.stage import NotingConnection, Stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
D = TypeVar("D", bound=QDialog)
X = AccountId("x")
ROOM = "lab@rooms.x.example"
ACCOUNT = Account(
    id=X, name="Home", application=Application.XMPP, host="", port=0,
    security=Security.STARTTLS, nick="me", jid="me@x.example",
)  # fmt: skip
BOB = Contact(jid="bob@x.example", name="Bob")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    made = Stage(qtbot)
    made.book.add_account(ACCOUNT)
    made.backstage.connections[X] = NotingConnection(ACCOUNT)
    made.book.apply(ev.LinkChanged(X, ev.LinkState.ONLINE, NOON))
    made.book.apply(ContactsListed(X, (BOB,)))
    return made


def take(stage: Stage, event: ev.ChatEvent) -> None:
    """What the session does with an event, for the desks that listen."""
    stage.take(event)
    stage.wiring.talk.contacts.take_event(event)
    stage.wiring.talk.rooms.take_event(event)


def enter(stage: Stage, affiliation: str = "owner") -> ChatKey:
    me = Member(nick="me", role="moderator", affiliation=affiliation)
    gus = Member(nick="Gus G", role="participant", affiliation="none")
    take(stage, ev.ChatOpened(X, ROOM, is_room=True))
    take(stage, ev.MembersListed(X, ROOM, (me, gus)))
    take(stage, ev.MemberJoined(X, ROOM, me, NOON, is_self=True))
    key = ChatKey(X, ROOM)
    stage.presenter.show_chat(key)
    return key


def shown(stage: Stage, kind: type[D]) -> D:
    found = [dialog for dialog in stage.window.findChildren(kind) if dialog.isVisible()]
    assert len(found) == 1, f"{len(found)} of {kind.__name__}"
    return found[0]


def pane_of(stage: Stage) -> ContactPane | None:
    return stage.wiring.talk.contacts.pane


def orders(stage: Stage) -> list[tuple[Command, str]]:
    return stage.backstage.connections[X].executed


def contact(*what: str) -> Command:
    return Command(Verb.CONTACT, what)


# --- accounts


def test_a_new_account_is_asked_for_by_its_network(stage: Stage) -> None:
    stage.window.actions_table.action(ActionId.NEW_ACCOUNT).trigger()
    shown(stage, NewAccountDialog).irc.click()
    assert shown(stage, AccountDialog)
    stage.window.sidebar.add_requested.emit()
    shown(stage, NewAccountDialog).xmpp.click()
    assert shown(stage, XmppAccountDialog)


def test_an_xmpp_account_is_changed_in_its_own_form(stage: Stage) -> None:
    stage.desk.edit_account(X)
    dialog = shown(stage, XmppAccountDialog)
    dialog.address.password.setText("new")
    dialog.privacy.typing.setChecked(True)
    dialog.save_button.click()
    assert stage.backstage.kept == [(replace(ACCOUNT, sends_typing=True), False)]


def test_an_account_is_made_on_a_server(stage: Stage) -> None:
    stage.desk.edit_xmpp_account(None)
    shown(stage, XmppAccountDialog).create_card.click()
    dialog = shown(stage, RegisterDialog)
    dialog.servers.own.domain.setText("x.example")
    dialog.next_button.click()
    errands = stage.backstage.xmpp
    assert [what[0] for what in errands.asked] == ["ask"]
    fields = (
        FormField(name="username", values=("new",)),
        FormField(name="password", values=("s",)),
    )
    errands.answer(RegistrationForm(server="x.example", form=DataForm(fields=fields)))
    dialog.next_button.click()
    assert [what[0] for what in errands.asked] == ["ask", "submit"]
    errands.answer(None)
    (kept, connects) = stage.backstage.kept[-1]
    assert (kept.jid, connects) == ("new@x.example", True)
    assert "exists" in stage.window.bar.messages()[-1].text
    assert errands.asked[-1] == ("end",)


def test_an_answer_after_the_dialog_was_closed_is_for_nobody(stage: Stage) -> None:
    stage.wiring.talk.accounts.register()
    dialog = shown(stage, RegisterDialog)
    dialog.servers.own.domain.setText("x.example")
    dialog.next_button.click()
    answer = stage.backstage.xmpp.answer
    dialog.reject()
    answer(ChatlabError("Too late.", ""))
    assert stage.backstage.xmpp.asked[-1] == ("end",)


def test_a_password_is_changed_on_the_server(stage: Stage) -> None:
    stage.desk.edit_account(X)
    shown(stage, XmppAccountDialog).password_button.click()
    dialog = shown(stage, PasswordDialog)
    for field in (dialog.password, dialog.again):
        field.setText("new")
    dialog.do_button.click()
    assert stage.backstage.xmpp.asked == [("password", X, "new")]
    stage.backstage.xmpp.answer(ChatlabError("Too short.", ""))
    assert "Too short" in dialog.notice.text()
    stage.backstage.xmpp.answer(None)
    assert not dialog.isVisible()
    assert "is changed" in stage.window.bar.messages()[-1].text


@pytest.mark.parametrize("forgets", [True, False])
def test_an_account_is_deleted_on_the_server(stage: Stage, forgets: bool) -> None:
    stage.wiring.talk.accounts.delete(X)
    dialog = shown(stage, DeletionDialog)
    dialog.name.setText(ACCOUNT.jid)
    dialog.forgets.setChecked(forgets)
    dialog.do_button.click()
    stage.backstage.xmpp.answer(None)
    assert (f"remove {X}" in stage.backstage.asked) is forgets


def test_an_answer_for_a_closed_dialog_is_said_in_the_bar(stage: Stage) -> None:
    stage.wiring.talk.accounts.change_password(X)
    dialog = shown(stage, PasswordDialog)
    for field in (dialog.password, dialog.again):
        field.setText("new")
    dialog.do_button.click()
    dialog.reject()
    stage.backstage.xmpp.answer(ChatlabError("Too short.", "Take a longer one."))
    assert stage.window.bar.messages()[-1].text == "Too short."


def test_without_a_connection_only_the_way_there_is_named(stage: Stage) -> None:
    stage.book.apply(ev.LinkChanged(X, ev.LinkState.OFFLINE, NOON))
    stage.wiring.talk.accounts.change_password(X)
    assert "Connect the account" in stage.window.bar.messages()[-1].hint


# --- contacts


def test_contacts_appear_with_the_first_xmpp_account(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    assert pane_of(stage) is None
    stage.book.add_account(ACCOUNT)
    pane = pane_of(stage)
    assert pane is not None
    assert not pane.isHidden()
    stage.book.remove_account(X)
    assert pane.isHidden()


def test_a_contact_is_talked_to(stage: Stage) -> None:
    pane = pane_of(stage)
    assert pane is not None
    pane.talk_requested.emit(X, BOB.jid)
    chat = stage.window.chats.active.chat
    assert chat is not None
    assert (chat.key, chat.kind, chat.heading) == (ChatKey(X, BOB.jid), ChatKind.PRIVATE, "Bob")


def test_a_contact_is_found_in_the_palette_and_talked_to(stage: Stage) -> None:
    (entry,) = contact_entries(stage.book)
    assert (entry.title, entry.target) == ("Bob", ChatKey(X, BOB.jid))
    stage.presenter.show_chat(ChatKey(X, BOB.jid))
    assert stage.window.chats.active.chat is stage.book.chats[ChatKey(X, BOB.jid)]
    assert not contact_entries(stage.book)


def test_a_chat_that_turns_out_to_be_a_room_moves_to_the_rooms(stage: Stage) -> None:
    for name in ("adam@x.example", "lab@rooms.x.example", "zoe@x.example"):
        stage.book.open(X, name)
    model = stage.window.sidebar._model
    moved: list[object] = []
    model.rowsMoved.connect(lambda *_: moved.append(None))
    stage.book.apply(ev.ChatOpened(X, "lab@rooms.x.example", is_room=True))
    assert [key.name for key in model.chat_keys()] == [
        "",
        "lab@rooms.x.example",
        "adam@x.example",
        "zoe@x.example",
    ]
    assert len(moved) == 1


def test_the_row_of_a_chat_says_how_the_other_is(stage: Stage) -> None:
    stage.book.open(X, BOB.jid)
    model = stage.window.sidebar._model
    index = model.chat_index(ChatKey(X, BOB.jid))
    away = replace(BOB, availability=Availability.AWAY, subscription=Subscription.BOTH)
    stage.book.apply(ContactsListed(X, (away,)))
    assert index.data(Role.CONTACT) == away
    assert "Away" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    stage.window.sidebar.grab()
    stage.book.apply(ev.LinkChanged(X, ev.LinkState.OFFLINE, NOON))
    assert index.data(Role.CONTACT) is None


def test_a_contact_is_added(stage: Stage) -> None:
    pane = pane_of(stage)
    assert pane is not None
    pane.add_button.click()
    dialog = shown(stage, AddContactDialog)
    dialog.jid.set_text("anna@x.example")
    dialog.allows.setChecked(False)
    dialog.add_contact_button.click()
    assert orders(stage) == [(contact("add", "anna@x.example"), "")]


def test_a_contact_is_changed_and_followed_meanwhile(stage: Stage) -> None:
    stage.wiring.talk.contacts.show(X, BOB.jid)
    dialog = shown(stage, ContactDialog)
    stage.book.apply(ContactsListed(X, (replace(BOB, is_blocked=True),)))
    assert "blocked" in dialog._presence.text()
    dialog.name.setText("Robert")
    dialog.save_button.click()
    assert orders(stage) == [(contact("rename", BOB.jid, "Robert"), "")]


def test_removing_a_contact_is_confirmed(stage: Stage) -> None:
    stage.wiring.talk.contacts.ask_removal(X, BOB.jid)
    message = stage.window.bar.messages()[-1]
    assert "Bob" in message.text
    assert not orders(stage)
    assert message.on_action is not None
    message.on_action()
    assert orders(stage) == [(contact("remove", BOB.jid), "")]


def ask(stage: Stage, jid: str, answer: str) -> list[Command]:
    """Somebody asks; the reader presses a button."""
    stage.wiring.talk.contacts.take_event(SubscriptionRequested(X, jid, NOON, "<i>Hello</i>"))
    bar = stage.window.bar
    assert "asks to see" in bar.messages()[0].text
    assert "<i>Hello</i>" in bar.messages()[0].hint
    buttons = [b for b in bar.findChildren(QPushButton) if b.text() == answer and b.isVisible()]
    buttons[0].click()
    assert not bar.messages()
    return [command for command, _ in orders(stage)]


def test_who_asks_is_allowed_and_asked_back(stage: Stage) -> None:
    assert ask(stage, "new@y.example", "Allow") == [
        contact("allow", "new@y.example"),
        contact("ask", "new@y.example"),
    ]


def test_with_several_accounts_the_one_that_is_asked_is_named(stage: Stage) -> None:
    stage.book.add_account(replace(ACCOUNT, id=AccountId("y"), jid="me@y.example"))
    stage.wiring.talk.contacts.take_event(SubscriptionRequested(X, "new@y.example", NOON))
    assert "me@x.example" in stage.window.bar.messages()[0].text


def test_who_asks_is_refused(stage: Stage) -> None:
    assert ask(stage, "new@y.example", "Refuse") == [contact("refuse", "new@y.example")]


def test_who_asks_is_blocked(stage: Stage) -> None:
    commands = ask(stage, "new@y.example", "Block")
    assert commands[-1] == Command(Verb.BLOCK, ("new@y.example",))


def test_what_the_engine_refuses_is_said(stage: Stage) -> None:
    connection = stage.backstage.connections[X]

    def refuse(command: Command, chat: str) -> None:
        raise LocalProtocolError("Not now.", "Wait.")

    connection.execute = refuse  # type: ignore[method-assign]
    stage.wiring.talk.contacts.run(X, contact("ask", BOB.jid))
    assert stage.window.bar.messages()[-1].text == "Not now."


# --- rooms


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
    assert stage.backstage.xmpp.asked == [("form", ChatKey(X, ROOM))]
    settings = shown(stage, RoomSettingsDialog)
    stage.backstage.xmpp.answer(DataForm(fields=(FormField(name="a", values=("1",)),)))
    settings.settings.button.click()
    assert stage.backstage.xmpp.asked[-1][0] == "settings"
    stage.backstage.xmpp.answer(None)
    assert "has taken" in settings.notice.text()


def test_a_refusal_is_said_where_the_reader_is_with_a_way_to_try_again(stage: Stage) -> None:
    stage.desk.ask_for_channel(X)
    dialog = shown(stage, JoinRoomDialog)
    dialog.room.set_text(ROOM)
    dialog.join_button.click()
    take(
        stage,
        ev.Informed(
            X, "You cannot enter: it has a password.", NOON, ROOM, ev.Severity.ERROR,
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


def test_a_link_to_somebody_opens_a_chat_and_sends_nothing(stage: Stage) -> None:
    stage.presenter._on_link("xmpp:bob@x.example?message;body=hi%20there")
    pane = stage.window.chats.active
    assert pane.chat is stage.book.chats[ChatKey(X, BOB.jid)]
    assert pane.composer.text() == "hi there"
    assert not orders(stage)
    assert not stage.backstage.connections[X].said


def test_a_link_to_a_room_asks_first(stage: Stage) -> None:
    stage.desk.offer_link(f"xmpp:{ROOM}?join;password=open%20sesame")
    dialog = shown(stage, JoinRoomDialog)
    assert (dialog.room.text(), dialog.password.text()) == (ROOM, "open sesame")
    assert not orders(stage)


def test_a_link_that_leads_nowhere_is_explained(stage: Stage) -> None:
    stage.desk.offer_link("xmpp:?join")
    assert "names nobody" in stage.window.bar.messages()[-1].text


def test_without_an_account_a_link_offers_one(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.desk.offer_link("xmpp:bob@x.example")
    message = stage.window.bar.messages()[-1]
    assert message.on_action is not None
    message.on_action()
    assert shown(stage, XmppAccountDialog)


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
