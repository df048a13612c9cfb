"""The line of plain language under the wire pane: what the chosen thing means."""

import math

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from chatlab.core.frame import Exposure
from chatlab.ui import theme
from chatlab.ui.theme import HALF, SPACE

_FEWEST, _MOST = 2, 8
"""Lines of text: room for two is always there; a narrow pane at large text needs most of eight."""
_ICON = 20


class PlainWords(QWidget):
    """Some lines of text and the icon of who can read it; never empty.

    It grows with a long sentence and keeps that height until its width changes, so that the panes
    above do not jump from message to message.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._exposure: Exposure | None = None
        self._lines = _FEWEST
        self._icon = QLabel(self)
        self._words = theme.plain_label("", "", self)
        self._words.setWordWrap(True)
        self._words.setAccessibleName(self.tr("What the chosen thing means"))
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + HALF, SPACE, SPACE + HALF, SPACE)
        row.setSpacing(SPACE)
        row.addWidget(self._icon)
        row.addWidget(self._words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.on_theme_changed(self._on_theme_changed)
        self._on_theme_changed()

    def say(self, words: str, exposure: Exposure | None) -> None:
        """Say one sentence; ``exposure`` None shows the sign of mere information."""
        self._exposure = exposure
        self._words.setText(words)
        self._make_room()
        self._words.setToolTip(theme.plain_tool_tip(words))
        self._show_icon()

    @property
    def words(self) -> str:
        return self._words.text()

    def _show_icon(self) -> None:
        side = theme.scaled(_ICON)
        self._icon.setFixedSize(QSize(side, side))
        if self._exposure is None:
            self._icon.setPixmap(theme.pixmap("info", "muted", side))
            self._icon.setToolTip("")
        else:
            self._icon.setPixmap(theme.exposure_pixmap(self._exposure, side))
            self._icon.setToolTip(theme.EXPOSURE_WORDS[self._exposure])

    def _make_room(self) -> None:
        """Be as tall as the sentence needs; never smaller than one before it."""
        metrics = self._words.fontMetrics()
        area = QRect(0, 0, self._words.width(), 1 << 20)
        needed = metrics.boundingRect(area, Qt.TextFlag.TextWordWrap, self._words.text()).height()
        lines = math.ceil(needed / metrics.lineSpacing())
        self._lines = max(self._lines, min(_MOST, lines))
        self._words.setFixedHeight(metrics.lineSpacing() * self._lines + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lines = _FEWEST
            self._make_room()

    @Slot()
    def _on_theme_changed(self) -> None:
        self._lines = _FEWEST
        self._make_room()
        self._show_icon()
