"""Scenes for ``test_window``: accounts that are filled in, doubted, kept, and come back."""

import asyncio
import os
from typing import TYPE_CHECKING

from tests.helpers.window_play import Facts, Play, Scene

if TYPE_CHECKING:
    from chatlab.core.account import Account
    from chatlab.ui.dialogs.account import AccountDialog
    from chatlab.ui.dialogs.certificate import CertificateDialog

PORT_VARIABLE = "CHATLAB_TEST_PORT"
_FOREIGN_PORT = int(os.environ.get(PORT_VARIABLE, "0"))


async def _form(stage: Play) -> "AccountDialog":
    from PySide6.QtCore import Qt

    from chatlab.ui.dialogs.account import AccountDialog
    from chatlab.ui.dialogs.new_account import NewAccountDialog

    keys = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier)
    await stage.press(Qt.Key.Key_N, *keys)
    choice = await stage.until("the choice", lambda: stage.dialog(NewAccountDialog))
    assert isinstance(choice, NewAccountDialog)
    choice.irc.click()
    form = await stage.until("the form", lambda: stage.dialog(AccountDialog))
    assert isinstance(form, AccountDialog)
    return form


async def account(stage: Play) -> Facts:
    """A nick with a dot, put right by one click, and saved: nothing leaves this machine."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    form = await _form(stage)
    QTest.keyClicks(form.identity.nick.edit, "first.last")
    reason = form.identity.nick._problem.reason
    form.save_button.click()
    refused_to_save = form.isVisible()
    QTest.mouseClick(form.identity.nick._problem._use, Qt.MouseButton.LeftButton)
    nick = form.identity.nick.edit.text()
    form.network.host.setText("127.0.0.1")
    form.network.port.setText(str(_FOREIGN_PORT))
    form.save_button.click()
    await stage.until("the account", lambda: stage.book.accounts)
    await asyncio.sleep(0.3)  # Time enough for a connection that must not come.
    state = next(iter(stage.book.accounts.values()))
    return {
        "reason": reason,
        "refused_to_save": refused_to_save,
        "nick": nick,
        "state": state.state.value,
        "frames": stage.feed.count,
        "is_first_start": stage.window.first_start.isVisible(),
    }


async def _connect_as(stage: Play, nick: str, like: "Account") -> None:
    """A new account on the server of another one."""
    form = await _form(stage)
    form.identity.nick.set_text(nick)
    form.network.host.setText(like.host)
    form.network.port.setText(str(like.port))
    form.channels.channels.show_channels(())
    form.connect_button.click()


async def _asked(stage: Play) -> "CertificateDialog":
    from chatlab.ui.dialogs.certificate import CertificateDialog

    dialog = await stage.until("the warning", lambda: stage.dialog(CertificateDialog))
    assert isinstance(dialog, CertificateDialog)
    return dialog


async def certificate(stage: Play) -> Facts:
    """A server whose authority nobody knows: reject, trust once, pin."""
    from chatlab.core.account import Security
    from chatlab.core.connection import LinkState
    from chatlab.ui.dialogs.certificate import CertificateDialog

    await stage.lab()
    accounts = stage.book.accounts
    sealed = next(s for s in accounts.values() if s.account.security is Security.DIRECT_TLS)
    await _connect_as(stage, "carol", sealed.account)
    facts: Facts = {}
    doubt = await _asked(stage)
    own = next(s for s in accounts.values() if s.account.nick == "carol")
    doubt.reject_button.click()
    await stage.until("no dialog", lambda: stage.dialog(CertificateDialog) is None)
    facts["rejected"] = own.state.value
    connection = stage.backstage.connection(own.account.id)
    assert connection
    connection.start()
    (await _asked(stage)).once_button.click()
    await stage.until("the connection", lambda: own.state is LinkState.ONLINE)
    assert own.connection
    assert own.connection.tls
    facts["once"] = own.connection.tls.trust
    facts["kept_after_once"] = own.account.pinned_sha256
    stage.backstage.disconnect(own.account.id)
    await stage.until("the goodbye", lambda: own.state is LinkState.OFFLINE)
    connection.update(own.account)
    connection.start()
    (await _asked(stage)).pin_button.click()
    await stage.until("the connection", lambda: own.state is LinkState.ONLINE)
    facts["kept_after_pin"] = own.account.pinned_sha256
    return facts


async def settle_in(stage: Play) -> Facts:
    """First run of two: an account of one's own, a private chat, the window as one likes it."""
    from PySide6.QtCore import Qt

    from chatlab.core.account import Autojoin

    form = await _form(stage)
    form.identity.nick.set_text("dora")
    form.network.plain.click()
    form.network.host.setText("127.0.0.1")
    form.network.port.setText(str(_FOREIGN_PORT))
    form.channels.channels.show_channels((Autojoin("#lab"),))
    form.connect_button.click()
    await stage.until("the channel", lambda: any(c.is_joined for c in stage.book.chats.values()))
    pane = stage.window.chats.active
    lab = next(chat for chat in stage.book.chats.values() if chat.is_joined)
    stage.window.chats.show_chat(lab)
    stage.type_in(pane, "I was here")
    await stage.echoed(pane, "I was here")
    stage.type_in(pane, "/query erik")
    await stage.until("the private chat", lambda: pane.chat is not lab)
    stage.window.chats.compare(lab, stage.book.open(lab.key.account, "erik"))
    stage.window.setGeometry(40, 40, 1100, 720)
    await stage.press(Qt.Key.Key_F9)
    stage.backstage.set_theme("dark")
    await asyncio.sleep(0.1)  # The X server answers with the new size.
    return _look_of(stage)


async def come_back(stage: Play) -> Facts:
    """Second run: everything is as it was."""
    from chatlab.core.message import Message

    await stage.until("the panes", lambda: len(stage.window.chats.panes) == 2)
    pane = stage.window.chats.panes[0]
    await stage.until("the history", lambda: stage.said(pane.chat, "I was here"))
    message = stage.said(pane.chat, "I was here")
    assert isinstance(message, Message)
    return _look_of(stage) | {"is_history": message.is_history}


def _look_of(stage: Play) -> Facts:
    from chatlab.ui.theme import current

    window = stage.window
    return {
        "size": [window.width(), window.height()],
        "sidebar": not window.sidebar.isHidden(),
        "theme": current().name,
        "wire": list(window.read_layout().splits["wire"]),
        "panes": [pane.chat.title if pane.chat else "" for pane in window.chats.panes],
    }


SCENES: dict[str, tuple[Scene, bool]] = {
    "account": (account, False),
    "certificate": (certificate, True),
    "settle-in": (settle_in, False),
    "come-back": (come_back, False),
}
"""Each with whether it opens on the lab."""
