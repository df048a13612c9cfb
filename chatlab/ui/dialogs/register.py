"""Make an account on a server (XEP-0077): choose the server, answer what it asks."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QPushButton, QStackedWidget, QWidget

from chatlab.core.account import Account, AccountId, SecretKind
from chatlab.core.errors import CertificateError, ChatlabError
from chatlab.core.registration import RegistrationForm
from chatlab.ui.dialogs.account import AccountResult
from chatlab.ui.dialogs.parts import Notice, Sheet, header
from chatlab.ui.dialogs.register_pages import QuestionsPage, ServerPage
from chatlab.ui.models.providers import ProviderRow
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, plain_label
from chatlab.ui.widgets.controls import scaled

WIDTH, HEIGHT = 90 * SPACE, 82 * SPACE
_SUBTITLE = "Nothing is sent before you press “Ask the server”."


class RegisterDialog(Sheet):
    """Asks by signals and is told by ``show_form``, ``say_refused`` and ``finish``.

    Signals:
        ask_requested: an Account without a name, for the server to be asked.
        submit_requested: the Account, and the answers as a DataForm.
        created: an AccountResult; the dialog has closed itself.
        sign_in_requested: the account exists already; the dialog has closed itself.
        certificate_refused: the Account and the CertificateError, to be decided about.
        page_requested: a web address to be opened.
    """

    ask_requested = Signal(object)
    submit_requested = Signal(object, object)
    created = Signal(object)
    sign_in_requested = Signal()
    certificate_refused = Signal(object, object)
    page_requested = Signal(str)

    def __init__(
        self,
        account_id: AccountId,
        providers: Sequence[ProviderRow],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Create an XMPP account", parent)
        self._id = account_id
        self._account: Account | None = None
        self._error: CertificateError | None = None
        self._is_busy = False
        self._is_renewing = False
        """The answers were refused, and with them went the riddle: a new form is on its way."""
        self._subtitle = plain_label(_SUBTITLE, "muted", self)
        self._subtitle.setWordWrap(True)
        self.head.setSpacing(HALF)
        self.head.addWidget(header(self.windowTitle(), "", self))
        self.head.addWidget(self._subtitle)
        self.servers = ServerPage(providers, self)
        self.questions = QuestionsPage(self)
        self.pages = QStackedWidget(self)
        self.pages.addWidget(self.servers)
        self.pages.addWidget(self.questions)
        self.notice = Notice(self)
        self.certificate_button = QPushButton(self.tr("Look at the certificate…"), self)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Waiting for the server"))
        self.status = plain_label("", "small", self)
        self._lay_out()
        self._connect()
        self._update()
        self.settle(self.next_button)
        self.servers.filter.setFocus()
        self.resize(scaled(WIDTH), scaled(HEIGHT))

    def _lay_out(self) -> None:
        self.body.addWidget(self.notice)
        self.body.addWidget(self.certificate_button)
        self.body.addWidget(self.pages, 1)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.status)
        self.notice.hide()
        self.certificate_button.hide()
        self.back_button = self.add_button(self.tr("Back"))
        self.have_button = self.add_button(self.tr("I have an account"))
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.next_button = self.add_button(self.tr("Ask the server"), is_primary=True)

    def _connect(self) -> None:
        self.servers.chosen.connect(self._ask)
        self.questions.page_requested.connect(self.page_requested)
        self.certificate_button.clicked.connect(self._on_certificate)
        self.cancel_button.clicked.connect(self.reject)
        self.back_button.clicked.connect(self._on_back)
        self.have_button.clicked.connect(self._on_sign_in)
        self.next_button.clicked.connect(self._on_next)

    @property
    def is_asking(self) -> bool:
        """Something was asked for that is not answered yet."""
        return self._is_busy

    # What the server says -------------------------------------------------------------------

    def show_form(self, asked: RegistrationForm) -> None:
        """The server's questions; after a refusal, once more, beside what was wrong."""
        self._set_busy("")
        if not self._is_renewing:
            self._complain("", "")
        self._is_renewing = False
        self.questions.show_form(asked)
        self.pages.setCurrentWidget(self.questions)
        self.area.verticalScrollBar().setValue(0)
        self._update()

    def say_refused(self, error: ChatlabError) -> None:
        """What the server, or the way to it, did not allow."""
        self._set_busy("")
        self._complain(error.message, error.hint)
        if isinstance(error, CertificateError):
            self._error = error
            self.certificate_button.show()
        self.area.verticalScrollBar().setValue(0)
        is_about_answers = self.pages.currentWidget() is self.questions
        if self._is_renewing:
            self._is_renewing = False
            self.pages.setCurrentWidget(self.servers)
        elif is_about_answers and self._account is not None:
            self._is_renewing = True
            self._set_busy("Getting a new form…")
            self.ask_requested.emit(self._account)
        self._update()

    def trust(self, sha256: str) -> None:
        """The reader knows this certificate: ask again, and accept no other."""
        if self._account is not None:
            self._send(replace(self._account, pinned_sha256=sha256))

    def finish(self) -> None:
        """The account exists."""
        assert self._account is not None  # Only what was submitted can be finished.
        name = self.questions.name
        account = replace(
            self._account,
            jid=f"{name}@{self._account.jid}",
            name=f"{name}@{self._account.jid}",
            nick=name,
        )
        self._set_busy("")
        self.accept()
        secrets = {SecretKind.LOGIN: self.questions.password}
        self.created.emit(AccountResult(account, secrets, connects=True))

    # What the reader does -------------------------------------------------------------------

    def _on_next(self) -> None:
        if self.pages.currentWidget() is self.servers:
            self._ask()
        elif self.questions.has_questions:
            self._submit()
        else:
            self._on_sign_in()

    def _ask(self) -> None:
        account = self.servers.read(self._id)
        if account is not None and not self._is_busy:
            self._send(account)

    def _send(self, account: Account) -> None:
        self._account = account
        self._complain("", "")
        self._set_busy(f"Asking {account.jid} what it wants to know…")
        self.ask_requested.emit(account)

    def _submit(self) -> None:
        if self._account is None or self._is_busy or not self.questions.check():
            return
        self._complain("", "")
        self._set_busy(f"{self._account.jid} is making the account…")
        self.submit_requested.emit(self._account, self.questions.form.answers())

    def _on_back(self) -> None:
        self._complain("", "")
        self.pages.setCurrentWidget(self.servers)
        self._update()
        self.servers.table.setFocus()

    def _on_sign_in(self) -> None:
        self.reject()
        self.sign_in_requested.emit()

    def _on_certificate(self) -> None:
        if self._account is not None and self._error is not None:
            self.certificate_refused.emit(self._account, self._error)

    # Looks ----------------------------------------------------------------------------------

    def _set_busy(self, words: str) -> None:
        self._is_busy = bool(words)
        self.status.setText(bare(words))
        self._update()

    def _complain(self, words: str, hint: str) -> None:
        name = isolated(self._account.jid) if self._account else ""
        title = self.tr("It did not work with {}").format(name)
        self.notice.tell("warning", "attention", title, bare(f"{words} {hint}".strip()))
        self.notice.setVisible(bool(words))
        self._error = None
        self.certificate_button.hide()

    def _update(self) -> None:
        is_first = self.pages.currentWidget() is self.servers
        self.back_button.setVisible(not is_first)
        self.have_button.setVisible(is_first)
        self.progress.setVisible(self._is_busy)
        self.status.setVisible(self._is_busy)
        for part in (self.pages, self.back_button, self.next_button):
            part.setEnabled(not self._is_busy)
        where = isolated(self._account.jid) if self._account else ""
        asked = f"What you fill in goes to {where}, which makes the account."
        self._subtitle.setText(_SUBTITLE if is_first else asked)
        words = "Ask the server"
        if not is_first:
            words = "Create the account" if self.questions.has_questions else "Sign in"
        self.next_button.setText(self.tr(words))
