"""Transcripts on disk: one SQLite file, written in blocks by one thread of its own.

The window never waits for the disk: ``append`` only notes, ``last`` is awaited. Chat names are
values in a table and never become file names. A damaged file is moved aside and a new one begun;
a full disk is reported once, and what could not be written is tried again with the next line.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import sqlite3
import threading
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chatlab.core.account import AccountId
from chatlab.core.chats import ChatKey, Entry
from chatlab.core.errors import FileError
from chatlab.core.message import Message
from chatlab.store.files import keep_aside
from chatlab.store.history_rows import COLUMNS, Row, entry_of, row_of
from chatlab.store.history_schema import bring_up_to_date
from chatlab.store.history_search import find_messages
from chatlab.store.paths import make_private

log = logging.getLogger(__name__)
T = TypeVar("T")
BATCH_ROWS = 500
"""Rows of one transaction; a burst becomes several, so that a reader gets its turn."""
MAX_WAITING = 100_000
"""Rows kept in memory while the disk refuses them; then the oldest go, and are counted as lost."""
_AT_ONCE = (40, 1)
"""Rows of one statement: for each statement the window has to let go of the interpreter once."""
_BUSY_TIMEOUT_S = 5.0
_NAMES = ", ".join(COLUMNS)
_VALUES = f"({', '.join('?' * len(COLUMNS))})"
_INSERT = {
    count: f"INSERT INTO entries ({_NAMES}) VALUES {', '.join([_VALUES] * count)}"
    for count in _AT_ONCE
}
_IS_NAMED = "SELECT 1 FROM entries WHERE account = ? AND chat = ? AND msgid = ? AND msgid != ''"
_TIME_OF = (
    "SELECT time_ns FROM entries WHERE account = ? AND chat = ? AND msgid = ? AND msgid != ''"
)
_NEWEST = """
SELECT chat, MAX(time_ns) FROM entries WHERE account = ? AND kind NOT LIKE 'note:%'
AND (is_sent = 0 OR delivery IN ('echoed', 'delivered', 'displayed')) GROUP BY chat
"""
_IS_THERE = """
SELECT 1 FROM entries WHERE account = ? AND chat = ? AND time_ns = ? AND sender = ? AND text = ?
AND (msgid = '' OR ? = '')
"""
_MAY_CHANGE = (
    "time_ns", "text", "delivery", "detail", "msgid", "is_corrected", "is_retracted", "reactions",
)  # fmt: skip
_CHANGE = f"UPDATE entries SET {', '.join(f'{name} = ?' for name in _MAY_CHANGE)} WHERE "
_LAST = f"""
SELECT * FROM (
    SELECT id, {_NAMES} FROM entries WHERE account = ? AND chat = ? AND time_ns < ?
    ORDER BY time_ns DESC, id DESC LIMIT ?
) ORDER BY time_ns, id
"""
_END_OF_TIME = 2**63 - 1


@dataclass(slots=True)
class _Waiting:
    """What is still to be written; shared by two threads, under the history's lock."""

    rows: deque[Row] = field(default_factory=deque)
    lost: int = 0
    """Rows for which there was no room any more."""
    changes: dict[str, Row] = field(default_factory=dict)
    is_scheduled: bool = False


