"""Below a chat's head: this account stays in clear for an experiment, though TLS is demanded."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from chatlab.core.account import Security
from chatlab.core.chats import AccountState
from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed, plain_label, small_font
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
            "In clear for an experiment: the server’s demand for TLS (STS) is not obeyed, so anyone "
            "on the path reads along. No password leaves. Done? Take the exception back."
        )
        self._text = plain_label(words, "", self)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        on_theme_changed(self._fit)
        self._fit()
        button = QPushButton(self.tr("Settings…"), self)
        button.setProperty("flat", True)
        button.clicked.connect(self.settings_clicked)
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + HALF, HALF, SPACE, HALF)
        line.setSpacing(SPACE)
        line.addWidget(IconLabel("lock-open", "attention", parent=self))
        line.addWidget(self._text, 1)
        line.addWidget(button)
        self.setAccessibleName(words)
        self.hide()

    def show_state(self, state: AccountState | None) -> None:
        self.setVisible(is_in_clear_for_an_experiment(state))

    def _fit(self) -> None:
        self._text.setFont(small_font())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("attention_soft"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.color("line"))
        painter.end()
