"""A saved capture in the window: its accounts, chats and messages come back, read-only."""

from collections.abc import Iterable

from chatlab.analysis.session_file import read_session, restore
from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import read_beside
from chatlab.app.recovery import fill_from_journal, problems_of
from chatlab.core.account import Account, Application, Security
from chatlab.core.capture import CaptureReplayed
from chatlab.core.chats import ChatBook, ChatKey
from chatlab.core.connection import Connection
from chatlab.core.errors import FileError
from chatlab.core.events import ChatOpened, ConnectionOpened, MessageAdded
from chatlab.core.flow import Direction
from chatlab.core.message import Message


def fill_from_file(feed: CaptureFeed, book: ChatBook) -> None:
    """Put what the feed's file knows into ``feed`` and ``book``. Raises FileError."""
    if (journal := read_beside(feed.file)) is not None:
        fill_from_journal(journal, feed, book)
        feed.pull()
        problem = " ".join(filter(None, (feed.log.problem, *problems_of(journal))))
        feed.take_status(CaptureReplayed(file=feed.file.name, problem=problem))
        return
    saved = read_session(feed.log)
    restore(saved, feed.correlator)
    for connection in saved.connections:
        feed.note(connection)
        if connection.account not in book.accounts:
            book.add_account(account_of(connection))
        state = book.accounts[connection.account]
        state.source = feed.file.name
        if state.connection is None or connection.application is state.account.application:
            book.apply(ConnectionOpened(connection.account, connection))
    _open_chats(saved.messages, book)
    for message in saved.messages:
        book.apply(MessageAdded(message))
        feed.assign(message)
    feed.pull()
    feed.take_status(CaptureReplayed(file=feed.file.name, problem=feed.log.problem or ""))


def show_frames_alone(feed: CaptureFeed, name: str, error: FileError) -> None:
    """What was said cannot be read, for the reason given; the frames of ``name`` can."""
    feed.pull()
    feed.take_status(CaptureReplayed(file=name, problem=str(error)))


def _open_chats(messages: Iterable[Message], book: ChatBook) -> None:
    """A name of XMPP does not tell whether it is a room's; who speaks there does."""
    chats: dict[ChatKey, ChatOpened] = {}
    for message in messages:
        if message.application is Application.XMPP:
            key = ChatKey(message.account, message.target.lower())
            is_room = _is_in_room(message) or (key in chats and chats[key].is_room)
            chats[key] = ChatOpened(message.account, message.target, is_room)
    for opened in chats.values():
        book.apply(opened)


def _is_in_room(message: Message) -> bool:
    """In a chat of two the other one is its name, and no server sends our own words back."""
    if "/" in message.target:
        return False  # Between two in a room.
    if message.direction is Direction.RECEIVED:
        return message.sender.lower() != message.target.lower()
    return message.echo is not None


def account_of(connection: Connection) -> Account:
    """As much of the account as the file shows."""
    return Account(
        id=connection.account,
        name=connection.account,
        application=connection.application,
        host=connection.host,
        port=connection.flow.remote.port,
        security=Security.DIRECT_TLS if connection.tls else Security.PLAIN,
        nick=connection.account,
        is_temporary=True,
    )
