"""Scenes for ``test_window_xmpp``: an account made on the lab's server, contacts, rooms."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from tests.helpers.window_play import Facts, Play, Scene, play

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDialog

    from chatlab.core.chats import AccountState, Chat
    from chatlab.server.lab import LabAddress
    from chatlab.ui.dialogs.data_form import DataFormView

D = TypeVar("D", bound="QDialog")


async def _opened(stage: Play, kind: "type[D]") -> D:
    found = await stage.until(kind.__name__, lambda: stage.dialog(kind))
    assert isinstance(found, kind)
    return found


def _type(form: "DataFormView", name: str, text: str) -> None:
    from PySide6.QtTest import QTest

    row = form.row(name)
    assert row is not None, name
    QTest.keyClicks(row.editor.focus_widget, text)


async def _register(
    stage: Play, lab: "LabAddress", name: str, security: str, *, knows_authority: bool = True
) -> "AccountState":
    """Make an account on the lab's server, from the first question to being online."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from chatlab.core.account import Security
    from chatlab.core.connection import LinkState
    from chatlab.ui.dialogs.certificate import CertificateDialog
    from chatlab.ui.dialogs.new_account import NewAccountDialog
    from chatlab.ui.dialogs.register import RegisterDialog
    from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog

    await stage.press(
        Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    )
    (await _opened(stage, NewAccountDialog)).xmpp.click()
    (await _opened(stage, XmppAccountDialog)).create_card.click()
    dialog = await _opened(stage, RegisterDialog)
    own, way = dialog.servers.own, Security(security)
    own.domain.clear()
    QTest.keyClicks(own.domain, lab.xmpp_domain)
    own.fold.set_open(True)
    port = lab.xmpp_tls_port if way is Security.DIRECT_TLS else lab.xmpp_port
    QTest.keyClicks(own.host, f"{lab.address}:{port}")
    own.security.setCurrentIndex(own.security.findData(way))
    if knows_authority:
        own.ca_file.edit.setText(str(lab.ca_file))
    dialog.next_button.click()
    questions = dialog.questions
    await stage.until("an answer", lambda: not dialog.is_asking)
    if not knows_authority:
        assert dialog.certificate_button.isVisible(), dialog.notice.text()
        dialog.certificate_button.click()
        doubt = await _opened(stage, CertificateDialog)
        doubt.pin_button.click()
        await stage.until("an answer", lambda: not dialog.is_asking)
    assert questions.form.row("username"), dialog.notice.text()
    _type(questions.form, "username", name)
    _type(questions.form, "password", "s3cret")
    await stage.picture(f"register-{name}", dialog)
    dialog.next_button.click()
    await stage.until("the account", lambda: stage.dialog(RegisterDialog) is None)
    jid = f"{name}@{lab.xmpp_domain}"
    states = stage.book.accounts.values
    state = await stage.until(
        jid, lambda: next((s for s in states() if s.account.jid == jid), None)
    )
    assert state is not None
    await stage.until("being online", lambda: state.state is LinkState.ONLINE)
    return state


async def _enter(stage: Play, state: "AccountState", room: str, *, settles: bool) -> "Chat":
    """Enter a room from the sidebar's menu entry."""
    from chatlab.core.chats import ChatKey
    from chatlab.ui.dialogs.room import JoinRoomDialog

    stage.window.sidebar.join_requested.emit(state.account.id)
    dialog = await _opened(stage, JoinRoomDialog)
    dialog.room.set_text(room)
    dialog.opens_settings.setChecked(settles)
    dialog.join_button.click()
    key = ChatKey(state.account.id, room)
    await stage.until("the room", lambda: key in stage.book.chats)
    chat = stage.book.chats[key]
    await stage.until("being in it", lambda: chat.is_joined and chat.members)
    return chat


