"""Renders what belongs to XMPP to PNG files, light and dark: gallery_xmpp.py DIRECTORY [NAME…]."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from chatlab.chat.providers import read_providers
from chatlab.core import events as ev
from chatlab.core.account import Autojoin, SecretKind, Security
from chatlab.core.chats import ChatKey
from chatlab.core.connection import LinkState
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.listings import ListedMask
from chatlab.core.message import Delivery
from chatlab.core.registration import RegistrationForm
from chatlab.core.roster import (
    ContactsListed,
    SubscriptionRequested,
)
from chatlab.ui.dialogs.account import StoredSecrets
from chatlab.ui.dialogs.contact import AddContactDialog, ContactDialog
from chatlab.ui.dialogs.invite import InviteDialog
from chatlab.ui.dialogs.new_account import NewAccountDialog
from chatlab.ui.dialogs.register import RegisterDialog
from chatlab.ui.dialogs.room import JoinRoomDialog, RoomAccount
from chatlab.ui.dialogs.room_settings import RoomSettingsDialog
from chatlab.ui.dialogs.server_account import DeletionDialog, PasswordDialog
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog, blank_xmpp_account
from chatlab.ui.models.contacts import ContactModel
from chatlab.ui.theme import Theme
from chatlab.ui.widgets.contact_pane import ContactPane
from chatlab.ui.widgets.occupant_menu import OccupantActs, fill_occupant_menu
from tests.helpers.chats import NOON, message
from tests.helpers.chats import account as chats_account
from tests.helpers.stage import NotingConnection, Stage
from tests.helpers.xmpp_samples import CONTACTS, ID, ME, PEOPLE, ROOM, ROOM_FORM, captcha, xmpp_book


def xmpp_form() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.address.jid.set_text("first.last@example.org")
    return dialog


def xmpp_form_wrong() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.address.jid.set_text("Anna Maria@example.org")
    dialog.way.cards[Security.PLAIN].setChecked(True)
    return dialog


def xmpp_form_edit() -> QWidget:
    account = replace(
        blank_xmpp_account(ID), name="Work", jid="first.last@example.org", nick="First Last",
        resource="desk", channels=(Autojoin("lab@conference.example.org", "open sesame"),),
    )  # fmt: skip
    known = StoredSecrets(frozenset({SecretKind.LOGIN}))
    dialog = XmppAccountDialog(ID, account, known)
    bar = dialog.area.verticalScrollBar()
    QTimer.singleShot(30, dialog, lambda: bar.setValue(0))
    return dialog


def xmpp_form_end() -> QWidget:
    dialog = XmppAccountDialog(ID)
    dialog.fold.set_open(True)
    bar = dialog.area.verticalScrollBar()
    QTimer.singleShot(30, dialog, lambda: bar.setValue(bar.maximum()))
    return dialog


def new_account() -> QWidget:
    return NewAccountDialog()


def register_servers() -> QWidget:
    return RegisterDialog(ID, read_providers())


def register_form() -> QWidget:
    dialog = RegisterDialog(ID, read_providers())
    dialog.next_button.click()
    fields = (
        FormField(name="username", label="User name", is_required=True, values=("first.last",)),
        FormField(name="password", kind=FieldKind.TEXT_PRIVATE, is_required=True),
        FormField(
            name="ocr",
            label="Enter the text you see",
            is_required=True,
            media=(captcha(),),
            description="Capital letters matter.",
        ),
    )
    form = DataForm(
        title="Creating an account",
        instructions="Choose a user name and a password to register with this server.",
        fields=fields,
    )
    web = "https://hookipa.net/captcha/8493/image"
    dialog.show_form(RegistrationForm(server="hookipa.net", form=form, web_address=web))
    return dialog


def register_refused() -> QWidget:
    dialog = register_form()
    assert isinstance(dialog, RegisterDialog)
    dialog._complain("The name “first.last” is taken.", "Choose another one.")
    dialog.questions.check()
    return dialog


def password() -> QWidget:
    return PasswordDialog("first.last@example.org", is_plain=True)


def deletion() -> QWidget:
    return DeletionDialog("first.last@example.org")


def contacts() -> QWidget:
    pane = ContactPane(ContactModel(xmpp_book()))
    pane.resize(230, 470)
    pane.list.setCurrentIndex(pane._model.index(4))
    return pane


def contacts_empty() -> QWidget:
    book = xmpp_book()
    book.apply(ContactsListed(ID, ()))
    pane = ContactPane(ContactModel(book))
    pane.resize(230, 470)
    return pane


SIZE = (1280, 800)


def contact_add() -> QWidget:
    dialog = AddContactDialog(((ID, "first.last@example.org"), (ID, "Lab")), ("Work",))
    dialog.jid.set_text("anna@exam ple.org")
    return dialog


def contact_one() -> QWidget:
    return ContactDialog(CONTACTS[0], ("Work", "Friends"))


def invite() -> QWidget:
    return InviteDialog(((ROOM, "The lab"),), [c.jid for c in CONTACTS], jid="bob@example.org")


def room_join() -> QWidget:
    dialog = JoinRoomDialog((RoomAccount(ID, "Home", "first", "conference.example.org"),))
    dialog.propose(ROOM, refusal="You cannot enter the lab: it has a password.")
    return dialog


def room_settings() -> QWidget:
    dialog = RoomSettingsDialog("The lab", ROOM, affiliation="owner")
    dialog.go_to_settings()
    dialog.show_form(ROOM_FORM)
    return dialog


def room_people() -> QWidget:
    dialog = RoomSettingsDialog("The lab", ROOM, affiliation="owner")
    dialog.tabs.setCurrentIndex(2)
    masks = [ListedMask("first.last@example.org"), ListedMask("anna@example.org")]
    dialog.show_list("owner", masks)
    return dialog


def occupant_menu() -> QWidget:
    menu = QMenu()
    acts = OccupantActs(*[lambda *_: None] * 6)
    fill_occupant_menu(menu, PEOPLE[3], ME, acts)
    inner = next(a.menu() for a in menu.actions() if a.text() == "Moderate")
    assert isinstance(inner, QMenu)
    inner.setParent(None)
    inner.destroyed.connect(lambda *_: menu.deleteLater())
    return inner


class _Keeper:
    """Stands in for pytest-qt where there is no test."""

    def addWidget(self, widget: QWidget, **_: object) -> None:
        self.widget = widget


def window() -> QWidget:
    """The whole window: a room, contacts, somebody who asks."""
    stage = Stage(cast(QtBot, _Keeper()))
    book = stage.book
    owner = replace(
        blank_xmpp_account(ID),
        name="first.last@example.org",
        jid="first.last@example.org",
        nick="first",
    )
    stage.join("#lab", of=chats_account("Libera.Chat"), shows=False)
    book.add_account(owner)
    stage.backstage.connections[ID] = NotingConnection(owner)
    book.apply(ev.LinkChanged(ID, LinkState.ONLINE, NOON))
    book.apply(ContactsListed(ID, CONTACTS))
    book.apply(ev.ChatOpened(ID, ROOM, is_room=True, title="The lab"))
    book.apply(ev.MembersListed(ID, ROOM, PEOPLE))
    stage.take(ev.MemberJoined(ID, ROOM, ME, NOON, is_self=True))
    book.apply(ev.TopicChanged(ID, ROOM, "Read packets, write prose", NOON))
    for number, (who, text) in enumerate(
        (
            ("Anna L.", "good morning, all"),
            ("Bob", "first.last is fine here, by the way: a dot in an address"),
        )
    ):
        said = message(text, who, chat=ROOM, of=ID, at=NOON + number)
        book.apply(ev.MessageAdded(said))
    sealed = "This message is encrypted with OMEMO, which ChatLab cannot read."
    said = message(sealed, "Anna L.", chat=ROOM, of=ID, at=NOON + 2)
    book.apply(ev.MessageAdded(replace(said, is_sealed=True)))
    for number, state in enumerate((Delivery.ECHOED, Delivery.DELIVERED, Delivery.DISPLAYED)):
        words = f"and mine is {state.value}"
        said = message(words, "first", chat=ROOM, of=ID, at=NOON + 3 + number, delivery=state)
        book.apply(ev.MessageAdded(said))
    book.open(ID, "anna@example.org")
    stage.presenter.show_chat(ChatKey(ID, ROOM))
    stage.window.chats.show_members(True)
    asks = SubscriptionRequested(ID, "new@example.net", NOON, "We met in the lab.")
    stage.wiring.talk.contacts.take_event(asks)
    stage.window.resize(*SIZE)
    _ALIVE.append(stage)
    return stage.window


_ALIVE: list[Stage] = []
SCENES: dict[str, Callable[[], QWidget]] = {
    "form": xmpp_form,
    "form-wrong": xmpp_form_wrong,
    "form-end": xmpp_form_end,
    "form-edit": xmpp_form_edit,
    "new-account": new_account,
    "register": register_servers,
    "register-form": register_form,
    "register-refused": register_refused,
    "password": password,
    "deletion": deletion,
    "contacts": contacts,
    "contacts-empty": contacts_empty,
    "contact-add": contact_add,
    "contact": contact_one,
    "invite": invite,
    "room-join": room_join,
    "room-settings": room_settings,
    "room-people": room_people,
    "occupant-menu": occupant_menu,
    "window": window,
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2:] or list(SCENES)
    application = QApplication(sys.argv[:1])
    for theme in ("light", "dark"):
        Theme.load(theme).apply(application)
        for name in wanted:
            widget = SCENES[name]()
            widget.show()
            for _ in range(20):
                application.processEvents()
                widget.thread().msleep(5)
            widget.grab().save(str(folder / f"{name}-{theme}.png"))
            widget.close()


if __name__ == "__main__":
    main()
