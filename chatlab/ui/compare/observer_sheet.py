"""What one observer learns from a connection, and what stays hidden: each with its proof."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from chatlab.core.comparison import Column, Comparison
from chatlab.core.observing import Claim, Observer, ObserverView
from chatlab.ui.compare.ladder_rungs import HIDDEN
from chatlab.ui.compare.sheet import Fonts, Item, Words, elided, paint_choice
from chatlab.ui.compare.words import column_words, counted, exposure_of
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap, pixmap

MARGIN = 2 * SPACE


@dataclass(slots=True)
class _Entry:
    """A claim, placed."""

    key: str
    claim: Claim
    rect: QRectF
    value: Words
    words: Words


@dataclass(slots=True)
class _Heading:
    rect: QRectF
    icon: str
    token: str
    words: str


class ObserverSheet:
    """One connection in the eyes of one observer. An item's key names its claim."""

    is_whole = True

    def __init__(self) -> None:
        self._comparison = Comparison()
        self._column: Column | None = None
        self._view: ObserverView | None = None
        self._entries: list[_Entry] = []
        self._headings: list[_Heading] = []
        self._summary: Words | None = None
        self._problem: Words | None = None
        self._chosen = ""
        self._fonts = Fonts()
        self._width = 0.0
        self.is_picture = False

    def show(self, comparison: Comparison, column: Column, view: ObserverView) -> None:
        self._comparison, self._column = comparison, column
        if self._view is None or self._view.observer is not view.observer:
            self._chosen = ""
        self._view = view

    @property
    def column(self) -> Column | None:
        return self._column

    @property
    def claim(self) -> Claim | None:
        """The chosen one."""
        return next((e.claim for e in self._entries if e.key == self._chosen), None)

    # -- ui.compare.sheet.Sheet

    @property
    def items(self) -> Sequence[Item]:
        return [Item(e.key, e.rect, _claim_words(e.claim)) for e in self._entries]

    @property
    def chosen(self) -> str:
        return self._chosen

    def choose(self, key: str) -> None:
        self._chosen = key
        if self._width:
            self.lay_out(self._width)  # A password shows itself once it is chosen.

    def lay_out(self, width: float) -> float:
        fonts = self._fonts = Fonts()
        self._width = width
        self._entries, self._headings = [], []
        if self._view is None:
            return 0
        room = width - 2 * MARGIN
        y = SPACE + fonts.line + HALF
        self._summary = Words(bare(self._view.words), fonts.text, room)
        y += self._summary.height + HALF
        self._problem = None
        if self._view.problem:
            self._problem = Words(bare(self._view.problem), fonts.small, room)
            y += self._problem.height
        y += SPACE
        learnt, hidden = self._view.learnt, self._view.hidden
        seen = self._token
        for claims, icon, token, words in (
            (learnt, "eye", seen, f"Learns {counted(len(learnt), 'thing')}"),
            (hidden, "lock", "sealed", "Does not learn"),
        ):
            if claims:
                self._headings.append(
                    _Heading(QRectF(MARGIN, y, room, fonts.line), icon, token, words)
                )
                y += fonts.line + HALF
                y = self._lay_claims(claims, y)
        return y + SPACE

    def _lay_claims(self, claims: Sequence[Claim], y: float) -> float:
        fonts = self._fonts
        topic = fonts.small_fm.horizontalAdvance("Cipher suites") + SPACE
        left = MARGIN + SPACE + topic
        room = self._width - left - MARGIN
        for claim in claims:
            key = self._key(claim)
            value = Words(self._value(claim, key), fonts.bold, room, most_lines=3)
            words = Words(bare(claim.words), fonts.small, room)
            has_value = bool(claim.value)
            height = (value.height if has_value else 0) + words.height + SPACE
            rect = QRectF(SPACE, y, self._width - 2 * SPACE, height)
            self._entries.append(_Entry(key, claim, rect, value, words))
            y += height
        return y + SPACE

    def _key(self, claim: Claim) -> str:
        """The same for the same thing while more and more is learnt."""
        name = f"{claim.is_learnt} {claim.topic.value} {claim.value}"
        same = sum(entry.key.startswith(f"{name} ") for entry in self._entries)
        return f"{name} {same}"

    @property
    def _token(self) -> str:
        """Red is what anyone on the path can read; what others learn is theirs to know."""
        is_path = self._view is not None and self._view.observer is Observer.NETWORK
        return "readable" if is_path else "text"

    def _value(self, claim: Claim, key: str) -> str:
        if claim.is_secret and (self.is_picture or key != self._chosen):
            return HIDDEN
        return bare(claim.value)

    # -- painting

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if self._column is None or self._view is None or self._summary is None:
            return
        self._paint_head(painter, self._column)
        for heading in self._headings:
            self._paint_heading(painter, heading)
        for entry in self._entries:
            if entry.rect.intersects(area):
                self._paint_entry(painter, entry)

    def _paint_head(self, painter: QPainter, column: Column) -> None:
        fonts, theme = self._fonts, current()
        exposure = exposure_of(column)
        at = QPointF(MARGIN, SPACE + (fonts.line - fonts.icon) / 2)
        painter.drawPixmap(at, exposure_pixmap(exposure, fonts.icon, 2.0))
        painter.setFont(fonts.title)
        painter.setPen(theme.color("text"))
        box = QRectF(MARGIN + fonts.icon + SPACE, SPACE, self._width, fonts.line)
        title = column_words(self._comparison, column)
        shown = elided(title, fonts.title_fm, self._width - box.left() - MARGIN)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)
        y = SPACE + fonts.line + HALF
        assert self._summary is not None  # paint() has looked.
        self._summary.paint(painter, QPointF(MARGIN, y), "text")
        y += self._summary.height + HALF
        if self._problem is not None:
            self._problem.paint(painter, QPointF(MARGIN, y), "attention")

    def _paint_heading(self, painter: QPainter, heading: _Heading) -> None:
        fonts, theme = self._fonts, current()
        rect = heading.rect
        icon = pixmap(heading.icon, heading.token, fonts.icon, 2.0)
        at = QPointF(rect.left(), rect.top() + (rect.height() - fonts.icon) / 2)
        painter.drawPixmap(at, icon)
        painter.setFont(fonts.bold)
        painter.setPen(theme.color(heading.token))
        words = rect.adjusted(fonts.icon + HALF + 2, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, heading.words)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())

    def _paint_entry(self, painter: QPainter, entry: _Entry) -> None:
        fonts, theme, claim = self._fonts, current(), entry.claim
        if entry.key == self._chosen and not self.is_picture:
            paint_choice(painter, entry.rect, has_focus=False)
        y = entry.rect.top() + HALF
        painter.setFont(fonts.small)
        painter.setPen(theme.color("muted"))
        ascent = fonts.bold_fm.ascent() if claim.value else fonts.small_fm.ascent()
        painter.drawText(QPointF(MARGIN + SPACE, y + ascent), claim.topic.value)
        topic = fonts.small_fm.horizontalAdvance("Cipher suites") + SPACE
        x = MARGIN + SPACE + topic
        if claim.value:
            token = self._token if claim.is_learnt else "text"
            entry.value.paint(painter, QPointF(x, y), token)
            self._paint_frames(painter, entry, x + entry.value.width + SPACE, y)
            y += entry.value.height
        entry.words.paint(painter, QPointF(x, y), "muted")

    def _paint_frames(self, painter: QPainter, entry: _Entry, x: float, y: float) -> None:
        """Which frames prove it, how often it was said, and how sure that is."""
        fonts, claim = self._fonts, entry.claim
        words = _proof_words(claim)
        room = entry.rect.right() - SPACE - x
        if room < 4 * SPACE:
            return
        painter.setFont(fonts.small)
        painter.setPen(current().color("accent" if claim.evidence else "muted"))
        shown = elided(words, fonts.small_fm, room)
        painter.drawText(QPointF(x, y + fonts.bold_fm.ascent()), shown)


def _proof_words(claim: Claim) -> str:
    """``frames 4, 9 and 3 more · inferred``."""
    numbers = list(dict.fromkeys(span.frame for span in claim.evidence))
    words = ""
    if numbers:
        shown = ", ".join(str(number) for number in numbers[:3])
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        words = f"{'frame' if len(numbers) == 1 else 'frames'} {shown}{more} · "
    times = f" · {claim.count:,} times" if claim.count > 1 else ""
    return f"{words}{claim.certainty.words}{times}"


def _claim_words(claim: Claim) -> str:
    value = HIDDEN if claim.is_secret else bare(claim.value)
    learnt = "Learns" if claim.is_learnt else "Does not learn"
    return f"{learnt}: {claim.topic.value} {value}. {bare(claim.words)} {_proof_words(claim)}"
