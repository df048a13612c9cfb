"""A saved capture in the window: its accounts, chats and messages come back, read-only."""

from chatlab.analysis.session_file import read_session, restore
from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import read_beside
from chatlab.app.recovery import fill_from_journal, problems_of
from chatlab.core.account import Account, Security
from chatlab.core.capture import CaptureReplayed
from chatlab.core.chats import ChatBook
from chatlab.core.connection import Connection
from chatlab.core.events import ConnectionOpened, MessageAdded


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
    for message in saved.messages:
        book.apply(MessageAdded(message))
        feed.assign(message)
    feed.pull()
    feed.take_status(CaptureReplayed(file=feed.file.name, problem=feed.log.problem or ""))


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
