"""What menus, keys and typed commands do about channels and people."""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from chatlab.core import rule_commands
from chatlab.core.account import AccountId
from chatlab.core.chats import SERVER_CHAT, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import UsageError
from chatlab.core.events import Informed, MessageAdded, TransferOffered
from chatlab.core.preferences import Preferences
from chatlab.ui.account_desk import AccountDesk
from chatlab.ui.actions import ActionId
from chatlab.ui.attention import AttentionWatch
from chatlab.ui.contact_desk import ContactDesk
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.idle import IdleWatch
from chatlab.ui.notifier import Notifier
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.room_desk import RoomDesk
from chatlab.ui.talk_desk import TalkDesk
from chatlab.ui.typed_path import typed_path
from chatlab.ui.widgets.chat_pane import ChatPane
from chatlab.ui.xmpp_links import XmppLinks

_SIGNS = ("+", "-")
_EXPORTS = (("Text", ".txt"), ("Web page", ".html"), ("JSON", ".json"))


class TalkActions:
    """Connects the talk desk with the window's menus, keys and commands."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, backstage: Backstage, book: ChatBook
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._accounts = desk
        self._backstage = backstage
        self._book = book
        self.desk = TalkDesk(presenter, desk, backstage, book)
        self.accounts = AccountDesk(presenter, desk, backstage, book)
        self.contacts = ContactDesk(presenter, desk, backstage, book)
        self.rooms = RoomDesk(presenter, desk, backstage, book, self.contacts)
        self.links = XmppLinks(presenter, desk, book, self.rooms)
        self.desk.room_settings = self.rooms.settings
        desk.list_rooms = self.desk.channel_list
        self.notifier = Notifier(self._window, book, backstage.rules, presenter.show_chat)
        self.idle = IdleWatch(backstage, book, self._window)
        self.attention = AttentionWatch(backstage, book, self._window)
        self.desk.can_notify = self.notifier.can_notify
        self.on_preferences: Callable[[Preferences], object] = lambda preferences: None
        """Told of choices that others have to obey, too."""
        self.desk.on_preferences = self._obey
        backstage.observe(self.notifier.take_event, MessageAdded, TransferOffered)
        self._connect_actions()
        self._connect_commands()
        self._connect_parts()
        self._obey(backstage.preferences)

    def _obey(self, preferences: Preferences) -> None:
        self.notifier.obey(preferences)
        self._book.is_condensing = preferences.condenses
        self._window.actions_table.obey(preferences.shortcuts)
        self.idle.set_minutes(preferences.auto_away_minutes)
        self.on_preferences(preferences)

    def _connect_actions(self) -> None:
        handlers: dict[ActionId, Callable[[], object]] = {
            ActionId.EXPORT_CHAT: lambda: self._with_chat(self._ask_where_to_export),
            ActionId.PREFERENCES: self.desk.preferences,
            ActionId.SHORTCUTS: self.desk.shortcuts,
            ActionId.CHANNEL_LIST: lambda: self._with_chat(self._list_channels),
            ActionId.CHANNEL: lambda: self._with_chat(lambda chat: self.desk.channel(chat.key)),
            ActionId.MENTIONS: self.desk.mentions,
            ActionId.HIGHLIGHTS: self.desk.highlights,
            ActionId.ADD_CONTACT: lambda: self.contacts.add(),
            ActionId.BUDDIES: self.desk.buddies,
            ActionId.IGNORES: self.desk.ignores,
            ActionId.AWAY: lambda: self._with_chat(lambda chat: self._away(chat.key.account)),
            ActionId.MUTE: lambda: self._with_chat(self._switch_mute),
        }
        for action, handler in handlers.items():
            self._window.actions_table.on(action, handler)

    def _connect_commands(self) -> None:
        rules = self._backstage.rules
        self._presenter.speaker.handlers |= {
            Verb.LIST: self._list,
            Verb.MONITOR: self._monitor,
            Verb.SERVER: self._server,
            Verb.CHANNEL: lambda command, key: self.desk.channel(key),
            Verb.IGNORE: self._ignore,
            Verb.UNIGNORE: self._unignore,
            Verb.IGNORELIST: lambda command, key: self.desk.ignores(),
            Verb.MUTE: lambda command, key: rules.mute(key, True),
            Verb.UNMUTE: lambda command, key: rules.mute(key, False),
            Verb.HIGHLIGHTS: lambda command, key: self.desk.highlights(),
            Verb.MENTIONS: lambda command, key: self.desk.mentions(),
            Verb.EXPORT: self._export,
            Verb.COMPARE: lambda command, key: self._presenter.compare(),
        }

    def _connect_parts(self) -> None:
        window, rules = self._window, self._backstage.rules
        window.sidebar.mute_requested.connect(rules.mute)
        window.sidebar.tell_all_requested.connect(rules.tell_all)
        window.sidebar.is_told = lambda chat: chat in rules.rules.told
        window.sidebar.channel_requested.connect(self.desk.channel)
        window.sidebar.list_requested.connect(lambda who: self.desk.channel_list(AccountId(who)))
        window.sidebar.away_requested.connect(lambda who: self._away(AccountId(who)))
        window.chats.pane_added.connect(self._connect_pane)
        for pane in window.chats.panes:
            self._connect_pane(pane)

    def _connect_pane(self, pane: ChatPane) -> None:
        def show_channel() -> None:
            if pane.chat is not None:
                self.desk.channel(pane.chat.key)

        pane.header.channel_clicked.connect(show_channel)

    def _with_chat(self, do: Callable[[Chat], object]) -> None:
        if chat := self._window.chats.active.chat:
            do(chat)

    # -- channels

    def _list_channels(self, chat: Chat) -> None:
        self.desk.channel_list(chat.key.account)

    def _list(self, command: Command, key: ChatKey) -> None:
        words = command.argument(0)
        if words.strip().lower() != "stop":
            self.desk.channel_list(key.account, words)
        elif connection := self._backstage.connection(key.account):
            connection.execute(command, "")

    def _server(self, command: Command, key: ChatKey) -> None:
        """``/server host [+]port``: nothing is sent before the form is read and confirmed."""
        host, port = command.argument(0), command.argument(1)
        self._accounts.edit_account(server=f"{host}:{port}" if port else host)

    # -- people

    def _ignore(self, command: Command, key: ChatKey) -> None:
        rules = self._backstage.rules
        self._tell(key, rule_commands.ignore(rules, command, key.account, time.time_ns()))

    def _unignore(self, command: Command, key: ChatKey) -> None:
        self._tell(key, rule_commands.unignore(self._backstage.rules, command, key.account))

    def _monitor(self, command: Command, key: ChatKey) -> None:
        """``/monitor + bob``, ``/monitor - bob``, ``/monitor bob``; alone it shows who is online."""
        words = f"{command.argument(0)} {command.argument(1)}".replace(",", " ").split()
        if not words:
            self.desk.buddies()
            return
        sign = words.pop(0) if words[0] in _SIGNS else "+"
        if not words:
            raise UsageError("Whom?", "Usage: /monitor + nick, /monitor - nick")
        rules = self._backstage.rules
        if sign == "+":
            rules.add_buddies(key.account, tuple(words))
            self._tell(key, f"You will be told when they come and go: {', '.join(words)}.")
        else:
            rules.remove_buddies(key.account, tuple(words))
            self._tell(key, f"No longer waited for: {', '.join(words)}.")

    def _away(self, account: AccountId) -> None:
        state = self._book.accounts.get(account)
        if state is not None and state.state is LinkState.ONLINE:
            line = "/back" if state.is_away else "/away"
            self._presenter.speaker.say(ChatKey(account, SERVER_CHAT), line)

    def _switch_mute(self, chat: Chat) -> None:
        if chat.kind is not ChatKind.SERVER:
            self._backstage.rules.mute(chat.key, not chat.is_muted)

    # -- files

    def _export(self, command: Command, key: ChatKey) -> None:
        if file := command.argument(0):
            self._backstage.export_chat(key, typed_path(file).absolute())
        elif chat := self._book.chats.get(key):
            self._ask_where_to_export(chat)

    def _ask_where_to_export(self, chat: Chat) -> None:
        place = QStandardPaths.StandardLocation.DocumentsLocation
        folder = Path(QStandardPaths.writableLocation(place) or Path.home())
        name = "".join(c for c in chat.title or "server" if c.isalnum() or c in "-_") or "chat"
        dialog = QFileDialog(self._window, "Export this chat", str(folder / f"{name}.txt"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"{words} (*{suffix})" for words, suffix in _EXPORTS])
        dialog.setDefaultSuffix("txt")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(chosen.rpartition("*.")[2].rstrip(")"))
        )
        dialog.selectFile(f"{name}.txt")
        dialog.fileSelected.connect(lambda file: self._backstage.export_chat(chat.key, Path(file)))
        self._accounts.show("export", dialog)

    def _tell(self, key: ChatKey, words: str) -> None:
        """An answer to what was typed, where it was typed."""
        if chat := self._book.chats.get(key):
            self._book.apply(Informed(key.account, words, time.time_ns(), chat=chat.title))
