"""A sheet: something that is laid out for a width and painted, on the screen, in a picture, in SVG.

It has items: places that can be chosen by mouse and keyboard, each with the words that a screen
reader says. ``SheetView`` shows a sheet; ``picture`` writes it to a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication

from chatlab.ui.theme import current, mono_font, small_font, title_font


@dataclass(frozen=True, slots=True)
class Item:
    """A place on a sheet that can be chosen."""

    key: str
    rect: QRectF
    words: str
    """All of it in words."""


class Sheet(Protocol):
    """What a view shows. ``lay_out`` comes first, then the rest may be asked."""

    def lay_out(self, width: float) -> float:
        """Place everything in ``width``; returns the height that it takes."""
        ...

    def paint(self, painter: QPainter, area: QRectF) -> None:
        """Paint what of it lies in ``area``."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether all is in its place; else ``lay_out`` is to be called again soon."""
        ...

    @property
    def items(self) -> Sequence[Item]: ...

    @property
    def chosen(self) -> str:
        """The key of the chosen item; empty for none."""
        ...

    def choose(self, key: str) -> None: ...


class Fonts:
    """The type scale of now, with its measures."""

    def __init__(self) -> None:
        self.text = QFont(QApplication.font())
        self.bold = QFont(self.text)
        self.bold.setWeight(QFont.Weight.DemiBold)
        self.small = small_font()
        self.title = title_font()
        self.mono = mono_font(0.94)
        self.fm = QFontMetricsF(self.text)
        self.bold_fm = QFontMetricsF(self.bold)
        self.small_fm = QFontMetricsF(self.small)
        self.title_fm = QFontMetricsF(self.title)
        self.mono_fm = QFontMetricsF(self.mono)
        self.line = self.fm.height() * 1.3
        self.icon = int(self.fm.height() * 1.1)
        """The side of an icon beside text: it grows with it."""
        self.small_line = self.small_fm.height() * 1.25


class Words:
    """A text that wraps, laid out once and drawn as often as wanted; foreign text stays text."""

    def __init__(self, text: str, font: QFont, width: float, *, most_lines: int = 40) -> None:
        metrics = QFontMetricsF(font)
        self._pitch = metrics.height() * 1.22
        self._layout = QTextLayout(text, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self._layout.setTextOption(option)
        self._layout.beginLayout()
        count = 0
        self.width = 0.0
        while count < most_lines and (line := self._layout.createLine()).isValid():
            line.setLineWidth(max(20.0, width))
            line.setPosition(QPointF(0, count * self._pitch))
            self.width = max(self.width, line.naturalTextWidth())
            count += 1
        self._layout.endLayout()
        self.height = max(1, count) * self._pitch

    def paint(self, painter: QPainter, at: QPointF, token: str) -> None:
        painter.setPen(current().color(token))
        self._layout.draw(painter, at)


def elided(text: str, metrics: QFontMetricsF, width: float) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)


def paint_choice(painter: QPainter, rect: QRectF, *, has_focus: bool) -> None:
    """The ground of a chosen item."""
    theme = current()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("accent"), 1.5) if has_focus else Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("selection"))
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRect(QRectF(rect.left(), rect.top() + 6, 3, max(0.0, rect.height() - 12)))
    painter.restore()
