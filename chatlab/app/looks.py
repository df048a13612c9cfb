"""How the whole window looks: its theme, the size of its text, and bigger for a lecture room."""

PRESENTATION_ZOOM = 1.5
"""How much bigger than chosen everything is for the back row."""


class Looks:
    """The part of ``ui.ports.Backstage`` that dresses the application."""

    def __init__(self) -> None:
        self.font_scale = 100
        self._zoom = 1.0

    def present(self, is_on: bool) -> None:
        from chatlab.ui.theme import current

        self._zoom = PRESENTATION_ZOOM if is_on else 1.0
        self.set_theme(current().name)

    def set_theme(self, name: str) -> None:
        from PySide6.QtWidgets import QApplication

        from chatlab.ui.theme import Theme

        application = QApplication.instance()
        if isinstance(application, QApplication):
            Theme.load(name).apply(application, self._zoom * self.font_scale / 100)

    def set_font_scale(self, percent: int) -> None:
        from chatlab.store.settings import MAX_FONT_SCALE, MIN_FONT_SCALE
        from chatlab.ui.theme import current

        self.font_scale = max(MIN_FONT_SCALE, min(percent, MAX_FONT_SCALE))
        self.set_theme(current().name)
