"""Stacked bars: how many bytes of a frame are whose. Each part has a colour, a pattern and a name,
so that nobody needs to see colours; patterns are drawn as lines, sharp at any size and in SVG."""

from dataclasses import dataclass
from enum import Enum
from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from chatlab.core.account import Application
from chatlab.core.frame import Exposure
from chatlab.core.measures import LayerBytes, WireLayer
from chatlab.ui.compare.words import layer_words
from chatlab.ui.theme import HALF, SPACE, current, small_font

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEP = 6.0
_DOT = 1.1
_RADIUS = 3.0


class Pattern(Enum):
    SOLID = "solid"
    DIAGONAL = "diagonal"
    CROSS = "cross"
    UPRIGHT = "upright"
    LEVEL = "level"
    DOTS = "dots"


@dataclass(frozen=True, slots=True)
class Look:
    """How a part of a bar is painted."""

    ground: QColor
    ink: QColor
    """Of the letters, and of the pattern's lines."""
    pattern: Pattern


_PATTERNS = {
    WireLayer.TEXT: Pattern.SOLID,
    WireLayer.FRAMING: Pattern.DIAGONAL,
    WireLayer.TLS: Pattern.CROSS,
    WireLayer.SEALED: Pattern.SOLID,
    WireLayer.REPEATED: Pattern.DIAGONAL,
    WireLayer.OTHER: Pattern.DOTS,
    WireLayer.TCP: Pattern.UPRIGHT,
    WireLayer.IP: Pattern.LEVEL,
    WireLayer.LINK: Pattern.DOTS,
}


def look_of(layer: WireLayer, exposure: Exposure) -> Look:
    """Words in the colour of their meaning, TLS green, headers grey."""
    theme, pattern = current(), _PATTERNS[layer]
    match layer:
        case WireLayer.TEXT | WireLayer.SEALED:
            return Look(theme.exposure_color(exposure), theme.color("surface"), pattern)
        case WireLayer.FRAMING:
            color = theme.exposure_color(exposure)
            return Look(theme.exposure_color(exposure, soft=True), color, pattern)
        case WireLayer.TLS:
            return Look(theme.color("sealed_soft"), theme.color("sealed"), pattern)
        case WireLayer.REPEATED:
            return Look(theme.color("attention_soft"), theme.color("attention"), pattern)
        case _:
            return Look(theme.color("plumbing_soft"), theme.color("plumbing"), pattern)


def paint_part(painter: QPainter, box: QRectF, look: Look, words: str, font_height: float) -> None:
    """One part; its words stand inside where they fit, on plain ground."""
    painter.fillRect(box, look.ground)
    paint_pattern(painter, box, look)
    painter.setPen(QPen(current().color("surface"), 1))
    painter.drawLine(box.topRight(), box.bottomRight())
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(words)
    if not words or width + HALF > box.width():
        return
    label = QRectF(0, 0, width + HALF, font_height)
    label.moveCenter(box.center())
    if look.pattern is not Pattern.SOLID:
        painter.fillRect(label, look.ground)
    painter.setPen(look.ink)
    painter.drawText(label, Qt.AlignmentFlag.AlignCenter, words)


def paint_pattern(painter: QPainter, box: QRectF, look: Look) -> None:
    """The lines of a pattern, thinned so that the letters on it stay in front.

    They are cut by arithmetic: a painter's clip is lost in SVG.
    """
    color = QColor(look.ink)
    color.setAlphaF(0.38)
    painter.setPen(QPen(color, 1))
    match look.pattern:
        case Pattern.DIAGONAL:
            painter.drawLines(_slanted(box, rises=True))
        case Pattern.CROSS:
            painter.drawLines([*_slanted(box, rises=True), *_slanted(box, rises=False)])
        case Pattern.UPRIGHT:
            across = _steps(box.left() + _STEP / 2, box.right())
            painter.drawLines([QLineF(x, box.top(), x, box.bottom()) for x in across])
        case Pattern.LEVEL:
            down = _steps(box.top() + _STEP / 2, box.bottom())
            painter.drawLines([QLineF(box.left(), y, box.right(), y) for y in down])
        case Pattern.DOTS:
            _paint_dots(painter, box, color)
        case _:
            pass


