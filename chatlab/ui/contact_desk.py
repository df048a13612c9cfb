"""Contacts in the window: their pane, their dialogs, and who asks to see our presence."""

from typing import TYPE_CHECKING

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.roster import SubscriptionRequested
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presence_words import sees_them, word_of
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import isolated
from chatlab.ui.widgets.message_bar import BarChoice, BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.contact import ContactDialog
    from chatlab.ui.widgets.contact_pane import ContactPane

MAX_WORDS = 300
"""Of what somebody says with a request."""


class ContactDesk:
    """Makes the contact pane when the first XMPP account appears, and serves it."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, backstage: Backstage, book: ChatBook
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self.pane: ContactPane | None = None
        self._shown: tuple[AccountId, str, ContactDialog] | None = None
        """The contact whose dialog is open."""
        backstage.observe(self.take_event, SubscriptionRequested)
        book.observe(self._on_book_changed, Change.ACCOUNT_CHANGED)
        sidebar = self._window.sidebar
        sidebar.invite_requested.connect(
            lambda key: self.invite(key.account, room=self._book.chats[key].title)
        )
        sidebar.contact_requested.connect(self._show_person)
        sidebar.presence_requested.connect(
            lambda who, mood: self.run(AccountId(who), Command(Verb.PRESENCE, (word_of(mood),)))
        )
        self._look_for_accounts()

    # -- the pane

    def _look_for_accounts(self) -> None:
        states = self._book.accounts.values()
        has_any = any(s.account.application is Application.XMPP and not s.source for s in states)
        if has_any and self.pane is None:
            self._make_pane()
        if self.pane is not None:
            self.pane.setVisible(has_any)

    def _make_pane(self) -> None:
        from chatlab.ui.models.contacts import ContactModel
        from chatlab.ui.widgets.contact_pane import ContactPane

        pane = ContactPane(ContactModel(self._book, self._window), self._window)
        pane.talk_requested.connect(lambda who, jid: self.talk(AccountId(who), jid))
        pane.show_requested.connect(lambda who, jid: self.show(AccountId(who), jid))
        pane.remove_requested.connect(lambda who, jid: self.ask_removal(AccountId(who), jid))
        pane.invite_requested.connect(lambda who, jid: self.invite(AccountId(who), jid))
        pane.command_requested.connect(lambda who, command: self.run(AccountId(who), command))
        pane.add_requested.connect(lambda: self.add())
        pane.filled.connect(self._window.sidebar.share)
        self._window.sidebar.put_below(pane)
        self.pane = pane

    def _on_book_changed(
        self, _change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if isinstance(what, AccountState) and what.account.application is Application.XMPP:
            self._look_for_accounts()
            if self._shown is not None and self._shown[0] == what.account.id:
                _, jid, dialog = self._shown
                if contact := what.contacts.get(jid):
                    dialog.show_contact(contact)

    # -- people who ask

    def take_event(self, event: ev.ChatEvent) -> None:
        if isinstance(event, SubscriptionRequested):
            self._ask_about(event)

    def _ask_about(self, event: SubscriptionRequested) -> None:
        account, jid = event.account, event.jid
        state = self._book.accounts.get(account)
        contact = state.contacts.get(jid) if state else None
        also = contact is None or not (sees_them(contact) or contact.is_asked)
        said = f"They say: {isolated(event.words[:MAX_WORDS])} " if event.words else ""
        hint = "Allowing also asks to see it of them." if also else "You see it of them already."

        def allow() -> None:
            self.run(account, Command(Verb.CONTACT, ("allow", jid)))
            if also:
                self.run(account, Command(Verb.CONTACT, ("ask", jid)))

        self._window.bar.post(
            BarMessage(
                Severity.INFO,
                f"{isolated(jid)} asks to see when {self._you(account)}.",
                f"{said}{hint}",
                action="Allow",
                on_action=allow,
                choices=(
                    BarChoice("Refuse", lambda: self._refuse(account, jid)),
                    BarChoice("Block", lambda: self._refuse(account, jid, blocks=True)),
                ),
                topic=f"subscription {account} {jid}",
            )
        )

    def _you(self, account: AccountId) -> str:
        """Which of one's accounts is meant, where there are several."""
        states = [
            s for s in self._book.accounts.values() if s.account.application is Application.XMPP
        ]
        state = self._book.accounts.get(account)
        if len(states) > 1 and state is not None:
            return f"{isolated(state.account.jid)} is there"
        return "you are there"

    def _refuse(self, account: AccountId, jid: str, *, blocks: bool = False) -> None:
        self.run(account, Command(Verb.CONTACT, ("refuse", jid)))
        if blocks:
            self.run(account, Command(Verb.BLOCK, (jid,)))

    # -- dialogs

    def _show_person(self, key: ChatKey) -> None:
        """Who a chat is with: what is known of them, or the wish to know more."""
        state = self._book.accounts.get(key.account)
        if state is not None and key.name in state.contacts:
            self.show(key.account, key.name)
        else:
            self.add(key.name)

    def add(self, jid: str = "") -> None:
        """Ask for a new contact."""
        from chatlab.ui.dialogs.contact import AddContactDialog

        states = [
            state
            for state in self._book.accounts.values()
            if state.account.application is Application.XMPP and not state.source
        ]
        online = [state for state in states if state.state is LinkState.ONLINE]
        if not online:
            self._say("The server keeps your contacts.", "Connect an XMPP account first.")
            return
        names = [(state.account.id, state.account.name) for state in online]
        groups = sorted({group for s in online for c in s.contacts.values() for group in c.groups})
        dialog = AddContactDialog(names, groups, self._window)
        dialog.jid.set_text(jid)
        dialog.submitted.connect(lambda who, commands: self._run_all(AccountId(who), commands))
        self._desk.show("contact", dialog)

    def show(self, account: AccountId, jid: str) -> None:
        """Everything about a contact, to be read and changed."""
        from chatlab.ui.dialogs.contact import ContactDialog

        state = self._book.accounts.get(account)
        contact = state.contacts.get(jid) if state else None
        if state is None or contact is None:
            return
        groups = sorted({group for c in state.contacts.values() for group in c.groups})
        is_online = state.state is LinkState.ONLINE
        dialog = ContactDialog(contact, groups, is_online=is_online, parent=self._window)
        dialog.submitted.connect(lambda commands: self._run_all(account, commands))
        dialog.finished.connect(lambda _result: self._forget(dialog))
        self._shown = (account, jid, dialog)
        self._desk.show("contact", dialog)

    def _forget(self, dialog: "ContactDialog") -> None:
        if self._shown is not None and self._shown[2] is dialog:
            self._shown = None

    def ask_removal(self, account: AccountId, jid: str) -> None:
        state = self._book.accounts.get(account)
        contact = state.contacts.get(jid) if state else None
        name = contact.title if contact is not None else jid
        self._window.bar.post(
            BarMessage(
                Severity.WARNING,
                f"Remove {isolated(name)} from your contacts?",
                "Neither of you sees any more when the other is there; the chat stays.",
                action="Remove",
                on_action=lambda: self.run(account, Command(Verb.CONTACT, ("remove", jid))),
                topic=f"remove contact {account} {jid}",
            )
        )

    def invite(self, account: AccountId, jid: str = "", room: str = "") -> None:
        """Ask whom to invite, and into which room."""
        from chatlab.ui.dialogs.invite import InviteDialog

        state = self._book.accounts.get(account)
        if state is None:
            return
        rooms = [
            (chat.title, chat.heading)
            for key, chat in self._book.chats.items()
            if key.account == account and chat.kind is ChatKind.CHANNEL and chat.is_joined
        ]
        people = sorted(state.contacts)
        dialog = InviteDialog(rooms, people, jid=jid, room=room, parent=self._window)
        dialog.submitted.connect(
            lambda whom, where: self.run(account, Command(Verb.INVITE, (whom, where)), where)
        )
        self._desk.show("invite", dialog)

    # -- acts

    def talk(self, account: AccountId, jid: str) -> None:
        """Open the chat with somebody."""
        self._presenter.show_chat(self._book.open(account, jid, ChatKind.PRIVATE).key)

    def _run_all(self, account: AccountId, commands: tuple[Command, ...]) -> None:
        for command in commands:
            self.run(account, command)

    def run(self, account: AccountId, command: Command, chat: str = "") -> None:
        """Have the connection carry out a command; what it refuses is said in the bar."""
        connection = self._backstage.connection(account)
        if connection is None:
            return
        try:
            connection.execute(command, chat)
        except ChatlabError as error:
            self._say(error.message, error.hint, Severity.ERROR)

    def _say(self, words: str, hint: str, severity: Severity = Severity.INFO) -> None:
        self._window.bar.post(BarMessage(severity, words, hint, topic="contacts"))
