"""Making an account on a server: choose, be asked, answer, be told why not."""

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from chatlab.chat.providers import Provider
from chatlab.core.account import Account, AccountId, SecretKind, Security
from chatlab.core.errors import CertificateError, ChatlabError
from chatlab.core.forms import DataForm, FieldKind, FormField
from chatlab.core.registration import RegistrationForm
from chatlab.ui.dialogs.account import AccountResult
from chatlab.ui.dialogs.new_account import NewAccountDialog
from chatlab.ui.dialogs.register import RegisterDialog
from chatlab.ui.dialogs.server_account import DeletionDialog, PasswordDialog
from chatlab.ui.models.providers import Column, ProviderFilter, ProviderModel

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
ID = AccountId("new")
DAY = date(2026, 7, 22)
PROVIDERS = (
    Provider(domain="easy.example", is_in_app=True, file_mb=80, country="Germany", verified=DAY),
    Provider(
        domain="riddle.example", is_in_app=True, has_captcha=True, file_mb=500, archive_days=30,
        country="France", verified=DAY,
    ),
    Provider(domain="web.example", is_in_app=False, archive_days=0, verified=DAY),
)  # fmt: skip
ASKED = DataForm(
    instructions="Choose a name.",
    fields=(
        FormField(name="FORM_TYPE", kind=FieldKind.HIDDEN, values=("jabber:iq:register",)),
        FormField(name="username", is_required=True),
        FormField(name="password", kind=FieldKind.TEXT_PRIVATE, is_required=True),
        FormField(name="ocr", label="Type the letters", is_required=True),
    ),
)


class Heard:
    """What a dialog has asked for."""

    def __init__(self, dialog: RegisterDialog) -> None:
        self.asked: list[Account] = []
        self.answers: list[DataForm] = []
        self.created: list[AccountResult] = []
        dialog.ask_requested.connect(self.asked.append)
        dialog.submit_requested.connect(lambda _account, answers: self.answers.append(answers))
        dialog.created.connect(self.created.append)


def opened(qtbot: QtBot) -> tuple[RegisterDialog, Heard]:
    dialog = RegisterDialog(ID, PROVIDERS)
    qtbot.addWidget(dialog)
    heard = Heard(dialog)
    dialog.open()
    return dialog, heard


def fill(dialog: RegisterDialog, **answers: str) -> None:
    for name, text in answers.items():
        row = dialog.questions.form.row(name)
        assert row is not None
        edit = row.editor.focus_widget
        assert isinstance(edit, QLineEdit)
        edit.setText(text)


def words(widget: QWidget) -> str:
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def test_the_list_keeps_the_rules_of_qt(qtmodeltester: ModelTester) -> None:
    model = ProviderModel(PROVIDERS)
    qtmodeltester.check(model)
    qtmodeltester.check(ProviderFilter(model))


def test_servers_are_found_by_words_and_sorted_by_what_they_mean() -> None:
    rows = ProviderFilter(ProviderModel(PROVIDERS))
    rows.sort(Column.FILE, Qt.SortOrder.DescendingOrder)
    assert rows.index(0, 0).data() == "riddle.example"
    rows.set_wanted("captcha fran")
    assert rows.rowCount() == 1
    rows.set_wanted("web page")
    assert rows.index(0, Column.DAYS).data() == "no promise"


