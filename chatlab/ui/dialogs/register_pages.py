"""The two pages of making an account: choose a server, fill in what it asks."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from chatlab.core.account import Account, AccountId, Security
from chatlab.core.forms import DataForm
from chatlab.core.jid import check_jid
from chatlab.core.registration import RegistrationForm
from chatlab.ui.dialogs.data_form import DataFormView
from chatlab.ui.dialogs.inputs import FileField
from chatlab.ui.dialogs.parts import Fold, Form, Hint, Notice
from chatlab.ui.dialogs.server_text import read_server
from chatlab.ui.dialogs.table import Table
from chatlab.ui.dialogs.xmpp_account import blank_xmpp_account
from chatlab.ui.models.providers import Column, ProviderFilter, ProviderModel, ProviderRow
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import SPACE, plain_label, set_icon
from chatlab.ui.widgets.controls import PortField, Select, scaled
from chatlab.ui.widgets.nick_field import mark_invalid

_SECURITY = {
    Security.STARTTLS: "STARTTLS: hello in clear, then TLS",
    Security.DIRECT_TLS: "Direct TLS",
    Security.PLAIN: "Plain text, for the lab: anyone can read it, the password, too",
}
_COLUMN_WIDTHS = {
    Column.DOMAIN: 20 * SPACE,
    Column.HOW: 21 * SPACE,
    Column.FILE: 11 * SPACE,
    Column.DAYS: 15 * SPACE,
}


class ServerPage(QWidget):
    """Servers to choose from, or one's own.

    Signals:
        chosen: Return or a double click on a server.
    """

    chosen = Signal()

    def __init__(self, providers: Sequence[ProviderRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ProviderFilter(ProviderModel(providers, self), self)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter: a name, a country, “CAPTCHA”"))
        self.filter.setAccessibleName(self.tr("Filter the servers"))
        self.filter.setClearButtonEnabled(True)
        self.table = Table(
            self.tr("Servers that make accounts"),
            self.tr("No server has all of these words. Type one of your own below."),
            self,
        )
        self.table.setModel(self.model)
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(Column.HOW, Qt.SortOrder.AscendingOrder)
        self.table.setMinimumHeight(scaled(26 * SPACE))
        for column, width in _COLUMN_WIDTHS.items():
            self.table.setColumnWidth(column, scaled(width))
        self.date = plain_label(_published(providers), "small", self)
        self.own = OwnServer(self)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(0, 0, 0, 0)
        column_layout.setSpacing(SPACE)
        for part in (self.filter, self.table, self.date, self.own):
            column_layout.addWidget(part)
        self.filter.textChanged.connect(self._on_filter_changed)
        self.table.chosen.connect(lambda _row: self.chosen.emit())
        self.table.rows_chosen.connect(self._on_rows_chosen)
        self._on_filter_changed("")

    def read(self, account_id: AccountId) -> Account | None:
        """A connection to the chosen server; None when there is a fault, which is shown."""
        return self.own.read(account_id)

    def _on_filter_changed(self, text: str) -> None:
        self.model.set_wanted(text)
        if self.model.rowCount() and not self.own.is_typed:
            self.table.setCurrentIndex(self.model.index(0, 0))

    def _on_rows_chosen(self) -> None:
        if provider := self.model.provider(self.table.currentIndex().row()):
            self.own.propose(provider.domain)


def _published(providers: Sequence[ProviderRow]) -> str:
    """How old the list is: servers change their minds."""
    if not providers:
        return ""
    day = min(provider.verified for provider in providers)
    return f"As published on {day:%d %B %Y}; the server itself says whether it still does."


class OwnServer(QWidget):
    """A server by name, and how to reach one that DNS does not know."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.is_typed = False
        """The reader named a server that need not be in the list."""
        self.domain = QLineEdit(self)
        self.domain.setPlaceholderText("example.org")
        self._domain_hint = Hint(self.tr("From the list, or any other that you know."), self)
        self.host = QLineEdit(self)
        self.host.setAccessibleName(self.tr("Address of the server"))
        self.host.setPlaceholderText(self.tr("Found by DNS (SRV)"))
        self.port = PortField(self)
        self.port.setAccessibleName(self.tr("Port"))
        self.port.setPlaceholderText("5222")
        self.security = Select(self)
        for way, words in _SECURITY.items():
            self.security.addItem(self.tr(words), way)
        self.ca_file = FileField("CA file", "Certificates (*.pem *.crt *.cer)", self)
        self._more_hint = Hint(parent=self)
        more = Form(parent=self)
        more.add("Address, port", self._pair(), self._more_hint)
        more.add("Security", self.security)
        more.add("CA file", self.ca_file)
        self.fold = Fold(self.tr("A server in a lab"), more, self)
        form = Form(parent=self)
        form.add("Server", self.domain, self._domain_hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(form)
        column.addWidget(self.fold)
        self.domain.textEdited.connect(self._on_typed)

    def _pair(self) -> QWidget:
        pair = QWidget(self)
        row = QHBoxLayout(pair)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.host, 1)
        row.addWidget(self.port)
        pair.setFocusProxy(self.host)
        return pair

    def propose(self, domain: str) -> None:
        """A row of the list was chosen."""
        self.is_typed = False
        self.domain.setText(domain)
        self._domain_hint.tell("")
        mark_invalid(self.domain, False)

    def read(self, account_id: AccountId) -> Account | None:
        domain, host = self.domain.text().strip().lower(), self.host.text().strip()
        problem = check_jid(f"x@{domain}") if domain else None
        error = problem.reason if problem else ""
        if not domain:
            error = self.tr("A server is needed: choose one above, or type its name.")
        self._domain_hint.tell(error)
        mark_invalid(self.domain, bool(error))
        found = read_server(host) if host else None
        reason = self.ca_file.error()
        if host and found is None:
            reason = self.tr("This is no server name: it has no spaces and no slashes.")
        elif self.port.text() and not host:
            reason = self.tr("A port of its own needs an address; DNS names both together.")
        self._more_hint.tell(reason)
        if error or reason:
            (self.domain if error else self.host).setFocus()
            self.fold.set_open(self.fold.is_open or bool(reason))
            return None
        port = found.port if found is not None and found.port else self.port.value()
        return replace(
            blank_xmpp_account(account_id),
            name=domain,
            jid=domain,
            host=found.host if found else "",
            port=port,
            security=Security(self.security.currentData()),
            ca_file=self.ca_file.text(),
        )

    def _on_typed(self, text: str) -> None:
        self.is_typed = bool(text.strip())
        self._domain_hint.tell("")
        mark_invalid(self.domain, False)


