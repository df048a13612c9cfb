"""Where each message in memory is: its chat by its id, its id by the server's name for it.

A reaction may arrive before the message that it is about (a replay, lines still on disk): it
waits here until the message comes, and is forgotten when too many wait.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from chatlab.core.chat import ChatKey, Entry
from chatlab.core.message import Message, MessageId
from chatlab.core.reactions import reacted

if TYPE_CHECKING:
    from chatlab.core.events import ReactionSeen

MAX_WAITING = 500
"""Messages that are waited for, and reactions that wait for one of them."""


class MessageIndex:
    """Kept by a ``ChatBook`` beside its chats."""

    def __init__(self) -> None:
        self._chats: dict[MessageId, ChatKey] = {}
        self._ids: dict[tuple[ChatKey, str], MessageId] = {}
        self._waiting: dict[tuple[ChatKey, str], list[ReactionSeen]] = {}

    def add(self, key: ChatKey, message: Message) -> None:
        self._chats[message.id] = key
        if message.msgid:
            self._ids[key, message.msgid] = message.id

    def forget(self, key: ChatKey, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if isinstance(entry, Message):
                self._chats.pop(entry.id, None)
                if self._ids.get((key, entry.msgid)) == entry.id:
                    del self._ids[key, entry.msgid]

    def chat_of(self, message: MessageId) -> ChatKey | None:
        return self._chats.get(message)

    def named(self, key: ChatKey, msgid: str) -> MessageId | None:
        """The message that the server calls ``msgid``, if it is in memory."""
        return self._ids.get((key, msgid)) if msgid else None

    def wait_for(self, key: ChatKey, event: "ReactionSeen") -> None:
        """Keep a reaction whose message is not here."""
        waiting = self._waiting.setdefault((key, event.msgid), [])
        if len(waiting) < MAX_WAITING:
            waiting.append(event)
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]

    def with_waiting(self, key: ChatKey, message: Message) -> Message:
        """The message with the reactions that came before it."""
        if not message.msgid or (key, message.msgid) not in self._waiting:
            return message
        for event in self._waiting.pop((key, message.msgid)):
            message = with_reaction(message, event)
        return message


def with_reaction(message: Message, event: "ReactionSeen") -> Message:
    """The message after a reaction was given or taken back."""
    reactions = reacted(message.reactions, event.reaction, event.nick, is_removed=event.is_removed)
    return replace(message, reactions=reactions)
