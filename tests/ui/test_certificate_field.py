"""A certificate of one's own in the account form: made by a button, told to NickServ by a copy."""

from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from chatlab.core.account import LoginMethod
from chatlab.core.client_certificate import ClientCertificate, Digest
from chatlab.core.errors import FileError
from chatlab.ui.dialogs.account import AccountDialog
from chatlab.ui.dialogs.certificate_field import CertificateField
from tests.helpers.stage import LAB, Stage

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
MADE = ClientCertificate(
    file="/certificates/lab.pem",
    subject="me",
    not_after="2036-03-14T12:03:00Z",
    fingerprints={Digest.SHA_512: "aa" * 64, Digest.SHA_256: "bb" * 32, Digest.SHA_1: "cc" * 20},
)


@pytest.fixture
def field(qtbot: QtBot) -> CertificateField:
    made = CertificateField()
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_made_certificate_is_the_accounts_and_shows_what_nickserv_wants(
    field: CertificateField, qtbot: QtBot
) -> None:
    field.set_host("irc.libera.chat")
    with qtbot.waitSignal(field.changed):
        field.show_answer(MADE)
    assert field.text() == MADE.file
    assert field._command.text() == f"/msg NickServ CERT ADD {'aa' * 64}"
    assert "2036" in field._words.text()
    field.set_host("irc.example.org")
    assert field._fingerprint.text() == "bb" * 32


def test_command_and_fingerprint_are_copied(field: CertificateField) -> None:
    field.set_host("irc.oftc.net")
    field.show_answer(MADE)
    copied = []
    for button in field.findChildren(QPushButton):
        if button.text() == "Copy":
            button.click()
            copied.append(QGuiApplication.clipboard().text())
    assert sorted(copied) == [f"/msg NickServ CERT ADD {'cc' * 20}", "cc" * 20]


def test_the_button_waits_for_its_answer(field: CertificateField, qtbot: QtBot) -> None:
    with qtbot.waitSignal(field.make_requested):
        field.make_button.click()
    assert not field.make_button.isEnabled()
    field.show_answer(FileError("The disk is full.", "Free some space."))
    assert field.make_button.isEnabled()
    assert "The disk is full." in field.hint.text()
    assert not field._panel.isVisible()


def test_a_file_that_is_chosen_is_read(
    field: CertificateField, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "mine.pem"
    file.write_text("x")
    with qtbot.waitSignal(field.read_requested) as caught:
        field.set_text(str(file))
    assert caught.args == [str(file)]
    field.show_answer(MADE)
    field.set_text("")
    assert not field._panel.isVisible()


def test_the_form_asks_makes_shows_and_keeps_it(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.backstage.certificate = MADE
    stage.desk.edit_account(LAB)
    dialog = stage.window.findChild(AccountDialog)
    assert dialog is not None
    assert not dialog.login.certificate.isVisible()
    dialog.login.method.setCurrentIndex(dialog.login.method.findData(LoginMethod.EXTERNAL))
    assert dialog.login.certificate.isVisible()
    dialog.login.certificate.make_button.click()
    assert "certificate lab me" in stage.backstage.asked
    assert dialog.read().client_certificate == MADE.file
    assert dialog.read().login is LoginMethod.EXTERNAL


def test_an_answer_that_comes_after_the_form_is_gone_is_dropped(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.join()
    stage.desk.edit_account(LAB)
    first = stage.window.findChild(AccountDialog)
    assert first is not None
    stage.desk.edit_account(LAB)
    stage.backstage.certificate = MADE
    first.certificate_wanted.emit("me")
    assert first.login.certificate.text() == ""


def test_a_missing_file_is_said_where_it_is(field: CertificateField) -> None:
    field.set_text("/nowhere/me.pem")
    assert "no such file" in field.fault(is_needed=True)
    assert "no such file" in field.hint.text()
    field.set_text("")
    assert field.fault(is_needed=False) == ""
    assert "make one" in field.fault(is_needed=True)
