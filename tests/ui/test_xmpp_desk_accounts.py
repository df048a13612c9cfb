"""XMPP accounts in the window: made, changed, deleted, here and on the server."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from chatlab.core import events as ev
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError
from chatlab.core.forms import DataForm, FormField
from chatlab.core.registration import RegistrationForm
from chatlab.ui.actions import ActionId
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.dialogs.new_account import NewAccountDialog
from chatlab.ui.dialogs.register import RegisterDialog
from chatlab.ui.dialogs.server_account import DeletionDialog, PasswordDialog
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog
from tests.helpers.chats import NOON
from tests.helpers.stage import Stage
from tests.helpers.xmpp_stage import (
    ACCOUNT,
    X,
    shown,
    xmpp_stage,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    return xmpp_stage(qtbot)


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
    stage.book.apply(ev.LinkChanged(X, LinkState.OFFLINE, NOON))
    stage.wiring.talk.accounts.change_password(X)
    assert "Connect the account" in stage.window.bar.messages()[-1].hint
