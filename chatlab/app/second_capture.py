"""A second capture, read beside the session's: a saved session, or any pcap and pcapng file."""

import asyncio
import logging
from pathlib import Path

from chatlab.analysis.compare_specimen import Specimen
from chatlab.app.feed import CaptureFeed
from chatlab.app.finding import MessageSearch
from chatlab.app.key_files import keys_beside, read_key_file
from chatlab.app.opening import OpenedFile
from chatlab.app.replay import fill_from_file
from chatlab.app.session_replay import fill_from_session
from chatlab.capture.dissector import ScapyDissector
from chatlab.core.chats import ChatBook
from chatlab.core.errors import FileError

log = logging.getLogger(__name__)


def specimen_of(number: int, name: str, feed: CaptureFeed) -> Specimen:
    """A capture as the comparison reads it."""
    return Specimen(
        number,
        name,
        feed.log,
        feed.streams,
        feed.correlator,
        lambda: feed.messages.values(),
        feed.keys,
    )


class SecondCapture:
    """The file, and what was read from it. Made by ``open``."""

    def __init__(self, opened: OpenedFile, feed: CaptureFeed) -> None:
        self._opened = opened
        self._feed = feed
        self.name = opened.file.name
        self.specimen = specimen_of(1, self.name, feed)

    @classmethod
    async def open(cls, file: Path) -> "SecondCapture":
        """Read a file in a thread, so that the window goes on. Raises FileError."""
        second, book = await asyncio.to_thread(_read, file)
        try:
            if not second._feed.messages:
                await MessageSearch(second._feed, book).run()
            if not second.specimen.connections:
                raise FileError(
                    f"{file.name} holds no IRC and no XMPP that could be compared.",
                    "Open it by itself to look at its frames.",
                )
        except BaseException:
            second.close()
            raise
        return second

    def close(self) -> None:
        self._feed.close()
        self._opened.close()


def _read(file: Path) -> tuple[SecondCapture, ChatBook]:
    opened = OpenedFile(file)
    try:
        book = ChatBook()
        # Nobody asks for the layers of its frames: the dissector is never started.
        feed = CaptureFeed(opened.capture, book, ScapyDissector(), is_live=False)
        try:
            if opened.is_session:
                fill_from_session(opened, feed, book)
            else:
                fill_from_file(feed, book)
            _use_keys_beside(file, feed)
            if feed.log.problem and not feed.count:
                raise FileError(f"{file.name}: {feed.log.problem}", "Choose another capture.")
        except BaseException:
            feed.close()
            raise
    except BaseException:
        opened.close()
        raise
    return SecondCapture(opened, feed), book


def _use_keys_beside(file: Path, feed: CaptureFeed) -> None:
    """As when it is opened by itself. Nobody has asked for the key log: it may be none."""
    if (beside := keys_beside(file)) is not None:
        try:
            feed.use_key_log(read_key_file(beside))
        except FileError as error:
            log.warning("%s", error)
