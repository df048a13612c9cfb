"""Paints one row of the frame list: tint by meaning, marks of the chosen message, figures.

Rows are painted here and not through item roles, because a row is one thing: its tint, its link to
the chosen message and its focus belong to the whole line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from chatlab.core.flow import Direction
from chatlab.core.frame import Exposure
from chatlab.ui import theme
from chatlab.ui.models.frame_links import Link
from chatlab.ui.models.frame_table import Column, FrameTableModel, cell_text
from chatlab.ui.theme import HALF, SPACE

if TYPE_CHECKING:
    from chatlab.analysis.rows import FrameRow

_STRIPE = 3
_ICON = 14
_WAY = 12
_DOT = 2.5
_MEASURED = 3
"""Of a text with marks or letters of no fixed pitch, this many times what fits is measured at all."""
_PAD = 5
_PILL_ROOM = 200
"""Width of Info below which its words need all of it; the bar at the left still links the row."""
_WAY_ICONS = {Direction.SENT: "arrow-up", Direction.RECEIVED: "arrow-down"}
_PILL_WORDS: dict[Link, str] = {
    Link.CARRIES: "carries it",
    Link.RESENDS: "again",
    Link.ACKNOWLEDGES: "ACK",
    Link.ECHOES: "echo",
}
_MANY = 64
_RIGHT = {Column.NUMBER, Column.TIME, Column.LENGTH}
_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
_FLAGS = tuple(
    int(_MIDDLE | (Qt.AlignmentFlag.AlignRight if c in _RIGHT else Qt.AlignmentFlag.AlignLeft))
    for c in Column
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A column as it is on the screen."""

    column: Column
    left: int
    width: int


def mark_width() -> int:
    """What the signs before a frame’s number take."""
    return _STRIPE + theme.scaled(_ICON) + theme.scaled(_WAY) + 2 + 6 + 3 * HALF


