"""The first question about a new account: which kind of network."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from chatlab.ui.dialogs.parts import Sheet, header
from chatlab.ui.theme import SPACE
from chatlab.ui.widgets.card import Card

WIDTH = 76 * SPACE
MAX_HEIGHT = 500


class NewAccountDialog(Sheet):
    """IRC or XMPP; use it with ``open()``.

    Signals:
        irc_chosen, xmpp_chosen: the dialog has closed itself.
    """

    irc_chosen = Signal()
    xmpp_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("New account", parent)
        subtitle = "Which network is it on? Nothing is sent until you connect."
        self.head.addWidget(header(self.windowTitle(), subtitle, self))
        self.irc = Card(
            "channel",
            "accent",
            "IRC",
            "Channels that anyone can enter with a nick. No account on a server is needed.",
            is_big=True,
        )
        self.xmpp = Card(
            "account",
            "accent",
            "XMPP",
            "Contacts and rooms by an address like e-mail, the same on all your devices. "
            "You have an account on a server, or make one here.",
            is_big=True,
        )
        row = QHBoxLayout()
        row.setSpacing(2 * SPACE)
        for card in (self.irc, self.xmpp):
            row.addWidget(card, 1)
        self.body.addLayout(row)
        self.body.addStretch(1)
        self.foot.addStretch(1)
        self.cancel_button = self.add_button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.irc.clicked.connect(lambda: self._leave_by(is_xmpp=False))
        self.xmpp.clicked.connect(lambda: self._leave_by(is_xmpp=True))
        self.settle(None)
        self.irc.setFocus()
        self.fit(WIDTH, MAX_HEIGHT)

    def _leave_by(self, *, is_xmpp: bool) -> None:
        self.accept()
        (self.xmpp_chosen if is_xmpp else self.irc_chosen).emit()
