"""The line of plain language under the wire pane: what the chosen thing means."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from chatlab.core.frame import Exposure
from chatlab.ui import theme
from chatlab.ui.theme import HALF, SPACE

_LINES = 2
_ICON = 20


class PlainWords(QWidget):
    """Two lines of text and the icon of who can read it; never empty, so nothing jumps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._exposure: Exposure | None = None
        self._icon = QLabel(self)
        self._icon.setFixedSize(QSize(_ICON, _ICON))
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
        self._words.setToolTip(theme.plain_tool_tip(words))
        self._show_icon()

    @property
    def words(self) -> str:
        return self._words.text()

    def _show_icon(self) -> None:
        if self._exposure is None:
            self._icon.setPixmap(theme.pixmap("info", "muted", _ICON))
            self._icon.setToolTip("")
        else:
            self._icon.setPixmap(theme.exposure_pixmap(self._exposure, _ICON))
            self._icon.setToolTip(theme.EXPOSURE_WORDS[self._exposure])

    @Slot()
    def _on_theme_changed(self) -> None:
        self._words.setFixedHeight(self._words.fontMetrics().lineSpacing() * _LINES + 2)
        self._show_icon()
