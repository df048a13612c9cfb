"""The tabs above the bytes: the frame's own, and those put together or decrypted from it."""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget

from chatlab.core.frame import ByteView


class ByteTabs(QTabBar):
    """Shown only where there is a choice; remembers which kind of bytes the reader wants.

    Signals:
        source_chosen: number of the bytes that the reader picked, 0 for the frame's own.
    """

    source_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = ""
        self._names: list[str] = []
        self._long: list[str] = []
        self._is_ours = False
        self.setObjectName("byteTabs")
        self.setAccessibleName(self.tr("Which bytes are shown"))
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.currentChanged.connect(self._on_current_changed)
        self.hide()

    def show_views(self, size: int, views: tuple[ByteView, ...]) -> int:
        """Offer a frame of ``size`` bytes and its views; returns the number of the one to show."""
        self._is_ours = True
        names = [self.tr("Frame"), *(view.name for view in views)]
        sizes = [size, *(len(view.data) for view in views)]
        while self.count() > len(names):
            self.removeTab(self.count() - 1)
        for at, (name, length) in enumerate(zip(names, sizes, strict=True)):
            if at == self.count():
                self.addTab("")
            tip = _TIPS.get(name, self.tr("The bytes as they were captured"))
            self.setTabToolTip(at, self.tr("{}: {} bytes").format(tip, f"{length:,}"))
        self._names = names
        self._long = [
            self.tr("{} ({} bytes)").format(name, f"{length:,}")
            for name, length in zip(names, sizes, strict=True)
        ]
        self._fit()
        chosen = names.index(self._wanted) if self._wanted in names else 0
        self.setCurrentIndex(chosen)
        self.setVisible(len(names) > 1)
        self._is_ours = False
        return chosen

    def show_source(self, source: int) -> None:
        """Turn to these bytes without telling, for as long as this frame is shown."""
        self._is_ours = True
        self.setCurrentIndex(source)
        self._is_ours = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Whole names with sizes where they fit, else short ones."""
        short = [_SHORT.get(name, name) for name in self._names]
        for texts in (self._long, self._names, short):
            for at, text in enumerate(texts):
                self.setTabText(at, text)
            if sum(self.tabSizeHint(at).width() for at in range(self.count())) <= self.width():
                return

    @Slot(int)
    def _on_current_changed(self, at: int) -> None:
        if not self._is_ours and 0 <= at < len(self._names):
            self._wanted = self._names[at] if at else ""
            self.source_chosen.emit(at)


_SHORT = {
    "Reassembled TCP": "Whole TCP",
    "Decrypted TLS": "Decrypted",
    "Reassembled TLS": "Whole TLS",
}
_TIPS = {
    "Reassembled TCP": "The whole of what this frame holds a part of",
    "Decrypted TLS": "What the TLS records of this frame hold, opened with their secrets",
    "Reassembled TLS": "The whole of what these records hold a part of",
}
