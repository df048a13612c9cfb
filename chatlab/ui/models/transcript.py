"""The entries of one chat as rows, inserted in blocks however fast they arrive.

The chat book changes its list at once and tells about every line; a view that laid out each of
50,000 lines of a burst would stall. So the model keeps its own list of rows, notes what happened
to the chat's, and catches up at most once per ``BATCH_MS``, in a flood that nobody could read once
per ``FLOOD_MS``: one removal and one insertion per block. Row numbers and the chat's indices differ
only by what waits, which is all the arithmetic below.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QElapsedTimer,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
    Slot,
)

from chatlab.core.chats import AccountState, Change, Chat, ChatBook, Entry, Note, NoteKind
from chatlab.core.flow import Direction
from chatlab.core.message import Delivery, Message, MessageId, MessageKind
from chatlab.ui.pacing import pacer
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

BATCH_MS = 50
"""Rows follow a burst in blocks this far apart: below what an eye sees, above what a layout costs."""
FLOOD_MS = 100
"""So far apart while each block is longer than a screen: of all those rows none is ever read."""
_SCREEN = 60
"""Rows; no screen shows more."""


class Role(IntEnum):
    """What ``data`` answers beside the usual roles."""

    ENTRY = Qt.ItemDataRole.UserRole


DELIVERY_WORDS = {
    Delivery.QUEUED: "Waiting to be sent",
    Delivery.WRITTEN: "Handed to the operating system, not acknowledged yet",
    Delivery.ACKNOWLEDGED: "Acknowledged by the server’s TCP",
    Delivery.ECHOED: "The server has taken the message, and said so",
    Delivery.DELIVERED: "The other party’s program has it, and said so",
    Delivery.DISPLAYED: "It was on the other party’s screen; their program said so",
    Delivery.FAILED: "Not delivered",
}

_MOST_SPOKEN = 5
SPOKEN_ONE_BY_ONE = 3
"""More new messages than this at once are announced as a number."""
_NOTE_WORDS = {NoteKind.ERROR: "Error", NoteKind.WARNING: "Warning"}


def local_time(entry: Entry) -> datetime:
    """When it happened, on this computer's clock and in its zone."""
    return datetime.fromtimestamp(entry.time_ns / 1e9)


def as_line(entry: Entry) -> str:
    """The entry as one line of plain text: ``[12:03] <alice> hello``."""
    time = f"[{local_time(entry):%H:%M}]"
    if isinstance(entry, Note):
        return f"{time} {bare(entry.text)}"
    text, sender = "(taken back)" if entry.is_retracted else bare(entry.text), bare(entry.sender)
    match entry.kind:
        case MessageKind.ACTION:
            return f"{time} * {sender} {text}"
        case MessageKind.NOTICE:
            return f"{time} -{sender}- {text}"
        case _:
            return f"{time} <{sender}> {text}"


def as_text(entry: Entry) -> str:
    """The entry as it is copied: its first line as ``as_line`` has it, the others below."""
    first, *rest = entry.text.split("\n")
    return "\n".join((as_line(replace(entry, text=first)), *map(bare, rest)))


def spoken(entry: Entry) -> str:
    """The entry as a screen reader should say it, its state included."""
    time = f"{local_time(entry):%H:%M}"
    if isinstance(entry, Note):
        word = _NOTE_WORDS.get(entry.kind)
        text = f"{word}: {bare(entry.text)}" if word else bare(entry.text)
        return " ".join(filter(None, (text, bare(entry.hint), time)))
    verb = {MessageKind.ACTION: "", MessageKind.NOTICE: " (notice):"}.get(entry.kind, ":")
    said = "(taken back)" if entry.is_retracted else bare(entry.text)
    words = f"{bare(entry.sender)}{verb} {said}, {time}."
    if entry.reply_to:
        words += " It answers a message."
    if entry.is_corrected:
        words += " Edited."
    if entry.is_sealed:
        words += " Sealed end to end."
    for one in entry.reactions:
        words += f" {bare(one.text)} from {', '.join(map(bare, one.people[:_MOST_SPOKEN]))}."
    if entry.delivery is not None:
        words += f" {DELIVERY_WORDS[entry.delivery]}."
    if entry.failure:
        words += f" {entry.failure}"
    return words


def announcement(new: Sequence[Entry]) -> str:
    """What a screen reader says of entries that came; empty where they are our own."""
    foreign = [
        entry for entry in new if isinstance(entry, Note) or entry.direction is Direction.RECEIVED
    ]
    if len(foreign) > SPOKEN_ONE_BY_ONE:
        return f"{len(foreign)} new messages"
    return " ".join(spoken(entry) for entry in foreign)