def test_nothing_is_asked_before_the_button(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    assert not heard.asked
    dialog.next_button.click()
    (account,) = heard.asked
    assert (account.jid, account.host, account.port) == ("easy.example", "", 0)
    assert account.security is Security.STARTTLS
    assert not dialog.next_button.isEnabled()


def test_a_server_of_ones_own_may_be_anywhere(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    own = dialog.servers.own
    own.domain.clear()
    qtbot.keyClicks(own.domain, "lab.test")
    own.host.setText("127.0.0.1:15222")
    own.security.setCurrentIndex(2)
    dialog.next_button.click()
    (account,) = heard.asked
    assert (account.jid, account.host, account.port) == ("lab.test", "127.0.0.1", 15222)
    assert account.security is Security.PLAIN


def test_a_server_that_cannot_be_is_explained(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    dialog.servers.own.domain.setText("no server")
    dialog.next_button.click()
    assert not heard.asked
    assert "blank" in words(dialog.servers.own)


def test_from_the_form_to_the_account(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    dialog.next_button.click()
    dialog.show_form(RegistrationForm(server="easy.example", form=ASKED))
    dialog.next_button.click()
    assert not heard.answers  # Nothing is filled in.
    fill(dialog, username="first.last", password="s3cret", ocr="x7q")
    dialog.next_button.click()
    assert [f.values for f in heard.answers[0].fields] == [
        ("jabber:iq:register",),
        ("first.last",),
        ("s3cret",),
        ("x7q",),
    ]
    dialog.finish()
    (result,) = heard.created
    assert result.account.jid == "first.last@easy.example"
    assert result.account.nick == "first.last"
    assert result.secrets == {SecretKind.LOGIN: "s3cret"}
    assert result.connects
    assert not dialog.isVisible()


def test_a_name_that_no_address_can_have_is_not_sent(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    dialog.next_button.click()
    dialog.show_form(RegistrationForm(server="easy.example", form=ASKED))
    fill(dialog, username="a b", password="s", ocr="x")
    dialog.next_button.click()
    assert not heard.answers
    assert "blank" in words(dialog.questions)


def test_after_a_refusal_a_new_riddle_comes_and_the_name_stays(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    dialog.next_button.click()
    dialog.show_form(RegistrationForm(server="easy.example", form=ASKED))
    fill(dialog, username="me", password="s3cret", ocr="wrong")
    dialog.next_button.click()
    dialog.say_refused(ChatlabError("The riddle’s answer is wrong.", "Try the new one."))
    assert len(heard.asked) == 2
    dialog.show_form(RegistrationForm(server="easy.example", form=ASKED))
    assert "riddle’s answer is wrong" in words(dialog)
    values = {f.name: f.values for f in dialog.questions.form.answers().fields}
    assert (values["username"], values["password"], values["ocr"]) == (("me",), ("s3cret",), ())


def test_a_server_that_makes_accounts_elsewhere_names_the_page(qtbot: QtBot) -> None:
    dialog, _ = opened(qtbot)
    dialog.next_button.click()
    page = "https://web.example/register"
    dialog.show_form(RegistrationForm(server="web.example", form=DataForm(), web_address=page))
    assert page in words(dialog)
    with qtbot.waitSignal(dialog.page_requested) as caught:
        dialog.questions.web_button.click()
    assert caught.args == [page]
    with qtbot.waitSignal(dialog.sign_in_requested):
        dialog.next_button.click()


def test_only_web_addresses_are_offered(qtbot: QtBot) -> None:
    dialog, _ = opened(qtbot)
    dialog.next_button.click()
    form = RegistrationForm(server="a", form=ASKED, web_address="file:///etc/passwd")
    dialog.show_form(form)
    assert not dialog.questions.web_button.isVisible()


def test_an_unknown_certificate_is_looked_at_and_trusted(qtbot: QtBot) -> None:
    dialog, heard = opened(qtbot)
    dialog.next_button.click()
    error = CertificateError("Unknown.", "Look.", reason="self-signed", host="a", chain=())
    dialog.say_refused(error)
    with qtbot.waitSignal(dialog.certificate_refused) as caught:
        dialog.certificate_button.click()
    assert caught.args is not None
    assert caught.args[1] is error
    dialog.trust("ab" * 32)
    assert heard.asked[-1].pinned_sha256 == "ab" * 32


def test_the_first_question_is_which_network(qtbot: QtBot) -> None:
    dialog = NewAccountDialog()
    qtbot.addWidget(dialog)
    dialog.open()
    with qtbot.waitSignal(dialog.xmpp_chosen):
        dialog.xmpp.click()
    assert not dialog.isVisible()


def test_a_new_password_is_typed_twice(qtbot: QtBot) -> None:
    dialog = PasswordDialog("me@a.example", is_plain=True)
    qtbot.addWidget(dialog)
    heard: list[str] = []
    dialog.submitted.connect(heard.append)
    dialog.open()
    assert "crosses as it is" in words(dialog)
    dialog.password.setText("one")
    dialog.do_button.click()
    assert not heard
    dialog.again.setText("one")
    dialog.do_button.click()
    assert heard == ["one"]
    dialog.say_refused(ChatlabError("Too short.", "Take a longer one."))
    assert "Too short. Take a longer one." in words(dialog)
    assert dialog.do_button.isEnabled()


def test_deleting_needs_the_name_typed(qtbot: QtBot) -> None:
    dialog = DeletionDialog("me@a.example")
    qtbot.addWidget(dialog)
    dialog.open()
    assert not dialog.do_button.isEnabled()
    dialog.name.setText("me@b.example")
    assert not dialog.do_button.isEnabled()
    dialog.name.setText("Me@A.example ")
    with qtbot.waitSignal(dialog.submitted) as caught:
        dialog.do_button.click()
    assert caught.args == [True]