class QuestionsPage(QWidget):
    """What the server asks, and where to go when it does not ask here.

    Signals:
        page_requested: a web address to be opened.
    """

    page_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._domain = ""
        self._address = ""
        self.web = Notice(self)
        self.web_button = QPushButton(self.tr("Open the page"), self)
        set_icon(self.web_button, "globe")
        self.web_button.clicked.connect(lambda: self.page_requested.emit(self._address))
        self.form = DataFormView(self)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.web_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE + SPACE // 2)
        column.addWidget(self.web)
        column.addLayout(row)
        column.addWidget(self.form)
        column.addStretch(1)

    @property
    def has_questions(self) -> bool:
        """There is something to hand in."""
        return bool(self.form.answers().fields)

    def show_form(self, asked: RegistrationForm) -> None:
        """The server's questions; what was typed before, but for riddles, is taken over."""
        before = self.form.answers()
        self._domain, self._address = asked.server, _web(asked.web_address)
        self.form.show_form(_with_answers(asked.form, before))
        is_web_only = bool(self._address) and not asked.form.fields
        title = "This server makes accounts on a web page" if is_web_only else "Or on a web page"
        words = self._address + (". Come back and sign in when it is done." if is_web_only else "")
        self.web.tell("globe", "plumbing", self.tr(title), bare(words))
        for part in (self.web, self.web_button):
            part.setVisible(bool(self._address))
        self.form.focus_first()

    def check(self) -> bool:
        """Whether all is filled in, and the name is one that an address can have."""
        if not self.form.check():
            return False
        problem = check_jid(f"{self.name}@{self._domain}") if self.name else None
        if problem is not None:
            self.form.tell("username", problem.reason)
        return problem is None

    @property
    def name(self) -> str:
        return self._answer("username")

    @property
    def password(self) -> str:
        return self._answer("password")

    def _answer(self, name: str) -> str:
        fields = self.form.answers().fields
        return next(
            (field.values[0] for field in fields if field.name == name and field.values), ""
        )


def _web(address: str) -> str:
    """Only what a browser may be asked to open."""
    return address if address.lower().startswith(("https://", "http://")) else ""


def _with_answers(form: DataForm, before: DataForm) -> DataForm:
    typed = {
        (field.name, field.kind): field.values
        for field in before.fields
        if field.values and field.name in ("username", "password", "email", "name")
    }
    fields = tuple(
        replace(field, values=field.values or typed.get((field.name, field.kind), ()))
        for field in form.fields
    )
    return replace(form, fields=fields)
