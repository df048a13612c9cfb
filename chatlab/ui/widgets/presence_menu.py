"""The moods that an XMPP account can be seen in, as entries of a menu."""

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from chatlab.core.chats import AccountState
from chatlab.core.connection import LinkState
from chatlab.core.roster import Availability
from chatlab.ui.presence_words import PRESENCE_ICONS, PRESENCE_WORDS
from chatlab.ui.theme import icon

_MOODS = (
    Availability.AVAILABLE,
    Availability.CHAT,
    Availability.AWAY,
    Availability.EXTENDED_AWAY,
    Availability.DO_NOT_DISTURB,
)


def add_presence_menu(
    menu: QMenu, state: AccountState, choose: Callable[[Availability], None]
) -> QMenu:
    """Put “Others see you as” into ``menu``; the mood of now is marked."""
    inner = menu.addMenu(icon(PRESENCE_ICONS[state.availability][0]), menu.tr("Others see you as"))
    group = QActionGroup(inner)
    for mood in _MOODS:
        name, token = PRESENCE_ICONS[mood]
        action = inner.addAction(icon(name, token), PRESENCE_WORDS[mood])
        action.triggered.connect(partial(choose, mood))
        action.setCheckable(True)
        action.setChecked(mood is state.availability)
        font = inner.font()
        font.setBold(action.isChecked())  # Its sign leaves no room for a tick.
        action.setFont(font)
        group.addAction(action)
    inner.setEnabled(state.state is LinkState.ONLINE)
    return inner
