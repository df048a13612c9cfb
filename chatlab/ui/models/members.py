"""The members of a channel as rows, grouped by what they may do there.

A netsplit takes hundreds of members in a second, so the rows are compared and changed at most once
per ``BATCH_MS``; only the part that differs is removed and inserted, so the view keeps its place.
"""

from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)

from chatlab.core.chat import Member
from chatlab.core.chats import AccountState, Change, Chat, ChatBook
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
BATCH_MS = 80

RANKS = {
    "~": "Owners",
    "&": "Admins",
    "@": "Operators",
    "%": "Half-operators",
    "+": "With voice",
    "": "Members",
    "moderator": "Moderators",
    "participant": "Participants",
    "visitor": "Visitors",
}
"""Groups by status sign (ISUPPORT PREFIX) or by role in a room (XEP-0045), highest first."""
STANDING_WORDS = {"owner": "owner", "admin": "admin", "member": "member", "outcast": "banned"}
"""Affiliations with a room, for a sentence; who has none is not talked about."""
_PLACES = {sign: place for place, sign in enumerate(RANKS)}


class Role(IntEnum):
    """What ``data`` answers beside the usual roles."""

    ROW = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A heading: the rank, and how many have it."""

    title: str
    count: int


Row = GroupRow | Member


def _sign(member: Member) -> str:
    if member.role:
        return member.role if member.role in RANKS else "participant"
    first = member.prefixes[:1]
    return first if first in RANKS else ("@" if first else "")


def rows_of(members: dict[str, Member], wanted: str = "") -> list[Row]:
    """Members that contain ``wanted``, grouped by rank and sorted by nick."""
    needle = wanted.strip().lower()
    groups: dict[str, list[tuple[str, Member]]] = {}
    for name, member in members.items():
        if needle in name:
            groups.setdefault(_sign(member), []).append((name, member))
    rows: list[Row] = []
    for sign in sorted(groups, key=_PLACES.__getitem__):
        group = sorted(groups[sign], key=lambda item: item[0])
        rows.append(GroupRow(RANKS[sign], len(group)))
        rows += [member for _, member in group]
    return rows


class MemberModel(QAbstractListModel):
    """Shows the members of one chat of a book that it does not own."""

    def __init__(self, book: ChatBook, chat: Chat, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._chat = chat
        self._wanted = ""
        self._rows = rows_of(chat.members)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.flush)
        self._stop_observing = book.observe(self._on_book_changed, Change.MEMBERS_CHANGED)
        self._is_open = True

    def close(self) -> None:
        """Stop following the chat."""
        if self._is_open:
            self._is_open = False
            self._timer.stop()
            self._stop_observing()

    def set_filter(self, wanted: str) -> None:
        """Show only nicks that contain ``wanted``."""
        self._wanted = wanted
        self.flush()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._rows[index.row()], GroupRow):
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Role.ROW:
                return row
            case Qt.ItemDataRole.DisplayRole:
                return row.title if isinstance(row, GroupRow) else bare(row.nick)
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(row)
        return None

    def flush(self) -> None:
        """Catch up with the chat now."""
        self._timer.stop()
        old, new = self._rows, rows_of(self._chat.members, self._wanted)
        start = 0
        while start < min(len(old), len(new)) and old[start] == new[start]:
            start += 1
        same = 0
        while same < min(len(old), len(new)) - start and old[-1 - same] == new[-1 - same]:
            same += 1
        if gone := len(old) - same - start:
            self.beginRemoveRows(QModelIndex(), start, start + gone - 1)
            self._rows = old[:start] + old[len(old) - same :]
            self.endRemoveRows()
        if come := len(new) - same - start:
            self.beginInsertRows(QModelIndex(), start, start + come - 1)
            self._rows = new
            self.endInsertRows()

    def _on_book_changed(self, _change: Change, what: Chat | AccountState, *_: int) -> None:
        if what is self._chat and not self._timer.isActive():
            self._timer.start()


def _spoken(row: Row) -> str:
    if isinstance(row, GroupRow):
        return f"{row.title}: {row.count}"
    rank = RANKS[_sign(row)].rstrip("s").lower() if row.prefixes or row.role else ""
    standing = STANDING_WORDS.get(row.affiliation, "")
    away = "away" if row.is_away else ""
    return ", ".join(filter(None, (bare(row.nick), rank, standing, away)))
