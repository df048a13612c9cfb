"""How each event changes the book of chats: ``ChatBook.apply``, in one piece of its own.

The events of a session are only loaded with it; the window is painted before.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chatlab.core import events as ev
from chatlab.core import notes, roster
from chatlab.core.account import AccountId
from chatlab.core.chat import (
    SERVER_CHAT,
    AccountState,
    Change,
    Chat,
    ChatKey,
    ChatKind,
    Note,
    NoteKind,
)
from chatlab.core.chats import ChatBook
from chatlab.core.condensing import condensed
from chatlab.core.connection import LinkState
from chatlab.core.labels import relabel
from chatlab.core.message_changes import changed, rewritten
from chatlab.core.message_index import with_reaction
from chatlab.core.unread import counts, is_urgent, newer_than

ContactEvent = roster.ContactsListed | roster.ContactChanged | roster.ContactRemoved
AccountEvent = ev.LinkChanged | ev.NickInUse | ev.ConnectionOpened | ev.LagMeasured | ev.AwayChanged


class Folding:
    """Folds events into one book."""

    def __init__(self, book: ChatBook) -> None:
        self._book = book
        link = (ev.LinkChanged, ev.NickInUse, ev.ConnectionOpened, ev.LagMeasured, ev.AwayChanged)
        contacts = (roster.ContactsListed, roster.ContactChanged, roster.ContactRemoved)
        self._folds: dict[type[ev.ChatEvent], Callable[[Any], None]] = {
            ev.MessageAdded: self._add_message,
            ev.MessageChanged: self._change_message,
            ev.MessageRewritten: self._rewrite_message,
            ev.ReactionSeen: self._react,
            ev.ReadMarkerMoved: self._read_elsewhere,
            ev.ChatOpened: self._open_chat,
            ev.MembersListed: self._list_members,
            ev.MemberJoined: self._member_joined,
            ev.MemberLeft: self._member_left,
            ev.MemberRenamed: self._member_renamed,
            ev.MemberChanged: self._member_changed,
            ev.TopicChanged: self._change_topic,
            ev.ModesChanged: self._change_modes,
            ev.Informed: self._inform,
            ev.ContactSeen: self._contact_seen,
            **dict.fromkeys(link, self._change_account),
            **dict.fromkeys(contacts, self._change_contacts),
        }

    def apply(self, event: ev.ChatEvent) -> None:
        """Fold one event into the book; those for dialogs and consoles change nothing in it."""
        if fold := self._folds.get(type(event)):
            fold(event)

    def _add_presence(self, chat: Chat, time_ns: int, text: str) -> None:
        """Comings and goings in a row are one line."""
        note = Note(time_ns, NoteKind.PRESENCE, text)
        last = chat.entries[-1] if chat.entries and self._book.is_condensing else None
        if last is not None and (whole := condensed(last, note)) is not None:
            chat.entries[-1] = whole
            self._book.tell(Change.ENTRY_CHANGED, chat, len(chat.entries) - 1, 1)
        else:
            self._book.append(chat, note)

    def _add_message(self, event: ev.MessageAdded) -> None:
        message = event.message
        chat = self._book.open(message.account, message.target)
        is_seen = self._book.is_in_view(chat.key)
        if is_seen and counts(chat, message):
            chat.read_ns = max(chat.read_ns, message.time_ns)
        self._book.append(chat, message)
        if not (is_seen or chat.is_muted) and counts(chat, message):
            chat.unread += 1
            chat.highlights += is_urgent(chat, message)
            self._book.tell(Change.CHAT_CHANGED, chat)

    def _change_message(self, event: ev.MessageChanged) -> None:
        self._book.replace(event.message, lambda message: changed(message, event))

    def _rewrite_message(self, event: ev.MessageRewritten) -> None:
        key = ChatKey(event.account, event.chat.lower())
        if wanted := event.message or self._book.index.named(key, event.msgid):
            self._book.replace(wanted, lambda message: rewritten(message, event))

    def _react(self, event: ev.ReactionSeen) -> None:
        key = ChatKey(event.account, event.chat.lower())
        if message := self._book.index.named(key, event.msgid):
            self._book.replace(message, lambda message: with_reaction(message, event))
        else:
            self._book.index.wait_for(key, event)

    def _read_elsewhere(self, event: ev.ReadMarkerMoved) -> None:
        """What another client of ours has shown is not unread here."""
        for chat in self._still_open(event.account, (event.chat,)):
            chat.read_ns = max(chat.read_ns, event.read_ns)
            unread, highlights = newer_than(chat, chat.read_ns)
            if chat.unread > unread or chat.highlights > highlights:
                chat.unread = min(chat.unread, unread)
                chat.highlights = min(chat.highlights, highlights)
                self._book.tell(Change.CHAT_CHANGED, chat)

    def _open_chat(self, event: ev.ChatOpened) -> None:
        kind = ChatKind.CHANNEL if event.is_room else ChatKind.PRIVATE
        chat = self._book.open(event.account, event.chat, kind)
        label = event.title or chat.label
        if (chat.kind, chat.label) != (kind, label):
            chat.kind, chat.label = kind, label
            self._book.tell(Change.CHAT_CHANGED, chat)

    def _change_account(self, event: AccountEvent) -> None:
        if (state := self._book.accounts.get(event.account)) is None:
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
        self._book.tell(Change.ACCOUNT_CHANGED, state)

    def _change_link(self, state: AccountState, event: ev.LinkChanged) -> None:
        was_online = state.state is LinkState.ONLINE
        state.state, state.detail = event.state, event.detail
        state.is_fault, state.retry_in_s = event.is_fault, event.retry_in_s
        if was_online and event.state is not LinkState.ONLINE:
            state.go_offline()
            for chat in [c for c in self._book.chats.values() if c.key.account == event.account]:
                self._leave(chat)
        if event.detail:
            kind = NoteKind.ERROR if event.is_fault else NoteKind.LINK
            self._book.append(
                self._book.open(event.account, SERVER_CHAT), Note(event.time_ns, kind, event.detail)
            )

    def _leave(self, chat: Chat) -> None:
        if chat.is_joined or chat.members:
            chat.is_joined = False
            chat.members.clear()
            self._book.tell(Change.MEMBERS_CHANGED, chat)
            self._book.tell(Change.CHAT_CHANGED, chat)

    def _change_contacts(self, event: ContactEvent) -> None:
        state = self._book.accounts.get(event.account)
        if state and roster.fold(state.contacts, event):
            for chat in relabel(state, self._book.chats.values()):
                self._book.tell(Change.CHAT_CHANGED, chat)
            self._book.tell(Change.ACCOUNT_CHANGED, state)

    def _list_members(self, event: ev.MembersListed) -> None:
        chat = self._book.open(event.account, event.chat)
        chat.members = {member.nick.lower(): member for member in event.members}
        self._book.tell(Change.MEMBERS_CHANGED, chat)

    def _member_changed(self, event: ev.MemberChanged) -> None:
        for chat in self._still_open(event.account, (event.chat,)):
            chat.members[event.member.nick.lower()] = event.member
            self._book.tell(Change.MEMBERS_CHANGED, chat)

    def _still_open(self, account: AccountId, names: tuple[str, ...]) -> list[Chat]:
        """Of these chats those that the reader has not closed: an answer to leaving opens none."""
        found = (self._book.chats.get(ChatKey(account, name.lower())) for name in names)
        return [chat for chat in found if chat is not None]

    def _member_joined(self, event: ev.MemberJoined) -> None:
        chat = self._book.open(event.account, event.chat)
        if event.is_self:
            chat.is_joined, chat.own_nick = True, event.member.nick
            self._book.tell(Change.CHAT_CHANGED, chat)
        chat.members[event.member.nick.lower()] = event.member
        self._book.tell(Change.MEMBERS_CHANGED, chat)
        if not event.is_folded:
            self._add_presence(chat, event.time_ns, notes.joined(event))

    def _member_left(self, event: ev.MemberLeft) -> None:
        for chat in self._still_open(event.account, event.chats):
            chat.members.pop(event.nick.lower(), None)
            if not event.is_folded:
                self._add_presence(chat, event.time_ns, notes.left(event))
            if event.is_self:
                self._leave(chat)
            else:
                self._book.tell(Change.MEMBERS_CHANGED, chat)

    def _member_renamed(self, event: ev.MemberRenamed) -> None:
        for chat in self._still_open(event.account, event.chats):
            member = chat.members.pop(event.old.lower(), None)
            chat.own_nick = event.new if event.is_self else chat.own_nick
            if member is not None:
                chat.members[event.new.lower()] = replace(member, nick=event.new)
                self._book.tell(Change.MEMBERS_CHANGED, chat)
            self._add_presence(chat, event.time_ns, notes.renamed(event))

    def _change_topic(self, event: ev.TopicChanged) -> None:
        for chat in self._still_open(event.account, (event.chat,)):
            chat.topic = event.topic
            if event.by:
                note = Note(event.time_ns, NoteKind.TOPIC, notes.topic_changed(event))
                self._book.append(chat, note)
            self._book.tell(Change.CHAT_CHANGED, chat)

    def _change_modes(self, event: ev.ModesChanged) -> None:
        for chat in self._still_open(event.account, (event.chat,)):
            chat.modes = event.modes
            if event.change:
                note = Note(event.time_ns, NoteKind.MODE, notes.modes_changed(event))
                self._book.append(chat, note)
            self._book.tell(Change.CHAT_CHANGED, chat)

    def _contact_seen(self, event: ev.ContactSeen) -> None:
        """Told on the server's page, and in the private chat where there is one."""
        note = Note(event.time_ns, NoteKind.PRESENCE, notes.contact_seen(event))
        self._book.append(self._book.open(event.account, SERVER_CHAT), note)
        for chat in self._still_open(event.account, (event.nick,)):
            self._book.append(chat, note)

    def _inform(self, event: ev.Informed) -> None:
        chat = self._book.open(event.account, event.chat)
        kind = NoteKind(event.severity.value)
        self._book.append(chat, Note(event.time_ns, kind, event.text, event.hint))
