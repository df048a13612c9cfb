"""One step of a ladder: an arrow between our end and the server's, its name above it."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from chatlab.core.flow import Direction
from chatlab.core.frame import Exposure
from chatlab.core.ladder import Detail, Reading, Step
from chatlab.ui.compare.sheet import Fonts, elided
from chatlab.ui.rich_text import bare
from chatlab.ui.theme import HALF, SPACE, current, exposure_pixmap

_EDGE = 14.0
_HEAD = 4.5
HIDDEN = "••••••••"
"""What stands for a password that nobody asked to see."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A step, placed."""

    key: str
    step: Step
    rect: QRectF
    y: float
    """Of its arrow."""

    @property
    def client_x(self) -> float:
        return self.rect.left() + _EDGE

    @property
    def server_x(self) -> float:
        return self.rect.right() - _EDGE


def paint_rung(painter: QPainter, fonts: Fonts, rung: Rung, *, shows_secret: bool) -> None:
    """The arrow in the colour of who can read it; sealed ones are dashed, too."""
    theme, step = current(), rung.step
    color = theme.exposure_color(step.exposure)
    left, right = rung.client_x, rung.server_x
    is_sent = step.direction is Direction.SENT
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(color, 1.6 if step.exposure is not Exposure.PLUMBING else 1.1)
    if step.exposure is Exposure.SEALED:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.drawLine(QPointF(left, rung.y), QPointF(right, rung.y))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    tip, back = (right, right - 2 * _HEAD) if is_sent else (left, left + 2 * _HEAD)
    painter.drawPolygon(
        QPolygonF(
            [
                QPointF(tip, rung.y),
                QPointF(back, rung.y - _HEAD),
                QPointF(back, rung.y + _HEAD),
            ]
        )
    )
    painter.restore()
    _paint_name(painter, fonts, rung, shows_secret)


def _paint_name(painter: QPainter, fonts: Fonts, rung: Rung, shows_secret: bool) -> None:
    theme, step = current(), rung.step
    height = fonts.fm.height()
    icon = round(fonts.small_fm.height() * 0.9)
    box = QRectF(rung.client_x + SPACE, rung.y - height - 2, 0, height)
    box.setRight(rung.server_x - SPACE)
    facts = _facts(step)
    aside = fonts.small_fm.horizontalAdvance(facts)
    painter.setFont(fonts.small)
    painter.setPen(theme.color("muted"))
    flags = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(box, flags | Qt.AlignmentFlag.AlignRight, facts)
    at = QPointF(box.left(), box.top() + (height - icon) / 2)
    painter.drawPixmap(at, exposure_pixmap(step.exposure, icon, 2.0))
    box.setLeft(box.left() + icon + HALF)
    room = box.width() - aside - SPACE
    is_quiet = step.exposure is Exposure.PLUMBING
    painter.setFont(fonts.text if is_quiet else fonts.bold)
    painter.setPen(theme.color("muted" if is_quiet else "text"))
    name = elided(bare(step.name), fonts.bold_fm, room)
    painter.drawText(box, flags | Qt.AlignmentFlag.AlignLeft, name)
    used = fonts.bold_fm.horizontalAdvance(name) + SPACE
    told = secret_words(step, shows_secret=shows_secret)
    if told and room - used > 4 * SPACE:
        painter.setFont(fonts.small)
        painter.setPen(theme.color("readable" if step.exposure is Exposure.READABLE else "muted"))
        place = QRectF(box.left() + used, box.top(), room - used, height)
        shown = elided(told, fonts.small_fm, place.width())
        painter.drawText(place, flags | Qt.AlignmentFlag.AlignLeft, shown)


def _facts(step: Step) -> str:
    """Its frames and its bytes."""
    many = (
        f"{step.frames[0]}…" if len(step.frames) > 1 else f"{step.frames[0]}" if step.frames else ""
    )
    reading = " · from the keys" if step.reading is Reading.DECRYPTED else ""
    frame = f"#{many} · " if many else ""
    return f"{frame}{step.size:,} B{reading}"


def secret_words(step: Step, *, shows_secret: bool) -> str:
    """``Password “hunter2”``, once it was asked for; before, that it lies there to be read."""
    for detail in step.details:
        if detail.is_secret:
            return f"{detail.label}: {detail_value(detail, shows_secret=shows_secret)}"
    return ""


def detail_value(detail: Detail, *, shows_secret: bool) -> str:
    if detail.is_secret and not shows_secret:
        return HIDDEN
    return bare(detail.value)


def paint_clear_part(painter: QPainter, fonts: Fonts, rungs: list[Rung], clear_until: int) -> None:
    """STARTTLS: what went in clear before lies on red, and a line says where that ends."""
    clear = rungs[:clear_until]
    if not clear:
        return
    theme = current()
    box = QRectF(clear[0].rect.topLeft(), clear[-1].rect.bottomRight())
    painter.fillRect(box, theme.color("readable_soft"))
    painter.fillRect(QRectF(box.left(), box.top(), 3, box.height()), theme.color("readable"))
    painter.setFont(fonts.small)
    painter.save()
    painter.translate(box.left() + 3, box.bottom() - HALF)
    painter.rotate(-90)
    painter.setPen(theme.color("readable"))
    painter.drawText(QPointF(0, fonts.small_fm.ascent() * 0.8), "in clear")
    painter.restore()
    if clear_until < len(rungs):
        y = box.bottom()
        painter.setPen(QPen(theme.color("sealed"), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
