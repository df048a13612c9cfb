"""Every action of the window, once: menus, keys, the command palette and Help obey one table.

The table is ``action_table``. An action that nobody listens to is neither shown nor listed, so Help
never promises what does not happen. ``Actions`` is made with the window; its icons are drawn when a
menu first opens.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from chatlab.ui import shortcuts
from chatlab.ui.action_table import ACTIONS, NUMBERS, ActionId, ActionSpec, Menu, spec_of
from chatlab.ui.shortcuts import key_text
from chatlab.ui.theme import set_icon

__all__ = [
    "ACTIONS",
    "NUMBERS",
    "ActionId",
    "ActionSpec",
    "Actions",
    "Menu",
    "key_text",
    "shortcut_texts",
    "spec_of",
]


def shortcut_texts(spec: ActionSpec) -> tuple[str, ...]:
    """All shortcuts of an action for a reader; a numbered one says its range once."""
    if spec.is_numbered:
        first, last = NUMBERS[0], NUMBERS[-1]
        return tuple(
            f"{key_text(keys.format(first))} … {key_text(keys.format(last))}"
            for keys in spec.shortcuts
        )
    return tuple(key_text(keys) for keys in spec.shortcuts)


class Actions(QObject):
    """The actions of one window. Connect them with ``on`` and ``on_number``, then ``fill``."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._made: dict[ActionId, QAction] = {}
        self._numbered: dict[ActionId, list[QAction]] = {}

    def on(self, action: ActionId, handler: Callable[[], object]) -> QAction:
        """Do ``handler`` for this action; returns it, so that it can be switched off or renamed."""
        made = self.action(action)
        made.triggered.connect(lambda _checked=False: handler())
        return made

    def on_number(self, action: ActionId, handler: Callable[[int], object]) -> None:
        """Do ``handler`` with the number for each of the nine."""
        spec = spec_of(action)
        if not spec.is_numbered:
            raise ValueError(f"{action} has no number")
        for number in NUMBERS:
            made = self._make(spec, number)
            made.triggered.connect(lambda _checked=False, number=number: handler(number))
            self._numbered.setdefault(action, []).append(made)

    def action(self, action: ActionId) -> QAction:
        """The action itself, made when first asked for."""
        if action not in self._made:
            self._made[action] = self._make(spec_of(action))
        return self._made[action]

    def obeyed(self) -> tuple[ActionSpec, ...]:
        """The actions that do something, in the order of the table."""
        made = (s for s in ACTIONS if s.id in self._made or s.id in self._numbered)
        return tuple(shortcuts.in_force(spec) for spec in made)

    def obey(self, chosen: shortcuts.Chosen) -> None:
        """Take the keys that the reader chose; every menu, tip and page says them from now on."""
        shortcuts.obey(chosen)
        for action, made in self._made.items():
            _give_keys(made, spec_of(action))
        for action, several in self._numbered.items():
            for number, made in zip(NUMBERS, several, strict=True):
                _give_keys(made, spec_of(action), number)

    def trigger(self, action: ActionId) -> bool:
        """As if its menu entry were picked; False when it is switched off."""
        made = self._made.get(action)
        if made is None or not made.isEnabled():
            return False
        made.trigger()
        return True

    def fill(self, bar: QMenuBar) -> None:
        """Put every action that does something into its menu."""
        for menu in Menu:
            specs = [spec for spec in self.obeyed() if spec.menu is menu]
            if specs:
                self._fill_menu(bar.addMenu(menu.value), specs)

    def _make(self, spec: ActionSpec, number: int | None = None) -> QAction:
        made = QAction(spec.text if number is None else spec.text.format(number), self)
        made.setObjectName(spec.id.value if number is None else f"{spec.id.value}-{number}")
        made.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        made.setCheckable(spec.is_checkable)
        made.setStatusTip(spec.help)
        _give_keys(made, spec, number)
        made.setMenuRole(_MAC_ROLES.get(spec.id, QAction.MenuRole.NoRole))
        self._window.addAction(made)
        return made

    def _fill_menu(self, menu: QMenu, specs: list[ActionSpec]) -> None:
        for spec in specs:
            if spec.starts_group and not menu.isEmpty():
                menu.addSeparator()
            if spec.id in self._numbered:
                submenu = menu.addMenu(spec.text.partition("&")[0].strip())
                submenu.addActions(self._numbered[spec.id])
            else:
                menu.addAction(self._made[spec.id])
        menu.aboutToShow.connect(lambda: self._wear_icons(specs))

    def _wear_icons(self, specs: list[ActionSpec]) -> None:
        for spec in specs:
            made = self._made.get(spec.id)
            if made is not None and spec.icon and not spec.is_checkable and made.icon().isNull():
                set_icon(made, spec.icon)


def _give_keys(made: QAction, spec: ActionSpec, number: int | None = None) -> None:
    """The keys that are in force, and the tip that says the first of them."""
    keys = [key.format(number) for key in shortcuts.keys_of(spec.id)]
    made.setShortcuts([QKeySequence(key) for key in keys])
    made.setToolTip(f"{spec.help} ({key_text(keys[0])})" if keys else spec.help)


_MAC_ROLES = {
    ActionId.QUIT: QAction.MenuRole.QuitRole,
    ActionId.ABOUT: QAction.MenuRole.AboutRole,
    ActionId.ACCOUNTS: QAction.MenuRole.PreferencesRole,
}
