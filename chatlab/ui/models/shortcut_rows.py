"""The actions and their keys as rows, with the choices that are being made."""

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from chatlab.ui.actions import ActionId, ActionSpec, shortcut_texts, spec_of
from chatlab.ui.shortcuts import Chosen, expanded, portable, resolved

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class ShortcutColumn(IntEnum):
    ACTION = 0
    KEYS = 1
    MENU = 2
    STATE = 3


TITLES = {
    ShortcutColumn.ACTION: "Action",
    ShortcutColumn.KEYS: "Keys",
    ShortcutColumn.MENU: "Menu",
    ShortcutColumn.STATE: "",
}


class ShortcutModel(QAbstractTableModel):
    """Rows in the order of the menus; a filter leaves those that hold all of its words."""

    def __init__(
        self, actions: Sequence[ActionSpec], chosen: Chosen, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._actions = tuple(spec.id for spec in actions)
        self._chosen = dict(chosen)
        self._filter: list[str] = []
        self._keys = resolved(self._chosen)
        self._shown = self._actions

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """Keys by the name of an action, for those that have others than usual."""
        return dict(self._chosen)

    @property
    def keys(self) -> dict[ActionId, tuple[str, ...]]:
        """The keys of every action as the choices have them."""
        return self._keys

    def spec(self, row: int) -> ActionSpec | None:
        """A row of the table of actions with its keys of now."""
        if not 0 <= row < len(self._shown):
            return None
        action = self._shown[row]
        return replace(spec_of(action), shortcuts=self._keys[action])

    def row_of(self, action: ActionId) -> int | None:
        return self._shown.index(action) if action in self._shown else None

    def name_of(self, action: ActionId) -> str:
        return spec_of(action).plain_text.rstrip("…")

    def is_changed(self, action: ActionId) -> bool:
        return action.value in self._chosen

    # -- choices

    def set_keys(self, action: ActionId, keys: tuple[str, ...]) -> None:
        """``keys`` are free: no other action has one of them."""
        self._chosen[action.value] = keys
        self._settle()

    def take_from(self, action: ActionId, key: str) -> None:
        """An action loses a key, and whatever shares one of its meanings with it."""
        gone = set(expanded(key))
        left = tuple(one for one in self._keys[action] if not gone & set(expanded(one)))
        self.set_keys(action, left)

    def reset(self, action: ActionId) -> None:
        """The usual keys again, those that nobody else was given meanwhile."""
        self._chosen.pop(action.value, None)
        self._settle()

    def reset_all(self) -> None:
        self._chosen.clear()
        self._settle()

    def _settle(self) -> None:
        """What is as usual is no choice; keys may have come free."""
        for name in [name for name, keys in self._chosen.items() if keys == _usual(name)]:
            del self._chosen[name]
        self._keys = resolved(self._chosen)
        if self._shown:
            last = self.index(len(self._shown) - 1, len(ShortcutColumn) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def set_filter(self, words: str) -> None:
        self.beginResetModel()
        self._filter = words.casefold().split()
        self._shown = tuple(action for action in self._actions if self._fits(action))
        self.endResetModel()

    def _fits(self, action: ActionId) -> bool:
        spec = replace(spec_of(action), shortcuts=self._keys[action])
        words = (spec.plain_text, spec.menu.title, spec.keywords, *shortcut_texts(spec))
        text = " ".join(words).casefold()
        return all(word in text for word in self._filter)

    # -- Qt

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(ShortcutColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        is_title = orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole
        return TITLES[ShortcutColumn(section)] if is_title else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        spec = self.spec(index.row()) if index.isValid() else None
        if spec is None:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return spec.help
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        match ShortcutColumn(index.column()):
            case ShortcutColumn.ACTION:
                return self.name_of(spec.id)
            case ShortcutColumn.KEYS:
                return ", ".join(shortcut_texts(spec))
            case ShortcutColumn.MENU:
                return spec.menu.title
            case ShortcutColumn.STATE:
                return "Changed" if self.is_changed(spec.id) else ""


def _usual(name: str) -> tuple[str, ...]:
    """The keys that the table gives an action; none for a name that it does not know."""
    known = {action.value: action for action in ActionId}
    return tuple(map(portable, spec_of(known[name]).shortcuts)) if name in known else ()