@asynccontextmanager
async def _two(stage: Play) -> "AsyncIterator[tuple[LabAddress, AccountState, AccountState]]":
    """The lab's server, and two accounts that were just made on it."""
    from chatlab.server.lab import LabServer

    server = LabServer()
    with TemporaryDirectory() as folder:
        lab = await server.start(Path(folder))
        try:
            first = await _register(stage, lab, "first.last", "starttls")
            second = await _register(stage, lab, "second", "plain")
            yield lab, first, second
        finally:
            await server.stop()


async def _listed(stage: Play, state: "AccountState") -> list[str]:
    """The rooms of the server, as their dialog lists them."""
    from chatlab.ui.dialogs.channel_list import ChannelListDialog

    stage.window.sidebar.list_requested.emit(state.account.id)
    dialog = await _opened(stage, ChannelListDialog)
    await stage.until("the list", lambda: dialog.model.rowCount() >= 2)
    await stage.picture("xmpp-rooms", dialog)
    found = [dialog.model.channel(row) for row in range(dialog.model.rowCount())]
    dialog.reject()
    return [channel.name for channel in found if channel is not None]


async def _invited(
    stage: Play, state: "AccountState", whom: "AccountState", chat: "Chat"
) -> "Chat":
    """One account invites the other into a room, which enters by the button of the bar."""
    from chatlab.core.chats import ChatKey
    from chatlab.ui.dialogs.invite import InviteDialog

    stage.window.sidebar.invite_requested.emit(chat.key)
    dialog = await _opened(stage, InviteDialog)
    dialog.jid.set_text(whom.account.jid)
    dialog.invite_button.click()
    bar = stage.window.bar
    await stage.until("the invitation", lambda: any("invites" in m.text for m in bar.messages()))
    while "invites" not in bar.messages()[0].text:
        bar.dismiss()
    await stage.picture("xmpp-invitation")
    bar._action.click()
    key = ChatKey(whom.account.id, chat.key.name)
    await stage.until("the room", lambda: key in stage.book.chats)
    entered = stage.book.chats[key]
    await stage.until("being in it", lambda: entered.is_joined and entered.members)
    return entered


async def rooms(stage: Play) -> Facts:
    """A room is made, its settings are saved, the other account enters and both talk."""
    from chatlab.ui.dialogs.room_settings import RoomSettingsDialog

    async with _two(stage) as (lab, first, second):
        room = f"window@{lab.xmpp_room.partition('@')[2]}"
        chat = await _enter(stage, first, room, settles=True)
        settings = await _opened(stage, RoomSettingsDialog)
        form = settings.settings.form
        await stage.until("its form", lambda: form.answers().fields)
        await stage.picture("xmpp-room-settings", settings)
        fields = len(form.answers().fields)
        settings.settings.button.click()
        await stage.until("saving", lambda: "has taken" in settings.notice.text())
        people = settings.standing.table.model()
        settings.tabs.setCurrentIndex(2)
        await stage.until("the owners", people.rowCount)
        owner = people.index(0, 0).data()
        settings.reject()
        listed = await _listed(stage, second)
        other = await _invited(stage, first, second, chat)
        await stage.until("both", lambda: len(chat.members) == 2)
        stage.type_in(stage.window.chats.active, "hello, room")
        await stage.until("hearing it", lambda: stage.said(chat, "hello, room"))
        stage.window.chats.show_members(True)
        await stage.picture("xmpp-room")
        return {
            "jid": first.account.jid,
            "is_sealed": first.connection is not None and first.connection.tls is not None,
            "fields": fields,
            "own": chat.members[chat.own_nick.lower()].affiliation,
            "nicks": [chat.own_nick, other.own_nick],
            "is_listed": room in listed,
            "owner": owner,
        }