class TranscriptModel(QAbstractListModel):
    """Shows one chat of a book that it does not own.

    Signals:
        arrived: how many entries were added at the end in this block.
    """

    arrived = Signal(int)

    def __init__(self, book: ChatBook, chat: Chat, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.chat = chat
        self._book = book
        self._rows: list[Entry] = list(chat.entries)
        self._waiting: list[Entry] = []
        self._to_drop = 0
        self._changed: set[int] = set()
        self._since_flush = QElapsedTimer()
        self._rest_ms = BATCH_MS
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._flush_in_turn)
        self._stop_observing = book.observe(
            self._on_book_changed,
            *(Change.ENTRIES_ADDED, Change.ENTRY_CHANGED, Change.ENTRIES_DROPPED),
        )
        self._is_open = True

    def close(self) -> None:
        """Stop following the chat; the rows stay as they are."""
        if self._is_open:
            self._is_open = False
            self._timer.stop()
            self._stop_observing()

    def entry(self, row: int) -> Entry:
        return self._rows[row]

    def row_of(self, message: MessageId) -> int | None:
        """The row of a message, sought from the newest; None when it left memory."""
        self.flush()
        for row in range(len(self._rows) - 1, -1, -1):
            entry = self._rows[row]
            if isinstance(entry, Message) and entry.id == message:
                return row
        return None

    def named(self, msgid: str) -> Message | None:
        """The message of this chat that the server calls ``msgid``, if it is in memory."""
        return self._book.named(self.chat.key, msgid) if msgid else None

    def speakers(self) -> list[str]:
        """Nicks of others, the last to speak first: the order that completion wants."""
        seen: dict[str, None] = {}
        for entry in reversed(self._rows[-500:]):
            if isinstance(entry, Message) and entry.direction is Direction.RECEIVED:
                seen.setdefault(entry.sender)
        return list(seen)

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        entry = self._rows[index.row()]
        match role:
            case Role.ENTRY:
                return entry
            case Qt.ItemDataRole.DisplayRole:
                return as_line(entry)
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken(entry)
        return None

    @Slot()
    def _flush_in_turn(self) -> None:
        if wait := pacer.wait_ms() if self._is_burst() else 0:
            self._timer.start(wait)
        else:
            self.flush()

    def _is_burst(self) -> bool:
        return self._since_flush.isValid() and self._since_flush.elapsed() < 2 * self._rest_ms

    @Slot()
    def flush(self) -> None:
        """Catch up with the chat now."""
        self._timer.stop()
        pacer.begin()
        self._since_flush.start()
        self._tell_changed()
        gone = min(self._to_drop, len(self._rows))
        del self._waiting[: self._to_drop - gone]
        self._to_drop = 0
        self._rest_ms = FLOOD_MS if len(self._waiting) > _SCREEN else BATCH_MS
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self._rows[:gone]
            self.endRemoveRows()
        if new := self._waiting:
            self._waiting = []
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows) + len(new) - 1)
            self._rows.extend(new)
            self.endInsertRows()
            self.arrived.emit(len(new))

    def _on_book_changed(
        self, change: Change, what: Chat | AccountState, first: int, count: int
    ) -> None:
        if what is not self.chat:
            return
        match change:
            case Change.ENTRIES_ADDED:
                self._add(first + self._to_drop, self.chat.entries[first : first + count])
            case Change.ENTRY_CHANGED:
                self._change(first + self._to_drop, self.chat.entries[first])
            case _:
                self._to_drop += count
        if not self._timer.isActive():
            rest_ms = self._rest_ms
            is_burst = self._since_flush.isValid() and self._since_flush.elapsed() < rest_ms
            self._timer.start(rest_ms if is_burst else 0)

    def _add(self, row: int, entries: list[Entry]) -> None:
        at = row - len(self._rows)
        if at >= 0:
            self._waiting[at:at] = entries
            return
        self._tell_changed()  # Rows noted there are about to move.
        self.beginInsertRows(QModelIndex(), row, row + len(entries) - 1)
        self._rows[row:row] = entries
        self.endInsertRows()

    def _change(self, row: int, entry: Entry) -> None:
        if row >= len(self._rows):
            self._waiting[row - len(self._rows)] = entry
        else:
            self._rows[row] = entry
            self._changed.add(row)

    def _tell_changed(self) -> None:
        if self._changed:
            rows, self._changed = self._changed, set()
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))
