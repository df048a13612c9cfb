"""What there is to show: chats, their entries and members, folded from chat events.

``ChatBook.apply`` takes one event and tells its observer what changed, in the terms that a list
needs (added, changed, dropped). It knows no window, so scripts and tests read the same book.
"""

from collections.abc import Callable
from dataclasses import replace

from chatlab.core import events as ev
from chatlab.core import notes, roster
from chatlab.core.account import Account, AccountId
from chatlab.core.chat import (
    CHANNEL_SIGNS,
    SERVER_CHAT,
    AccountState,
    Change,
    Chat,
    ChatKey,
    ChatKind,
    Entry,
    Note,
    NoteKind,
    kind_of,
)
from chatlab.core.condensing import condense_all, condensed
from chatlab.core.labels import label_of, relabel
from chatlab.core.message import Message, MessageId
from chatlab.core.message_changes import changed, rewritten
from chatlab.core.message_index import MessageIndex, with_reaction
from chatlab.core.replay_place import place_of
from chatlab.core.unread import counts, is_urgent, newer_than, newest_that_counts

__all__ = [
    "CHANNEL_SIGNS", "MAX_ENTRIES", "SERVER_CHAT", "AccountState", "Change", "Chat", "ChatBook",
    "ChatKey", "ChatKind", "Entry", "Note", "NoteKind", "Observer",
]  # fmt: skip

MAX_ENTRIES = 10_000
"""Kept in memory per chat; older ones stay on disk."""
_DROP_BLOCK = 1_000
"""How many go at once when a chat is full, so that the views are not told for every line."""
AccountEvent = ev.LinkChanged | ev.NickInUse | ev.ConnectionOpened | ev.LagMeasured | ev.AwayChanged
Observer = Callable[[Change, "Chat | AccountState", int, int], None]
"""Called as ``(change, chat or account, first index, count)``; the numbers are 0 where idle."""


