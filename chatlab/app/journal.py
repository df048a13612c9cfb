"""Writes a session down while it goes on, so that a program that is killed loses none of it.

The capture process has every frame on the disk before the window shows it; this does the same for
what only the window knows: connections, keys and transcripts (``analysis.journal`` has the form).
A line is handed to the system before anything of it is painted, of a flood those of one turn of the
event loop together. It is not waited for the disk itself: what the system has taken survives the
death of the program, not a power cut.
"""

from collections import deque
from collections.abc import Callable
from pathlib import Path

from chatlab.analysis import journal as form
from chatlab.analysis.binding import Anchor
from chatlab.capture.append_file import AppendFile
from chatlab.core.account import Account, AccountId
from chatlab.core.chat import AccountState, Change, Chat, ChatKey
from chatlab.core.chats import ChatBook
from chatlab.core.connection import Connection
from chatlab.core.errors import FileError
from chatlab.core.flow import ConnectionId, Direction, Transport
from chatlab.core.message import Message, MessageId

SUFFIX = ".jsonl"
MAX_SINGLE = 4
"""Lines of one turn of the event loop that are written at once, each by itself."""
MAX_PENDING = 8 * 1024 * 1024
"""Bytes of lines kept while the disk takes none; lines beyond are counted as lost."""
_ChatFacts = tuple[str, ...]


def journal_of(capture: Path) -> Path:
    """Where the journal of a capture file is."""
    return capture.with_suffix(SUFFIX)


