"""For the projector: everything bigger, on the whole screen, with what is not needed put away."""

from PySide6.QtCore import Qt

from chatlab.ui.main_window import MainWindow
from chatlab.ui.ports import Backstage


class Presentation:
    """Switches the window over and back again, as it was."""

    def __init__(self, window: MainWindow, backstage: Backstage) -> None:
        self._window = window
        self._backstage = backstage
        self._is_on = False
        self._before = Qt.WindowState.WindowNoState
        self._had_sidebar = True
        # The next start is to find the window as it was before.
        window.kept.connect(lambda: self.switch(False))

    @property
    def is_on(self) -> bool:
        return self._is_on

    def switch(self, is_on: bool) -> None:
        if is_on == self._is_on:
            return
        self._is_on = is_on
        window = self._window
        if is_on:
            self._before = window.windowState()
            self._had_sidebar = not window.sidebar.isHidden()
            window.sidebar.hide()
            window.showFullScreen()
        else:
            window.sidebar.setVisible(self._had_sidebar)
            window.setWindowState(self._before)  # Maximised stays maximised.
        self._backstage.present(is_on)
