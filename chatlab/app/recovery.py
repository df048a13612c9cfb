"""What a session that was killed left behind comes back: frames, connections, transcripts."""

from collections.abc import Iterable
from pathlib import Path

from chatlab.analysis.journal import Journal
from chatlab.analysis.session_file import SavedSession
from chatlab.app.feed import CaptureFeed
from chatlab.app.journal import read_beside
from chatlab.core.chats import ChatBook
from chatlab.core.events import ConnectionOpened


def recover_beside(capture: Path) -> SavedSession | None:
    """What the journal beside a capture knows about its messages; None where there is none.

    Raises FileError.
    """
    journal = read_beside(capture)
    return session_of(journal) if journal is not None else None


def session_of(journal: Journal) -> SavedSession:
    """The same facts as in a session that was saved."""
    return SavedSession(
        connections=tuple(journal.connections.values()),
        messages=tuple(journal.messages.values()),
        anchors=journal.anchors,
    )


def fill_from_journal(journal: Journal, feed: CaptureFeed, book: ChatBook) -> None:
    """Put what a journal knows into ``feed`` and ``book``; the feed's file is its capture."""
    for account in journal.accounts.values():
        book.add_account(account).source = feed.file.name
    for connection in journal.connections.values():
        feed.opened(connection)
        feed.note(connection)
        state = book.accounts.get(connection.account)
        if state is not None and connection.application is state.account.application:
            book.apply(ConnectionOpened(connection.account, connection))
        for direction, anchor in journal.anchors[connection.id].items():
            feed.correlator.anchor(connection.id, direction, anchor)
    feed.key_log += journal.secrets
    for record in journal.chats.values():
        if record.key.account not in book.accounts:
            continue
        chat = book.open(record.key.account, record.title, record.kind)
        chat.kind, chat.label, chat.own_nick = record.kind, record.label, record.own_nick
        chat.topic, chat.modes = record.topic, record.modes
        book.prepend(chat.key, record.entries)
    for message in journal.messages.values():
        feed.assign(message)


def problems_of(journal: Journal) -> Iterable[str]:
    """What is missing in the journal, in words."""
    if journal.lost:
        yield f"{_lines(journal.lost)} of what was said could not be kept: the disk was full."
    if journal.damaged:
        yield f"{_lines(journal.damaged)} of what was said cannot be read."


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count:,} lines"
