"""Messages of a capture made elsewhere come into the window while the reader looks at its frames."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from chatlab.analysis.finding import Found, find_messages
from chatlab.app.feed import CaptureFeed
from chatlab.app.key_files import keys_beside, use_key_file
from chatlab.app.replay import account_of
from chatlab.core.account import AccountId, Application
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import Connection
from chatlab.core.errors import ChatlabError, Severity
from chatlab.core.events import (
    ChatOpened,
    ConnectionOpened,
    MessageAdded,
    MessageChanged,
    MessageRewritten,
)
from chatlab.core.flow import ConnectionId
from chatlab.core.message import Message, MessageId

SLICE_S = 0.005
"""How long is searched before the event loop gets its turn."""
TELL_S = 0.2
"""How often at most all who show frames look again: that takes the longer, the more there is."""
MAX_SHOWN = 200_000
"""Messages that a window takes in; ``chatlab messages`` lists all."""
Run = Callable[[Coroutine[object, object, None]], object]
Post = Callable[[Severity, str, str], None]


class MessageSearch:
    """Searches the file of a feed, and again when more secrets become known."""

    def __init__(
        self,
        feed: CaptureFeed,
        book: ChatBook,
        on_first: Callable[[], None] = lambda: None,
        on_progress: Callable[[str], None] = lambda words: None,
    ) -> None:
        """``on_first`` is called as soon as there is something to read; ``on_progress`` is told
        what goes on, and nothing when that is over."""
        self._feed, self._book = feed, book
        self._on_first, self._on_progress = on_first, on_progress
        self._known: dict[MessageId, Message] = {}
        self._accounts: dict[ConnectionId, AccountId] = {}
        self._talking: set[ConnectionId] = set()
        """Connections with messages: they are not searched again."""
        self._round = 0

    @property
    def count(self) -> int:
        """Messages found so far."""
        return len(self._known)

    async def run(self) -> None:
        """Look through all streams, a slice at a time; a later run makes an earlier one end."""
        self._round = this = self._round + 1
        self._on_progress("Looking for messages in the packets…")
        feed, is_news = self._feed, False
        deadline, tell_at = time.perf_counter() + SLICE_S, 0.0
        for found in find_messages(feed.contents, feed.streams, feed.correlator, self._is_done):
            is_first = not self._known
            self._take(found)
            is_news |= bool(found.messages)
            if is_first and self._known:
                self._on_first()
            if len(self._known) >= MAX_SHOWN:
                break
            now = time.perf_counter()
            if now < deadline:
                continue
            if is_news and now >= tell_at:
                feed.tell()
                is_news, tell_at = False, time.perf_counter() + TELL_S
            await asyncio.sleep(0)
            if self._round != this:
                return
            deadline = time.perf_counter() + SLICE_S
        for chat in tuple(self._book.chats):
            self._book.mark_read(chat)  # It was said long ago, and to somebody else.
        self._on_progress("")
        feed.tell()

    def _is_done(self, connection: Connection) -> bool:
        return connection.id not in self._accounts or connection.id in self._talking

    def _take(self, found: Found) -> None:
        if found.connection is not None:
            self._add_connection(found.connection)
        for message in found.messages:
            before = self._known.get(message.id)
            self._known[message.id] = message
            if before is None:
                self._open_chat(message, found.rooms)
                self._book.apply(MessageAdded(message))
            else:
                _change(before, message, self._book)
            if message.wire is not None:
                self._talking.add(message.wire.connection)
            self._feed.assign(message)

    def _open_chat(self, message: Message, rooms: frozenset[str]) -> None:
        """A name of XMPP does not tell whether it is a room's."""
        name = message.target.lower()
        is_new = ChatKey(message.account, name) not in self._book.chats
        if is_new and message.application is Application.XMPP:
            self._book.apply(ChatOpened(message.account, message.target, name in rooms))

    def _add_connection(self, connection: Connection) -> None:
        book = self._book
        self._feed.note(connection)
        before = self._accounts.get(connection.id)
        if before is not None and before != connection.account:
            book.remove_account(before)  # It was called by its addresses while nothing was known.
        self._accounts[connection.id] = connection.account
        if connection.account not in book.accounts:
            book.add_account(account_of(connection))
        book.accounts[connection.account].source = self._feed.file.name
        book.apply(ConnectionOpened(connection.account, connection))


def look_inside(
    feed: CaptureFeed, file: Path, keys: Path | None, search: MessageSearch, run: Run, post: Post
) -> None:
    """Open what TLS had sealed in a file that was opened, and search it if nobody knows it.

    ``keys``: the key log that the reader named; without, the one beside the file is used.
    """
    is_foreign = not feed.correlator.connections

    async def look() -> None:
        if (key_file := keys or keys_beside(file)) is not None:
            try:
                await use_key_file(feed, key_file)
            except ChatlabError as error:
                post(Severity.WARNING, error.message, error.hint)
        if is_foreign:
            feed.on_keys = lambda: run(search.run())
            await _first_search(feed, search, post)

    run(look())


async def _first_search(feed: CaptureFeed, search: MessageSearch, post: Post) -> None:
    await search.run()
    if search.count >= MAX_SHOWN:
        words = f"The first {MAX_SHOWN:,} messages of {feed.file.name} are shown."
        post(Severity.INFO, words, f"All of them: chatlab messages {feed.file.name}")
    if search.count:
        return
    words = f"No message of IRC or XMPP was found in {feed.file.name}."
    hint = (
        "The secrets of its TLS connections opened none."
        if feed.has_secrets
        else "What TLS sealed can be read with its secrets: Wire ▸ Read a key log."
    )
    post(Severity.INFO, words, hint)


def _change(before: Message, after: Message, book: ChatBook) -> None:
    """More is known of a message: its echo, or what it was put right to."""
    if after.text != before.text:
        book.apply(
            MessageRewritten(after.account, after.target, after.id, after.text, after.time_ns)
        )
    if (after.echo, after.delivery) != (before.echo, before.delivery):
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
