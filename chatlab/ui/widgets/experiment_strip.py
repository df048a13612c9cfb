"""Below a chat's head: this account stays in clear for an experiment, though TLS is demanded."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from chatlab.core.account import Security
from chatlab.core.chats import AccountState
from chatlab.ui.theme import HALF, SPACE, plain_label
from chatlab.ui.widgets.icon_label import IconLabel


def is_in_clear_for_an_experiment(state: AccountState | None) -> bool:
    """The account obeys no demand for TLS (IRCv3 STS), and connects without."""
    if state is None:
        return False
    return state.account.ignores_sts and state.account.security is Security.PLAIN


class ExperimentStrip(QWidget):
    """Says what holds and what to do about it, for as long as it holds.

    Signals:
        settings_clicked: the account's settings, where the exception is taken back.
    """

    settings_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = self.tr(
            "In clear for an experiment: demands for TLS (STS) are not obeyed here, anyone on the "
            "path reads along, and no password leaves. When you are done, take the exception back."
        )
        text = plain_label(words, "small", self)
        text.setWordWrap(True)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        button = QPushButton(self.tr("Settings…"), self)
        button.setProperty("flat", True)
        button.clicked.connect(self.settings_clicked)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + HALF, HALF, SPACE, HALF)
        line.setSpacing(SPACE)
        line.addWidget(IconLabel("lock-open", "attention", parent=self))
        line.addWidget(text, 1)
        line.addWidget(button)
        self.setAccessibleName(words)
        self.hide()

    def show_state(self, state: AccountState | None) -> None:
        self.setVisible(is_in_clear_for_an_experiment(state))