class History:
    """All transcripts of this user.

    ``report`` is told of trouble, from the writing thread, once for each kind of it.
    """

    def __init__(
        self, path: Path, report: Callable[[FileError], None], *, is_keeping: bool = True
    ) -> None:
        self._path = path
        self._report = report
        self.is_keeping = is_keeping
        """False: nothing more is written. What is there stays until it is deleted."""
        self._search = 0
        """The number of the search that is wanted; older ones give up."""
        self._session = uuid.uuid4().hex[:12]
        self._lock = threading.Lock()
        self._waiting = _Waiting()
        self._reported: set[str] = set()
        self._executor: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    def append(self, key: ChatKey, entry: Entry) -> None:
        """Have ``entry`` written soon; returns at once."""
        if self.is_keeping:
            row, waiting = row_of(key, entry, self._session), self._waiting
            with self._lock:
                waiting.rows.append(row)
                if len(waiting.rows) > MAX_WAITING:
                    waiting.rows.popleft()
                    waiting.lost += 1
            self._schedule()

    def change(self, key: ChatKey, message: Message) -> None:
        """A message is not what it was (delivered, failed, rewritten, reacted to)."""
        row = row_of(key, message, self._session)
        if self.is_keeping and row.message is not None:
            with self._lock:
                self._waiting.changes[row.message] = row
            self._schedule()

    async def last(
        self, key: ChatKey, count: int, before_ns: int = _END_OF_TIME
    ) -> tuple[Entry, ...]:
        """The newest ``count`` entries of a chat older than ``before_ns``, oldest first.

        Empty when nothing can be read; why is reported.
        """
        if self._executor is None and not self._path.exists():
            return ()
        return await asyncio.wrap_future(self._run(lambda: self._read(key, count, before_ns), ()))

    async def time_of(self, key: ChatKey, msgid: str) -> int | None:
        """When the message that the server calls ``msgid`` was said; None if it is not kept."""
        if not msgid or (self._executor is None and not self._path.exists()):
            return None

        def find() -> int | None:
            self._write()
            found = self._open().execute(_TIME_OF, (key.account, key.name, msgid)).fetchone()
            return int(found[0]) if found else None

        return await asyncio.wrap_future(self._run(find, None))

    async def newest(self, account: AccountId) -> dict[str, int]:
        """By chat: the time of the newest message that came, or that the server surely has."""
        if self._executor is None and not self._path.exists():
            return {}

        def find() -> dict[str, int]:
            self._write()
            return dict(self._open().execute(_NEWEST, (account,)).fetchall())

        return await asyncio.wrap_future(self._run(find, {}))

    async def search(self, wanted: str, limit: int) -> tuple[Message, ...]:
        """The newest messages that contain ``wanted``, newest first; why there is none is reported.

        A later search makes an earlier one give up.
        """
        self._search = number = self._search + 1
        if not wanted or (self._executor is None and not self._path.exists()):
            return ()

        def find() -> tuple[Message, ...]:
            if self._search != number:
                return ()
            self._write()
            return find_messages(self._open(), wanted, limit, lambda: self._search != number)

        return await asyncio.wrap_future(self._run(find, ()))

    async def delete_chat(self, key: ChatKey) -> bool:
        """False when the disk refused; why is reported."""
        return await self._delete("account = ? AND chat = ?", key.account, key.name)

    async def delete_account(self, account: AccountId) -> bool:
        return await self._delete("account = ?", account)

    async def delete_everything(self) -> bool:
        return await self._delete("account IS NOT NULL")

    def close(self) -> None:
        """Write what is waiting and let go of the file; a later call opens it again."""
        if self._executor is not None:
            self._run(self._close, None)
            self._executor.shutdown()
            self._executor = None

    def _schedule(self) -> None:
        with self._lock:
            if self._waiting.is_scheduled:
                return
            self._waiting.is_scheduled = True
        self._run(self._write, None)

    def _run(self, call: Callable[[], T], failed: T) -> "Future[T]":
        """Call in the writing thread; trouble with the disk is reported, the answer ``failed``."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="history")
        return self._executor.submit(self._guarded, call, failed)

    def _guarded(self, call: Callable[[], T], failed: T) -> T:
        try:
            try:
                return call()
            except sqlite3.DatabaseError as error:
                # The subclasses mean locked, full or ours: then the file itself is well.
                if type(error) is not sqlite3.DatabaseError:
                    raise
                self._move_aside(error)
                return call()
        except FileError as error:
            self._tell(error)
        except (sqlite3.Error, OSError) as error:
            self._tell(
                FileError(
                    f"The chat history on disk could not be used: {error}.",
                    f"Chatting goes on. See to {self._path.parent}: free space, rights.",
                )
            )
        return failed

    def _tell(self, error: FileError) -> None:
        if error.message not in self._reported:
            self._reported.add(error.message)
            self._report(error)

    # What follows runs in the writing thread.

    def _write(self) -> None:
        with self._lock:
            self._waiting.is_scheduled = False
        while self._write_batch():
            pass

    def _write_batch(self) -> bool:
        """One transaction; False when there is nothing more. Nothing is lost if it fails."""
        with self._lock:
            rows = [self._waiting.rows[i] for i in range(min(BATCH_ROWS, len(self._waiting.rows)))]
            is_rest = len(rows) < len(self._waiting.rows)
            # A change may be for a row that still waits, so changes go with the last rows.
            changes = {} if is_rest else dict(self._waiting.changes)
        if not rows and not changes:
            return False
        connection = self._open()
        with connection:
            self._insert(connection, rows)
            for row in changes.values():
                self._change(connection, row)
        self._forget_written(rows, changes)
        self._reported.clear()
        self._tell_lost()
        return True

    def _insert(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
        at = 0
        while at < len(rows):
            count = next(count for count in _AT_ONCE if count <= len(rows) - at)
            piece = rows[at : at + count]
            if any(row.is_history for row in piece):  # It may be there, or twice among these.
                piece = rows[at : at + 1]
            at += len(piece)
            if not piece[0].is_history or not self._is_there(connection, piece[0]):
                values = itertools.chain.from_iterable(row.values() for row in piece)
                connection.execute(_INSERT[len(piece)], tuple(values))

    def _tell_lost(self) -> None:
        with self._lock:
            lost, self._waiting.lost = self._waiting.lost, 0
        if lost:
            self._tell(
                FileError(
                    f"{lost:,} lines are missing in the chat history: the disk took none for long.",
                    "“Save session” in the File menu still keeps them.",
                )
            )

    def _forget_written(self, rows: list[Row], changes: dict[str, Row]) -> None:
        with self._lock:
            for row in rows:
                # The deque may have dropped some of them meanwhile, from the same end.
                if self._waiting.rows and self._waiting.rows[0] is row:
                    self._waiting.rows.popleft()
            for name, row in changes.items():
                if self._waiting.changes.get(name) is row:
                    del self._waiting.changes[name]

    def _change(self, connection: sqlite3.Connection, row: Row) -> None:
        """Find the row by its number, by its name of this session, or else by the server's."""
        new = tuple(getattr(row, name) for name in _MAY_CHANGE)
        if row.identity is not None:
            connection.execute(f"{_CHANGE} id = ?", (*new, row.identity))
        elif not connection.execute(f"{_CHANGE} message = ?", (*new, row.message)).rowcount:
            named = (row.account, row.chat, row.msgid)
            connection.execute(
                f"{_CHANGE} account = ? AND chat = ? AND msgid = ? AND msgid != ''", (*new, *named)
            )

    def _is_there(self, connection: sqlite3.Connection, row: Row) -> bool:
        """A replay is known by the server's name for it, or by its time, sender and words."""
        named = (row.account, row.chat, row.msgid)
        if row.msgid and connection.execute(_IS_NAMED, named).fetchone():
            return True
        wanted = (row.account, row.chat, row.time_ns, row.sender, row.text, row.msgid)
        return connection.execute(_IS_THERE, wanted).fetchone() is not None

    def _read(self, key: ChatKey, count: int, before_ns: int) -> tuple[Entry, ...]:
        self._write()
        wanted = (key.account, key.name, before_ns, count)
        found = self._open().execute(_LAST, wanted).fetchall()
        return tuple(
            entry_of(line[0], Row(**dict(zip(COLUMNS, line[1:], strict=True)))) for line in found
        )

    async def _delete(self, where: str, *values: str) -> bool:
        if self._executor is None and not self._path.exists():
            return True

        def delete() -> bool:
            self._write()
            connection = self._open()
            with connection:
                connection.execute(f"DELETE FROM entries WHERE {where}", values)
            # Else the deleted words would stay readable in the log beside the file.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return True

        return await asyncio.wrap_future(self._run(delete, False))

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_private(self._path.parent)
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        # Made here, with its mode, before SQLite would make it readable for everyone.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            bring_up_to_date(connection)
            connection.execute(f"SELECT {_NAMES} FROM entries LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        self._let_go()
        aside = keep_aside(self._path)
        if aside is not None:
            # The log belongs to the damaged file; beside a new one it would damage that.
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self._path}-wal", f"{aside}-wal")
        if aside is None:
            raise FileError(
                f"The chat history {self._path} is damaged ({error}) and cannot be moved.",
                "Rename the file yourself, then restart ChatLab.",
            ) from error
        self._tell(
            FileError(
                f"The chat history was damaged ({error}).",
                f"It is kept as {aside.name}; a new one is begun.",
            )
        )

    def _close(self) -> None:
        try:
            self._write()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
