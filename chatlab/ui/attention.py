"""Servers may hold back what can wait while nobody looks at the window (XEP-0352).

Only a while after the window went out of sight or focus: telling makes a packet, too, and one
looks something up elsewhere often and shortly. Coming back is told at once.
"""

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from chatlab.core.chats import ChatBook
from chatlab.core.xmpp_ports import AttentionTaker
from chatlab.ui.ports import Backstage

QUIET_MS = 60_000


class AttentionWatch(QObject):
    """Watches whether the program is the active one of the desktop."""

    def __init__(self, backstage: Backstage, book: ChatBook, parent: QObject) -> None:
        super().__init__(parent)
        self._backstage = backstage
        self._book = book
        self._is_active = True
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.timeout.connect(lambda: self._tell(is_active=False))
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.applicationStateChanged.connect(self.follow)

    def follow(self, state: Qt.ApplicationState) -> None:
        """The desktop says how it is with us."""
        if state is Qt.ApplicationState.ApplicationActive:
            self._quiet.stop()
            self._tell(is_active=True)
        elif not self._quiet.isActive() and self._is_active:
            self._quiet.start()

    def _tell(self, *, is_active: bool) -> None:
        if is_active is self._is_active:
            return
        self._is_active = is_active
        for account in self._book.accounts:
            connection: object = self._backstage.connection(account)
            if isinstance(connection, AttentionTaker):
                connection.set_active(is_active)
