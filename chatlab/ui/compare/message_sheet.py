"""What the same words took on each connection: bars of one scale, figures below them.

“hello everyone”                                     sent in one gesture · 12:03:05
  IRC · plain     |Text 14|IRC 16|TCP 32|IP 20|Eth 14|                       96 B
                  Frames 1   Segments 1   Round trips 1   ACK 0.1 ms   Echo 0.9 ms  …
  IRC · TLS 1.3   |Text 14|IRC 16|TLS 22|TCP 32|IP 20|Eth 14|                118 B  +22
"""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from chatlab.core.comparison import Column, Comparison, Row, Side
from chatlab.ui.compare.bars import (
    LegendEntry,
    legend_entries,
    paint_bar,
    paint_legend,
)
from chatlab.ui.compare.message_rows import MARGIN, Frame, Group, Line, Rows
from chatlab.ui.compare.sheet import Fonts, Item, Words, elided, paint_choice
from chatlab.ui.compare.words import (
    column_words,
    difference,
    evidence_words,
    exposure_of,
    moment,
    sum_words,
)
from chatlab.ui.rich_text import bare, isolated
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap

ROWS_AT_ONCE = 12
"""New rows that are placed in one go; a view asks again for the rest."""
_LONGEST_TEXT = 400


class MessageSheet:
    """The rows of a comparison. An item's key is the row's ``twin``."""

    def __init__(self) -> None:
        self._comparison = Comparison()
        self._shown: frozenset[Side] | None = None
        self._rows = Rows()
        self._groups: list[Group] = []
        self._legend: list[LegendEntry] = []
        self.is_whole = True
        self._items: list[Item] = []
        self._chosen = ""
        self._fonts = Fonts()
        self._per_byte = 1.0
        self._longest = 1
        """Bytes of the longest bar."""
        self._legend_top = 0.0
        self._sums: list[tuple[QPointF, Words]] = []
        self._width = 0.0
        self.is_picture = False
        """Nothing is chosen in a picture, and all of it is placed at once."""

    def show(self, comparison: Comparison, sides: Sequence[Side]) -> None:
        """Another state of the comparison; ``sides`` are the columns that are wanted."""
        self._comparison = comparison
        self._shown = frozenset(sides)
        self._longest = self._largest(self.columns())
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
        columns = self.columns()
        titles = [column_words(self._comparison, column) for _, column in columns]
        widest = max((fonts.bold_fm.horizontalAdvance(title) for title in titles), default=0)
        label = min(widest, width * 0.28) + fonts.icon + 2 * SPACE
        left = MARGIN + SPACE + label
        total = fonts.bold_fm.horizontalAdvance("0,000 B") + SPACE
        total += fonts.fm.horizontalAdvance("+0,000") + SPACE
        room = max(60.0, width - left - total - MARGIN)
        self._per_byte = room / max(1, self._longest)
        shown = tuple((*each, title) for each, title in zip(columns, titles, strict=True))
        fonts_key = f"{fonts.text.key()} {fonts.small.key()}"
        frame = Frame(width, left, self._per_byte, shown, fonts_key)
        rows = [
            row
            for row in self._comparison.rows
            if any(row.cells[at] is not None for at, _ in columns)
        ]
        most = len(rows) if self.is_picture else ROWS_AT_ONCE
        self._groups, self.is_whole = self._rows.place(rows, frame, fonts, most)
        y = float(SPACE)
        self._items = []
        for row, group in zip(rows, self._groups, strict=True):
            rect = QRectF(SPACE, y, width - 2 * SPACE, group.height)
            self._items.append(Item(row.twin, rect, group.words))
            y += group.height + SPACE
        self._legend_top = y
        self._legend = self._make_legend()
        y += paint_legend(QPainter(), self._legend, MARGIN, y, width - 2 * MARGIN)
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

    def _make_legend(self) -> list[LegendEntry]:
        kinds = {group.layers for group in self._groups}  # Few: most messages have the same.
        used = {each for layers in kinds for each in layers}
        return legend_entries(sorted(used, key=lambda one: (one[0].value, one[1].value)))

    # -- painting

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        for item, group in zip(self._items, self._groups, strict=True):
            if item.rect.intersects(area):
                painter.save()
                painter.translate(0, item.rect.top())
                self._paint_group(painter, group, item.rect.translated(0, -item.rect.top()))
                painter.restore()
        if self._groups:
            paint_legend(painter, self._legend, MARGIN, self._legend_top, self._width - 2 * MARGIN)
        for at, words in self._sums:
            words.paint(painter, at, "muted")

    def _paint_group(self, painter: QPainter, group: Group, rect: QRectF) -> None:
        theme, fonts = current(), self._fonts
        if group.row.twin == self._chosen and not self.is_picture:
            paint_choice(painter, rect, has_focus=False)
        else:
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        top = rect.top() + SPACE
        right = f"{evidence_words(group.row.evidence)} · {moment(group.row.time_ns)}"
        room = rect.width() - 2 * SPACE
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
        first = next((line for line in group.lines if line.length), None)
        for line in group.lines:
            self._paint_line(
                painter, line, first.length if first is not None and first is not line else None
            )

    def _paint_line(self, painter: QPainter, line: Line, first: int | None) -> None:
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

    def _paint_nothing(self, painter: QPainter, line: Line) -> None:
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

    def _paint_total(self, painter: QPainter, line: Line, first: int | None) -> None:
        """The length in figures, and how it differs from the first connection's."""
        fonts, length = self._fonts, line.length
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


def _paint_figure(painter: QPainter, fonts: Fonts, at: QPointF, what: str, much: str) -> None:
    """``Echo after 0.9 ms``: the name quietly, the figure plainly."""
    painter.setFont(fonts.small)
    base = QPointF(at.x(), at.y() + fonts.small_fm.ascent() + 1)
    painter.setPen(current().color("muted"))
    painter.drawText(base, what)
    painter.setPen(current().color("text"))
    beside = fonts.small_fm.horizontalAdvance(f"{what} ")
    painter.drawText(QPointF(base.x() + beside, base.y()), much)
