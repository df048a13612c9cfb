"""What only the server can do about an account: take a new password, delete it for good."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from chatlab.core.errors import ChatlabError
from chatlab.ui.dialogs.inputs import PasswordField
from chatlab.ui.dialogs.parts import Form, Hint, Notice, Sheet, header
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, isolated
from chatlab.ui.widgets.controls import Tick
from chatlab.ui.widgets.nick_field import mark_invalid

WIDTH = 64 * SPACE
MAX_HEIGHT = 560


class ServerSheet(Sheet):
    """A question to a server: it stays open until the answer is there."""

    def __init__(self, title: str, subtitle: str, parent: QWidget | None) -> None:
        super().__init__(title, parent)
        self.head.addWidget(header(title, subtitle, self))
        self.notice = Notice(self)
        self.notice.hide()
        self.body.addWidget(self.notice)

    def _add_buttons(self, words: str) -> None:
        self.body.addStretch(1)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.do_button = self.add_button(self.tr(words), is_primary=True)
        self.cancel_button.clicked.connect(self.reject)
        self.settle(self.do_button)
        self.fit(WIDTH, MAX_HEIGHT)

    def _wait(self) -> None:
        self.do_button.setEnabled(False)
        self.notice.tell("clock", "plumbing", "", self.tr("Waiting for the server…"))
        self.notice.show()

    def say_refused(self, error: ChatlabError) -> None:
        """The server did not do it."""
        self.do_button.setEnabled(True)
        self.notice.tell(
            "warning", "attention", self.tr("The server has refused"), bare(str(error))
        )
        self.notice.show()


class PasswordDialog(ServerSheet):
    """A new password, here and on the server.

    Signals:
        submitted: the new password; then ``say_refused`` or ``accept``.
    """

    submitted = Signal(str)

    def __init__(self, jid: str, *, is_plain: bool, parent: QWidget | None = None) -> None:
        super().__init__(
            "Change password", f"Of {isolated(jid)}, on the server and in the keyring.", parent
        )
        self.password = PasswordField("New password", is_stored=False, parent=self)
        self.again = PasswordField("The same again", is_stored=False, parent=self)
        self._hint = Hint(parent=self)
        form = Form(parent=self)
        form.add("New password", self.password)
        form.add("The same again", self.again, self._hint)
        self.body.addWidget(form)
        if is_plain:
            warning = Notice(self)
            warning.tell(
                "eye",
                "readable",
                self.tr("Anyone on the path can read it"),
                self.tr("This account is not encrypted: the new password crosses as it is."),
            )
            self.body.addWidget(warning)
        self._add_buttons("Change it")
        self.do_button.clicked.connect(self._submit)
        self.password.setFocus()

    def _submit(self) -> None:
        error = ""
        if not self.password.text():
            error = self.tr("A password is needed.")
        elif self.password.text() != self.again.text():
            error = self.tr("The two are not the same.")
        self._hint.tell(error)
        mark_invalid(self.again, bool(error))
        if not error:
            self._wait()
            self.submitted.emit(self.password.text())


class DeletionDialog(ServerSheet):
    """The account goes from the server; nobody can bring it back.

    Signals:
        submitted: whether it goes from this computer, too; then ``say_refused`` or ``accept``.
    """

    submitted = Signal(bool)

    def __init__(self, jid: str, parent: QWidget | None = None) -> None:
        super().__init__("Delete on the server", f"The account {isolated(jid)}, for good.", parent)
        self._jid = jid
        warning = Notice(self)
        warning.tell(
            "trash",
            "attention",
            self.tr("Nobody can bring it back"),
            self.tr(
                "The server forgets the account, its contacts and its archive. Somebody else may "
                "take the address later and receive what is meant for you."
            ),
        )
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(jid)
        self.name.textChanged.connect(self._on_typed)
        self.forgets = Tick(self.tr("Remove it from this computer, too"), self)
        self.forgets.setChecked(True)
        form = Form(parent=self)
        form.add("Type the address", self.name, Hint("So that it does not happen by mistake."))
        form.add_wide(self.forgets)
        self.body.addWidget(warning)
        self.body.addWidget(form)
        self._add_buttons("Delete for good")
        self.do_button.setEnabled(False)
        self.do_button.clicked.connect(self._submit)
        self.name.setFocus()

    def _on_typed(self, text: str) -> None:
        self.do_button.setEnabled(text.strip().lower() == self._jid.lower())

    def _submit(self) -> None:
        self._wait()
        self.submitted.emit(self.forgets.isChecked())
