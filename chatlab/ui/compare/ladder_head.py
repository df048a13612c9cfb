"""Above a ladder: which connection, what its handshake took, and its phases as a bar.

The bars of all ladders have one scale: the same width is the same time.
"""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from chatlab.core.comparison import Column, Phase, PhaseCost
from chatlab.core.frame import Exposure
from chatlab.ui.compare.bars import Look, Pattern, paint_part
from chatlab.ui.compare.sheet import Fonts, Words, elided
from chatlab.ui.compare.words import (
    bytes_words,
    counted,
    duration_words,
    exposure_of,
    is_sealed,
)
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap

_SHORT = {
    Phase.DNS: "DNS",
    Phase.TCP: "TCP",
    Phase.STARTTLS: "STARTTLS",
    Phase.TLS: "TLS",
    Phase.LOGIN: "Login",
    Phase.JOIN: "Join",
}
_PATTERNS = {
    Phase.DNS: Pattern.DOTS,
    Phase.TCP: Pattern.UPRIGHT,
    Phase.STARTTLS: Pattern.DIAGONAL,
    Phase.TLS: Pattern.CROSS,
    Phase.LOGIN: Pattern.SOLID,
    Phase.JOIN: Pattern.LEVEL,
}


def head_height(fonts: Fonts, column: Column, width: float) -> float:
    summary = Words(_summary(column), fonts.small, width)
    return fonts.line + summary.height + HALF + fonts.fm.height() * 1.4 + fonts.small_line + SPACE


def paint_head(
    painter: QPainter, fonts: Fonts, column: Column, title: str, box: QRectF, longest_ns: int
) -> None:
    theme = current()
    y = box.top()
    exposure = exposure_of(column)
    at = QPointF(box.left(), y + (fonts.line - fonts.icon) / 2)
    painter.drawPixmap(at, exposure_pixmap(exposure, fonts.icon, 2.0))
    painter.setFont(fonts.bold)
    painter.setPen(theme.color("text"))
    x = box.left() + fonts.icon + HALF
    words = QRectF(x, y, box.right() - x, fonts.line)
    shown = elided(title, fonts.bold_fm, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    y += fonts.line
    painter.setFont(fonts.small)
    summary = Words(_summary(column), fonts.small, box.width())
    summary.paint(painter, QPointF(box.left(), y), "muted")
    y += summary.height + HALF
    bar = QRectF(box.left(), y, box.width(), fonts.fm.height() * 1.4)
    _paint_phases(painter, fonts, column, bar, longest_ns)
    y = bar.bottom() + 1
    painter.setFont(fonts.small)
    painter.setPen(theme.color("faint"))
    ends = QRectF(box.left(), y, box.width(), fonts.small_line)
    painter.drawText(ends, Qt.AlignmentFlag.AlignLeft, "ChatLab")
    painter.drawText(ends, Qt.AlignmentFlag.AlignRight, "server")


def _summary(column: Column) -> str:
    cost = column.handshake
    if cost is None:
        return "No frame of its handshake was captured."
    ready = f", ready after {duration_words(cost.ready_ns)}" if cost.ready_ns is not None else ""
    return (
        f"{counted(cost.frames, 'frame')}, {bytes_words(cost.bytes)}, "
        f"{counted(cost.round_trips, 'round trip')}{ready}"
    )


def _paint_phases(
    painter: QPainter, fonts: Fonts, column: Column, box: QRectF, longest_ns: int
) -> None:
    painter.setFont(fonts.small)
    cost = column.handshake
    if cost is None or not longest_ns:
        return
    x = box.left()
    for phase in cost.phases:
        width = box.width() * (phase.duration_ns or 0) / longest_ns
        if width <= 0:
            continue
        part = QRectF(x, box.top(), width, box.height())
        words = f"{_SHORT[phase.phase]} {duration_words(phase.duration_ns)}"
        if fonts.small_fm.horizontalAdvance(words) + HALF > width:
            words = _SHORT[phase.phase]
        paint_part(painter, part, _look(phase, column), words, fonts.small_fm.height())
        x += width


def _look(phase: PhaseCost, column: Column) -> Look:
    theme, pattern = current(), _PATTERNS[phase.phase]
    if phase.phase in (Phase.LOGIN, Phase.JOIN):
        exposure = exposure_of(column)
        return Look(
            theme.exposure_color(exposure, soft=True), theme.exposure_color(exposure), pattern
        )
    if phase.phase is Phase.TLS and is_sealed(column):
        return Look(theme.color("sealed_soft"), theme.color("sealed"), pattern)
    exposure = Exposure.READABLE if phase.phase is Phase.STARTTLS else Exposure.PLUMBING
    return Look(theme.exposure_color(exposure, soft=True), theme.exposure_color(exposure), pattern)
