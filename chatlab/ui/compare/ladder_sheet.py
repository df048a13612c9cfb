"""Handshakes side by side: one ladder for each connection, all on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from chatlab.core.comparison import Column, Comparison
from chatlab.core.flow import Direction
from chatlab.core.frame import Exposure
from chatlab.core.ladder import Ladder, Step
from chatlab.ui.compare.ladder_axis import Axis, lay_axis
from chatlab.ui.compare.ladder_head import head_height, paint_head
from chatlab.ui.compare.ladder_rungs import Rung, paint_clear_part, paint_rung
from chatlab.ui.compare.sheet import Fonts, Item, paint_choice
from chatlab.ui.compare.words import bytes_words, column_words, duration_words
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, current

MARGIN = 2 * SPACE
AXIS_WORDS = (
    "The times at the left are not to scale: equal times lie at equal heights, but the axis is "
    "stretched where much happens at once, and cut at a double stroke where nothing happens."
)
_READING_WORDS = {
    Exposure.READABLE: "readable",
    Exposure.SEALED: "sealed",
    Exposure.PLUMBING: "plumbing",
    Exposure.END_TO_END: "sealed end to end",
    Exposure.ATTENTION: "needs attention",
}


@dataclass(frozen=True, slots=True)
class LadderColumn:
    """A connection and its ladder."""

    column: Column
    ladder: Ladder


class LadderSheet:
    """Ladders on one axis. An item's key is ``column/step``, both counted from 0."""

    is_whole = True

    def __init__(self) -> None:
        self._comparison = Comparison()
        self._columns: tuple[LadderColumn, ...] = ()
        self._rungs: list[Rung] = []
        self._items: list[Item] = []
        self._axis: Axis | None = None
        self._chosen = ""
        self._fonts = Fonts()
        self._width = self._top = self._gutter = 0.0
        self.is_picture = False
        """Secrets stay hidden in a picture, and nothing is chosen."""

    def show(self, comparison: Comparison, columns: Sequence[LadderColumn]) -> None:
        self._comparison, self._columns = comparison, tuple(columns)

    # -- ui.compare.sheet.Sheet

    @property
    def items(self) -> Sequence[Item]:
        return self._items

    @property
    def chosen(self) -> str:
        return self._chosen

    def choose(self, key: str) -> None:
        self._chosen = key

    def step(self, key: str) -> tuple[LadderColumn, Step] | None:
        """The step that an item stands for."""
        column, _, at = key.partition("/")
        if not (column.isdecimal() and at.isdecimal()) or int(column) >= len(self._columns):
            return None
        found = self._columns[int(column)]
        steps = found.ladder.steps
        return (found, steps[int(at)]) if int(at) < len(steps) else None

    def lay_out(self, width: float) -> float:
        fonts = self._fonts = Fonts()
        self._width, self._rungs, self._items = width, [], []
        self._gutter = fonts.small_fm.horizontalAdvance("000.00 ms") + SPACE
        columns = [each.column for each in self._columns]
        room = self._column_width()
        self._top = SPACE + max((head_height(fonts, c, room) for c in columns), default=0)
        row = fonts.fm.height() * 1.2 + fonts.small_fm.height() * 0.7
        times = [
            [max(0, step.end_ns - (each.ladder.start_ns or 0)) for step in each.ladder.steps]
            for each in self._columns
        ]
        times = [_ascending(each) for each in times]
        axis = self._axis = lay_axis(times, row)
        first = self._top + row
        for number, each in enumerate(self._columns):
            left = self._left(number)
            for at, step in enumerate(each.ladder.steps):
                y = first + axis.heights[number][at]
                rect = QRectF(left, y - row * 0.78, room, row)
                rung = Rung(f"{number}/{at}", step, rect, y)
                self._rungs.append(rung)
                self._items.append(Item(rung.key, rect, self._step_words(each, step)))
        return first + axis.height + row + SPACE

    def _column_width(self) -> float:
        count = max(1, len(self._columns))
        room = self._width - self._gutter - MARGIN - SPACE
        return max(120.0, room / count - 2 * SPACE)

    def _left(self, number: int) -> float:
        return self._gutter + SPACE + number * (self._column_width() + 2 * SPACE)

    def _step_words(self, column: LadderColumn, step: Step) -> str:
        after = duration_words(step.end_ns - (column.ladder.start_ns or 0))
        frames = ", ".join(str(number) for number in step.frames)
        who = "sent" if step.direction is Direction.SENT else "received"
        return (
            f"{bare(step.name)}: {who} after {after}, {bytes_words(step.size)}, "
            f"{_READING_WORDS[step.exposure]}, frame {frames}. {bare(step.words)}"
        )

    # -- painting

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if self._axis is None:
            return
        room = self._column_width()
        longest = self._longest_ns()
        for number, each in enumerate(self._columns):
            box = QRectF(self._left(number), SPACE, room, self._top)
            title = column_words(self._comparison, each.column)
            paint_head(painter, self._fonts, each.column, title, box, longest)
        self._paint_axis(painter, area)
        for number, each in enumerate(self._columns):
            self._paint_lifelines(painter, number, each)
        for rung in self._rungs:
            if rung.rect.intersects(area):
                is_chosen = rung.key == self._chosen and not self.is_picture
                if is_chosen:
                    paint_choice(painter, rung.rect, has_focus=False)
                paint_rung(painter, self._fonts, rung, shows_secret=is_chosen)

    def _longest_ns(self) -> int:
        """The phases' bars have one scale, too."""
        sums = []
        for each in self._columns:
            cost = each.column.handshake
            phases = cost.phases if cost is not None else ()
            sums.append(sum(phase.duration_ns or 0 for phase in phases))
        return max(sums, default=0)

    def _paint_axis(self, painter: QPainter, area: QRectF) -> None:
        assert self._axis is not None  # paint() has looked.
        theme, fonts = current(), self._fonts
        first = self._top + fonts.fm.height() * 1.2 + fonts.small_fm.height() * 0.7
        lowest, said = -1e9, ""
        painter.setFont(fonts.small)
        painter.setPen(theme.color("muted"))
        flags = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight
        box = QRectF(0, 0, self._gutter - HALF, first - fonts.small_line)
        painter.drawText(box, flags, "not\nto scale")
        for height, time_ns in self._axis.ticks:
            y = first + height
            if y - lowest < fonts.small_line * 1.3 or not area.top() - 40 < y < area.bottom() + 40:
                continue
            lowest = y
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(QPointF(self._gutter, y), QPointF(self._width - MARGIN, y))
            if (words := duration_words(time_ns)) == said:
                continue
            said = words
            painter.setPen(theme.color("muted"))
            box = QRectF(0, y - fonts.small_line / 2, self._gutter - HALF, fonts.small_line)
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(box, flags, words)
        painter.setPen(QPen(theme.color("muted"), 1.4))
        for height in self._axis.breaks:
            _paint_break(painter, self._gutter - SPACE, first + height)

    def _paint_lifelines(self, painter: QPainter, number: int, each: LadderColumn) -> None:
        rungs = [rung for rung in self._rungs if rung.key.startswith(f"{number}/")]
        if not rungs:
            self._paint_nothing(painter, number, each)
            return
        if each.ladder.clear_until is not None:
            paint_clear_part(painter, self._fonts, rungs, each.ladder.clear_until)
        painter.setPen(QPen(current().color("faint"), 1))
        top, bottom = rungs[0].rect.top(), rungs[-1].rect.bottom()
        for x in (rungs[0].client_x, rungs[0].server_x):
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _paint_nothing(self, painter: QPainter, number: int, each: LadderColumn) -> None:
        words = " ".join(each.ladder.notes) or "No step of it was captured."
        painter.setFont(self._fonts.text)
        painter.setPen(current().color("muted"))
        box = QRectF(self._left(number), self._top + SPACE, self._column_width(), 200)
        painter.drawText(box, int(Qt.TextFlag.TextWordWrap), words)


def _ascending(times: list[int]) -> list[int]:
    """Steps stand in the order of their completion; a clock that jumped must not cross rungs."""
    for at in range(1, len(times)):
        times[at] = max(times[at], times[at - 1])
    return times


def _paint_break(painter: QPainter, x: float, y: float) -> None:
    """Two short strokes: the axis was cut here."""
    for by in (-2.5, 2.5):
        painter.drawLine(QPointF(x - 5, y + by + 2), QPointF(x + 5, y + by - 2))
