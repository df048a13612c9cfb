"""Contacts: add one; read and change what is known of one."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from chatlab.core.account import AccountId
from chatlab.core.commands import Command, Verb
from chatlab.core.roster import Contact
from chatlab.ui.dialogs.parts import Form, Hint, Sheet, header
from chatlab.ui.pictures import avatar
from chatlab.ui.presence_words import PRESENCE_ICONS, PRESENCE_WORDS, SUBSCRIPTION_WORDS
from chatlab.ui.rich_text import bare
from chatlab.ui.text_color import nick_color
from chatlab.ui.theme import HALF, SPACE, current, isolated, on_theme_changed, plain_label
from chatlab.ui.widgets.controls import IconLabel, Select, Tick
from chatlab.ui.widgets.jid_field import JidField

WIDTH = 62 * SPACE
MAX_HEIGHT = 640
_PICTURE = 64
MAX_STATUS = 1_000


class GroupsField(QLineEdit):
    """Names of groups, with commas between them; those that exist are proposed."""

    def __init__(self, known: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(self.tr("None; for instance: Work, Friends"))
        self._known = tuple(known)
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.textEdited.connect(self._propose)

    def groups(self) -> tuple[str, ...]:
        """Each once, in the order typed."""
        names = (name.strip() for name in self.text().split(","))
        return tuple(dict.fromkeys(name for name in names if name))

    def show_groups(self, groups: Sequence[str]) -> None:
        self.setText(", ".join(groups))

    def _propose(self, text: str) -> None:
        """Whole texts are what a completer offers: what stands already, and one group more."""
        before, _, last = text.rpartition(",")
        taken = {name.strip().casefold() for name in before.split(",")}
        wanted = last.strip().casefold()
        start = text[: len(text) - len(last.lstrip())]
        fit = [
            n for n in self._known if n.casefold() not in taken and n.casefold().startswith(wanted)
        ]
        self._names.setStringList([start + name for name in fit] if wanted else [])


class AddContactDialog(Sheet):
    """Asks for an address, a name and groups; use it with ``open()``.

    Signals:
        submitted: AccountId, and the Commands that do it, in a tuple.
    """

    submitted = Signal(str, object)

    def __init__(
        self,
        accounts: Sequence[tuple[AccountId, str]],
        groups: Sequence[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Add a contact", parent)
        names = [isolated(bare(name)) for _, name in accounts]
        subtitle = "They are told your address and asked whether you may see when they are there."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self._accounts = tuple(account for account, _ in accounts)
        self.account = Select(self)
        self.account.addItems(names)
        self.jid = JidField(self)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("What you call them"))
        self.groups = GroupsField(groups, self)
        self.allows = Tick(self.tr("Let them see when I am there"), self)
        self.allows.setChecked(True)
        form = Form(parent=self)
        if len(names) > 1:
            form.add("Account", self.account)
        else:
            self.account.hide()
        form.add("Address", self.jid)
        form.add("Name", self.name, Hint("Only you see it."))
        form.add("Groups", self.groups, Hint("Commas between them; only you see them."))
        form.add_wide(self.allows)
        self.body.addWidget(form)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        cancel = self.add_button(self.tr("Cancel"))
        self.add_contact_button = self.add_button(self.tr("Add"), is_primary=True)
        cancel.clicked.connect(self.reject)
        self.add_contact_button.clicked.connect(self._submit)
        self.settle(self.add_contact_button)
        self.jid.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _submit(self) -> None:
        if self.jid.show_problem():
            self.jid.setFocus()
            return
        jid, name = self.jid.text().strip(), self.name.text().strip()
        commands = [Command(Verb.CONTACT, ("add", jid, *([name] if name else [])))]
        if groups := self.groups.groups():
            commands.append(Command(Verb.CONTACT, ("groups", jid, ", ".join(groups))))
        if self.allows.isChecked():
            commands.append(Command(Verb.CONTACT, ("allow", jid)))
        self.accept()
        self.submitted.emit(self._accounts[self.account.currentIndex()], tuple(commands))


class ContactDialog(Sheet):
    """One contact; use it with ``open()``, and ``show_contact`` when they change meanwhile.

    Signals:
        submitted: the Commands that make the changes, in a tuple.
    """

    submitted = Signal(object)

    def __init__(
        self,
        contact: Contact,
        groups: Sequence[str] = (),
        *,
        is_online: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(f"Contact {bare(contact.title)}", parent)
        self._contact = contact
        self._picture = QLabel(self)
        self._picture.setFixedSize(_PICTURE, _PICTURE)
        self._title = plain_label("", "title", self)
        self._address = plain_label("", "muted", self)
        self._address.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._sign = IconLabel("person", parent=self)
        self._presence = plain_label("", "", self)
        self._status = plain_label("", "", self)
        self._subscription = plain_label("", "", self)
        for label in (self._title, self._status, self._subscription):
            label.setWordWrap(True)
        for label in (self._status, self._subscription):
            label.setContentsMargins(0, SPACE - 1, 0, 0)  # Level with its name to the left.
        self.name = QLineEdit(self)
        self.name.setText(contact.name)
        self.name.setPlaceholderText(self.tr("What you call them"))
        self.groups = GroupsField(groups, self)
        self.groups.show_groups(contact.groups)
        self._lay_out(is_online)
        self.show_contact(contact)
        on_theme_changed(self._dress)
        self.name.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _lay_out(self, is_online: bool) -> None:
        words = QVBoxLayout()
        words.setSpacing(HALF // 2)
        presence = QHBoxLayout()
        presence.setSpacing(HALF + 2)
        presence.addWidget(self._sign)
        presence.addWidget(self._presence, 1)
        words.addWidget(self._title)
        words.addWidget(self._address)
        words.addLayout(presence)
        top = QHBoxLayout()
        top.setSpacing(2 * SPACE)
        top.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        self.head.addLayout(top)
        form = Form(parent=self)
        form.add("Name", self.name, Hint("Only you see it."))
        form.add("Groups", self.groups, Hint("Commas between them; only you see them."))
        self._status_row = form.add("Says", self._status)
        form.add("Presence", self._subscription)
        self.body.addWidget(form)
        self.body.addStretch(1)
        offline = plain_label("", "small", self)
        self.foot.addWidget(offline, 1)
        self.cancel_button = self.add_button(self.tr("Cancel" if is_online else "Close"))
        self.save_button = self.add_button(self.tr("Save"), is_primary=True)
        self.cancel_button.clicked.connect(self.reject)
        self.save_button.clicked.connect(self._submit)
        self.settle(self.save_button)
        if not is_online:
            offline.setText(self.tr("The server keeps these: connect to change them."))
            for part in (self.name, self.groups, self.save_button):
                part.setEnabled(False)

    def show_contact(self, contact: Contact) -> None:
        """How they are now; what is being typed stays."""
        self._contact = contact
        self._title.setText(bare(contact.title))
        self._address.setText(bare(contact.jid))
        self._address.setVisible(bool(contact.name))
        self._status.setText(bare(contact.status)[:MAX_STATUS] or "–")
        words = SUBSCRIPTION_WORDS[contact.subscription]
        if contact.is_asked:
            words += " You have asked; they have not answered yet."
        self._subscription.setText(self.tr(words))
        blocked = " – blocked: nothing comes through" if contact.is_blocked else ""
        self._presence.setText(f"{PRESENCE_WORDS[contact.availability]}{blocked}")
        self._dress()

    def _dress(self) -> None:
        contact = self._contact
        color = nick_color(contact.jid, current())
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(avatar(contact.avatar, bare(contact.title), color, _PICTURE, ratio))
        self._sign.set(*PRESENCE_ICONS[contact.availability])

    def _submit(self) -> None:
        contact, commands = self._contact, []
        if (name := self.name.text().strip()) != contact.name:
            commands.append(
                Command(Verb.CONTACT, ("rename", contact.jid, *([name] if name else [])))
            )
        if (groups := self.groups.groups()) != contact.groups:
            rest = [", ".join(groups)] if groups else []
            commands.append(Command(Verb.CONTACT, ("groups", contact.jid, *rest)))
        self.accept()
        if commands:
            self.submitted.emit(tuple(commands))
