"""The XMPP account form: checked while typing, complete without connecting."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from chatlab.core.account import (
    Account,
    AccountId,
    Application,
    Autojoin,
    LoginMethod,
    SecretKind,
    Security,
)
from chatlab.ui.dialogs.account import AccountResult, StoredSecrets
from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog, blank_xmpp_account
from chatlab.ui.dialogs.xmpp_words import xmpp_observer_text

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
ID = AccountId("x1")
FULL = Account(
    id=ID,
    name="Work",
    application=Application.XMPP,
    host="192.0.2.7",
    port=5299,
    security=Security.DIRECT_TLS,
    nick="First Last",
    jid="first.last@example.org",
    resource="desk",
    login=LoginMethod.SCRAM_SHA_256,
    further_logins=(LoginMethod.SCRAM_SHA_1,),
    channels=(Autojoin("lab@conference.example.org", "open sesame"),),
    pinned_sha256="ab" * 32,
    tls_min="1.2",
    tls_max="1.3",
    sends_typing=True,
    sends_receipts=False,
    sends_markers=True,
    connect_on_start=True,
)


def form(
    qtbot: QtBot, account: Account | None = None, stored: StoredSecrets | None = None
) -> tuple[XmppAccountDialog, list[AccountResult]]:
    dialog = XmppAccountDialog(ID, account, stored)
    qtbot.addWidget(dialog)
    heard: list[AccountResult] = []
    dialog.submitted.connect(heard.append)
    dialog.open()
    return dialog, heard


def test_an_address_and_a_password_are_enough(qtbot: QtBot) -> None:
    dialog, heard = form(qtbot)
    qtbot.keyClicks(dialog.address.jid.edit, "first.last@example.org")
    qtbot.keyClicks(dialog.address.password, "s3cret")
    dialog.connect_button.click()
    (result,) = heard
    assert result.connects
    assert result.secrets == {SecretKind.LOGIN: "s3cret"}
    assert result.account == replace(
        blank_xmpp_account(ID),
        name="first.last@example.org",
        jid="first.last@example.org",
        nick="first.last",
    )


def test_an_account_that_was_not_touched_stays_as_it_is(qtbot: QtBot) -> None:
    dialog, heard = form(qtbot, FULL, StoredSecrets(frozenset({SecretKind.LOGIN})))
    dialog.save_button.click()
    assert heard == [AccountResult(FULL, {}, False)]


@pytest.mark.parametrize("security", Security)
def test_every_way_of_protection_comes_back(qtbot: QtBot, security: Security) -> None:
    account = replace(FULL, security=security, password_over_plain=security is Security.PLAIN)
    dialog, heard = form(qtbot, account, StoredSecrets(frozenset({SecretKind.LOGIN})))
    dialog.save_button.click()
    assert heard[0].account == account


def test_a_login_that_the_form_does_not_offer_is_kept(qtbot: QtBot) -> None:
    odd = replace(FULL, login=LoginMethod.PLAIN, further_logins=(LoginMethod.SCRAM_SHA_1,))
    dialog, heard = form(qtbot, odd, StoredSecrets(frozenset({SecretKind.LOGIN})))
    dialog.save_button.click()
    assert heard[0].account == odd


def test_a_dot_in_the_name_is_no_fault(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    qtbot.keyClicks(dialog.address.jid.edit, "first.last@example.org")
    assert dialog.address.jid.problem is None
    words = " ".join(label.text() for label in dialog.address.findChildren(QLabel))
    assert "A dot before the @ is fine here" in words


def test_half_an_address_is_no_fault_until_the_field_is_left(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    qtbot.keyClicks(dialog.address.jid.edit, "me")
    assert dialog.address.jid.problem is None
    dialog.address.jid.edit.editingFinished.emit()
    assert dialog.address.jid.problem is not None


def test_a_wrong_address_is_mended_with_one_click(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    qtbot.keyClicks(dialog.address.jid.edit, "Anna Maria@example.org")
    line = dialog.address.jid._problem
    assert "blank" in line.reason.lower()
    line._use.click()
    assert dialog.address.jid.text() == "anna_maria@example.org"
    assert dialog.address.jid.problem is None


def test_what_is_missing_is_marked_and_nothing_is_saved(qtbot: QtBot) -> None:
    dialog, heard = form(qtbot)
    dialog.save_button.click()
    assert not heard
    assert dialog.isVisible()
    assert "2 fields" in dialog._summary.text()
    assert dialog.focusWidget() is dialog.address.jid.edit


@pytest.mark.parametrize(
    ("host", "port", "words"),
    [("", "5222", "needs a server"), ("a b", "", "no server name"), ("a.example", "0", "65535")],
)
def test_a_server_that_cannot_be_is_explained(
    qtbot: QtBot, host: str, port: str, words: str
) -> None:
    dialog, heard = form(qtbot, FULL, StoredSecrets(frozenset({SecretKind.LOGIN})))
    dialog.more.host.setText(host)
    dialog.more.port.setText(port)
    dialog.save_button.click()
    assert not heard
    assert words in dialog.more._host_hint.text()


def test_host_and_port_may_be_typed_together(qtbot: QtBot) -> None:
    dialog, heard = form(qtbot, FULL, StoredSecrets(frozenset({SecretKind.LOGIN})))
    dialog.more.host.setText("127.0.0.1:15222")
    dialog.save_button.click()
    assert (heard[0].account.host, heard[0].account.port) == ("127.0.0.1", 15222)


def test_plain_text_asks_before_it_sends_the_password_itself(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    assert not dialog.way.consent.isVisible()
    dialog.way.cards[Security.PLAIN].click()
    assert dialog.way.consent.isVisible()
    assert "proof" in dialog.way._observer.text()
    dialog.way.consent.click()
    assert "and your password" in dialog.way._observer.text()
    dialog.way.cards[Security.STARTTLS].click()
    assert not dialog.way.read(FULL).password_over_plain


def test_each_privacy_switch_says_what_it_costs(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    group = dialog.privacy
    for tick in (group.receipts, group.typing, group.markers):
        assert "bytes" in tick.accessibleDescription()
    assert (group.receipts.isChecked(), group.typing.isChecked()) == (True, False)


def test_who_has_no_account_is_led_elsewhere(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot)
    with qtbot.waitSignal(dialog.create_requested):
        dialog.create_card.click()
    assert not dialog.isVisible()


def test_what_only_the_server_can_do_is_asked_for(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot, FULL)
    with qtbot.waitSignal(dialog.password_change_requested) as caught:
        dialog.password_button.click()
    assert caught.args == [ID]
    dialog, _ = form(qtbot, FULL)
    with qtbot.waitSignal(dialog.deletion_requested) as caught:
        dialog.delete_button.click()
    assert caught.args == [ID]


@pytest.mark.parametrize("security", Security)
def test_the_form_says_what_an_observer_reads(security: Security) -> None:
    words = xmpp_observer_text("example.org", security, password_crosses=False)
    assert "example.org" in words
    assert ("Everything" in words) is (security is Security.PLAIN)


def test_tab_goes_as_one_reads(qtbot: QtBot) -> None:
    dialog, _ = form(qtbot, FULL)
    dialog.address.password.setFocus()
    for expected in (dialog.password_button, dialog.delete_button):
        dialog.focusNextChild()
        assert dialog.focusWidget() is expected
    new, _ = form(qtbot)
    new.have_card.setFocus()
    for field in (new.create_card, new.address.jid.edit):
        new.focusNextChild()
        assert new.focusWidget() is field
