"""One row of the comparison, placed: its bars, figures and notes, from its own upper edge down."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF

from chatlab.core.comparison import Column, MessageCost, Row
from chatlab.core.frame import Exposure
from chatlab.core.measures import Measure, WireLayer
from chatlab.ui.compare.sheet import Fonts, Words
from chatlab.ui.compare.words import cost_words, exposure_of, value_words
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE

MARGIN = 2 * SPACE
_FIGURES = {
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


@dataclass(slots=True)
class Line:
    """One message on one connection, placed."""

    column: Column
    cost: MessageCost | None
    title: str
    top: float
    bar: QRectF
    figures: list[tuple[QPointF, str, str]] = field(default_factory=list)
    """Where, what, how much."""
    notes: list[tuple[QPointF, Words]] = field(default_factory=list)

    @property
    def length(self) -> int:
        return self.cost.carried.length if self.cost is not None and self.cost.carried else 0


@dataclass(slots=True)
class Group:
    """One row of the comparison, placed; what is in it counts from its upper edge."""

    row: Row
    height: float
    lines: list[Line] = field(default_factory=list)
    words: str = ""
    """All of it in words."""
    layers: frozenset[tuple[WireLayer, Exposure]] = frozenset()


@dataclass(frozen=True)
class Frame:
    """Where rows are placed: as long as this is the same, a row’s place in itself is, too."""

    width: float
    left: float
    """Where bars begin."""
    per_byte: float
    columns: tuple[tuple[int, Column, str], ...]
    """Those that are shown: place in the row, column, title."""
    fonts: str

    def place(self, row: Row, fonts: Fonts) -> Group:
        group = Group(row, 0.0)
        y = SPACE + fonts.line + HALF
        for at, column, title in self.columns:
            y = self._lay_line(group, column, title, row.cells[at], y, fonts)
        group.height = y
        told = [cost_words(line.cost, line.column) for line in group.lines if line.cost]
        group.words = f"“{bare(row.text)}”. " + ". ".join(told)
        group.layers = frozenset(
            (layer, exposure_of(line.column))
            for line in group.lines
            if line.cost is not None and line.cost.carried is not None
            for layer, _ in line.cost.carried.layers.parts()
        )
        return group

    def _lay_line(
        self,
        group: Group,
        column: Column,
        title: str,
        cost: MessageCost | None,
        y: float,
        fonts: Fonts,
    ) -> float:
        line = Line(column, cost, title, y, QRectF())
        height = fonts.fm.height() * 1.65
        line.bar = QRectF(self.left, y, line.length * self.per_byte, height)
        group.lines.append(line)
        y += height + HALF
        if cost is None:
            return y + HALF
        y = self._lay_figures(line, cost.values(), y, fonts)
        notes = (cost.problem, *cost.notes) if cost.carried is not None else cost.notes
        for note in filter(None, notes):
            words = Words(note, fonts.small, self.width - MARGIN - self.left)
            line.notes.append((QPointF(self.left, y), words))
            y += words.height
        return y + SPACE

    def _lay_figures(
        self, line: Line, values: dict[Measure, float | None], y: float, fonts: Fonts
    ) -> float:
        x, right = self.left, self.width - MARGIN
        for measure, what in _FIGURES.items():
            value = values[measure]
            if value is None or (measure in _ONLY_IF_ANY and not value):
                continue
            much = value_words(value, measure)
            need = fonts.small_fm.horizontalAdvance(f"{what} {much}") + HALF
            if x + need > right and x > self.left:
                x, y = self.left, y + fonts.small_line
            line.figures.append((QPointF(x, y), what, much))
            x += need + 2 * SPACE + HALF
        return y + fonts.small_line if line.figures else y


class Rows:
    """The rows that have been placed; new ones are placed some at a time, the newest first."""

    def __init__(self) -> None:
        self._placed: dict[str, tuple[Frame, Group]] = {}
        self._frame: Frame | None = None

    def place(
        self, rows: Sequence[Row], frame: Frame, fonts: Fonts, most: int
    ) -> tuple[list[Group], bool]:
        """A group for each row, and whether all are as they should be. Others are as they were, or
        empty and of a height that may be."""
        if self._frame is None or self._frame != frame:
            self._frame = frame
        frame = self._frame  # One and the same as before: told apart without a look inside.
        found: list[Group] = []
        kept: dict[str, tuple[Frame, Group]] = {}
        height, is_whole = 0.0, True
        for row in reversed(rows):
            known = self._placed.get(row.twin)
            is_same = known is not None and (known[1].row is row or known[1].row == row)
            if known is None or known[0] is not frame or not is_same:
                if most > 0:
                    most -= 1
                    known = frame, frame.place(row, fonts)
                else:
                    is_whole = False
            if known is not None:
                kept[row.twin] = known
                height = known[1].height
            found.append(known[1] if known is not None else Group(row, height))
        self._placed = kept
        return found[::-1], is_whole
