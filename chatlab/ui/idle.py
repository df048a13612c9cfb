"""Away by itself: told to the servers when nobody has touched the window for a while.

Off unless it was chosen, for every AWAY is a line on the wire. What was marked by hand stays.
"""

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

from chatlab.core.account import AccountId
from chatlab.core.chats import SERVER_CHAT, ChatBook
from chatlab.core.commands import Command, Verb
from chatlab.core.connection import LinkState
from chatlab.core.errors import ChatlabError
from chatlab.ui.ports import Backstage

CHECK_MS = 10_000
MESSAGE = "not at the keyboard"
_ACTIVITY = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.TouchBegin}
)


class IdleWatch(QObject):
    """Watches keys and clicks of the whole program while it is switched on."""

    def __init__(self, backstage: Backstage, book: ChatBook, parent: QObject) -> None:
        super().__init__(parent)
        self._backstage = backstage
        self._book = book
        self._minutes = 0
        self._since = QElapsedTimer()
        self._marked: set[AccountId] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_MS)
        self._timer.timeout.connect(self.check)

    def set_minutes(self, minutes: int) -> None:
        """0 switches it off."""
        was_on, self._minutes = self._minutes > 0, minutes
        application = QApplication.instance()
        if minutes and not was_on and application is not None:
            application.installEventFilter(self)
            self._since.start()
            self._timer.start()
        elif was_on and not minutes and application is not None:
            application.removeEventFilter(self)
            self._timer.stop()
            self._come_back()

    def check(self, idle_ms: int | None = None) -> None:
        """Mark the accounts away that are online, when it has been long enough."""
        idle_ms = self._since.elapsed() if idle_ms is None else idle_ms
        if not self._minutes or idle_ms < self._minutes * 60_000:
            return
        for account, state in self._book.accounts.items():
            if state.state is LinkState.ONLINE and not state.is_away and not state.source:
                self._marked.add(account)
                self._tell(account, Command(Verb.AWAY, (MESSAGE,)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _ACTIVITY:
            self._since.start()
            if self._marked:
                self._come_back()
        return False

    def _come_back(self) -> None:
        marked, self._marked = self._marked, set()
        for account in marked:
            state = self._book.accounts.get(account)
            if state is not None and state.state is LinkState.ONLINE:
                self._tell(account, Command(Verb.BACK))

    def _tell(self, account: AccountId, command: Command) -> None:
        connection = self._backstage.connection(account)
        if connection is None:
            return
        try:
            connection.execute(command, SERVER_CHAT)
        except ChatlabError:  # It went offline in this very moment: nobody sees us anyway.
            self._marked.discard(account)
