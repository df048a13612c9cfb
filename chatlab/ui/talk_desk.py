"""The dialogs about talking: channels, people, mentions, preferences. Each is made when wanted."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from chatlab.core import events as ev
from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook, ChatKey, ChatKind
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.features import ServerFeatures
from chatlab.core.listings import ChannelsListed, MasksListed
from chatlab.core.message import MessageId
from chatlab.core.preferences import Preferences
from chatlab.core.rules import Buddy, Rules
from chatlab.ui.dialog_desk import DialogDesk
from chatlab.ui.ports import Backstage
from chatlab.ui.presenter import Presenter
from chatlab.ui.widgets.message_bar import BarMessage

if TYPE_CHECKING:
    from chatlab.ui.dialogs.channel import ChannelDialog
    from chatlab.ui.dialogs.channel_list import ChannelListDialog

_LISTED_BY_MODE = frozenset("beIq")
_EVENTS = (
    *(ChannelsListed, MasksListed, ev.ModesChanged, ev.Informed, ev.ContactSeen, ev.LinkChanged),
)


class TalkDesk:
    """Opens dialogs, hands on what they were told, and tells them what happens meanwhile."""

    def __init__(
        self, presenter: Presenter, desk: DialogDesk, backstage: Backstage, book: ChatBook
    ) -> None:
        self._presenter = presenter
        self._window = presenter.window
        self._desk = desk
        self._backstage = backstage
        self._book = book
        self._lists: dict[AccountId, ChannelListDialog] = {}
        self._channels: dict[ChatKey, ChannelDialog] = {}
        self._online: dict[Buddy, bool] = {}
        """What the servers said about those we wait for; by nick in lower case."""
        self._on_buddies: Callable[[], None] | None = None
        self.on_preferences: Callable[[Preferences], None] = lambda preferences: None
        """Told what was chosen, after it is in force."""
        self.can_notify: Callable[[], bool] = lambda: False
        self.room_settings: Callable[[ChatKey], None] = lambda room: None
        """Opens what an XMPP room has in place of modes and bans."""
        backstage.observe(self.take_event, *_EVENTS)
        book.observe(
            self._on_book_changed,
            *(Change.CHAT_REMOVED, Change.CHAT_CHANGED, Change.MEMBERS_CHANGED),
        )

    # -- what happens meanwhile

    def take_event(self, event: ev.ChatEvent) -> None:
        match event:
            case ChannelsListed() if dialog := self._lists.get(event.account):
                dialog.show_block(event)
            case MasksListed(account, name, mode, masks):
                if page := self._channels.get(ChatKey(account, name.lower())):
                    page.show_masks(mode, masks)
            case ev.ModesChanged(account, name, change):
                if page := self._channels.get(ChatKey(account, name.lower())):
                    page.renew("".join(sorted(_LISTED_BY_MODE & set(change.partition(" ")[0]))))
            case ev.Informed(severity=Severity.ERROR) if event.code:
                if page := self._channels.get(ChatKey(event.account, event.chat.lower())):
                    page.say_refused(f"{event.text} {event.hint}".strip())
            case ev.ContactSeen():
                buddy = Buddy(event.account, event.nick.lower())
                self._online[buddy] = event.is_online
                self._refresh_buddies()
            case ev.LinkChanged() if event.state is not LinkState.ONLINE:
                self._forget_states(event.account)
            case _:
                pass

    def _forget_states(self, account: AccountId) -> None:
        """Without a connection nobody knows who is online."""
        known = [buddy for buddy in self._online if buddy.account == account]
        for buddy in known:
            del self._online[buddy]
        if known:
            self._refresh_buddies()

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, _first: int, _count: int
    ) -> None:
        if not isinstance(what, Chat) or (dialog := self._channels.get(what.key)) is None:
            return
        if change is Change.CHAT_REMOVED:
            dialog.close()
        else:
            self._fill_channel(dialog, what)

    def _refresh_buddies(self) -> None:
        for account in self._book.accounts:
            online = (b.nick for b, is_on in self._online.items() if is_on and b.account == account)
            self._window.sidebar.show_online(account, online)
        if self._on_buddies is not None:
            self._on_buddies()

    # -- channels

    def _is_xmpp(self, account: AccountId) -> bool:
        state = self._book.accounts.get(account)
        return state is not None and state.account.application is Application.XMPP

    def _features(self, account: AccountId) -> ServerFeatures:
        connection = self._backstage.connection(account)
        return connection.features if connection is not None else ServerFeatures()

    def channel_list(self, account: AccountId, words: str = "") -> None:
        """The network's channels. ``words`` as after ``/list``."""
        from chatlab.ui.dialogs.channel_list import ChannelListDialog

        state = self._book.accounts.get(account)
        if state is None or not self._is_online(account):
            self._say("The list comes from the server.", "Connect the account first.")
            return
        features, noun = self._features(account), "channel"
        if self._is_xmpp(account):
            # It comes page by page.
            features, noun = replace(features, has_safe_list=True), "room"
        dialog = ChannelListDialog(state.account.name, features, self._window, noun=noun)
        dialog.list_requested.connect(lambda text: self._ask_for_list(account, text))
        dialog.join_requested.connect(lambda name: self._join(account, name))
        self._lists[account] = dialog
        self._watch(dialog, lambda: self._drop_list(account, dialog))
        self._desk.show(f"list {account}", dialog)
        dialog.begin(words)

    def _ask_for_list(self, account: AccountId, words: str) -> None:
        connection = self._backstage.connection(account)
        if connection is None:
            return
        try:
            connection.execute(Command(Verb.LIST, (words,) if words else ()), "")
        except ChatlabError as error:
            if dialog := self._lists.get(account):
                dialog.say_refused(str(error))

    def _join(self, account: AccountId, channel: str) -> None:
        server = ChatKey(account, "")
        self._presenter.speaker.say(server, f"/join {channel}")

    def _drop_list(self, account: AccountId, dialog: QDialog) -> None:
        if self._lists.get(account) is dialog:
            del self._lists[account]

    def channel(self, key: ChatKey, letter: str = "", nick: str = "") -> None:
        """Topic, modes and lists of a channel; ``letter`` opens a list, with ``nick`` proposed."""
        from chatlab.ui.dialogs.channel import ChannelDialog

        chat = self._book.chats.get(key)
        if chat is None or chat.kind is not ChatKind.CHANNEL or not chat.is_joined:
            self._say("Topic, modes and bans belong to a channel.", "Go to one that you are in.")
            return
        if self._is_xmpp(key.account):
            self.room_settings(key)
            return
        dialog = ChannelDialog(
            chat.title, self._features(key.account), dict(chat.members), self._window
        )
        dialog.command_wanted.connect(lambda line: self._presenter.speaker.say(key, line))
        dialog.masks_wanted.connect(lambda mode: self._ask_for_masks(key, mode))
        self._fill_channel(dialog, chat)
        self._channels[key] = dialog
        self._watch(dialog, lambda: self._drop_channel(key, dialog))
        self._desk.show(f"channel {key.account} {key.name}", dialog)
        if letter:
            dialog.go_to(letter, nick)

    def _fill_channel(self, dialog: "ChannelDialog", chat: Chat) -> None:
        state = self._book.accounts.get(chat.key.account)
        me = chat.members.get(state.nick.lower()) if state else None
        dialog.show_channel(chat.topic, chat.modes, me.prefixes if me else "")

    def _ask_for_masks(self, key: ChatKey, mode: str) -> None:
        connection = self._backstage.connection(key.account)
        chat = self._book.chats.get(key)
        if connection is None or chat is None:
            return
        try:
            connection.request_masks(chat.title, mode)
        except ChatlabError as error:
            self._channels[key].say_refused(str(error))

    def _drop_channel(self, key: ChatKey, dialog: QDialog) -> None:
        if self._channels.get(key) is dialog:
            del self._channels[key]

    # -- people

    def ignores(self, who: str = "") -> None:
        from chatlab.ui.dialogs.ignores import IgnoresDialog

        rules = self._backstage.rules
        dialog = IgnoresDialog(self._account_names(), self._window)
        dialog.added.connect(lambda rule: rules.ignore(rule, time.time_ns()))
        dialog.removed.connect(lambda rule: rules.unignore(rule.mask, rule.account))
        dialog.show_rules(rules.rules.ignores)
        dialog.propose(who)
        self._follow_rules(dialog, lambda now: dialog.show_rules(now.ignores))
        self._desk.show("ignores", dialog)

    def highlights(self) -> None:
        from chatlab.ui.dialogs.highlights import HighlightsDialog

        rules = self._backstage.rules
        dialog = HighlightsDialog(self._account_names(), self._window)
        dialog.changed.connect(lambda wanted: rules.put(replace(rules.rules, highlights=wanted)))
        dialog.show_rules(rules.rules.highlights)
        self._follow_rules(dialog, lambda now: dialog.show_rules(now.highlights))
        self._desk.show("highlights", dialog)

    def mentions(self) -> None:
        from chatlab.ui.dialogs.mentions import MentionsDialog

        dialog = MentionsDialog(self._book, self._window)
        dialog.go_to.connect(self._go_to)
        dialog.rules_wanted.connect(self.highlights)
        self._desk.show("mentions", dialog)

    def _go_to(self, chat: ChatKey, message: str) -> None:
        self._presenter.show_chat(chat)
        self._presenter.select_message(MessageId(message))

    def buddies(self) -> None:
        from chatlab.ui.dialogs.buddies import BuddiesDialog

        rules = self._backstage.rules
        names = self._account_names()
        unable = frozenset(account for account, _ in names if self._watches_nobody(account))
        dialog = BuddiesDialog(names, unable, self._window)
        dialog.added.connect(lambda who, nick: rules.add_buddies(AccountId(who), (nick,)))
        dialog.removed.connect(lambda who, nick: rules.remove_buddies(AccountId(who), (nick,)))
        dialog.talk_wanted.connect(self._talk)

        def show() -> None:
            known = rules.rules.buddies
            states = {b: self._online.get(Buddy(b.account, b.nick.lower())) for b in known}
            told = {buddy: is_on for buddy, is_on in states.items() if is_on is not None}
            dialog.show_buddies(known, told)

        show()
        self._on_buddies = show
        self._follow_rules(dialog, lambda _now: show())
        self._watch(dialog, self._drop_buddies)
        self._desk.show("buddies", dialog)

    def _drop_buddies(self) -> None:
        self._on_buddies = None

    def _watches_nobody(self, account: AccountId) -> bool:
        features = self._features(account)
        return features.is_known and not features.buddy_limit

    def _talk(self, account: str, nick: str) -> None:
        self._presenter.show_chat(self._book.open(AccountId(account), nick).key)

    # -- the program

    def preferences(self) -> None:
        from chatlab.ui.dialogs.preferences import PreferencesDialog

        now = replace(self._backstage.preferences, font_scale=self._backstage.font_scale)
        dialog = PreferencesDialog(
            now,
            self._window.actions_table.obeyed(),
            can_notify=self.can_notify(),
            parent=self._window,
        )
        dialog.submitted.connect(self._on_preferences)
        self._desk.show("preferences", dialog)

    def shortcuts(self) -> None:
        from chatlab.ui.dialogs.shortcuts import ShortcutsDialog

        chosen = self._backstage.preferences.shortcuts
        dialog = ShortcutsDialog(self._window.actions_table.obeyed(), chosen, self._window)
        dialog.submitted.connect(
            lambda keys: self._on_preferences(replace(self._backstage.preferences, shortcuts=keys))
        )
        self._desk.show("shortcuts", dialog)

    def _on_preferences(self, chosen: Preferences) -> None:
        self._backstage.set_preferences(chosen)
        self.on_preferences(chosen)

    # -- helpers

    def _account_names(self) -> list[tuple[AccountId, str]]:
        states = self._book.accounts.values()
        return [(state.account.id, state.account.name) for state in states if not state.source]

    def _is_online(self, account: AccountId) -> bool:
        state = self._book.accounts.get(account)
        return state is not None and state.state is LinkState.ONLINE

    def _follow_rules(self, dialog: QDialog, show: Callable[[Rules], None]) -> None:
        """Until the dialog closes it shows what holds, whoever changed it."""
        self._watch(dialog, self._backstage.rules.observe(show))

    def _watch(self, dialog: QDialog, ended: Callable[[], None]) -> None:
        def end(_result: int) -> None:
            with contextlib.suppress(ValueError):  # Closed twice: by its button and with the chat.
                ended()

        dialog.finished.connect(end)

    def _say(self, words: str, hint: str) -> None:
        self._window.bar.post(BarMessage(Severity.INFO, words, hint, topic="talk"))
