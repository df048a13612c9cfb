"""The strip at the bottom: is it capturing, how far away is the server, how is it protected."""

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QWidget

from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureRefused,
    CaptureReplayed,
    CaptureStatus,
)
from chatlab.core.chats import AccountState
from chatlab.core.connection import LinkState
from chatlab.ui.rich_text import bare, tooltip
from chatlab.ui.theme import (
    HALF,
    SPACE,
    on_theme_changed,
    plain_label,
    set_icon,
    small_font,
)
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.icon_label import IconLabel
from chatlab.ui.widgets.security_badge import ICON_TOKENS, security_facts

_ICON = 14
_BRIEF_MS = 5_000


class StatusStrip(QWidget):
    """Facts only, each with an icon and words; the window tells it when they change.

    Signals:
        capture_clicked: the capture's words were clicked.
    """

    capture_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self._capture = QToolButton(self)
        self._capture.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._capture.setFont(small_font())
        self._capture.clicked.connect(self.capture_clicked)
        self._drops = plain_label("", "small", self)
        self._drops_sign = IconLabel("warning", "attention", _ICON, self)
        self._account = ElidedLabel("", "small", self)
        self._account.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._lag = plain_label("", "small", self)
        self._security = plain_label("", "small", self)
        self._security_sign = IconLabel("lock", "plumbing", _ICON, self)
        self._message = ElidedLabel("", "small", self)
        self._message.setAlignment(Qt.AlignmentFlag.AlignRight)
        line = QHBoxLayout(self)
        line.setContentsMargins(HALF, 1, SPACE + HALF, 1)
        line.setSpacing(HALF)
        line.addWidget(self._capture)
        line.addWidget(self._drops_sign)
        line.addWidget(self._drops)
        line.addSpacing(2 * SPACE)
        line.addWidget(self._account)
        line.addWidget(self._lag)
        line.addSpacing(2 * SPACE)
        line.addWidget(self._security_sign)
        line.addWidget(self._security)
        line.addSpacing(SPACE)
        line.addWidget(self._message, 1)
        on_theme_changed(self._on_theme_changed)
        self.show_capture(CaptureIdle())
        self.show_account(None)

    def show_capture(self, status: CaptureStatus, count: int | None = None) -> None:
        """The capture's state, in words; ``count`` frames are there, those before a pause, too."""
        drops, tip = "", ""
        match status:
            case CaptureLive():
                sign, token = "capture-start", "accent"
                flows = "1 connection" if status.flows == 1 else f"{status.flows} connections"
                number = status.frames if count is None else count
                frames = "1 frame" if number == 1 else f"{number:,} frames"
                words = f"Capturing {flows}, {frames}"
                drops = f"{status.dropped:,} dropped" if status.dropped else ""
                tip = f"Through the {status.backend}."
                if status.interface:
                    sign, token = "eye", "attention"
                    words = f"Capturing {flows} and all of {status.interface}, {frames}"
            case CaptureRefused():
                sign, token, words = "eye-off", "attention", "Capturing needs a permission"
                tip = f"{status.reason}\n{status.remedy}"
            case CaptureLost() if status.is_waiting:
                sign, token, words = "warning", "attention", "Frames wait for the disk"
                tip = f"{status.reason}\n{status.hint}"
            case CaptureLost():
                sign, token, words = "error", "error", "Capture stopped by itself"
                tip = f"{status.reason}\n{status.hint}"
            case CaptureReplayed():
                sign, token, words = "open", "muted", f"Reading {bare(status.file)}"
                tip = status.problem
            case CaptureIdle():
                sign, token, words = "capture-stop", "muted", "Not capturing"
        set_icon(self._capture, sign, token)
        self._capture.setText(words)
        self._capture.setAccessibleName(", ".join(filter(None, (words, drops))))
        self._capture.setToolTip(tooltip(tip))
        self._drops.setText(drops)
        self._drops.setToolTip(
            self.tr("The system lost these frames under load: the capture has holes.")
        )
        for widget in (self._drops, self._drops_sign):
            widget.setVisible(bool(drops))

    def show_account(self, state: AccountState | None) -> None:
        """Name, lag and protection of the account in front."""
        is_online = state is not None and state.state is LinkState.ONLINE
        lag = state.lag_s if state is not None and is_online else None
        self._account.set_text(bare(state.account.name) if state else "")
        self._lag.setText(f"{lag * 1000:,.0f} ms" if lag is not None else "")
        self._lag.setToolTip(self.tr("To the server and back (PING and PONG)"))
        self._lag.setVisible(lag is not None)
        facts = security_facts(state) if state and is_online else None
        if facts:
            self._security_sign.show_icon(facts.icon, ICON_TOKENS[facts.exposure])
        self._security.setText(facts.short if facts else "")
        self._security.setToolTip(tooltip(facts.words) if facts else "")
        for widget in (self._security, self._security_sign):
            widget.setVisible(facts is not None)

    def show_message(self, words: str) -> None:
        """Progress or a small success, at the right end; empty takes it away."""
        self._message.set_text(words)

    def tell_briefly(self, words: str) -> None:
        """What a key has just done, for a few seconds; what is told meanwhile stays."""
        self.show_message(words)
        QTimer.singleShot(_BRIEF_MS, self, partial(self._fade, words))

    def _fade(self, words: str) -> None:
        if self._message.text() == words:
            self.show_message("")

    def _on_theme_changed(self) -> None:
        self._capture.setFont(small_font())