def _steps(first: float, end: float) -> list[float]:
    return [first + step * _STEP for step in range(max(0, ceil((end - first) / _STEP)))]


def _slanted(box: QRectF, *, rises: bool) -> list[QLineF]:
    """Lines of 45 degrees, as far as they lie in the box."""
    made = []
    for foot in _steps(box.left() - box.height() + _STEP / 2, box.right()):
        left, right = max(foot, box.left()), min(foot + box.height(), box.right())
        near, far = left - foot, right - foot
        if rises:
            made.append(QLineF(left, box.bottom() - near, right, box.bottom() - far))
        else:
            made.append(QLineF(left, box.top() + near, right, box.top() + far))
    return made


def _paint_dots(painter: QPainter, box: QRectF, color: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    y, is_odd = box.top() + _STEP / 2, False
    while y < box.bottom() - _DOT:
        x = box.left() + (_STEP if is_odd else _STEP / 2)
        while x < box.right() - _DOT:
            painter.drawEllipse(QPointF(x, y), _DOT, _DOT)
            x += _STEP
        y, is_odd = y + _STEP, not is_odd


def paint_bar(
    painter: QPainter,
    box: QRectF,
    layers: LayerBytes,
    per_byte: float,
    exposure: Exposure,
    application: Application,
) -> None:
    """A frame's bytes from the words outwards, ``per_byte`` wide each."""
    painter.setFont(small_font())
    height = QFontMetricsF(painter.font()).height()
    x = box.left()
    for layer, count in layers.parts():
        part = QRectF(x, box.top(), count * per_byte, box.height())
        name = layer_words(layer, application)
        words = f"{name} {count}"
        if QFontMetricsF(painter.font()).horizontalAdvance(words) + HALF > part.width():
            words = str(count)
        paint_part(painter, part, look_of(layer, exposure), words, height)
        x += part.width()


@dataclass(frozen=True, slots=True)
class LegendEntry:
    layer: WireLayer
    exposure: Exposure
    words: str


def legend_entries(used: "Iterable[tuple[WireLayer, Exposure]]") -> list[LegendEntry]:
    """What the legend has to explain, each look once, from the words outwards."""
    found = dict.fromkeys(
        (layer, exposure if layer in (WireLayer.TEXT, WireLayer.FRAMING) else Exposure.PLUMBING)
        for layer, exposure in used
    )
    order = list(WireLayer)
    made = []
    for layer, exposure in sorted(found, key=lambda one: (order.index(one[0]), one[1].value)):
        words = layer.words
        if layer is WireLayer.TEXT:
            words = "Your words, sealed" if exposure is Exposure.SEALED else "Your words, readable"
        elif layer is WireLayer.FRAMING:
            words += ", sealed" if exposure is Exposure.SEALED else ", readable"
        elif layer is WireLayer.SEALED:
            exposure = Exposure.SEALED
        made.append(LegendEntry(layer, exposure, words))
    return made


def paint_legend(
    painter: QPainter, entries: list[LegendEntry], left: float, top: float, width: float
) -> float:
    """Swatches with their names, wrapped to ``width``; returns the height. Paints nothing that is
    outside of the painter's clip, so it may be asked for the height alone with a null painter."""
    font = small_font()
    metrics = QFontMetricsF(font)
    line = metrics.height() + HALF
    swatch = metrics.height() * 1.6
    x, y = left, top
    for entry in entries:
        need = swatch + HALF + metrics.horizontalAdvance(entry.words) + 2 * SPACE
        if x + need > left + width and x > left:
            x, y = left, y + line
        if painter.isActive():
            painter.setFont(font)
            box = QRectF(x, y + 1, swatch, metrics.height() - 2)
            paint_part(painter, box, look_of(entry.layer, entry.exposure), "", 0)
            painter.setPen(current().color("muted"))
            words = QRectF(box.right() + HALF, y, need, metrics.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, entry.words)
        x += need
    return y + line - top
