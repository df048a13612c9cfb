"""Between the window and what it shows: intents go out, one selection is shared by all parts."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from chatlab.core import events as ev
from chatlab.core.account import AccountId
from chatlab.core.address import is_irc_link
from chatlab.core.capture import CaptureLive
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.message import Message, MessageId
from chatlab.core.xmpp_address import is_xmpp_link
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.main_window import MainWindow
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.ports import Backstage, WireFeed
from chatlab.ui.speaking import Speaker
from chatlab.ui.widgets.chat_pane import ChatPane

BADGE_REFRESH_MS = 50
_OPENED_OUTSIDE = ("http", "https", "mailto")


class Presenter:
    """Connects one window's parts with each other and with the session behind them."""

    def __init__(
        self,
        window: MainWindow,
        book: ChatBook,
        feed: WireFeed,
        backstage: Backstage,
        desk: DialogDesk,
        speaker: Speaker,
    ) -> None:
        self.window = window
        self._book = book
        self._feed = feed
        self._backstage = backstage
        self._desk = desk
        self.speaker = speaker
        self._selected: MessageId | None = None
        self.on_selected: Callable[[MessageId | None], None] = lambda message: None
        """Told which message is chosen now."""
        self.on_closing: Callable[[ChatKey], None] = lambda chat: None
        """Told which chat is about to be closed by the reader."""
        self._is_following = True
        """Nothing was picked by hand: each message that is sent shows its frames by itself."""
        self._opens_when_joined: dict[ChatKey, bool] = {}
        self._badges = QTimer(window)
        self._badges.setSingleShot(True)
        self._badges.setInterval(BADGE_REFRESH_MS)
        self._badges.timeout.connect(window.chats.refresh_badges)
        speaker.on_local = self._on_local_command
        speaker.on_query = desk.on_query = self.show_chat
        speaker.on_join = desk.on_join = self.open_when_joined
        self._connect_chats()
        self._connect_sidebar()
        self._connect_wire()
        book.observe(self._on_book_changed, Change.ACCOUNT_CHANGED, Change.CHAT_ADDED)
        backstage.observe(
            self.take_event,
            *(ev.CertificateRefused, ev.MessageAdded, ev.MessageChanged, ev.MemberJoined),
        )
        feed.on_frames(self._on_frames)
        self._on_frames()

    # -- wiring

    def _connect_chats(self) -> None:
        area = self.window.chats
        area.pane_added.connect(self._connect_pane)
        area.active_changed.connect(self._on_active_chat_changed)
        area.shown_changed.connect(self._on_shown_changed)
        self.window.focus_changed.connect(self._on_shown_changed)
        for pane in area.panes:
            self._connect_pane(pane)

    def _connect_pane(self, pane: ChatPane) -> None:
        pane.submitted.connect(self._on_submitted)
        pane.message_selected.connect(self._on_message_picked)
        pane.badge_clicked.connect(self.show_frames_of)
        pane.resend_requested.connect(self._on_resend)
        pane.cancel_requested.connect(self._on_cancel)
        pane.link_activated.connect(self._on_link)
        pane.topic_edited.connect(self._on_topic_edited)
        pane.query_requested.connect(self._on_query)
        pane.connect_requested.connect(self.connect_account)
        pane.history_requested.connect(self._backstage.load_older)
        pane.split_requested.connect(self.split)
        pane.security_clicked.connect(self._on_security_clicked)

    def _connect_sidebar(self) -> None:
        sidebar = self.window.sidebar
        sidebar.chat_activated.connect(self.show_chat)
        sidebar.beside_requested.connect(self._on_beside)
        sidebar.add_requested.connect(self._desk.new_account)
        sidebar.connect_requested.connect(self.connect_account)
        sidebar.disconnect_requested.connect(lambda who: self._backstage.disconnect(AccountId(who)))
        sidebar.edit_requested.connect(lambda who: self._desk.edit_account(AccountId(who)))
        sidebar.remove_requested.connect(self._on_remove_account)
        sidebar.join_requested.connect(lambda who: self._desk.ask_for_channel(AccountId(who)))
        sidebar.close_requested.connect(self.close_chat)

    def _connect_wire(self) -> None:
        wire = self.window.wire
        wire.message_requested.connect(self._on_message_of_frame)
        wire.start_requested.connect(self._backstage.start_capture)
        wire.stop_requested.connect(self._backstage.stop_capture)
        wire.restart_requested.connect(self._backstage.restart_capture)
        wire.check_again_requested.connect(self._backstage.restart_capture)
        wire.enable_requested.connect(self._backstage.enable_capture)
        wire.remedy_requested.connect(self._desk.system_check)
        wire.save_requested.connect(self._desk.save_capture)
        wire.open_requested.connect(self._desk.open_capture)
        self.window.strip.capture_clicked.connect(self.show_wire)

    # -- selection, shared by chats and wire pane

    @property
    def selected(self) -> MessageId | None:
        return self._selected

    def select_message(self, message: MessageId | None) -> None:
        """Choose a message: its frames in the wire pane, its row in every chat that shows it."""
        self._selected = message
        self.window.chats.select_message(message)
        self.window.wire.show_message(message)
        self.on_selected(message)

    def _on_message_picked(self, message: MessageId | None) -> None:
        self._is_following = not message
        self.select_message(message or None)

    def _follow(self, message: Message) -> None:
        """What was just sent is what the reader wants to see in bytes."""
        if self._is_following and ChatKey(message.account, message.target.lower()) in (
            self.window.chats.shown()
        ):
            self.select_message(message.id)

    def show_frames_of(self, message: MessageId | None) -> None:
        """Choose a message and show its frames alone."""
        if message is None:
            return
        self.show_wire()
        self._on_message_picked(message)
        wire = self.window.wire
        key = self._active_key()
        wire.set_scope(Scope.MESSAGE, key, key.account if key else None)

    def show_frames_of_last(self) -> None:
        """The frames of the selected message, or of the chat's last one."""
        message = self._selected or self._last_message()
        if message is not None:
            self.show_frames_of(message)

    def _last_message(self) -> MessageId | None:
        chat = self.window.chats.active.chat
        entries = reversed(chat.entries) if chat else ()
        return next((entry.id for entry in entries if isinstance(entry, Message)), None)

    def _on_message_of_frame(self, message: MessageId) -> None:
        """A frame or a byte of it was picked: show the message that it carries."""
        found = self._book.find(message)
        if found is not None and self.window.chats.pane_of(found[0].key) is None:
            self.window.chats.show_chat(found[0])
        self._on_message_picked(message)

    def show_wire(self) -> None:
        self.window.show_page(None)
        self.window.wire.show()

    # -- chats

    def show_chat(self, key: ChatKey) -> None:
        """Show an open chat; with a contact, one is opened."""
        chat, state = self._book.chats.get(key), self._book.accounts.get(key.account)
        if chat is None and state is not None and key.name in state.contacts:
            chat = self._book.open(key.account, key.name, ChatKind.PRIVATE)
        if chat is not None:
            self.window.show_page(None)
            self.window.chats.show_chat(chat)
            self.window.chats.active.focus_composer()

    def open_when_joined(self, key: ChatKey, *, beside: bool = False) -> None:
        """Show a chat as soon as it is joined; ``beside`` keeps the channel that is in view."""
        self._opens_when_joined[key] = beside

    def close_chat(self, key: ChatKey) -> None:
        """Close a chat; a channel is left."""
        chat = self._book.chats.get(key)
        if chat is None or chat.kind is ChatKind.SERVER:
            return
        connection = self._backstage.connection(key.account)
        if chat.is_joined and connection is not None:
            self._try(key, lambda: connection.execute(Command(Verb.PART), chat.title))
        self.on_closing(key)
        self._book.close(key)

    def split(self) -> None:
        """Open the second pane with the next chat, or close it."""
        area = self.window.chats
        if len(area.panes) > 1:
            area.remove_pane(area.active)
            return
        shown = area.shown()
        chats = [chat for key, chat in self._book.chats.items() if key not in shown]
        chats.sort(key=lambda chat: chat.kind is ChatKind.SERVER)
        if chats:
            area.show_beside(chats[0])

    def connect_account(self, account: str) -> None:
        if connection := self._backstage.connection(AccountId(account)):
            connection.start()

    def _active_key(self) -> ChatKey | None:
        chat = self.window.chats.active.chat
        return chat.key if chat is not None else None

    def _on_submitted(self, key: ChatKey, line: str) -> None:
        self.speaker.say(key, line)

    def _on_resend(self, message: MessageId) -> None:
        if (found := self._book.find(message)) is None:
            return
        key = found[0].key
        if connection := self._backstage.connection(key.account):
            self._try(key, lambda: connection.resend(message))

    def _on_cancel(self, message: MessageId) -> None:
        if (found := self._book.find(message)) is None:
            return
        key = found[0].key
        if connection := self._backstage.connection(key.account):
            self._try(key, lambda: connection.cancel(message))

    def _on_topic_edited(self, key: ChatKey, topic: str) -> None:
        self.speaker.say(key, f"/topic {topic or '-'}")

    def _on_query(self, key: ChatKey) -> None:
        self.window.chats.show_chat(self._book.open(key.account, key.name))

    def _on_beside(self, key: ChatKey) -> None:
        if chat := self._book.chats.get(key):
            self.window.chats.show_beside(chat)

    def _on_link(self, address: str) -> None:
        url = QUrl(address)
        if url.scheme().lower() in _OPENED_OUTSIDE:
            QDesktopServices.openUrl(url)
        elif is_irc_link(address) or is_xmpp_link(address):
            self._desk.offer_link(address)

    def _on_security_clicked(self, account: str) -> None:
        """How the account is protected: its server page tells, and the wire shows the handshake."""
        wire = self.window.wire
        self.show_wire()
        wire.set_scope(Scope.ACCOUNT, self._active_key(), AccountId(account))

    def _on_remove_account(self, account: str) -> None:
        from chatlab.ui.widgets.message_bar import BarMessage

        state = self._book.accounts.get(AccountId(account))
        if state is None:
            return
        self.window.bar.post(
            BarMessage(
                Severity.WARNING,
                f"Remove the account “{state.account.name}”?",
                "Its settings, passwords and history go; saved captures stay.",
                action="Remove",
                on_action=lambda: self._backstage.remove_account(AccountId(account)),
                topic=f"remove {account}",
            )
        )

    def _try(self, key: ChatKey, what: Callable[[], object]) -> None:
        try:
            what()
        except ChatlabError as error:
            self.speaker.complain(key, error)

    def _on_local_command(self, command: Command, key: ChatKey) -> None:
        match command.verb:
            case Verb.CLEAR:
                self._book.clear(key)
            case Verb.PACKETS:
                self.show_frames_of(self._last_message())
            case Verb.HELP:
                self._desk.help(command.argument(0))
            case Verb.CAPTURE:
                self._capture(command.argument(0), key)
            case _:
                raise AssertionError(command.verb)

    def _capture(self, what: str, key: ChatKey) -> None:
        does = {
            "start": self._backstage.start_capture,
            "stop": self._backstage.stop_capture,
            "save": self._desk.save_capture,
        }.get(what)
        if does is None:
            error = ChatlabError(f"/capture does not know “{what}”.", "Say start, stop or save.")
            self.speaker.complain(key, error)
        else:
            does()

    # -- what happens behind the window

    def take_event(self, event: ev.ChatEvent) -> None:
        """Events that are no part of a transcript."""
        if isinstance(event, ev.CertificateRefused):
            self._desk.ask_about_certificate(event)
        elif isinstance(event, ev.MessageAdded) and event.message.delivery is not None:
            self._follow(event.message)
        elif isinstance(event, ev.MessageChanged) and event.message == self._selected:
            if not isinstance(self._feed.status, CaptureLive):
                self.window.wire.refresh()  # Where nothing is captured, no frame would tell.
        elif isinstance(event, ev.MemberJoined) and event.is_self:
            self._on_joined(ChatKey(event.account, event.chat.lower()))

    def _on_joined(self, key: ChatKey) -> None:
        """Show what the reader asked for; what was rejoined by itself stays where it is."""
        if key not in self._opens_when_joined:
            return
        beside = self._opens_when_joined.pop(key)
        chat, area = self._book.chats[key], self.window.chats
        current = area.active.chat
        if beside and current is not None and current.kind is not ChatKind.SERVER:
            area.compare(*sorted((current, chat), key=self._is_sealed))
        else:
            area.show_chat(chat)
        if not isinstance(self.window.focusWidget(), QLineEdit | QPlainTextEdit):
            area.active.focus_composer()  # Unless somebody is typing elsewhere.

    def _is_sealed(self, chat: Chat) -> bool:
        """Plain text stands on the left of a comparison."""
        connection = self._book.accounts[chat.key.account].connection
        return connection is not None and connection.tls is not None

    def compare(self) -> None:
        """Put the current chat beside its twin: the same name, protected otherwise."""
        current = self.window.chats.active.chat
        if current is None:
            return
        others = [
            chat
            for chat in self._book.chats.values()
            if chat is not current and chat.kind is not ChatKind.SERVER
        ]
        others.sort(key=lambda chat: chat.key.name != current.key.name)
        if others:
            self.window.chats.compare(*sorted((current, others[0]), key=self._is_sealed))

    def _on_book_changed(
        self, _change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if isinstance(what, AccountState):
            self._show_account()
            self.window.show_first_start(not self._book.accounts)
        elif self.window.chats.active.chat is None:
            self.window.chats.show_chat(what)

    def _on_frames(self) -> None:
        self.window.strip.show_capture(self._feed.status, self._feed.count)
        if not self._badges.isActive():
            self._badges.start()

    def _on_active_chat_changed(self, key: ChatKey | None) -> None:
        self.window.sidebar.show_current(key)
        self.window.wire.set_context(key, key.account if key else None)
        self._show_account()

    def _show_account(self) -> None:
        key = self._active_key()
        state = self._book.accounts.get(key.account) if key else None
        self.window.strip.show_account(state)

    def _on_shown_changed(self) -> None:
        is_front = self.window.isActiveWindow()
        self._book.set_in_view(self.window.chats.shown() if is_front else set())
        for pane in self.window.chats.panes:
            pane.set_read(is_front)
