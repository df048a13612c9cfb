"""What the command palette offers, best match first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.core.chats import ChatBook, ChatKey, ChatKind
from chatlab.core.commands import COMMANDS, CommandSpec
from chatlab.ui.actions import ActionId, ActionSpec, shortcut_texts
from chatlab.ui.fuzzy import find
from chatlab.ui.topics import Topic, topics

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
ENTRY_ROLE = Qt.ItemDataRole.UserRole
POSITIONS_ROLE = Qt.ItemDataRole.UserRole + 1
MAX_SHOWN = 60
_ELSEWHERE = 40
"""Below any match in a title."""
_TOPIC_LAST = 10
"""Who types a few letters wants to do something rather than to read about it."""


_CHAT_ICONS = {
    ChatKind.SERVER: "server",
    ChatKind.CHANNEL: "channel",
    ChatKind.PRIVATE: "person",
}


class PaletteKind(Enum):
    """Where an entry leads; without a query they stand in this order."""

    CHAT = "Chat"
    ACTION = "Action"
    COMMAND = "Command"
    TOPIC = "Help"


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette."""

    kind: PaletteKind
    title: str
    target: ChatKey | ActionId | CommandSpec | Topic
    """What to do when it is picked."""
    detail: str = ""
    icon: str = ""
    shortcut: str = ""
    keywords: str = ""


def chat_entries(book: ChatBook) -> list[PaletteEntry]:
    """Every open chat; the account tells apart those of one name."""
    entries: list[PaletteEntry] = []
    for key, chat in book.chats.items():
        state = book.accounts.get(key.account)
        account = state.account.name if state else ""
        title = chat.heading or account
        icon = _CHAT_ICONS[chat.kind]
        detail = account if chat.title else "Server messages"
        entries.append(PaletteEntry(PaletteKind.CHAT, title, key, detail, icon))
    return entries


def contact_entries(book: ChatBook) -> list[PaletteEntry]:
    """Everybody on a roster with whom no chat is open yet."""
    entries: list[PaletteEntry] = []
    for account, state in book.accounts.items():
        for jid, contact in state.contacts.items():
            key = ChatKey(account, jid.lower())
            if key not in book.chats:
                detail = f"{jid} · {state.account.name}" if contact.name else state.account.name
                entries.append(PaletteEntry(PaletteKind.CHAT, contact.title, key, detail, "person"))
    return entries


def action_entries(specs: Iterable[ActionSpec]) -> list[PaletteEntry]:
    """The actions that can be triggered without a number."""
    return [
        PaletteEntry(
            PaletteKind.ACTION, spec.plain_text, spec.id, spec.help, spec.icon or "play",
            next(iter(shortcut_texts(spec)), ""), spec.keywords,
        )
        for spec in specs
        if not spec.is_numbered and spec.id is not ActionId.PALETTE
    ]  # fmt: skip


def command_entries() -> list[PaletteEntry]:
    return [
        PaletteEntry(
            PaletteKind.COMMAND,
            spec.usage,
            spec,
            spec.explanation,
            "edit",
            keywords=" ".join(spec.aliases),
        )
        for spec in COMMANDS
    ]


def topic_entries() -> list[PaletteEntry]:
    return [
        PaletteEntry(PaletteKind.TOPIC, topic.title, topic, "", "help", keywords=topic.keywords)
        for topic in topics()
    ]


class PaletteModel(QAbstractListModel):
    """The entries that fit the query."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: tuple[PaletteEntry, ...] = ()
        self._shown: list[tuple[PaletteEntry, tuple[int, ...]]] = []

    def set_entries(self, entries: Sequence[PaletteEntry]) -> None:
        self._entries = tuple(entries)
        self.set_query("")

    def set_query(self, query: str) -> None:
        """Show what fits. A query that begins with “/” means commands, with “#” chats."""
        self.beginResetModel()
        self._shown = _ranked(self._candidates(query), query)[:MAX_SHOWN]
        self.endResetModel()

    def entry(self, row: int) -> PaletteEntry | None:
        return self._shown[row][0] if 0 <= row < len(self._shown) else None

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry, positions = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = (entry.kind.value, entry.title, entry.detail, entry.shortcut)
            return ", ".join(word for word in words if word)
        if role == ENTRY_ROLE:
            return entry
        if role == POSITIONS_ROLE:
            return positions
        return None

    def _candidates(self, query: str) -> Iterable[PaletteEntry]:
        kind = {"/": PaletteKind.COMMAND, "#": PaletteKind.CHAT}.get(query[:1])
        return (entry for entry in self._entries if kind is None or entry.kind is kind)


def _ranked(
    entries: Iterable[PaletteEntry], query: str
) -> list[tuple[PaletteEntry, tuple[int, ...]]]:
    order = list(PaletteKind)
    ranked: list[tuple[int, int, PaletteEntry, tuple[int, ...]]] = []
    for entry in entries:
        place = order.index(entry.kind)
        if found := find(query, entry.title):
            later = _TOPIC_LAST if entry.kind is PaletteKind.TOPIC else 0
            ranked.append((later - found.score, place, entry, found.positions))
        elif _has_words(query, f"{entry.title} {entry.keywords} {entry.detail}"):
            ranked.append((_ELSEWHERE, place, entry, ()))
    ranked.sort(key=lambda row: row[:2])
    return [(entry, positions) for _, _, entry, positions in ranked]


def _has_words(query: str, text: str) -> bool:
    """Whole beginnings of words only: scattered letters in a sentence mean nothing."""
    words = text.casefold().split()
    return all(any(word.startswith(part) for word in words) for part in query.casefold().split())
