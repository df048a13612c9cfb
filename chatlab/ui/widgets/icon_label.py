"""An icon that only shows, in the colours of the theme of now."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from chatlab.ui.theme import ICON_SIZE, on_theme_changed, pixmap, scaled


class IconLabel(QLabel):
    """One icon; the words beside it say what it means."""

    def __init__(
        self,
        name: str,
        token: str = "muted",
        size: int = ICON_SIZE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = (name, token)
        self._size = size
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        on_theme_changed(self._render)
        self._render()

    def show_icon(self, name: str, token: str) -> None:
        if self._look != (name, token):
            self._look = (name, token)
            self._render()

    def _render(self) -> None:
        self.setPixmap(pixmap(*self._look, scaled(self._size)))
