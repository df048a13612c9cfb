"""Opens what the user has saved: a session file, or any capture, so that both are read alike."""

from pathlib import Path
from types import TracebackType
from typing import Self

from chatlab.analysis.frame_log import FrameLog
from chatlab.analysis.session_file import SavedSession, read_session
from chatlab.analysis.transcript import SavedChat
from chatlab.app.journal import journal_of
from chatlab.app.recovery import recover_beside
from chatlab.app.scratch import ScratchFolder
from chatlab.app.session_archive import (
    MAX_SMALL,
    NOTES,
    check_archive,
    is_archive,
    unpack_archive,
)
from chatlab.core.account import Account
from chatlab.core.errors import FileError


class OpenedFile:
    """A file that was saved, and where its frames are. Close it when nothing is read any more."""

    def __init__(self, file: Path) -> None:
        """Raises FileError when nothing of it can be read."""
        self.file = file
        self.capture = file
        """The pcapng (or pcap) file that holds the frames."""
        self.accounts: tuple[Account, ...] = ()
        self.chats: tuple[SavedChat, ...] = ()
        self.notes = ""
        self._session: SavedSession | None = None
        self._folder: ScratchFolder | None = None
        if _is_archive(file):
            self._unpack()
        elif journal_of(file).is_file():
            self.notes = _notes_beside(file)

    def _unpack(self) -> None:
        try:
            self._folder = ScratchFolder()
        except OSError as error:
            raise FileError(
                f"There is no place to unpack {self.file.name} to: {error.strerror or error}.",
                "Free some space in the folder for temporary files.",
            ) from error
        try:
            unpacked = unpack_archive(self.file, self._folder.path)
        except BaseException:
            self.close()
            raise
        self.capture, self.accounts = unpacked.capture, unpacked.accounts
        self.chats, self.notes = unpacked.transcript.chats, unpacked.notes
        self._session = unpacked.transcript.session

    @property
    def is_session(self) -> bool:
        """A session file: it knows what its capture means."""
        return self._session is not None

    def session(self, log: FrameLog) -> SavedSession:
        """Connections and messages: of the session, else of the journal beside a capture whose
        program was killed, else as the capture's own comments say. Raises FileError."""
        log.pull()
        return self._session or recover_beside(self.capture) or read_session(log)

    def close(self) -> None:
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _notes_beside(capture: Path) -> str:
    """The notes of a program that was killed while it captured."""
    file = capture.with_name(NOTES)
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(MAX_SMALL)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FileError(
            f"{file} cannot be read: {error.strerror or error}.", "Check its permissions."
        ) from error


def check_file(file: Path) -> None:
    """Look whether a file can be opened, as far as that is quick. Raises FileError."""
    if _is_archive(file):
        check_archive(file)


def _is_archive(file: Path) -> bool:
    try:
        return is_archive(file)
    except FileNotFoundError:
        raise FileError(f"There is no file {file}.", "Check the name.") from None
    except OSError as error:
        raise FileError(
            f"{file} cannot be opened: {error.strerror or error}.",
            "Choose another file, or change its permissions.",
        ) from error
