"""Which keys mean what now: those of the table, or those that the reader chose instead.

The choice is kept by the actions' names and in Qt's portable spelling. Whatever a settings file
says, no key ever means two things: what the reader chose comes first, then the table in its order.
"""

import weakref
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from chatlab.ui.action_table import ACTIONS, NUMBERS, ActionId, ActionSpec, Menu, spec_of

Chosen = Mapping[str, tuple[str, ...]]
"""Keys by the name of an action, for those whose keys the reader chose; may be none."""
NUMBER_SIGN = "{}"
_WRITES = QKeySequence.StandardKey
_IN_FIELDS = {
    _WRITES.Copy: "copies",
    _WRITES.Cut: "cuts",
    _WRITES.Paste: "pastes",
    _WRITES.Undo: "undoes",
    _WRITES.Redo: "redoes",
    _WRITES.SelectAll: "selects everything",
}
"""What every field does by itself; a shortcut there would never be heard of."""
_HOLDING = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class _KeySignals(QObject):
    """Signals:
    changed: other keys are in force; what tells of one says the new one.
    """

    changed = Signal()


key_signals = _KeySignals()


def key_text(shortcut: str) -> str:
    """A shortcut as keyboards of this system are labelled: ``Ctrl+K``, ``⌘K``."""
    return QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)


def portable(shortcut: str) -> str:
    """The one spelling of a shortcut; empty where it is none."""
    sign = NUMBER_SIGN if shortcut.endswith(NUMBER_SIGN) else ""
    text = f"{shortcut.removesuffix(NUMBER_SIGN)}1" if sign else shortcut
    sequence = QKeySequence(text, QKeySequence.SequenceFormat.PortableText)
    if sequence.count() != 1 or _first(sequence).key() == Qt.Key.Key_unknown:
        return ""
    found = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    return f"{found[:-1]}{sign}" if sign else found


def expanded(shortcut: str) -> tuple[str, ...]:
    """Every key that a shortcut stands for: nine for a numbered one."""
    if NUMBER_SIGN not in shortcut:
        return (shortcut,)
    return tuple(shortcut.format(number) for number in NUMBERS)


def resolved(chosen: Chosen) -> dict[ActionId, tuple[str, ...]]:
    """The keys of every action; a chosen key is taken from the action that had it by itself."""
    taken: set[str] = set()
    found: dict[ActionId, tuple[str, ...]] = {}
    for spec in ACTIONS:
        if (keys := chosen.get(spec.id.value)) is not None:
            found[spec.id] = _free(spec, keys, taken)
    for spec in ACTIONS:
        if spec.id not in found:
            found[spec.id] = _free(spec, spec.shortcuts, taken)
    return found


def _free(spec: ActionSpec, keys: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    free: list[str] = []
    for key in map(portable, keys):
        if not key or spec.is_numbered is not (NUMBER_SIGN in key) or taken & set(expanded(key)):
            continue
        taken.update(expanded(key))
        free.append(key)
    return tuple(free)


def fault_of(spec: ActionSpec, key: str) -> str:
    """Why a key cannot be a shortcut of an action, in a sentence; empty when it can."""
    if spec.is_numbered and NUMBER_SIGN not in key:
        return "This one stands for nine: press it with a number from 1 to 9."
    sequence = QKeySequence(key.replace(NUMBER_SIGN, "1"))
    shown = key_text(key.replace(NUMBER_SIGN, "1"))
    for standard, does in _IN_FIELDS.items():
        if sequence in QKeySequence.keyBindings(standard):
            return f"{shown} {does} in every field."
    for menu in Menu:
        letter = menu.value[menu.value.index("&") + 1].upper()
        if key == f"Alt+{letter}":
            return f"{shown} opens the {menu.title} menu."
    if not _is_held(_first(sequence)):
        return f"{shown} is needed for writing. Hold Ctrl or Alt, or take one of F1 to F12."
    return ""


def _first(sequence: QKeySequence) -> QKeyCombination:
    combination: QKeyCombination = sequence[0]  # type: ignore[index]  # Its stub leaves that out.
    return combination


def _is_held(keys: QKeyCombination) -> bool:
    """Pressed together with a key that writes nothing, or writing nothing itself."""
    is_function = Qt.Key.Key_F1 <= keys.key() <= Qt.Key.Key_F35
    is_shifted = bool(keys.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
    is_escape = keys.key() == Qt.Key.Key_Escape and is_shifted
    return is_function or is_escape or bool(keys.keyboardModifiers() & _HOLDING)


def owner_of(key: str, keys: Mapping[ActionId, tuple[str, ...]]) -> ActionId | None:
    """Which action has a key, or one of those that a numbered one stands for."""
    wanted = set(expanded(key))
    for action, those in keys.items():
        if any(wanted & set(expanded(one)) for one in those):
            return action
    return None


# -- in force


_in_force: dict[ActionId, tuple[str, ...]] = {}
_told: "weakref.WeakKeyDictionary[QWidget, tuple[str, ActionId]]" = weakref.WeakKeyDictionary()


def obey(chosen: Chosen) -> None:
    """Put the reader's keys into force, for everything that tells of keys."""
    _in_force.clear()
    _in_force.update(resolved(chosen))
    for widget, (words, action) in tuple(_told.items()):
        try:
            _tell(widget, words, action)
        except RuntimeError:  # Its C++ side is already gone; Python will follow.
            _told.pop(widget, None)
    key_signals.changed.emit()


def keys_of(action: ActionId) -> tuple[str, ...]:
    """The keys of an action, the one that menus show first."""
    return _in_force.get(action, spec_of(action).shortcuts)


def in_force(spec: ActionSpec) -> ActionSpec:
    """A row of the table with the keys of now."""
    return replace(spec, shortcuts=keys_of(spec.id))


def first_key(action: ActionId) -> str:
    """The key of an action for a reader; empty when it has none."""
    return next(map(key_text, keys_of(action)), "")


def with_key(words: str, action: ActionId) -> str:
    """``Find (Ctrl+F)``; the words alone where there is no key."""
    key = first_key(action)
    return f"{words} ({key})" if key else words


def how_to(action: ActionId) -> str:
    """How an action is reached, within a sentence: its key, or its place in the menus."""
    spec = spec_of(action)
    return first_key(action) or f"“{spec.plain_text}” in the {spec.menu.title} menu"


def set_key_tip(widget: QWidget, words: str, action: ActionId) -> None:
    """Name a button and say the key that does the same, as long as it lives."""
    _told[widget] = (words, action)
    _tell(widget, words, action)


def _tell(widget: QWidget, words: str, action: ActionId) -> None:
    shown = with_key(words, action)
    widget.setToolTip(shown)
    widget.setAccessibleName(shown)
