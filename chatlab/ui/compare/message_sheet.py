"""What the same words took on each connection: bars of one scale, figures below them.

“hello everyone”                                     sent in one gesture · 12:03:05
  IRC · plain     |Text 14|IRC 16|TCP 32|IP 20|Eth 14|                       96 B
                  Frames 1   Segments 1   Round trips 1   ACK 0.1 ms   Echo 0.9 ms  …
  IRC · TLS 1.3   |Text 14|IRC 16|TLS 22|TCP 32|IP 20|Eth 14|                118 B  +22
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from chatlab.core.comparison import Column, Comparison, MessageCost, Row, Side
from chatlab.core.measures import Measure
from chatlab.ui.compare.bars import (
    LegendEntry,
    legend_entries,
    paint_bar,
    paint_legend,
)
from chatlab.ui.compare.sheet import Fonts, Item, Words, elided, paint_choice
from chatlab.ui.compare.words import (
    column_words,
    cost_words,
    difference,
    evidence_words,
    exposure_of,
    moment,
    sum_words,
    value_words,
)
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap

_FIGURES = (
    Measure.FRAMES,
    Measure.SEGMENTS,
    Measure.ROUND_TRIPS,
    Measure.ACK_TIME,
    Measure.ECHO_TIME,
    Measure.ACK_BYTES,
    Measure.RETRANSMISSIONS,
    Measure.HANDSHAKE,
)
_FIGURE_WORDS = {
    Measure.FRAMES: "Frames",
    Measure.SEGMENTS: "Segments",
    Measure.ROUND_TRIPS: "Round trips",
    Measure.ACK_TIME: "TCP’s ACK after",
    Measure.ECHO_TIME: "Echo after",
    Measure.ACK_BYTES: "ACK frames",
    Measure.RETRANSMISSIONS: "Sent again",
    Measure.HANDSHAKE: "Handshake ÷ messages",
}
_ONLY_IF_ANY = frozenset({Measure.RETRANSMISSIONS})
MARGIN = 2 * SPACE
_LONGEST_TEXT = 400


@dataclass(slots=True)
class _Line:
    """One message on one connection, placed."""

    column: Column
    cost: MessageCost | None
    title: str
    top: float
    bar: QRectF
    figures: list[tuple[QPointF, str, str]] = field(default_factory=list)
    """Where, what, how much."""
    notes: list[tuple[QPointF, Words]] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """One row of the comparison, placed."""

    row: Row
    rect: QRectF
    lines: list[_Line] = field(default_factory=list)


class MessageSheet:
    """The rows of a comparison. An item's key is the row's ``twin``."""

    def __init__(self) -> None:
        self._comparison = Comparison()
        self._shown: frozenset[Side] | None = None
        self._groups: list[_Group] = []
        self._items: list[Item] = []
        self._chosen = ""
        self._fonts = Fonts()
        self._per_byte = 1.0
        self._legend_top = 0.0
        self._sums: list[tuple[QPointF, Words]] = []
        self._width = 0.0
        self.is_picture = False
        """Nothing is chosen in a picture."""

    def show(self, comparison: Comparison, sides: Sequence[Side]) -> None:
        """Another state of the comparison; ``sides`` are the columns that are wanted."""
        self._comparison = comparison
        self._shown = frozenset(sides)
        twins = [row.twin for row in comparison.rows]
        if self._chosen not in twins:
            self._chosen = twins[-1] if twins else ""

    # -- ui.compare.sheet.Sheet

    @property
    def items(self) -> Sequence[Item]:
        return self._items

    @property
    def chosen(self) -> str:
        return self._chosen

    def choose(self, key: str) -> None:
        self._chosen = key

    @property
    def row(self) -> Row | None:
        """The chosen row."""
        return next((row for row in self._comparison.rows if row.twin == self._chosen), None)

    def columns(self) -> list[tuple[int, Column]]:
        """The columns that are shown, each with its place in the rows."""
        return [
            (at, column)
            for at, column in enumerate(self._comparison.columns)
            if self._shown is None or column.side in self._shown
        ]

    def lay_out(self, width: float) -> float:
        fonts = self._fonts = Fonts()
        self._width = width
        self._groups, self._items = [], []
        columns = self.columns()
        titles = [column_words(self._comparison, column) for _, column in columns]
        widest = max((fonts.bold_fm.horizontalAdvance(title) for title in titles), default=0)
        label = min(widest, width * 0.28) + fonts.icon + 2 * SPACE
        left = MARGIN + SPACE + label
        total = fonts.bold_fm.horizontalAdvance("0,000 B") + SPACE
        total += fonts.fm.horizontalAdvance("+0,000") + SPACE
        room = max(60.0, width - left - total - MARGIN)
        self._per_byte = room / max(1, self._largest(columns))
        y = float(SPACE)
        for row in self._comparison.rows:
            cells = [(column, row.cells[at]) for at, column in columns]
            if not any(cell is not None for _, cell in cells):
                continue
            group = _Group(row, QRectF(SPACE, y, width - 2 * SPACE, 0))
            y += SPACE + fonts.line + HALF
            for column, cell in cells:
                y = self._lay_line(group, column, cell, left, y, width)
            group.rect.setBottom(y)
            self._groups.append(group)
            self._items.append(Item(row.twin, group.rect, self._row_words(group)))
            y += SPACE
        self._legend_top = y
        legend = self._legend()
        y += paint_legend(QPainter(), legend, MARGIN, y, width - 2 * MARGIN)
        return self._lay_sums(columns, y) + SPACE

    def _lay_sums(self, columns: list[tuple[int, Column]], y: float) -> float:
        """Below the legend: what all messages took, connection by connection."""
        self._sums = []
        for at, _ in columns if len(self._groups) > 1 else ():
            if told := sum_words(self._comparison, at):
                words = Words(told, self._fonts.small, self._width - 2 * MARGIN)
                self._sums.append((QPointF(MARGIN, y), words))
                y += words.height
        return y

    def _largest(self, columns: list[tuple[int, Column]]) -> int:
        """Bytes of the longest bar: all bars have one scale."""
        return max(
            (
                cell.carried.length
                for row in self._comparison.rows
                for at, _ in columns
                if (cell := row.cells[at]) is not None and cell.carried is not None
            ),
            default=1,
        )

    def _lay_line(
        self,
        group: _Group,
        column: Column,
        cost: MessageCost | None,
        left: float,
        y: float,
        width: float,
    ) -> float:
        fonts = self._fonts
        height = fonts.fm.height() * 1.65
        length = cost.carried.length if cost is not None and cost.carried is not None else 0
        bar = QRectF(left, y, length * self._per_byte, height)
        title = column_words(self._comparison, column)
        line = _Line(column, cost, title, y, bar)
        group.lines.append(line)
        y += height + HALF
        if cost is None:
            return y + HALF
        x, right = left, width - MARGIN
        for measure in _FIGURES:
            value = cost.value(measure)
            if value is None or (measure in _ONLY_IF_ANY and not value):
                continue
            what, much = _FIGURE_WORDS[measure], value_words(value, measure)
            need = fonts.small_fm.horizontalAdvance(f"{what} {much}") + HALF
            if x + need > right and x > left:
                x, y = left, y + fonts.small_line
            line.figures.append((QPointF(x, y), what, much))
            x += need + 2 * SPACE + HALF
        if line.figures:
            y += fonts.small_line
        notes = (cost.problem, *cost.notes) if cost.carried is not None else cost.notes
        for note in filter(None, notes):
            words = Words(note, fonts.small, right - left)
            line.notes.append((QPointF(left, y), words))
            y += words.height
        return y + SPACE

    def _legend(self) -> list[LegendEntry]:
        used = {
            (layer, exposure_of(line.column))
            for group in self._groups
            for line in group.lines
            if line.cost is not None and line.cost.carried is not None
            for layer, _ in line.cost.carried.layers.parts()
        }
        return legend_entries(sorted(used, key=lambda one: (one[0].value, one[1].value)))

    def _row_words(self, group: _Group) -> str:
        costs = [cost_words(line.cost, line.column) for line in group.lines if line.cost]
        return f"“{bare(group.row.text)}”. " + ". ".join(costs)

    # -- painting

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        for group in self._groups:
            if group.rect.intersects(area):
                self._paint_group(painter, group)
        if self._groups:
            legend, width = self._legend(), self._width - 2 * MARGIN
            paint_legend(painter, legend, MARGIN, self._legend_top, width)
        for at, words in self._sums:
            words.paint(painter, at, "muted")

    def _paint_group(self, painter: QPainter, group: _Group) -> None:
        theme, fonts = current(), self._fonts
        if group.row.twin == self._chosen and not self.is_picture:
            paint_choice(painter, group.rect, has_focus=False)
        else:
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(group.rect.bottomLeft(), group.rect.bottomRight())
        top = group.rect.top() + SPACE
        right = f"{evidence_words(group.row.evidence)} · {moment(group.row.time_ns)}"
        room = group.rect.width() - 2 * SPACE
        aside = fonts.small_fm.horizontalAdvance(right)
        words = isolated(bare(group.row.text[:_LONGEST_TEXT]).replace("\n", " ⏎ "))
        painter.setFont(fonts.bold)
        painter.setPen(theme.color("text"))
        text = elided(f"“{words}”", fonts.bold_fm, room - aside - 2 * SPACE)
        head = QRectF(MARGIN, top, room, fonts.line)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.setFont(fonts.small)
        painter.setPen(theme.color("muted"))
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, right)
        first = next((line for line in group.lines if _length(line)), None)
        for line in group.lines:
            self._paint_line(painter, line, _length(first) if first is not line else None)

    def _paint_line(self, painter: QPainter, line: _Line, first: int | None) -> None:
        theme, fonts = current(), self._fonts
        exposure = exposure_of(line.column)
        painter.setFont(fonts.text)
        painter.setPen(theme.color("text"))
        y = line.top + (line.bar.height() - fonts.icon) / 2
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(
            QPointF(MARGIN + SPACE, y), exposure_pixmap(exposure, fonts.icon, max(2.0, ratio))
        )
        x = MARGIN + 2 * SPACE + fonts.icon
        title = QRectF(x, line.top, line.bar.left() - x - HALF, line.bar.height())
        shown = elided(line.title, fonts.fm, title.width())
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        if line.cost is None or line.cost.carried is None:
            self._paint_nothing(painter, line)
        else:
            layers, application = line.cost.carried.layers, line.column.application
            paint_bar(painter, line.bar, layers, self._per_byte, exposure, application)
            self._paint_total(painter, line, first)
        for at, what, much in line.figures:
            _paint_figure(painter, fonts, at, what, much)
        painter.setFont(fonts.small)
        for at, words in line.notes:
            words.paint(painter, at, "muted")

    def _paint_nothing(self, painter: QPainter, line: _Line) -> None:
        words = line.cost.problem if line.cost is not None else "Not said here."
        painter.setFont(self._fonts.small)
        painter.setPen(current().color("muted"))
        room = QRectF(line.bar)
        room.setRight(self._width - MARGIN)
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            elided(words or "No frame of it was captured.", self._fonts.small_fm, room.width()),
        )

    def _paint_total(self, painter: QPainter, line: _Line, first: int | None) -> None:
        """The length in figures, and how it differs from the first connection's."""
        fonts, length = self._fonts, _length(line)
        x = line.bar.right() + SPACE
        painter.setFont(fonts.bold)
        painter.setPen(current().color("text"))
        words = f"{length:,} B"
        width = fonts.bold_fm.horizontalAdvance(words)
        box = QRectF(x, line.top, width + 2, line.bar.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
        if first is not None:
            painter.setFont(fonts.text)
            painter.setPen(current().color("muted"))
            more = QRectF(box.right() + SPACE, line.top, 200, line.bar.height())
            painter.drawText(more, Qt.AlignmentFlag.AlignVCenter, difference(length - first))


def _length(line: _Line | None) -> int:
    cost = line.cost if line is not None else None
    return cost.carried.length if cost is not None and cost.carried is not None else 0


def _paint_figure(painter: QPainter, fonts: Fonts, at: QPointF, what: str, much: str) -> None:
    """``Echo after 0.9 ms``: the name quietly, the figure plainly."""
    painter.setFont(fonts.small)
    base = QPointF(at.x(), at.y() + fonts.small_fm.ascent() + 1)
    painter.setPen(current().color("muted"))
    painter.drawText(base, what)
    painter.setPen(current().color("text"))
    beside = fonts.small_fm.horizontalAdvance(f"{what} ")
    painter.drawText(QPointF(base.x() + beside, base.y()), much)
