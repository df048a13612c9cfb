"""XMPP accounts in the window: the form, making one on a server, what only the server can do."""

import uuid
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from chatlab.core.account import Account, AccountId, Security
from chatlab.core.chats import ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.errors import CertificateError, ChatlabError, Severity
from chatlab.core.forms import DataForm
from chatlab.core.registration import RegistrationForm
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.account import AccountResult
    from chatlab.ui.dialogs.register import RegisterDialog
    from chatlab.ui.dialogs.server_account import ServerSheet


class AccountDesk:
    """Opens the dialogs about XMPP accounts and hands on what they were told."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, backstage: Backstage, book: ChatBook
    ) -> None:
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._register: RegisterDialog | None = None
        self._question: ServerSheet | None = None
        """Waits for an answer of a server."""
        desk.edit_xmpp_account = self.edit

    def edit(self, account_id: AccountId | None = None) -> None:
        """The account form: empty, or with the account's fields."""
        from chatlab.ui.dialogs.account import StoredSecrets
        from chatlab.ui.dialogs.xmpp_account import XmppAccountDialog

        state = self._book.accounts.get(account_id) if account_id else None
        known = self._backstage.stored_secrets(account_id) if account_id else frozenset()
        dialog = XmppAccountDialog(
            account_id or _new_id(),
            state.account if state else None,
            StoredSecrets(known, self._backstage.keeps_secrets),
            self._window,
        )
        dialog.submitted.connect(self._keep)
        dialog.create_requested.connect(self.register)
        dialog.password_change_requested.connect(lambda who: self.change_password(AccountId(who)))
        dialog.deletion_requested.connect(lambda who: self.delete(AccountId(who)))
        self._desk.show("account", dialog)

    def _keep(self, result: "AccountResult") -> None:
        self._backstage.keep_account(result.account, result.secrets, connects=result.connects)

    # -- making an account on a server

    def register(self) -> None:
        """Choose a server and answer what it asks."""
        from chatlab.ui.dialogs.register import RegisterDialog

        dialog = RegisterDialog(_new_id(), self._backstage.xmpp.providers(), self._window)
        dialog.ask_requested.connect(lambda account: self._ask(dialog, account))
        dialog.submit_requested.connect(
            lambda account, answers: self._submit(dialog, account, answers)
        )
        dialog.created.connect(self._on_created)
        dialog.sign_in_requested.connect(self.edit)
        dialog.certificate_refused.connect(
            lambda account, error: self._look_at_certificate(dialog, account, error)
        )
        dialog.page_requested.connect(lambda page: QDesktopServices.openUrl(QUrl(page)))
        dialog.finished.connect(lambda _result: self._end_registration(dialog))
        self._register = dialog
        self._desk.show("account", dialog)

    def _ask(self, dialog: "RegisterDialog", account: Account) -> None:
        def show(answer: RegistrationForm | ChatlabError) -> None:
            if self._register is not dialog:
                return
            if isinstance(answer, ChatlabError):
                dialog.say_refused(answer)
            else:
                dialog.show_form(answer)

        self._backstage.xmpp.ask_registration(account, show)

    def _submit(self, dialog: "RegisterDialog", account: Account, answers: DataForm) -> None:
        def show(error: ChatlabError | None) -> None:
            if self._register is not dialog:
                return
            if error is not None:
                dialog.say_refused(error)
            else:
                dialog.finish()

        self._backstage.xmpp.submit_registration(account, answers, show)

    def _on_created(self, result: "AccountResult") -> None:
        self._keep(result)
        self._window.bar.post(
            BarMessage(
                Severity.INFO,
                f"The account {result.account.jid} exists and is yours.",
                "It is being connected; its password is kept with the account.",
                topic="registered",
            )
        )

    def _end_registration(self, dialog: "RegisterDialog") -> None:
        if self._register is dialog:
            self._register = None
            self._backstage.xmpp.end_registration()

    def _look_at_certificate(
        self, dialog: "RegisterDialog", account: Account, error: CertificateError
    ) -> None:
        """What is decided holds for this registration, and for the account that it makes."""
        from chatlab.ui.dialogs.certificate import CertificateDialog

        look = CertificateDialog(
            account.id,
            error,
            pinned=account.pinned_sha256,
            is_wrong_host=error.is_wrong_host,
            parent=dialog,
        )
        look.trusted_once.connect(lambda _who, pin: dialog.trust(pin))
        look.pinned_for.connect(lambda _who, pin: dialog.trust(pin))
        self._desk.show("certificate of a registration", look)

    # -- what only the server can do

    def change_password(self, account_id: AccountId) -> None:
        from chatlab.ui.dialogs.server_account import PasswordDialog

        account = self._online_account(account_id)
        if account is None:
            return
        is_plain = account.security is Security.PLAIN
        dialog = PasswordDialog(account.jid, is_plain=is_plain, parent=self._window)

        def show(error: ChatlabError | None) -> None:
            self._finish(dialog, error, f"The password of {account.jid} is changed.")

        dialog.submitted.connect(
            lambda password: self._backstage.xmpp.change_password(account_id, password, show)
        )
        self._ask_server(dialog)

    def delete(self, account_id: AccountId) -> None:
        from chatlab.ui.dialogs.server_account import DeletionDialog

        account = self._online_account(account_id)
        if account is None:
            return
        dialog = DeletionDialog(account.jid, self._window)

        def submit(forgets: bool) -> None:
            def show(error: ChatlabError | None) -> None:
                self._finish(dialog, error, f"{account.jid} is deleted on its server.")
                if forgets and error is None:
                    self._backstage.remove_account(account_id)

            self._backstage.xmpp.delete_on_server(account_id, show)

        dialog.submitted.connect(submit)
        self._ask_server(dialog)

    def _ask_server(self, dialog: "ServerSheet") -> None:
        """Show a question to the server; the answer may come when the dialog is gone."""
        self._question = dialog
        dialog.finished.connect(lambda _result: self._forget_question(dialog))
        self._desk.show("account", dialog)

    def _forget_question(self, dialog: "ServerSheet") -> None:
        if self._question is dialog:
            self._question = None

    def _finish(self, dialog: "ServerSheet", error: ChatlabError | None, done: str) -> None:
        """The server has answered: in the dialog, or in the bar when that was closed."""
        is_open = self._question is dialog
        if error is None:
            if is_open:
                dialog.accept()
            self._say(done, "")
        elif is_open:
            dialog.say_refused(error)
        else:
            self._say(error.message, error.hint, Severity.ERROR)

    def _online_account(self, account_id: AccountId) -> Account | None:
        """The account, if it is connected; otherwise say what is missing."""
        state = self._book.accounts.get(account_id)
        if state is None:
            return None
        if state.state is not LinkState.ONLINE:
            self._say("Only the server can do that.", "Connect the account first.")
            return None
        return state.account

    def _say(self, words: str, hint: str, severity: Severity = Severity.INFO) -> None:
        self._window.bar.post(BarMessage(severity, words, hint, topic="xmpp account"))


def _new_id() -> AccountId:
    return AccountId(uuid.uuid4().hex[:12])
