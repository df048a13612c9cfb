"""What counts as unread in a chat; pure."""

from chatlab.core.chat import Chat, ChatKind
from chatlab.core.flow import Direction
from chatlab.core.message import Message, MessageKind


def counts(chat: Chat, message: Message) -> bool:
    """Whether a message wants to be read: what we said, what was replayed and what the server
    says for itself do not."""
    is_new = message.direction is Direction.RECEIVED and not message.is_history
    return is_new and (bool(chat.key.name) or message.kind is not MessageKind.NOTICE)


def is_urgent(chat: Chat, message: Message) -> bool:
    """Whether it was meant for the reader."""
    return message.is_highlight or chat.kind is ChatKind.PRIVATE


def newer_than(chat: Chat, read_ns: int) -> tuple[int, int]:
    """Messages after a time that count, and how many of them are meant for the reader."""
    newer = [
        entry
        for entry in chat.entries
        if isinstance(entry, Message) and entry.time_ns > read_ns and counts(chat, entry)
    ]
    return len(newer), sum(is_urgent(chat, message) for message in newer)


def newest_that_counts(chat: Chat) -> int:
    """The time of the last message that wanted to be read; 0 without any."""
    return next(
        (
            entry.time_ns
            for entry in reversed(chat.entries)
            if isinstance(entry, Message) and counts(chat, entry)
        ),
        0,
    )
