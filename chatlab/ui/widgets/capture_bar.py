"""The head of the wire pane: what the capture does, its buttons, and whose frames are shown."""

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from chatlab.core.capture import (
    CaptureIdle,
    CaptureLive,
    CaptureLost,
    CaptureRefused,
    CaptureReplayed,
    CaptureStatus,
)
from chatlab.ui import theme
from chatlab.ui.action_ids import ActionId
from chatlab.ui.models.frame_table import Scope
from chatlab.ui.shortcuts import set_key_tip
from chatlab.ui.theme import HALF, SPACE
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.scope_switch import ScopeSwitch

_BUTTON = 20
_LEAST_FILTER = 9 * SPACE
_STATE_ICON = 14


class CaptureBar(QWidget):
    """Two lines: state and buttons; scope and counts.

    Signals:
        start_requested, stop_requested, save_requested, open_requested: the button was pressed.
        scope_changed: the Scope that the reader chose.
        filter_changed: words that the rows shown are to hold.
    """

    start_requested = Signal()
    stop_requested = Signal()
    save_requested = Signal()
    open_requested = Signal()
    scope_changed = Signal(object)
    filter_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._status: CaptureStatus = CaptureIdle()
        self._count = 0
        self._does_stop = False
        self._icon = QLabel(self)
        self._state = ElidedLabel("", "small", self)
        self._state.setAccessibleName(self.tr("State of the capture"))
        self._shown = theme.plain_label("", "small", self)
        self.scopes = ScopeSwitch(self)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(self.tr("Filter: words"))
        self.filter.setAccessibleName(self.tr("Only frames with these words"))
        self.filter.setToolTip(
            self.tr("Only frames whose addresses, protocol or info hold all of these words")
        )
        self.filter.setClearButtonEnabled(True)
        self.filter.setFont(theme.small_font())
        self.filter.setMinimumWidth(_LEAST_FILTER)
        self._toggle = self._button("capture-start", "Start the capture", ActionId.CAPTURE)
        self._save = self._button("save", "Save the session", ActionId.SAVE_CAPTURE)
        self._open = self._button("open", "Open a capture…", ActionId.OPEN_CAPTURE)
        self._lay_out()
        self._toggle.clicked.connect(self._on_toggled)
        self._save.clicked.connect(self.save_requested)
        self._open.clicked.connect(self.open_requested)
        self.scopes.scope_changed.connect(self.scope_changed)
        self.filter.textChanged.connect(self.filter_changed)
        theme.on_theme_changed(self._on_theme_changed)
        self._size_icons()
        self.show_status(self._status, 0)

    def _button(self, icon: str, words: str, action: ActionId) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        set_key_tip(button, self.tr(words), action)
        theme.set_icon(button, icon)
        return button

    def _size_icons(self) -> None:
        side = theme.scaled(_BUTTON)
        for button in (self._toggle, self._save, self._open):
            button.setIconSize(QSize(side, side))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(HALF)
        first.addWidget(theme.plain_label(self.tr("Wire"), "heading", self))
        first.addSpacing(SPACE)
        first.addWidget(self._icon)
        first.addWidget(self._state, 1)
        for button in (self._toggle, self._save, self._open):
            first.addWidget(button)
        second = QHBoxLayout()
        second.setSpacing(SPACE)
        second.addWidget(self.scopes)
        second.addWidget(self.filter, 1)
        second.addWidget(self._shown)
        box = QVBoxLayout(self)
        box.setContentsMargins(SPACE + HALF, HALF, SPACE, SPACE)
        box.setSpacing(HALF)
        box.addLayout(first)
        box.addLayout(second)

    # What it shows -----------------------------------------------------------------------------

    def show_status(self, status: CaptureStatus, count: int) -> None:
        """Say how capturing is going; ``count`` frames are there to be looked at."""
        self._status, self._count = status, count
        icon, token, words, details = self._words(status, count)
        self._icon.setPixmap(theme.pixmap(icon, token, theme.scaled(_STATE_ICON)))
        self._state.set_text(words, details)
        is_live = isinstance(status, CaptureLive)
        if is_live is not self._does_stop:
            self._does_stop = is_live
            words = self.tr("Stop the capture") if is_live else self.tr("Start the capture")
            theme.set_icon(self._toggle, "capture-stop" if is_live else "capture-start")
            set_key_tip(self._toggle, words, ActionId.CAPTURE)
        self._toggle.setEnabled(not isinstance(status, CaptureRefused))
        self._toggle.setVisible(not isinstance(status, CaptureReplayed))
        self._save.setEnabled(count > 0)

    def _words(self, status: CaptureStatus, count: int) -> tuple[str, str, str, str]:
        """Icon, its colour, the words, and the words on hover."""
        frames = self.tr("{:,} frames").format(count) if count != 1 else self.tr("1 frame")
        match status:
            case CaptureIdle():
                words = (
                    self.tr("Stopped · {}").format(frames) if count else self.tr("Not capturing")
                )
                return "capture-stop", "muted", words, ""
            case CaptureLive() if status.interface:
                words = self.tr("All of {} · {}").format(status.interface, frames)
                return "eye", "attention", words, self._live_details(status)
            case CaptureLive() if status.dropped:
                words = self.tr("Capturing · {} · {:,} dropped").format(frames, status.dropped)
                return "warning", "attention", words, self._live_details(status)
            case CaptureLive():
                words = self.tr("Capturing · {}").format(frames)
                return "capture-start", "accent", words, self._live_details(status)
            case CaptureRefused():
                return "lock", "error", self.tr("Capturing needs a permission"), status.reason
            case CaptureReplayed():
                words = self.tr("{} · {}").format(frames, status.file)
                if status.problem:
                    return "warning", "attention", words, status.problem
                return "open", "muted", words, self.tr("Read from a file")
            case CaptureLost() if status.is_waiting:
                words = self.tr("Waiting for the disk · {}").format(frames)
                return "warning", "attention", words, status.reason
            case CaptureLost():
                words = self.tr("The capture stopped by itself · {}").format(frames)
                return "error", "error", words, status.reason

    def _live_details(self, status: CaptureLive) -> str:
        if status.interface:
            return self.tr(
                "{} of your own connections, and everything else that crosses {}, through {}. "
                "{:,} frames dropped."
            ).format(status.flows, status.interface, status.backend, status.dropped)
        return self.tr(
            "Your own connections only: {} watched, through {}. {:,} frames dropped."
        ).format(status.flows, status.backend, status.dropped)

    def show_counts(self, shown: int, total: int) -> None:
        """How many of all frames the scope lets through."""
        self._shown.setText("" if shown == total else self.tr("{:,} of {:,}").format(shown, total))
        self._shown.setVisible(shown != total)

    def show_scope(self, scope: Scope) -> None:
        self.scopes.show_scope(scope)

    # What the reader does ----------------------------------------------------------------------

    @Slot()
    def _on_toggled(self) -> None:
        if isinstance(self._status, CaptureLive):
            self.stop_requested.emit()
        else:
            self.start_requested.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        counts = self._shown.fontMetrics().horizontalAdvance("00,000 of 00,000")
        self.scopes.set_room(event.size().width() - counts - _LEAST_FILTER - 5 * SPACE)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._size_icons()
        self.filter.setFont(theme.small_font())
        self.show_status(self._status, self._count)
