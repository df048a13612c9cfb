"""XMPP rooms in the window: entering, making, settings, people."""

from typing import TYPE_CHECKING

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.forms import DataForm
from chatlab.core.listings import MasksListed
from chatlab.ui.contact_desk import MAX_WORDS, ContactDesk
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.rich_text import isolated
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.room import RoomAccount, RoomWish
    from chatlab.ui.dialogs.room_settings import RoomSettingsDialog

REFUSED = "room-refused"
"""``Informed.code`` of a room that did not let us in."""
CREATED = "room-created"
"""``Informed.code`` of a room that is there because we entered it."""
_USUAL_SERVICE = "conference"
_ACTS = {Verb.KICK: ("Kick", "They can come back."), Verb.BAN: ("Ban", "They stay out.")}


class RoomDesk:
    """Opens the dialogs about rooms, and tells them what happens meanwhile."""

    def __init__(
        self,
        presenter: Presenter,
        desk: DialogDesk,
        backstage: Backstage,
        book: ChatBook,
        contacts: ContactDesk,
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._contacts = contacts
        self._wishes: dict[ChatKey, RoomWish] = {}
        """Rooms that the reader asked for and has not entered yet."""
        self._perhaps_new: set[ChatKey] = set()
        """Entered; should it turn out that they were made by that, their settings are wanted."""
        self._open: dict[ChatKey, RoomSettingsDialog] = {}
        desk.ask_for_room = self.ask
        backstage.observe(
            self.take_event,
            *(ev.MemberJoined, ev.MemberLeft, ev.Informed, ev.Invited, MasksListed),
        )
        book.observe(
            self._on_book_changed,
            *(Change.CHAT_REMOVED, Change.CHAT_CHANGED, Change.MEMBERS_CHANGED),
        )
        self._window.chats.pane_added.connect(self._connect_pane)
        for pane in self._window.chats.panes:
            self._connect_pane(pane)

    def _connect_pane(self, pane: ChatPane) -> None:
        members = pane.members
        members.order_requested.connect(lambda command: self._order(pane, command))
        members.reason_requested.connect(lambda verb, nick: self._ask_reason(pane, verb, nick))
        members.invite_requested.connect(lambda: self._invite(pane))

    # -- entering

    def ask(
        self,
        first: AccountId | None,
        *,
        room: str = "",
        nick: str = "",
        password: str = "",
        refusal: str = "",
    ) -> None:
        """Ask which room to enter, or to make."""
        from chatlab.ui.dialogs.room import JoinRoomDialog

        states = [state for state in self._book.accounts.values() if not state.source]
        states.sort(key=lambda state: state.account.id != first)
        accounts = tuple(self._room_account(state) for state in states)
        if not accounts or accounts[0].is_irc:
            return
        dialog = JoinRoomDialog(accounts, self._window)
        dialog.submitted.connect(self._enter)
        dialog.list_requested.connect(lambda who: self._desk.list_rooms(AccountId(who)))
        dialog.irc_requested.connect(lambda who: self._desk.ask_for_channel(AccountId(who)))
        dialog.propose(room, nick=nick, refusal=refusal)
        dialog.password.setText(password)
        self._desk.show("join", dialog)

    def _room_account(self, state: AccountState) -> "RoomAccount":
        from chatlab.ui.dialogs.room import RoomAccount

        account = state.account
        connection = self._backstage.connection(account.id)
        service = connection.features.room_service if connection is not None else ""
        domain = account.jid.rpartition("@")[2]
        return RoomAccount(
            account.id,
            account.name,
            account.nick,
            service,
            f"{_USUAL_SERVICE}.{domain}" if domain else "",
            is_irc=account.application is not Application.XMPP,
        )

    def _enter(self, wish: "RoomWish") -> None:
        key = ChatKey(wish.account, wish.room.lower())
        chat = self._book.chats.get(key)
        if chat is not None and chat.is_joined:
            self._presenter.show_chat(key)
            return
        self._wishes[key] = wish
        self._presenter.open_when_joined(key)
        address = f"{wish.room}/{wish.nick}" if wish.nick else wish.room
        arguments = (address, wish.password) if wish.password else (address,)
        self._contacts.run(wish.account, Command(Verb.JOIN, arguments))

    def take_event(self, event: ev.ChatEvent) -> None:
        match event:
            case ev.MemberJoined(account, name) if event.is_self:
                key = ChatKey(account, name.lower())
                wish = self._wishes.pop(key, None)
                if wish is not None and wish.opens_settings:
                    self._perhaps_new.add(key)
            case ev.Informed(code=code, chat=name) if code == CREATED:
                key = ChatKey(event.account, name.lower())
                if key in self._perhaps_new:
                    self._perhaps_new.discard(key)
                    self.settings(key, opens_form=True)
            case ev.MemberLeft(account, names) if event.is_self:
                self._perhaps_new -= {ChatKey(account, name.lower()) for name in names}
            case ev.Informed(code=code, chat=name) if code == REFUSED:
                self._on_refused(event, ChatKey(event.account, name.lower()))
            case ev.Informed(severity=Severity.ERROR, chat=name):
                if dialog := self._open.get(ChatKey(event.account, name.lower())):
                    dialog.say_refused(ChatlabError(event.text, event.hint))
            case ev.Invited():
                self._on_invited(event)
            case MasksListed(account, name, affiliation, masks):
                if dialog := self._open.get(ChatKey(account, name.lower())):
                    dialog.show_list(affiliation, masks)
            case _:
                pass

    def _on_refused(self, event: ev.Informed, key: ChatKey) -> None:
        """Said in the room's chat, which nobody looks at: say it where the reader is, too."""
        wish = self._wishes.pop(key, None)
        if wish is None:
            return
        words = f"{event.text} {event.hint}".strip()
        self._window.bar.post(
            BarMessage(
                Severity.WARNING,
                event.text,
                event.hint,
                action="Try again…",
                on_action=lambda: self.ask(
                    wish.account, room=wish.room, nick=wish.nick, refusal=words
                ),
                topic=f"room {key.account} {key.name}",
            )
        )

    def _on_invited(self, event: ev.Invited) -> None:
        from chatlab.ui.dialogs.room import RoomWish

        chat = self._book.chats.get(ChatKey(event.account, event.chat.lower()))
        if chat is not None and chat.is_joined:
            return
        wish = RoomWish(event.account, event.chat, "", event.password, opens_settings=False)
        said = f"They say: {isolated(event.reason[:MAX_WORDS])}" if event.reason else ""
        self._window.bar.post(
            BarMessage(
                Severity.INFO,
                f"{isolated(event.by)} invites you into {isolated(event.chat)}.",
                said,
                action="Enter",
                on_action=lambda: self._enter(wish),
                topic=f"invitation {event.account} {event.chat.lower()}",
            )
        )

    # -- settings

    def settings(self, key: ChatKey, *, opens_form: bool = False) -> None:
        """Topic, settings and people of a room that we are in."""
        from chatlab.ui.dialogs.room_settings import RoomSettingsDialog

        chat = self._book.chats.get(key)
        state = self._book.accounts.get(key.account)
        if chat is None or state is None or not chat.is_joined:
            return
        own = chat.members.get(chat.own_nick.lower())
        dialog = RoomSettingsDialog(
            chat.heading,
            chat.title,
            sorted(state.contacts),
            affiliation=own.affiliation if own is not None else "",
            parent=self._window,
        )
        dialog.command_wanted.connect(
            lambda command: self._contacts.run(key.account, command, chat.title)
        )
        dialog.form_wanted.connect(lambda: self._ask_form(key, dialog))
        dialog.form_submitted.connect(lambda answers: self._submit_form(key, dialog, answers))
        dialog.list_wanted.connect(lambda which: self._ask_list(chat, which, dialog))
        dialog.show_subject(chat.topic)
        dialog.finished.connect(lambda _result: self._forget(key, dialog))
        self._open[key] = dialog
        self._desk.show(f"channel {key.account} {key.name}", dialog)
        if opens_form:
            dialog.go_to_settings()

    def _ask_form(self, key: ChatKey, dialog: "RoomSettingsDialog") -> None:
        def show(answer: DataForm | ChatlabError) -> None:
            if self._open.get(key) is not dialog:
                return
            if isinstance(answer, ChatlabError):
                dialog.say_refused(answer)
            else:
                dialog.show_form(answer)

        self._backstage.xmpp.ask_room_form(key, show)

    def _submit_form(self, key: ChatKey, dialog: "RoomSettingsDialog", answers: DataForm) -> None:
        def show(error: ChatlabError | None) -> None:
            if self._open.get(key) is not dialog:
                return
            if error is not None:
                dialog.say_refused(error)
            else:
                dialog.say_saved()

        self._backstage.xmpp.submit_room_form(key, answers, show)

    def _ask_list(self, chat: Chat, which: str, dialog: "RoomSettingsDialog") -> None:
        connection = self._backstage.connection(chat.key.account)
        if connection is None:
            return
        try:
            connection.request_masks(chat.title, which)
        except ChatlabError as error:
            dialog.say_refused(error)

    def _forget(self, key: ChatKey, dialog: "RoomSettingsDialog") -> None:
        if self._open.get(key) is dialog:
            del self._open[key]

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if not isinstance(what, Chat) or (dialog := self._open.get(what.key)) is None:
            return
        if change is Change.CHAT_REMOVED or not what.is_joined:
            dialog.close()
        elif change is Change.CHAT_CHANGED:
            dialog.show_subject(what.topic)

    # -- people in a room

    def _order(self, pane: ChatPane, command: Command) -> None:
        if (chat := pane.chat) is not None:
            self._contacts.run(chat.key.account, command, chat.title)

    def _ask_reason(self, pane: ChatPane, verb: Verb, nick: str) -> None:
        from chatlab.ui.dialogs.reason import ReasonDialog

        chat = pane.chat
        if chat is None:
            return
        word, after = _ACTS[verb]
        dialog = ReasonDialog(
            f"{word} {isolated(nick)}",
            f"Out of {isolated(chat.heading)}. {after}",
            word,
            self._window,
        )

        def submit(reason: str) -> None:
            arguments = (nick, reason) if reason else (nick,)
            self._contacts.run(chat.key.account, Command(verb, arguments), chat.title)

        dialog.submitted.connect(submit)
        self._desk.show("reason", dialog)

    def _invite(self, pane: ChatPane) -> None:
        if (chat := pane.chat) is not None and chat.kind is ChatKind.CHANNEL:
            self._contacts.invite(chat.key.account, room=chat.title)
