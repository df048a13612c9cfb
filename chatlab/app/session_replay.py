"""A session file in the window: it looks as it looked when it was saved, and is read-only."""

from chatlab.analysis.session_file import restore
from chatlab.app.feed import CaptureFeed
from chatlab.app.opening import OpenedFile
from chatlab.app.replay import account_of
from chatlab.core.capture import CaptureReplayed
from chatlab.core.chats import ChatBook
from chatlab.core.events import ConnectionOpened


def fill_from_session(opened: OpenedFile, feed: CaptureFeed, book: ChatBook) -> None:
    """Put what a session file holds into ``feed``, which reads its capture, and ``book``."""
    saved = opened.session(feed.log)
    restore(saved, feed.correlator)
    accounts = {account.id: account for account in opened.accounts}
    for connection in saved.connections:
        feed.note(connection)
        if connection.account not in book.accounts:
            book.add_account(accounts.get(connection.account) or account_of(connection))
        state = book.accounts[connection.account]
        state.source = opened.file.name
        if state.connection is None or connection.application is state.account.application:
            book.apply(ConnectionOpened(connection.account, connection))
    for message in saved.messages:
        feed.assign(message)
    for each in opened.chats:
        if each.key.account not in book.accounts:
            continue
        chat = book.open(each.key.account, each.title, each.kind)
        chat.kind, chat.label, chat.own_nick = each.kind, each.label, each.own_nick
        chat.topic, chat.modes = each.topic, each.modes
        book.prepend(chat.key, each.entries)
    feed.pull()
    feed.take_status(CaptureReplayed(file=opened.file.name, problem=feed.log.problem or ""))
