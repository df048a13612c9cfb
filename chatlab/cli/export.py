"""``chatlab export FILE OUT``: a copy of a session's capture that may be handed on."""

import asyncio
from pathlib import Path

from chatlab.app.exporting_capture import export_facts
from chatlab.app.feed import CaptureFeed
from chatlab.app.finding import MessageSearch
from chatlab.app.opening import OpenedFile
from chatlab.app.replay import fill_from_file
from chatlab.app.saving import CAPTURE_SUFFIX, capture_work, save
from chatlab.app.session_replay import fill_from_session
from chatlab.capture.dissector import ScapyDissector
from chatlab.cli.reading import log_beside
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError, UsageError
from chatlab.core.export import SecretsChoice, reader_can


def _look_inside(feed: CaptureFeed, book: ChatBook, file: Path) -> None:
    """Of a capture made elsewhere, the messages are found in the packets."""
    feed.use_key_log(log_beside(file))
    if not feed.correlator.connections:
        asyncio.run(MessageSearch(feed, book).run())


def export(file: Path, target: Path, secrets: SecretsChoice) -> int:
    """Write the copy, and say what a reader of it can see. Raises ChatlabError."""
    if target.suffix.lower() != CAPTURE_SUFFIX:
        raise UsageError(
            f"{target.name} does not end with {CAPTURE_SUFFIX}: an export is a capture file.",
            f"Say {target.with_suffix(CAPTURE_SUFFIX).name}.",
        )
    if target.exists() and file.exists() and target.samefile(file):
        raise UsageError("A file cannot be exported onto itself.", "Give another name.")
    with OpenedFile(file) as opened:
        book = ChatBook()
        feed = CaptureFeed(opened.capture, book, ScapyDissector(), is_live=False)
        try:
            if opened.is_session:
                fill_from_session(opened, feed, book)
            else:
                fill_from_file(feed, book)
                _look_inside(feed, book, file)
            if feed.log.problem and not feed.count:
                hint = "Give a file that ChatLab has saved."
                raise FileError(f"{file.name}: {feed.log.problem}", hint)
            *_, facts = export_facts(feed)
            save(capture_work(feed, secrets), target)
        finally:
            feed.close()
    print(reader_can(facts, secrets))
    return 0
