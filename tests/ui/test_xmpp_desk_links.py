"""Links to people and rooms (xmpp:) that are followed in the window."""

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core.chats import ChatKey
from chatlab.ui.dialogs.room import JoinRoomDialog
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog
from tests.helpers.stage import Stage
from tests.helpers.xmpp_stage import BOB, ROOM, X, orders, shown, xmpp_stage

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return xmpp_stage(qtbot)


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
