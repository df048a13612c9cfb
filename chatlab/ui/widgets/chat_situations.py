"""The words of a chat in which there is nothing to read, or in which something stands in the way.

Pure: a chat and its account in, words and the way out back. ``ChatPane`` shows them.
"""

from dataclasses import dataclass
from enum import Enum

from chatlab.core.account import Application
from chatlab.core.chats import AccountState, Chat, ChatKind
from chatlab.core.connection import LinkState
from chatlab.core.message import Delivery, Message, MessageId
from chatlab.ui.place_words import chat_words
from chatlab.ui.rich_text import isolated

_MOST_LOOKED_AT = 2_000
"""Newest entries among which waiting messages are sought."""
_WORTH_TELLING = 2
"""One waiting message says so in its row; more of them are told about at the composer."""


class WayOut(Enum):
    """What the button beside a notice does; the value is its words."""

    CONNECT = "Connect"
    RETRY = "Try now"
    JOIN = "Join"
    CANCEL = "Cancel all"


@dataclass(frozen=True, slots=True)
class Situation:
    """What can be written in a chat, and what stands against it."""

    placeholder: str
    notice: str = ""
    way_out: WayOut | None = None


def waiting_in(chat: Chat) -> tuple[MessageId, ...]:
    """Messages of ours that have not left yet, oldest first."""
    return tuple(
        entry.id
        for entry in chat.entries[-_MOST_LOOKED_AT:]
        if isinstance(entry, Message) and entry.delivery is Delivery.QUEUED
    )


def situation_of(chat: Chat, state: AccountState | None, waiting: int = 0) -> Situation:
    """How things stand in ``chat``, where ``waiting`` messages are still to leave."""
    if state is None:
        return Situation("This account was removed.")
    if state.source:
        return Situation(f"Read from {isolated(state.source)}: nothing can be sent here")
    name = isolated(chat_words(chat))
    is_server = chat.kind is ChatKind.SERVER
    example = "#lab"
    if state.account.application is Application.XMPP:
        example = "room@conference.example.org"
    placeholder = f"A command, for instance /join {example}" if is_server else f"Message {name}"
    waits = "" if is_server else _waiting_words(waiting)
    if state.state is LinkState.OFFLINE:
        return Situation(placeholder, f"Not connected.{waits}", WayOut.CONNECT)
    if state.state is LinkState.WAITING:
        return Situation(placeholder, f"The connection was lost.{waits}", WayOut.RETRY)
    if state.state is not LinkState.ONLINE:
        return Situation(placeholder)
    if chat.kind is ChatKind.CHANNEL and not chat.is_joined:
        return Situation(placeholder, f"You are not in {name}.", WayOut.JOIN)
    if waiting >= _WORTH_TELLING:
        words = f"{waiting:,} messages wait: the server sets the pace."
        return Situation(placeholder, words, WayOut.CANCEL)
    return Situation(placeholder)


def _waiting_words(waiting: int) -> str:
    match waiting:
        case 0:
            return " What you send waits in the queue."
        case 1:
            return " 1 message waits in the queue."
        case _:
            return f" {waiting:,} messages wait in the queue."


def empty_words(chat: Chat) -> str:
    """What will stand in a transcript that is empty so far."""
    match chat.kind:
        case ChatKind.SERVER:
            return "What the server says appears here. Connect the account to hear it."
        case ChatKind.CHANNEL:
            where = isolated(chat.heading)
            return (
                f"Nothing said in {where} yet. Write the first message below: beside it will "
                "stand the frames that carried it."
            )
        case _:
            return f"Nothing said yet. Only {isolated(chat.heading)} and the server will read this."