async def keeping(stage: Play) -> Facts:
    """The password is changed on the server and holds at the next login; the account goes."""
    from chatlab.core.connection import LinkState
    from chatlab.server.lab import LabServer
    from chatlab.ui.dialogs.server_account import DeletionDialog, PasswordDialog
    from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog

    server = LabServer()
    with TemporaryDirectory() as folder:
        lab = await server.start(Path(folder))
        try:
            state = await _register(stage, lab, "first.last", "tls", knows_authority=False)
            who, bar = state.account.id, stage.window.bar
            stage.window.sidebar.edit_requested.emit(who)
            (await _opened(stage, XmppAccountDialog)).password_button.click()
            dialog = await _opened(stage, PasswordDialog)
            for field in (dialog.password, dialog.again):
                field.setText("another")
            dialog.do_button.click()
            await stage.until(
                "the change", lambda: any("is changed" in m.text for m in bar.messages())
            )
            stage.window.sidebar.disconnect_requested.emit(who)
            await stage.until("being offline", lambda: state.state is LinkState.OFFLINE)
            stage.window.sidebar.connect_requested.emit(who)
            await stage.until("being online again", lambda: state.state is LinkState.ONLINE)
            stage.window.sidebar.edit_requested.emit(who)
            (await _opened(stage, XmppAccountDialog)).delete_button.click()
            deletion = await _opened(stage, DeletionDialog)
            deletion.name.setText(state.account.jid)
            await stage.picture("xmpp-deletion", deletion)
            deletion.do_button.click()
            await stage.until("the end of the account", lambda: who not in stage.book.accounts)
            return {
                "words": [message.text for message in bar.messages()],
                "is_pinned": state.account.pinned_sha256 == lab.fingerprint,
            }
        finally:
            await server.stop()


async def contacts(stage: Play) -> Facts:
    """One account adds the other, which is asked and allows it; then they talk."""
    from chatlab.core.chats import ChatKey
    from chatlab.core.message import Delivery
    from chatlab.core.roster import Availability
    from chatlab.ui.action_ids import ActionId
    from chatlab.ui.dialogs.contact import AddContactDialog

    async with _two(stage) as (_lab, first, second):
        jid = second.account.jid
        stage.window.actions_table.action(ActionId.ADD_CONTACT).trigger()
        adding = await _opened(stage, AddContactDialog)
        adding.jid.set_text(jid)
        adding.name.setText("The second")
        adding.add_contact_button.click()
        bar = stage.window.bar
        await stage.until(
            "the request", lambda: any("asks to see" in m.text for m in bar.messages())
        )
        while "asks to see" not in bar.messages()[0].text:
            bar.dismiss()
        await stage.picture("xmpp-request")
        bar._action.click()

        def is_seen() -> bool:
            contact = first.contacts.get(jid)
            return contact is not None and contact.availability is Availability.AVAILABLE

        await stage.until("the second’s presence", is_seen)
        delivery = await _say_privately(stage, first, jid)
        await stage.picture("xmpp-contacts")
        return {
            "contact": first.contacts[jid].title,
            "heading": stage.book.chats[ChatKey(first.account.id, jid)].heading,
            "delivery": delivery.value if isinstance(delivery, Delivery) else "",
        }


async def _say_privately(stage: Play, state: "AccountState", jid: str) -> object:
    """Talk to a contact; the delivery of what was said, as far as it comes."""
    from chatlab.core.chats import ChatKey
    from chatlab.core.message import Delivery
    from chatlab.ui.widgets.contact_pane import ContactPane

    contacts = stage.window.findChild(ContactPane)
    assert isinstance(contacts, ContactPane)
    contacts.talk_requested.emit(state.account.id, jid)
    key = ChatKey(state.account.id, jid)
    await stage.until("the chat", lambda: key in stage.book.chats)
    stage.type_in(stage.window.chats.active, "are you there?")
    late = (Delivery.ECHOED, Delivery.DELIVERED, Delivery.DISPLAYED)

    def arrived() -> "Delivery | None":
        message = stage.said(stage.book.chats[key], "are you there?")
        return message.delivery if message and message.delivery in late else None

    return await stage.until("its arrival", arrived)


SCENES: dict[str, Scene] = {"rooms": rooms, "keeping": keeping, "contacts": contacts}

if __name__ == "__main__":
    sys.exit(play(SCENES[sys.argv[1]]))
