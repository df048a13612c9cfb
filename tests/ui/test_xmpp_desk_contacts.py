"""Contacts in the window: from the pane and requests to commands, and back to words."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import LocalProtocolError
from chatlab.core.roster import (
    Availability,
    ContactsListed,
    Subscription,
    SubscriptionRequested,
)
from chatlab.ui.dialogs.contact import AddContactDialog, ContactDialog
from chatlab.ui.models.account_tree import Role
from chatlab.ui.models.palette import contact_entries
from tests.helpers.chats import NOON
from tests.helpers.stage import Stage
from tests.helpers.xmpp_stage import (
    ACCOUNT,
    BOB,
    X,
    contact,
    orders,
    pane_of,
    shown,
    xmpp_stage,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return xmpp_stage(qtbot)


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
    stage.book.apply(ev.LinkChanged(X, LinkState.OFFLINE, NOON))
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
