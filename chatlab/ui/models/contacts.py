"""The contacts of all XMPP accounts as rows: account, group, contact.

The list is flat and folds by itself: a roster of hundreds is rebuilt in a millisecond, and the
views are told about the rows that really differ. Presence comes in bursts after login; it is
taken in at most once per ``BATCH_MS``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)

from chatlab.core.account import AccountId, Application
from chatlab.core.chats import AccountState, Change, Chat, ChatBook
from chatlab.core.connection import LinkState
from chatlab.core.roster import Availability, Contact
from chatlab.ui.presence_words import contact_line
from chatlab.ui.rich_text import bare

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
BATCH_MS = 50
NO_GROUP = ""
_NO_GROUP_TITLE = "Without a group"


class Role(IntEnum):
    """What ``data`` answers beside the usual roles."""

    ROW = Qt.ItemDataRole.UserRole
    """An AccountRow, a GroupRow or a ContactRow."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A headline, where there is more than one account with contacts."""

    account: AccountId
    title: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of an account; those without one come last."""

    account: AccountId
    name: str
    online: int
    total: int
    is_folded: bool

    @property
    def title(self) -> str:
        return bare(self.name) or _NO_GROUP_TITLE


@dataclass(frozen=True, slots=True)
class ContactRow:
    account: AccountId
    contact: Contact


Row = AccountRow | GroupRow | ContactRow


def contacts_of(state: AccountState) -> Iterable[Contact]:
    """The roster as it is known: without a connection nobody can be seen."""
    if state.state is LinkState.ONLINE:
        return state.contacts.values()
    return [
        replace(contact, availability=Availability.OFFLINE, status="")
        for contact in state.contacts.values()
    ]


def _order(contact: Contact) -> tuple[bool, str, str]:
    is_offline = contact.availability is Availability.OFFLINE
    return is_offline, contact.title.casefold(), contact.jid


class ContactModel(QAbstractListModel):
    """Shows a book that it does not own."""

    def __init__(self, book: ChatBook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._book = book
        self._rows: list[Row] = []
        self._folded: set[tuple[AccountId, str]] = set()
        self._wanted = ""
        self._shows_offline = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self.flush)
        self._stop_observing = book.observe(self._on_book_changed, Change.ACCOUNT_CHANGED)
        self.flush()

    def close(self) -> None:
        """Stop following the book."""
        self._timer.stop()
        self._stop_observing()

    # What is wanted -------------------------------------------------------------------------

    def set_filter(self, wanted: str) -> None:
        """Show only contacts with these letters in name or address, folded or not."""
        self._wanted = wanted.strip().casefold()
        self.flush()

    def set_offline_shown(self, is_shown: bool) -> None:
        self._shows_offline = is_shown
        self.flush()

    def fold(self, group: GroupRow, is_folded: bool) -> None:
        key = (group.account, group.name)
        (self._folded.add if is_folded else self._folded.discard)(key)
        self.flush()

    @property
    def accounts(self) -> list[AccountState]:
        """Those that have contacts, or may have."""
        states = self._book.accounts.values()
        return [s for s in states if s.account.application is Application.XMPP and not s.source]

    @property
    def total(self) -> int:
        """Contacts, shown or not."""
        return sum(len(state.contacts) for state in self.accounts)

    def groups(self, account: AccountId) -> tuple[str, ...]:
        """The names of all groups of an account."""
        state = self._book.accounts.get(account)
        names = (
            {group for contact in state.contacts.values() for group in contact.groups}
            if state
            else set()
        )
        return tuple(sorted(names, key=str.casefold))

    def row_of(self, account: AccountId, jid: str) -> QModelIndex:
        """The first row of a contact; invalid while it is not shown."""
        for number, row in enumerate(self._rows):
            if isinstance(row, ContactRow) and (row.account, row.contact.jid) == (account, jid):
                return self.index(number)
        return QModelIndex()

    # Qt's questions -------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self._rows[index.row()], AccountRow):
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
                return bare(row.contact.title) if isinstance(row, ContactRow) else row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return _spoken(row)
        return None

    # What changes ---------------------------------------------------------------------------

    def flush(self) -> None:
        """Catch up with the book now."""
        self._timer.stop()
        new = self._all_rows()
        old_keys, new_keys = [_key(row) for row in self._rows], [_key(row) for row in new]
        shorter = min(len(old_keys), len(new_keys))
        start = 0
        while start < shorter and old_keys[start] == new_keys[start]:
            start += 1
        same = 0
        while same < shorter - start and old_keys[-1 - same] == new_keys[-1 - same]:
            same += 1
        if gone := len(old_keys) - same - start:
            self.beginRemoveRows(QModelIndex(), start, start + gone - 1)
            del self._rows[start : start + gone]
            self.endRemoveRows()
        if come := len(new) - same - start:
            self.beginInsertRows(QModelIndex(), start, start + come - 1)
            self._rows[start:start] = new[start : start + come]
            self.endInsertRows()
        self._replace_in_place(new)

    def _replace_in_place(self, new: list[Row]) -> None:
        """The same people in the same order, who are otherwise than before."""
        changed = [
            n for n, (was, now) in enumerate(zip(self._rows, new, strict=True)) if was != now
        ]
        self._rows = new
        if changed:
            self.dataChanged.emit(self.index(changed[0]), self.index(changed[-1]))

    def _on_book_changed(self, _change: Change, what: Chat | AccountState, *_: int) -> None:
        is_ours = isinstance(what, AccountState) and what.account.application is Application.XMPP
        if is_ours and not self._timer.isActive():
            self._timer.start()

    def _all_rows(self) -> list[Row]:
        states = self.accounts
        rows: list[Row] = []
        for state in states:
            found = self._account_rows(state)
            if found and len(states) > 1:
                rows.append(AccountRow(state.account.id, bare(state.account.name)))
            rows += found
        return rows

    def _account_rows(self, state: AccountState) -> list[Row]:
        groups: dict[str, list[Contact]] = {}
        for contact in contacts_of(state):
            if self._wanted and self._wanted not in f"{contact.name} {contact.jid}".casefold():
                continue
            for group in contact.groups or (NO_GROUP,):
                groups.setdefault(group, []).append(contact)
        if not any(contact.groups for contact in state.contacts.values()):
            # A headline over the only list there is would say nothing.
            return self._contact_rows(state.account.id, groups.get(NO_GROUP, []))
        rows: list[Row] = []
        for name in sorted(groups, key=lambda name: (name == NO_GROUP, name.casefold())):
            rows += self._group_rows(state.account.id, name, groups[name])
        return rows

    def _group_rows(self, account: AccountId, name: str, contacts: list[Contact]) -> list[Row]:
        rows = self._contact_rows(account, contacts)
        if not rows:
            return []
        online = sum(c.availability is not Availability.OFFLINE for c in contacts)
        is_folded = (account, name) in self._folded and not self._wanted
        group = GroupRow(account, name, online, len(contacts), is_folded)
        return [group] if is_folded else [group, *rows]

    def _contact_rows(self, account: AccountId, contacts: list[Contact]) -> list[Row]:
        """Those that are wanted, the ones who are there first."""
        shows_all = self._shows_offline or bool(self._wanted)
        shown = (c for c in contacts if shows_all or c.availability is not Availability.OFFLINE)
        return [ContactRow(account, contact) for contact in sorted(shown, key=_order)]


def _key(row: Row) -> tuple[str, str, str]:
    """What makes a row the same row, whatever it shows."""
    match row:
        case AccountRow(account):
            return "account", account, ""
        case GroupRow(account, name):
            return "group", account, name
        case ContactRow(account, contact):
            # Somebody in two groups has two rows; they never stand side by side.
            return "contact", account, contact.jid


def _spoken(row: Row) -> str:
    match row:
        case AccountRow():
            return f"Account {row.title}"
        case GroupRow():
            state = "folded" if row.is_folded else "open"
            return f"Group {row.title}, {row.online} of {row.total} online, {state}"
        case ContactRow(_, contact):
            return f"{bare(contact.title)}, {bare(contact_line(contact))}"
