"""A ruler: what TCP had to carry of the same words, and by how much it differs: “+22 bytes”."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from chatlab.core.comparison import Column, MessageCost
from chatlab.core.measures import LayerBytes, WireLayer
from chatlab.ui.compare.bars import paint_bar
from chatlab.ui.compare.sheet import Fonts, Words, elided
from chatlab.ui.compare.words import difference, exposure_of
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, current, on_theme_changed


@dataclass(frozen=True, slots=True)
class RulerLine:
    """One connection: its name, and what its TCP carried."""

    title: str
    column: Column
    cost: MessageCost

    @property
    def payload(self) -> LayerBytes:
        """The layers above TCP."""
        layers = self.cost.carried.layers if self.cost.carried is not None else LayerBytes()
        upper = {
            layer.value: layers[layer]
            for layer in WireLayer
            if layer not in (WireLayer.TCP, WireLayer.IP, WireLayer.LINK)
        }
        return LayerBytes(**upper)


class Ruler(QWidget):
    """Bars of one scale, the difference to the first one marked behind each other one; below them
    what the length tells whoever sees it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[RulerLine, ...] = ()
        self._leaks: list[Words] = []
        self._fonts = Fonts()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        on_theme_changed(self._on_theme_changed)

    def show_lines(self, lines: tuple[RulerLine, ...]) -> None:
        self._lines = tuple(line for line in lines if line.payload.total)
        self._lay_out()

    def _on_theme_changed(self) -> None:
        self._fonts = Fonts()
        self._lay_out()

    def _lay_out(self) -> None:
        fonts = self._fonts
        told = [bare(line.cost.leak.words) for line in self._lines if line.cost.leak is not None]
        room = max(80, self.width() - 4 * SPACE)
        self._leaks = [Words(words, fonts.small, room) for words in dict.fromkeys(told)]
        bars = len(self._lines) * (self._bar_height + HALF)
        height = bars + sum(leak.height for leak in self._leaks) + 2 * SPACE
        self.setFixedHeight(round(height) if self._lines else 0)
        words = ". ".join(f"{line.title}: {line.payload.total} bytes" for line in self._lines)
        self.setAccessibleName(f"{words}. {' '.join(told)}")
        self.update()

    @property
    def _bar_height(self) -> float:
        return self._fonts.small_fm.height() * 1.35

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._lay_out()

    def sizeHint(self) -> QSize:
        return QSize(400, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme, fonts = current(), self._fonts
        painter.fillRect(self.rect(), theme.color("window"))
        if not self._lines:
            return
        titles = max(fonts.small_fm.horizontalAdvance(line.title) for line in self._lines)
        label = min(titles, self.width() * 0.3)
        left = 2 * SPACE + label + SPACE
        most = max(line.payload.total for line in self._lines)
        room = (
            self.width() - left - fonts.bold_fm.horizontalAdvance("+0,000 bytes more") - 3 * SPACE
        )
        per_byte = max(40.0, room) / most
        first = self._lines[0].payload.total
        y = float(SPACE)
        for number, line in enumerate(self._lines):
            painter.setFont(fonts.small)
            painter.setPen(theme.color("muted"))
            title = QRectF(2 * SPACE, y, label, self._bar_height)
            shown = elided(line.title, fonts.small_fm, label)
            painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, shown)
            bar = QRectF(left, y, line.payload.total * per_byte, self._bar_height)
            exposure, application = exposure_of(line.column), line.column.application
            paint_bar(painter, bar, line.payload, per_byte, exposure, application)
            more = line.payload.total - first
            words = f"{line.payload.total:,} bytes" if not number else f"{difference(more)} bytes"
            self._paint_measure(painter, bar, left + first * per_byte, words, is_first=not number)
            y += self._bar_height + HALF
        for leak in self._leaks:
            leak.paint(painter, QPointF(2 * SPACE, y), "muted")
            y += leak.height

    def _paint_measure(
        self, painter: QPainter, bar: QRectF, first_x: float, words: str, *, is_first: bool
    ) -> None:
        """The figure behind a bar; a bracket below it spans what is more, or less."""
        theme, fonts = current(), self._fonts
        painter.setFont(fonts.bold)
        painter.setPen(theme.color("text"))
        box = QRectF(max(bar.right(), first_x) + SPACE, bar.top(), 400, bar.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
        if is_first or abs(bar.right() - first_x) < 3:
            return
        painter.setPen(QPen(theme.color("accent"), 1.6))
        y = bar.bottom() + 1.5
        painter.drawLine(QPointF(first_x, y), QPointF(bar.right(), y))
        for x in (first_x, bar.right()):
            painter.drawLine(QPointF(x, y - 3), QPointF(x, y + 2))
