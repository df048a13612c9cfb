"""The account form: what goes in comes out, and each fault is said where it is."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from chatlab.core.account import AccountId, Autojoin, LoginMethod, SecretKind, Security
from chatlab.ui.dialogs.account import MAX_HEIGHT, AccountDialog, AccountResult, StoredSecrets
from tests.helpers.accounts import PLAIN_ACCOUNT, PRESETS

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
NEW = AccountId("new")
LOGIN_STORED = StoredSecrets(frozenset({SecretKind.LOGIN}))


@pytest.fixture
def blank(qtbot: QtBot) -> AccountDialog:
    dialog = AccountDialog(NEW, PRESETS)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


@pytest.fixture
def filled(qtbot: QtBot) -> AccountDialog:
    dialog = AccountDialog(PLAIN_ACCOUNT.id, PRESETS, PLAIN_ACCOUNT, LOGIN_STORED)
    qtbot.addWidget(dialog)
    dialog.open()
    return dialog


def results(dialog: AccountDialog) -> list[AccountResult]:
    found: list[AccountResult] = []
    dialog.submitted.connect(found.append)
    return found


def shown_words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_an_account_comes_back_unchanged(filled: AccountDialog) -> None:
    assert filled.read() == PLAIN_ACCOUNT


def test_save_gives_the_account_and_does_not_connect(filled: AccountDialog, qtbot: QtBot) -> None:
    found = results(filled)
    qtbot.mouseClick(filled.save_button, Qt.MouseButton.LeftButton)
    assert found == [AccountResult(PLAIN_ACCOUNT, {}, connects=False)]
    assert not filled.isVisible()


def test_cancel_gives_nothing(filled: AccountDialog, qtbot: QtBot) -> None:
    found = results(filled)
    qtbot.keyClick(filled, Qt.Key.Key_Escape)
    assert found == []
    assert not filled.isVisible()


def test_a_new_account_needs_only_a_nick(blank: AccountDialog, qtbot: QtBot) -> None:
    found = results(blank)
    qtbot.keyClicks(blank.identity.nick.edit, "alice")
    qtbot.keyClick(blank.identity.nick.edit, Qt.Key.Key_Return)
    (result,) = found
    assert result.connects
    account = result.account
    assert (account.id, account.name, account.nick) == (NEW, "Libera.Chat", "alice")
    assert (account.host, account.port) == ("irc.libera.chat", 6697)
    assert account.security is Security.DIRECT_TLS


def test_a_bad_nick_is_said_in_place_and_not_in_a_box(blank: AccountDialog, qtbot: QtBot) -> None:
    found = results(blank)
    qtbot.keyClicks(blank.identity.nick.edit, "first.last")
    qtbot.mouseClick(blank.save_button, Qt.MouseButton.LeftButton)
    assert found == []
    assert blank.isVisible()
    assert "A dot marks a server name" in shown_words(blank)
    assert "One field needs a change." in shown_words(blank)
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]


def test_the_port_follows_the_security(blank: AccountDialog) -> None:
    blank.network.plain.click()
    assert blank.network.port.value() == 6667
    blank.network.tls.click()
    assert blank.network.port.value() == 6697


def test_a_port_of_ones_own_stays(blank: AccountDialog) -> None:
    blank.network.port.set_value(7000)
    blank.network.plain.click()
    assert blank.network.port.value() == 7000


def test_a_preset_without_tls_is_plain_text(blank: AccountDialog) -> None:
    blank.network.take_preset(2)
    account = blank.read()
    assert (account.host, account.port) == ("irc.efnet.org", 6667)
    assert account.security is Security.PLAIN
    blank.network.take_preset(0)
    account = blank.read()
    assert (account.port, account.security) == (6697, Security.DIRECT_TLS)


def test_another_host_is_no_preset_any_more(blank: AccountDialog, qtbot: QtBot) -> None:
    blank.network.host.clear()
    qtbot.keyClicks(blank.network.host, "irc.lab")
    assert blank.network.preset.currentText() == "Your own server"
    assert blank.network.network_name == "irc.lab"


def test_a_pasted_address_fills_the_form(blank: AccountDialog) -> None:
    blank.network.host.setText("irc://bob@irc.lab:7777/%23class")
    blank.network.settle()
    account = blank.read()
    assert (account.host, account.port, account.security) == ("irc.lab", 7777, Security.PLAIN)
    assert account.nick == "bob"
    assert account.channels == (Autojoin("#class"),)


@pytest.mark.parametrize(("host", "words"), [("", "server is needed"), ("a b", "no server name")])
def test_a_bad_host_is_explained(blank: AccountDialog, host: str, words: str) -> None:
    blank.network.host.setText(host)
    blank.save_button.click()
    assert words in shown_words(blank)
    assert blank.isVisible()


def test_an_empty_port_is_explained(blank: AccountDialog) -> None:
    blank.network.port.clear()
    blank.save_button.click()
    assert "6697 is usual here" in shown_words(blank)


def test_it_says_what_an_observer_could_read(filled: AccountDialog) -> None:
    assert "and your password" not in shown_words(filled)
    filled.consent.click()
    assert "and your password" in shown_words(filled)
    assert "the login fails" not in shown_words(filled)
    filled.network.tls.click()
    assert "not one word" in shown_words(filled)


def test_consent_is_asked_only_where_a_password_could_be_read(filled: AccountDialog) -> None:
    assert filled.consent.isVisible()
    filled.network.tls.click()
    assert not filled.consent.isVisible()
    filled.network.plain.click()
    filled.login.method.setCurrentIndex(0)
    assert not filled.consent.isVisible()
    filled.more.server_password.setText("pass")
    assert filled.consent.isVisible()
    filled.consent.setChecked(True)
    assert filled.read().password_over_plain
    assert filled.read().has_server_password


def test_only_changed_passwords_come_back(filled: AccountDialog) -> None:
    found = results(filled)
    filled.login.password.setText("n3w")
    filled.more.server_password.setText("pass")
    filled.save_button.click()
    assert found[0].secrets == {SecretKind.LOGIN: "n3w", SecretKind.SERVER: "pass"}


def test_a_stored_password_can_be_forgotten(filled: AccountDialog) -> None:
    found = results(filled)
    filled.login.password._forget.trigger()
    filled.save_button.click()
    assert found == []
    assert "needs a password" in shown_words(filled)
    filled.login.password._forget.trigger()
    filled.save_button.click()
    assert found[0].secrets == {}


def test_a_stored_password_is_never_loaded(filled: AccountDialog) -> None:
    assert filled.login.password.text() == ""
    assert "Stored" in filled.login.password.placeholderText()


def test_without_a_keyring_the_form_says_how_long_a_password_lasts(qtbot: QtBot) -> None:
    stored = StoredSecrets(is_lasting=False)
    dialog = AccountDialog(PLAIN_ACCOUNT.id, PRESETS, PLAIN_ACCOUNT, stored)
    qtbot.addWidget(dialog)
    dialog.open()
    assert "until ChatLab closes" in shown_words(dialog)


def test_faults_under_more_open_it(blank: AccountDialog) -> None:
    blank.identity.nick.set_text("alice")
    blank.more.pin.setText("abc")
    assert not blank.more.isVisible()
    blank.save_button.click()
    assert blank.more.isVisible()
    assert "64 hex digits; here are 3" in shown_words(blank)


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("nicks", "ok, not.ok", "not.ok"),
        ("hosts", "irc2.example.org irc3.example.org:6667", "is no server name"),
        ("ca_file", "/nowhere/ca.pem", "no such file"),
    ],
)
def test_each_field_under_more_is_checked(
    blank: AccountDialog, field: str, text: str, words: str
) -> None:
    blank.identity.nick.set_text("alice")
    widget = getattr(blank.more, field)
    getattr(widget, "edit", widget).setText(text)
    blank.save_button.click()
    assert words in shown_words(blank)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("hello", "is no command"),
        ("/nosuch", "There is no command"),
        ("/quit", "nothing to do on arrival"),
        ("/msg NickServ IDENTIFY sesame", "A password does not belong here"),
    ],
)
def test_commands_on_connecting_are_checked(blank: AccountDialog, line: str, words: str) -> None:
    blank.identity.nick.set_text("alice")
    blank.more.perform.setPlainText(f"/mode +x\n\n{line}")
    blank.save_button.click()
    assert words in shown_words(blank)
    blank.more.perform.setPlainText(" /mode +x \n\n/msg bot hello")
    assert blank.read().perform == ("/mode +x", "/msg bot hello")


def test_a_lowest_version_above_the_highest_is_refused(blank: AccountDialog) -> None:
    blank.identity.nick.set_text("alice")
    blank.more.tls_min.setCurrentIndex(blank.more.tls_min.findData("1.3"))
    blank.more.tls_max.setCurrentIndex(blank.more.tls_max.findData("1.2"))
    blank.save_button.click()
    assert "Nothing lies between TLS 1.3 and TLS 1.2" in shown_words(blank)
    blank.more.tls_max.setCurrentIndex(0)
    assert blank.read().tls_min == "1.3"


def test_sasl_external_needs_a_certificate(blank: AccountDialog) -> None:
    blank.identity.nick.set_text("alice")
    blank.login.method.setCurrentIndex(blank.login.method.findData(LoginMethod.EXTERNAL))
    blank.save_button.click()
    assert "needs your certificate" in shown_words(blank)


def test_a_fingerprint_may_be_pasted_with_colons(blank: AccountDialog) -> None:
    blank.identity.nick.set_text("alice")
    blank.more.pin.setText(":".join(["AB"] * 32))
    assert blank.read().pinned_sha256 == "ab" * 32


def test_a_long_user_name_says_what_is_kept(blank: AccountDialog) -> None:
    blank.identity.user_name.setText("firstname.lastname")
    assert "“firstname.”" in shown_words(blank)
    blank.identity.user_name.setText("first name")
    assert "no space" in shown_words(blank)


def test_channels_can_be_added_and_taken_out(filled: AccountDialog, qtbot: QtBot) -> None:
    rows = filled.channels.channels
    rows._rows[0].remove.click()
    rows._add.click()
    qtbot.keyClicks(rows._rows[-1].channel, "new")
    qtbot.keyClick(rows._rows[-1].channel, Qt.Key.Key_Tab)
    assert filled.read().channels == (Autojoin("#secret", "k3y"), Autojoin("#new"))


def test_a_bad_channel_is_explained(blank: AccountDialog) -> None:
    blank.identity.nick.set_text("alice")
    blank.channels.channels._rows[0].channel.setText("#a b")
    blank.save_button.click()
    assert "No space" in shown_words(blank)


def test_the_form_fits_a_small_screen(filled: AccountDialog) -> None:
    assert filled.height() <= MAX_HEIGHT


def test_every_field_can_be_reached_by_tab(filled: AccountDialog, qtbot: QtBot) -> None:
    seen = set[QWidget]()
    filled.network.preset.setFocus()
    for _ in range(60):
        widget = QApplication.focusWidget()
        if widget is None or widget in seen:
            break
        seen.add(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    wanted: set[QWidget] = {filled.network.host, filled.network.port, filled.identity.nick.edit}
    wanted |= {filled.identity.user_name, filled.identity.real_name, filled.login.password}
    wanted |= {filled.channels.leave_message, filled.more.pin, filled.connect_button}
    assert wanted <= seen


def test_every_input_has_a_name_for_screen_readers(filled: AccountDialog) -> None:
    for kind in (QLineEdit, QComboBox, QCheckBox):
        for widget in filled.findChildren(kind):
            if widget.isVisible() or filled.more.isAncestorOf(widget):
                name = widget.accessibleName() or getattr(widget, "text", str)()
                assert name, widget


def test_return_on_cancel_cancels(filled: AccountDialog, qtbot: QtBot) -> None:
    found = results(filled)
    filled.cancel_button.setFocus()
    qtbot.keyClick(filled.cancel_button, Qt.Key.Key_Return)
    assert found == []
    assert not filled.isVisible()


def test_names_with_markup_stay_text(qtbot: QtBot) -> None:
    account = replace(PLAIN_ACCOUNT, name="<img src=x>")
    dialog = AccountDialog(account.id, PRESETS, account)
    qtbot.addWidget(dialog)
    formats = {label.textFormat() for label in dialog.findChildren(QLabel) if label.text()}
    assert formats == {Qt.TextFormat.PlainText}


@pytest.mark.parametrize("login", LoginMethod)
def test_every_way_to_log_in_comes_back(qtbot: QtBot, login: LoginMethod) -> None:
    account = replace(PLAIN_ACCOUNT, login=login, ignores_sts=True)
    dialog = AccountDialog(account.id, PRESETS, account, LOGIN_STORED)
    qtbot.addWidget(dialog)
    assert dialog.read() == account


def test_staying_in_clear_is_offered_for_plain_text_only(filled: AccountDialog) -> None:
    assert filled.stays_clear.isVisible()
    filled.network.tls.click()
    assert not filled.stays_clear.isVisible()


def test_what_makes_packets_by_itself_is_off_and_says_what_it_sends(
    blank: AccountDialog, qtbot: QtBot
) -> None:
    more = blank.more
    assert not more.sends_typing.isChecked()
    assert not more.sends_markers.isChecked()
    words = " ".join(label.text() for label in more.findChildren(QLabel))
    assert "TAGMSG" in words
    assert "MARKREAD" in words
    account = replace(PLAIN_ACCOUNT, sends_typing=True, sends_markers=True)
    dialog = AccountDialog(account.id, PRESETS, account)
    qtbot.addWidget(dialog)
    assert dialog.more.says_anything
    assert dialog.read() == account
