"""A link to a channel is an offer: what it says, what the reader chooses, what then happens."""

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.account import Autojoin, Security
from chatlab.core.chats import ChatKey
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.ui.dialogs.link import LinkDialog
from tests.helpers.chats import NOON, account
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Desk:
    """The window with one account, and what a link opened in it."""

    def __init__(self, qtbot: QtBot, url: str, *, is_online: bool = True) -> None:
        self.qtbot = qtbot
        self.stage = Stage(qtbot)
        self.stage.join()
        if not is_online:
            self.stage.book.apply(ev.LinkChanged(LAB, LinkState.OFFLINE, NOON))
        self.joined: list[ChatKey] = []
        self.stage.desk.on_join = self.joined.append
        self.stage.presenter._on_link(url)

    @property
    def dialog(self) -> LinkDialog:
        found = self.stage.window.findChild(LinkDialog)
        assert found is not None
        return found

    def agree(self) -> None:
        self.dialog.go_button.click()


def test_a_click_on_a_link_asks_and_connects_nothing(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://irc.example.org/python")
    connection = desk.stage.backstage.connections[LAB]
    assert desk.dialog.isVisible()
    assert "#python" in desk.dialog.windowTitle()
    assert (connection.starts, connection.executed) == (0, [])
    desk.dialog.reject()
    assert (connection.starts, connection.executed, desk.stage.backstage.kept) == (0, [], [])


def test_the_account_that_is_there_joins(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://irc.example.org/python,needkey")
    assert desk.dialog.go_button.text() == "Join"
    assert desk.dialog.nick.isHidden() or not desk.dialog.nick.isVisible()
    desk.dialog.key.setText("sesame")
    desk.agree()
    executed = desk.stage.backstage.connections[LAB].executed
    assert executed == [(Command(Verb.JOIN, ("#python", "sesame")), "")]
    assert desk.joined == [ChatKey(LAB, "#python")]


def test_an_account_that_is_offline_connects_and_joins_then(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://irc.example.org/python", is_online=False)
    assert desk.dialog.go_button.text() == "Connect and join"
    desk.agree()
    connection = desk.stage.backstage.connections[LAB]
    assert connection.starts == 1
    assert Autojoin("#python") in connection.account.channels
    assert Autojoin("#python") not in desk.stage.book.accounts[LAB].account.channels


def test_a_new_account_needs_a_nick_that_servers_take(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "ircs://irc.else.where:7000/python")
    assert desk.dialog.nick.text() == "me"
    desk.dialog.nick.set_text("first.last")
    desk.agree()
    assert desk.stage.backstage.kept == []
    desk.dialog.nick.set_text("alice")
    desk.agree()
    ((made, connects),) = desk.stage.backstage.kept
    assert connects
    assert (made.host, made.port, made.security) == (
        "irc.else.where",
        7000,
        Security.DIRECT_TLS,
    )
    assert (made.nick, made.channels) == ("alice", (Autojoin("#python"),))


def test_a_link_to_a_person_opens_the_private_chat(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://irc.example.org/alice,isnick")
    assert desk.dialog.go_button.text() == "Open the chat"
    desk.agree()
    assert ChatKey(LAB, "alice") in desk.stage.book.chats


def test_the_protection_is_that_of_the_account_not_of_the_link(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://irc.example.org/python")
    sealed = account("sealed", Security.DIRECT_TLS)
    desk.dialog.reject()
    desk.stage.join("#other", sealed)
    desk.stage.presenter._on_link("irc://irc.example.org/python")
    dialogs = [one for one in desk.stage.window.findChildren(LinkDialog) if one.isVisible()]
    (dialog,) = dialogs
    dialog.account.setCurrentIndex(1)
    assert "only this computer and the server" in dialog._protection.text()
    dialog.account.setCurrentIndex(0)
    assert "Anyone on the path" in dialog._protection.text()


def test_a_link_that_cannot_be_followed_says_why_and_opens_nothing(qtbot: QtBot) -> None:
    desk = Desk(qtbot, "irc://me:secret@irc.example.org/python")
    assert desk.stage.window.findChild(LinkDialog) is None
    assert "password" in desk.stage.window.bar._text.text()
