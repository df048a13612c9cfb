"""Messages of a capture made elsewhere come into the window while the reader looks at its frames."""

import asyncio
import time
from collections.abc import Callable

from chatlab.analysis.finding import Found, find_messages
from chatlab.app.feed import CaptureFeed
from chatlab.app.replay import account_of
from chatlab.core.chats import ChatBook
from chatlab.core.connection import Connection
from chatlab.core.events import (
    ConnectionOpened,
    MessageAdded,
    MessageChanged,
    MessageRewritten,
)
from chatlab.core.message import Message

SLICE_S = 0.005
"""How long is searched before the event loop gets its turn."""
MAX_SHOWN = 200_000
"""Messages that a window takes in; ``chatlab messages`` lists all."""


async def find_beside(
    feed: CaptureFeed, book: ChatBook, on_first: Callable[[], None] = lambda: None
) -> int:
    """Search the file of ``feed`` and fill ``book``; returns how many messages were found.

    ``on_first`` is called as soon as there is something to read.
    """
    known: dict[str, Message] = {}
    deadline, is_news = time.perf_counter() + SLICE_S, False
    for found in find_messages(feed.contents, feed.streams, feed.correlator):
        is_first = not known
        _take(found, feed, book, known)
        is_news |= bool(found.messages)
        if is_first and known:
            on_first()
        if len(known) >= MAX_SHOWN:
            break
        if time.perf_counter() < deadline:
            continue
        if is_news:
            feed.tell()
        await asyncio.sleep(0)
        deadline, is_news = time.perf_counter() + SLICE_S, False
    feed.tell()
    return len(known)


def _take(found: Found, feed: CaptureFeed, book: ChatBook, known: dict[str, Message]) -> None:
    if found.connection is not None:
        _add_connection(found.connection, feed, book)
    for message in found.messages:
        before = known.get(message.id)
        known[message.id] = message
        if before is None:
            book.apply(MessageAdded(message))
        else:
            _change(before, message, book)
        feed.assign(message)


def _add_connection(connection: Connection, feed: CaptureFeed, book: ChatBook) -> None:
    feed.note(connection)
    if connection.account not in book.accounts:
        book.add_account(account_of(connection))
    book.accounts[connection.account].source = feed.file.name
    book.apply(ConnectionOpened(connection.account, connection))


def _change(before: Message, after: Message, book: ChatBook) -> None:
    """More is known of a message: its echo, or what it was put right to."""
    if after.text != before.text:
        book.apply(
            MessageRewritten(after.account, after.target, after.id, after.text, after.time_ns)
        )
    if after.echo != before.echo:
        book.apply(
            MessageChanged(
                after.account,
                after.id,
                delivery=after.delivery,
                echo=after.echo,
                time_ns=after.time_ns,
                msgid=after.msgid,
            )
        )