class FramePainter:
    """Paints the rows of a view whose model is a ``FrameTableModel``.

    Whole rows, not cells by way of Qt's delegates: asking a model in Python for the index, the
    size and the look of each cell would take three times as long as painting it.
    """

    def __init__(self, model: FrameTableModel) -> None:
        self._model = model
        self.refresh()

    def refresh(self) -> None:
        """Take over the fonts of the theme."""
        self._font: QFont = theme.mono_font(0.94)
        self._pill_font: QFont = theme.small_font()
        self._metrics = QFontMetrics(self._font)
        self._pill_metrics = QFontMetrics(self._pill_font)
        self.cell = self._metrics.horizontalAdvance("0")
        # A figure need not be a whole number of pixels wide, and a column is as wide as its figures.
        self._pitch = self._metrics.horizontalAdvance("0" * _MANY) / _MANY
        self._inks = {(c, e): text_color(c, e) for c in Column for e in Exposure}
        self._grounds = {(e, chosen): row_color(e, chosen) for e in Exposure for chosen in (0, 1)}

    @property
    def row_height(self) -> int:
        return self._metrics.height() + 6

    def width_of(self, characters: int) -> int:
        """Width of a column that shows so many figures."""
        return math.ceil(characters * self._pitch) + 2 * _PAD + 1

    def shown(self, text: str, column: Column, width: int) -> str:
        """What of ``text`` is seen in a column of this width."""
        return self._fitting(text, column, width - 2 * _PAD)

    def paint(
        self,
        painter: QPainter,
        number: int,
        rect: QRect,
        cells: Sequence[Cell],
        *,
        is_selected: bool,
        has_focus: bool,
    ) -> None:
        """Paint the row of a frame; ``rect`` is the whole line."""
        row = self._model.frame_row(number)
        link = self._model.link(number)
        painter.fillRect(rect, self._grounds[row.exposure, is_selected])
        if is_selected and has_focus:
            painter.setPen(QPen(theme.current().color("accent"), 1))
            painter.drawLine(rect.topLeft(), rect.topRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.setFont(self._font)
        for cell in cells:
            if cell.column is Column.MARK:
                place = QRect(cell.left, rect.top(), cell.width, rect.height())
                self._paint_marks(painter, place, row, link)
                continue
            width = cell.width - 2 * _PAD
            inner = QRect(cell.left + _PAD, rect.top(), width, rect.height())
            if cell.column is Column.INFO and link is not None and width >= _PILL_ROOM:
                inner.setRight(self._paint_pill(painter, inner, link) - HALF)
            text = self._fitting(cell_text(row, cell.column), cell.column, inner.width())
            painter.setPen(self._inks[cell.column, row.exposure])
            painter.drawText(inner, _FLAGS[cell.column], text)

    def _fitting(self, text: str, column: Column, width: int) -> str:
        """As much of ``text`` as ``width`` holds; in a fixed pitch that is plain counting."""
        is_middle = column in (Column.SOURCE, Column.DESTINATION)
        room = max(1, int(width / self._pitch))
        if not text.isascii():
            mode = Qt.TextElideMode.ElideMiddle if is_middle else Qt.TextElideMode.ElideRight
            return self._metrics.elidedText(text[: _MEASURED * room], mode, width)
        if len(text) <= room:
            return text
        tail = (room - 1) // 2 if is_middle else 0
        return f"{text[: room - 1 - tail]}…{text[len(text) - tail :]}"

    def _paint_marks(
        self, painter: QPainter, rect: QRect, row: "FrameRow", link: Link | None
    ) -> None:
        """Who can read it, which way it went, and a dot when it carries a message."""
        colors = theme.current()
        if link is not None:
            painter.fillRect(
                QRect(rect.left(), rect.top(), _STRIPE, rect.height()), colors.color("accent")
            )
        side, way = theme.scaled(_ICON), theme.scaled(_WAY)
        top = rect.top() + (rect.height() - side) // 2
        left = rect.left() + _STRIPE + HALF
        painter.drawPixmap(left, top, theme.exposure_pixmap(row.exposure, side))
        left += side + HALF
        if row.direction is not None:
            arrow = theme.pixmap(_WAY_ICONS[row.direction], "muted", way)
            painter.drawPixmap(left, rect.top() + (rect.height() - way) // 2, arrow)
        left += way + 2
        if row.messages:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("accent" if link else "muted"))
            center = QPointF(left + _DOT, rect.top() + rect.height() / 2)
            painter.drawEllipse(center, _DOT, _DOT)
            painter.restore()

    def _paint_pill(self, painter: QPainter, rect: QRect, link: Link) -> int:
        """Say what the frame is to the chosen message; returns where the pill begins."""
        words = _PILL_WORDS[link]
        width = self._pill_metrics.horizontalAdvance(words) + 2 * SPACE
        height = self._pill_metrics.height() + 1
        top = rect.top() + (rect.height() - height) / 2
        pill = QRectF(rect.right() - width + 0.5, top, width, height)
        accent = theme.current().color("accent")
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(accent, 1))
        painter.setBrush(theme.current().color("surface"))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        painter.setFont(self._pill_font)
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)
        painter.restore()
        return int(pill.left())


def row_color(exposure: Exposure, is_selected: bool | int) -> QColor:
    """What lies behind a row: the tint of its meaning; plumbing has none."""
    colors = theme.current()
    if is_selected:
        return colors.color("selection")
    if exposure is Exposure.PLUMBING:
        return colors.color("surface")
    return colors.exposure_color(exposure, soft=True)


def text_color(column: Column, exposure: Exposure) -> QColor:
    """Words first, meaning in the protocol, the rest behind."""
    colors = theme.current()
    if exposure is Exposure.PLUMBING:
        return colors.color("muted")
    if column is Column.PROTOCOL:
        return colors.exposure_color(exposure)
    if column in (Column.INFO, Column.NUMBER):
        return colors.color("text")
    return colors.color("muted")
