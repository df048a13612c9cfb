"""Under the transcript: who is writing now, in one quiet line that never moves anything."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from chatlab.ui.rich_text import isolated
from chatlab.ui.theme import HALF, SPACE, on_theme_changed, small_font
from chatlab.ui.widgets.elided_label import ElidedLabel
from chatlab.ui.widgets.icon_label import IconLabel

_ICON = 12


class TypingLine(QWidget):
    """Has its place whether or not somebody writes, so that the messages above stay still."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._sign = IconLabel("edit", "faint", _ICON, self)
        self._words = ElidedLabel("", "small", self)
        self._words.setAccessibleName(self.tr("Who is writing"))
        line = QHBoxLayout(self)
        line.setContentsMargins(SPACE + HALF, 0, SPACE, HALF)
        line.setSpacing(HALF + 2)
        line.addWidget(self._sign)
        line.addWidget(self._words, 1)
        on_theme_changed(self._fit)
        self._fit()
        self.show_names(())

    def show_names(self, names: Sequence[str]) -> None:
        """Those who write, the first to begin first."""
        self._names = tuple(names)
        self._sign.setVisible(bool(names))
        self._words.set_text(writing_words(self._names))

    @property
    def text(self) -> str:
        return self._words.text()

    def _fit(self) -> None:
        self._words.setFont(small_font())
        self.setFixedHeight(self._words.fontMetrics().height() + HALF + 2)


def writing_words(names: Sequence[str]) -> str:
    """Who writes, as a sentence; empty when nobody does."""
    shown = [isolated(name) for name in names[:2]]
    match len(names):
        case 0:
            return ""
        case 1:
            return f"{shown[0]} is writing …"
        case 2:
            return f"{shown[0]} and {shown[1]} are writing …"
        case 3:
            return f"{shown[0]}, {shown[1]} and one more are writing …"
        case count:
            return f"{shown[0]}, {shown[1]} and {count - 2} more are writing …"