class ChatBook:
    """All accounts and chats of a session."""

    def __init__(self) -> None:
        self.accounts: dict[AccountId, AccountState] = {}
        self.chats: dict[ChatKey, Chat] = {}
        self._observers: list[Observer] = []
        self._index = MessageIndex()
        self._in_view: set[ChatKey] = set()
        self._muted: frozenset[ChatKey] = frozenset()
        self.is_condensing = True
        """Comings and goings in a row become one line."""

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with every change from now on; the function returned ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def add_account(self, account: Account) -> AccountState:
        """Add an account, or take over its new settings; its server chat opens with it."""
        state = self.accounts.get(account.id)
        if state is None:
            state = self.accounts[account.id] = AccountState(account, nick=account.nick)
            self._tell(Change.ACCOUNT_CHANGED, state)
            self.open(account.id, SERVER_CHAT)
        else:
            state.account = account
            self._tell(Change.ACCOUNT_CHANGED, state)
        return state

    def remove_account(self, account: AccountId) -> None:
        for key in [key for key in self.chats if key.account == account]:
            self.close(key)
        if state := self.accounts.pop(account, None):
            self._tell(Change.ACCOUNT_CHANGED, state)

    def open(self, account: AccountId, name: str, kind: ChatKind | None = None) -> Chat:
        """The chat called ``name``, made when there is none yet."""
        key = ChatKey(account, name.lower())
        if (chat := self.chats.get(key)) is None:
            chat = self.chats[key] = Chat(key, name, kind or kind_of(name))
            chat.is_muted = key in self._muted
            chat.label = label_of(self.accounts.get(account), key.name)
            self._tell(Change.CHAT_ADDED, chat)
        return chat

    def close(self, key: ChatKey) -> None:
        if chat := self.chats.pop(key, None):
            self._in_view.discard(key)
            self._index.forget(key, chat.entries)
            self._tell(Change.CHAT_REMOVED, chat)

    def set_in_view(self, keys: set[ChatKey]) -> None:
        """Chats that the reader sees now: what arrives there is read at once."""
        self._in_view = set(keys)
        for key in keys:
            self.mark_read(key)

    def mark_read(self, key: ChatKey) -> None:
        """Nothing in this chat is unread any more."""
        if (chat := self.chats.get(key)) is None:
            return
        newest_ns = newest_that_counts(chat)
        if chat.unread or chat.highlights or newest_ns > chat.read_ns:
            chat.unread = chat.highlights = 0
            chat.read_ns = max(chat.read_ns, newest_ns)
            self._tell(Change.CHAT_CHANGED, chat)

    def set_muted(self, keys: frozenset[ChatKey]) -> None:
        """Chats in which nothing counts as unread."""
        changed, self._muted = self._muted ^ keys, keys
        for chat in [self.chats[key] for key in changed if key in self.chats]:
            chat.is_muted = chat.key in keys
            self._tell(Change.CHAT_CHANGED, chat)

    def clear(self, key: ChatKey) -> None:
        """Empty a chat's view; what is on disk stays."""
        if chat := self.chats.get(key):
            self._drop(chat, len(chat.entries))

    def find(self, message: MessageId) -> tuple[Chat, int] | None:
        """The chat and the index of a message that is still in memory."""
        if (key := self._index.chat_of(message)) is None or (chat := self.chats.get(key)) is None:
            return None
        for index in range(len(chat.entries) - 1, -1, -1):
            entry = chat.entries[index]
            if isinstance(entry, Message) and entry.id == message:
                return chat, index
        return None

    def named(self, key: ChatKey, msgid: str) -> Message | None:
        """The message that the server calls ``msgid`` (``Message.msgid``), if it is in memory."""
        found = self.find(message) if (message := self._index.named(key, msgid)) else None
        entry = found[0].entries[found[1]] if found else None
        return entry if isinstance(entry, Message) else None

    def prepend(self, key: ChatKey, entries: list[Entry]) -> None:
        """Put older entries (history from disk) before those in memory."""
        if (chat := self.chats.get(key)) and entries:
            shown = condense_all(entries) if self.is_condensing else entries
            entries = [self._known(key, entry) for entry in shown]
            chat.entries[:0] = entries
            self._tell(Change.ENTRIES_ADDED, chat, 0, len(entries))

    def apply(self, event: ev.ChatEvent) -> None:
        """Fold one event into the book."""
        match event:
            case ev.MessageAdded(message):
                self._add_message(message)
            case ev.MessageChanged():
                self._change_message(event)
            case ev.LinkChanged() | ev.NickInUse() | ev.ConnectionOpened():
                self._change_account(event)
            case ev.LagMeasured() | ev.AwayChanged():
                self._change_account(event)
            case ev.MessageRewritten():
                self._rewrite_message(event)
            case ev.ReactionSeen():
                self._react(event)
            case ev.ReadMarkerMoved():
                self._read_elsewhere(event)
            case ev.ChatOpened():
                self._open_chat(event)
            case ev.MembersListed(account, name, members):
                chat = self.open(account, name)
                chat.members = {member.nick.lower(): member for member in members}
                self._tell(Change.MEMBERS_CHANGED, chat)
            case ev.MemberJoined() | ev.MemberLeft() | ev.MemberRenamed() | ev.MemberChanged():
                self._change_members(event)
            case ev.TopicChanged() | ev.ModesChanged():
                self._change_chat(event)
            case ev.Informed():
                self._inform(event)
            case ev.ContactSeen():
                self._contact_seen(event)
            case roster.ContactsListed() | roster.ContactChanged() | roster.ContactRemoved():
                state = self.accounts.get(event.account)
                if state and roster.fold(state.contacts, event):
                    for chat in relabel(state, self.chats.values()):
                        self._tell(Change.CHAT_CHANGED, chat)
                    self._tell(Change.ACCOUNT_CHANGED, state)
            case _:
                pass  # For dialogs and consoles: nothing of a transcript changes.

    def _tell(
        self, change: Change, what: Chat | AccountState, first: int = 0, count: int = 0
    ) -> None:
        for observer in tuple(self._observers):  # An observer may end its own watch.
            observer(change, what, first, count)

    def _append(self, chat: Chat, entry: Entry) -> None:
        """Add in order of arrival, except replayed history, which goes where its time says."""
        at = len(chat.entries)
        if isinstance(entry, Message) and entry.is_history:
            is_here = self._index.named(chat.key, entry.msgid) is not None
            if is_here or (place := place_of(chat.entries, entry)) is None:
                return
            at = place
        chat.entries.insert(at, self._known(chat.key, entry))
        self._tell(Change.ENTRIES_ADDED, chat, at, 1)
        if len(chat.entries) > MAX_ENTRIES:
            self._drop(chat, _DROP_BLOCK)

    def _add_presence(self, chat: Chat, time_ns: int, text: str) -> None:
        """Comings and goings in a row are one line."""
        note = Note(time_ns, NoteKind.PRESENCE, text)
        last = chat.entries[-1] if chat.entries and self.is_condensing else None
        if last is not None and (whole := condensed(last, note)) is not None:
            chat.entries[-1] = whole
            self._tell(Change.ENTRY_CHANGED, chat, len(chat.entries) - 1, 1)
        else:
            self._append(chat, note)

    def _known(self, key: ChatKey, entry: Entry) -> Entry:
        """Note where a message is; it is returned with what was heard about it before."""
        if isinstance(entry, Message):
            self._index.add(key, entry)
            return self._index.with_waiting(key, entry)
        return entry

    def _drop(self, chat: Chat, count: int) -> None:
        self._index.forget(chat.key, chat.entries[:count])
        del chat.entries[:count]
        chat.dropped += count
        self._tell(Change.ENTRIES_DROPPED, chat, 0, count)

    def _add_message(self, message: Message) -> None:
        chat = self.open(message.account, message.target)
        is_seen = chat.key in self._in_view
        if is_seen and counts(chat, message):
            chat.read_ns = max(chat.read_ns, message.time_ns)
        self._append(chat, message)
        if counts(chat, message) and not (chat.is_muted or is_seen):
            chat.unread += 1
            chat.highlights += is_urgent(chat, message)
            self._tell(Change.CHAT_CHANGED, chat)

    def _change_message(self, event: ev.MessageChanged) -> None:
        self._replace(event.message, lambda message: changed(message, event))

    def _rewrite_message(self, event: ev.MessageRewritten) -> None:
        key = ChatKey(event.account, event.chat.lower())
        if wanted := event.message or self._index.named(key, event.msgid):
            self._replace(wanted, lambda message: rewritten(message, event))

    def _react(self, event: ev.ReactionSeen) -> None:
        key = ChatKey(event.account, event.chat.lower())
        if message := self._index.named(key, event.msgid):
            self._replace(message, lambda message: with_reaction(message, event))
        else:
            self._index.wait_for(key, event)

    def _replace(self, message: MessageId, change: Callable[[Message], Message]) -> None:
        if (found := self.find(message)) is None:
            return
        chat, index = found
        old = chat.entries[index]
        assert isinstance(old, Message)  # find() returns nothing else
        if (new := change(old)) != old:
            chat.entries[index] = new
            self._index.add(chat.key, new)
            self._tell(Change.ENTRY_CHANGED, chat, index, 1)

    def _read_elsewhere(self, event: ev.ReadMarkerMoved) -> None:
        """What another client of ours has shown is not unread here."""
        for chat in self._still_open(event.account, (event.chat,)):
            chat.read_ns = max(chat.read_ns, event.read_ns)
            unread, highlights = newer_than(chat, chat.read_ns)
            if chat.unread > unread or chat.highlights > highlights:
                chat.unread = min(chat.unread, unread)
                chat.highlights = min(chat.highlights, highlights)
                self._tell(Change.CHAT_CHANGED, chat)

    def _open_chat(self, event: ev.ChatOpened) -> None:
        kind = ChatKind.CHANNEL if event.is_room else ChatKind.PRIVATE
        chat = self.open(event.account, event.chat, kind)
        label = event.title or chat.label
        if (chat.kind, chat.label) != (kind, label):
            chat.kind, chat.label = kind, label
            self._tell(Change.CHAT_CHANGED, chat)

    def _change_account(self, event: AccountEvent) -> None:
        if (state := self.accounts.get(event.account)) is None:
            return
        match event:
            case ev.NickInUse(_, nick):
                state.nick = nick
            case ev.ConnectionOpened(_, connection):
                state.connection = connection
            case ev.LagMeasured(_, seconds):
                state.lag_s = seconds
            case ev.AwayChanged(_, is_away):
                state.set_away(is_away, event.availability)
            case ev.LinkChanged():
                self._change_link(state, event)
        self._tell(Change.ACCOUNT_CHANGED, state)

    def _change_link(self, state: AccountState, event: ev.LinkChanged) -> None:
        was_online = state.state is ev.LinkState.ONLINE
        state.state, state.detail = event.state, event.detail
        state.is_fault, state.retry_in_s = event.is_fault, event.retry_in_s
        if was_online and event.state is not ev.LinkState.ONLINE:
            state.go_offline()
            for chat in [c for c in self.chats.values() if c.key.account == event.account]:
                self._leave(chat)
        if event.detail:
            kind = NoteKind.ERROR if event.is_fault else NoteKind.LINK
            self._append(
                self.open(event.account, SERVER_CHAT), Note(event.time_ns, kind, event.detail)
            )

    def _leave(self, chat: Chat) -> None:
        if chat.is_joined or chat.members:
            chat.is_joined = False
            chat.members.clear()
            self._tell(Change.MEMBERS_CHANGED, chat)
            self._tell(Change.CHAT_CHANGED, chat)

    def _change_members(
        self, event: ev.MemberJoined | ev.MemberLeft | ev.MemberRenamed | ev.MemberChanged
    ) -> None:
        match event:
            case ev.MemberJoined():
                self._member_joined(event)
            case ev.MemberLeft():
                for chat in self._still_open(event.account, event.chats):
                    self._member_left(event, chat)
            case ev.MemberRenamed():
                for chat in self._still_open(event.account, event.chats):
                    self._member_renamed(event, chat)
            case ev.MemberChanged(account, name, member):
                for chat in self._still_open(account, (name,)):
                    chat.members[member.nick.lower()] = member
                    self._tell(Change.MEMBERS_CHANGED, chat)

    def _still_open(self, account: AccountId, names: tuple[str, ...]) -> list[Chat]:
        """Of these chats those that the reader has not closed: an answer to leaving opens none."""
        found = (self.chats.get(ChatKey(account, name.lower())) for name in names)
        return [chat for chat in found if chat is not None]

    def _member_joined(self, event: ev.MemberJoined) -> None:
        chat = self.open(event.account, event.chat)
        if event.is_self:
            chat.is_joined, chat.own_nick = True, event.member.nick
            self._tell(Change.CHAT_CHANGED, chat)
        chat.members[event.member.nick.lower()] = event.member
        self._tell(Change.MEMBERS_CHANGED, chat)
        if not event.is_folded:
            self._add_presence(chat, event.time_ns, notes.joined(event))

    def _member_left(self, event: ev.MemberLeft, chat: Chat) -> None:
        chat.members.pop(event.nick.lower(), None)
        if not event.is_folded:
            self._add_presence(chat, event.time_ns, notes.left(event))
        if event.is_self:
            self._leave(chat)
        else:
            self._tell(Change.MEMBERS_CHANGED, chat)

    def _member_renamed(self, event: ev.MemberRenamed, chat: Chat) -> None:
        member = chat.members.pop(event.old.lower(), None)
        chat.own_nick = event.new if event.is_self else chat.own_nick
        if member is not None:
            chat.members[event.new.lower()] = replace(member, nick=event.new)
            self._tell(Change.MEMBERS_CHANGED, chat)
        self._add_presence(chat, event.time_ns, notes.renamed(event))

    def _change_chat(self, event: ev.TopicChanged | ev.ModesChanged) -> None:
        found = self._still_open(event.account, (event.chat,))
        if not found:
            return
        chat = found[0]
        if isinstance(event, ev.TopicChanged):
            chat.topic = event.topic
            if event.by:
                self._append(chat, Note(event.time_ns, NoteKind.TOPIC, notes.topic_changed(event)))
        else:
            chat.modes = event.modes
            if event.change:
                self._append(chat, Note(event.time_ns, NoteKind.MODE, notes.modes_changed(event)))
        self._tell(Change.CHAT_CHANGED, chat)

    def _contact_seen(self, event: ev.ContactSeen) -> None:
        """Told on the server's page, and in the private chat where there is one."""
        note = Note(event.time_ns, NoteKind.PRESENCE, notes.contact_seen(event))
        self._append(self.open(event.account, SERVER_CHAT), note)
        for chat in self._still_open(event.account, (event.nick,)):
            self._append(chat, note)

    def _inform(self, event: ev.Informed) -> None:
        chat = self.open(event.account, event.chat)
        kind = NoteKind(event.severity.value)
        self._append(chat, Note(event.time_ns, kind, event.text, event.hint))