def read_beside(capture: Path) -> form.Journal | None:
    """What the journal of a capture says; None where there is none. Raises FileError."""
    file = journal_of(capture)
    if file == capture or not file.is_file():
        return None
    try:
        with file.open("rb") as stream:
            lines = iter(lambda: stream.readline(form.MAX_LINE), b"")
            if next(lines, b"") != form.first_line():
                return None  # Somebody else's file.
            return form.read_journal(lines)
    except OSError as error:
        raise FileError(
            f"{file.name} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error


class SessionJournal:
    """The journal of one session; told by the chat book and the feed."""

    def __init__(
        self,
        capture: Path,
        on_fault: Callable[[str, str], None],
        at_turn_end: Callable[[Callable[[], None]], object] | None = None,
    ) -> None:
        """``on_fault`` gets cause and remedy when lines cannot be written, once for each cause.

        ``at_turn_end`` runs something before anything of it is painted: of a flood, all but the
        first lines are written then, in one piece; None: each by itself. Raises FileError.
        """
        self._path = journal_of(capture)
        try:
            self._file = AppendFile(self._path)
        except OSError as error:
            raise FileError(
                f"{self._path} cannot be written: {error.strerror}.",
                "Until that is mended, a crash of ChatLab would lose what was said.",
            ) from error
        self._on_fault = on_fault
        self._at_turn_end = at_turn_end
        self._turn: list[bytes] = []
        """Lines of a flood that wait for the end of this turn of the event loop."""
        self._count = 0
        """Lines of this turn."""
        self._told = ""
        self._pending: deque[bytes] = deque()
        self._pending_size = 0
        self._lost = 0
        self._book: ChatBook | None = None
        self._end_watch: Callable[[], None] = lambda: None
        self._accounts: dict[AccountId, Account] = {}
        self._chats: dict[ChatKey, _ChatFacts] = {}
        self._written: dict[MessageId, Message] = {}
        self._late: dict[ConnectionId, Connection] = {}
        """Connections that the capture may have begun in the middle of."""
        self._anchors: dict[ConnectionId, dict[Direction, Anchor]] = {}
        if not self._file.position:
            self._write(form.first_line())

    def follow(self, book: ChatBook) -> None:
        """Write down all that happens in ``book`` from now on."""
        self._end_watch = book.observe(self._on_book_changed)

    def close(self) -> None:
        """The session is over."""
        self._end_watch()
        self._end_turn()
        self._flush()
        self._file.close()

    # -- told by the feed

    def note_connection(self, connection: Connection) -> None:
        if connection.flow.transport is Transport.TCP and not connection.is_captured:
            self._late[connection.id] = connection
        anchors = self._anchors.get(connection.id, {})
        self._write(form.connection_line(connection, anchors))

    def note_anchors(self, anchors: Callable[[ConnectionId], dict[Direction, Anchor]]) -> None:
        """Frames came. Where the capture began late, that may tell where its bytes lie."""
        for connection in list(self._late.values()):
            found = anchors(connection.id)
            if found == self._anchors.get(connection.id, {}):
                continue
            self._anchors[connection.id] = found
            self._write(form.connection_line(connection, found))
            if len(found) == len(Direction):
                del self._late[connection.id]

    def note_secret(self, key_log_line: str) -> None:
        self._write(form.secret_line(key_log_line))

    def note_message(self, message: Message) -> None:
        """A message has bytes on the wire; the chat that shows it has told of it before."""
        before = self._written.get(message.id)
        if before is not message and before != message:
            self._written[message.id] = message
            self._write(form.message_line(message))

    def look_after(self) -> None:
        """To be called now and then: write what could not be written before."""
        self._end_turn()
        self._file.look_after()
        self._flush()

    # -- told by the book

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, first: int, count: int
    ) -> None:
        if isinstance(what, AccountState):
            if self._accounts.get(what.account.id) != what.account:
                self._accounts[what.account.id] = what.account
                self._write(form.account_line(what.account))
            return
        match change:
            case Change.CHAT_ADDED | Change.CHAT_CHANGED:
                facts = (what.kind.value, what.label, what.own_nick, what.topic, what.modes)
                if self._chats.get(what.key) != facts:
                    self._chats[what.key] = facts
                    self._write(form.chat_line(what))
            case Change.CHAT_REMOVED:
                self._chats.pop(what.key, None)
                self._write(form.closed_line(what))
            case Change.ENTRIES_ADDED:
                for place in range(first, first + count):
                    self._note_entry(what, place, form.put_line)
            case Change.ENTRY_CHANGED:
                for place in range(first, first + count):
                    self._note_entry(what, place, form.set_line)
            case Change.ENTRIES_DROPPED:
                self._write(form.dropped_line(what, count))
            case _:
                pass

    def _note_entry(self, chat: Chat, place: int, line: Callable[[Chat, int], bytes]) -> None:
        entry = chat.entries[place]
        if isinstance(entry, Message) and not entry.is_history:
            self._written[entry.id] = entry
        self._write(line(chat, place))

    # -- the file

    def _write(self, line: bytes) -> None:
        if self._at_turn_end is not None and not self._count:
            self._at_turn_end(self._end_turn)
        self._count += self._at_turn_end is not None
        if self._count <= MAX_SINGLE:
            self._put([line])
        else:
            self._turn.append(line)

    def _end_turn(self) -> None:
        self._count = 0
        lines, self._turn = self._turn, []
        if lines:
            self._put(lines)

    def _put(self, lines: list[bytes]) -> None:
        if self._pending:
            self._flush()
        if self._pending or not self._file.append(b"".join(lines)):
            for line in lines:
                self._keep(line)
        self._tell()

    def _keep(self, line: bytes) -> None:
        if self._pending_size + len(line) > MAX_PENDING:
            self._lost += 1
            return
        self._pending.append(line)
        self._pending_size += len(line)

    def _flush(self) -> None:
        while self._pending and self._file.append(self._pending[0]):
            self._pending_size -= len(self._pending.popleft())
        if self._lost and not self._pending and self._file.append(form.lost_line(self._lost)):
            self._lost = 0
        self._tell()

    def _tell(self) -> None:
        fault = self._file.fault
        if fault != self._told:
            self._told = fault
            if fault:
                self._on_fault(f"{self._path} cannot be written: {fault}.", self._file.hint)
