"""The window on a stage, with an XMPP account in it."""

from typing import TypeVar

from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Account, AccountId, Application, Security
from chatlab.core.chat import Member
from chatlab.core.chats import ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.roster import (
    Contact,
    ContactsListed,
)
from chatlab.ui.widgets.contact_pane import ContactPane
from tests.helpers.chats import NOON
from tests.helpers.stage import NotingConnection, Stage

D = TypeVar("D", bound=QDialog)
X = AccountId("x")
ROOM = "lab@rooms.x.example"
ACCOUNT = Account(
    id=X, name="Home", application=Application.XMPP, host="", port=0,
    security=Security.STARTTLS, nick="me", jid="me@x.example",
)  # fmt: skip
BOB = Contact(jid="bob@x.example", name="Bob")


def xmpp_stage(qtbot: QtBot) -> Stage:
    """A window with an XMPP account that is connected and has one contact."""
    made = Stage(qtbot)
    made.book.add_account(ACCOUNT)
    made.backstage.connections[X] = NotingConnection(ACCOUNT)
    made.book.apply(ev.LinkChanged(X, LinkState.ONLINE, NOON))
    made.book.apply(ContactsListed(X, (BOB,)))
    return made


def take(stage: Stage, event: ev.ChatEvent) -> None:
    """What the session does with an event, for the desks that listen."""
    stage.take(event)
    stage.wiring.talk.contacts.take_event(event)
    stage.wiring.talk.rooms.take_event(event)


def enter(stage: Stage, affiliation: str = "owner") -> ChatKey:
    """Into the room, with somebody else in it."""
    me = Member(nick="me", role="moderator", affiliation=affiliation)
    gus = Member(nick="Gus G", role="participant", affiliation="none")
    take(stage, ev.ChatOpened(X, ROOM, is_room=True))
    take(stage, ev.MembersListed(X, ROOM, (me, gus)))
    take(stage, ev.MemberJoined(X, ROOM, me, NOON, is_self=True))
    key = ChatKey(X, ROOM)
    stage.presenter.show_chat(key)
    return key


def shown(stage: Stage, kind: type[D]) -> D:
    """The one dialog of a kind that is open."""
    found = [dialog for dialog in stage.window.findChildren(kind) if dialog.isVisible()]
    assert len(found) == 1, f"{len(found)} of {kind.__name__}"
    return found[0]


def pane_of(stage: Stage) -> ContactPane | None:
    return stage.wiring.talk.contacts.pane


def orders(stage: Stage) -> list[tuple[Command, str]]:
    """What the account was told to do, and in which chat."""
    return stage.backstage.connections[X].executed


def contact(*what: str) -> Command:
    return Command(Verb.CONTACT, what)
