"""A page of the comparison as a picture for a slide: PNG at twice the size, or SVG.

All of the page is in it, not only what is scrolled into view. Passwords stay hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from chatlab.core.errors import FileError
from chatlab.ui.compare.sheet import Fonts, Sheet
from chatlab.ui.theme import SPACE, current

WIDTH = 1280
SCALE = 2
_MOST_PIXELS = 30_000
"""Qt draws nothing that is higher."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is to be in the picture: sheets side by side, and a widget below them."""

    title: str
    sheets: Sequence[Sheet]
    below: QWidget | None = None
    below_height: int = 0


def save(page: Page, file: Path) -> None:
    """Write the picture, as SVG where the name says so. Raises FileError."""
    fonts = Fonts()
    head = fonts.title_fm.height() + 3 * SPACE
    foot = fonts.small_line + 2 * SPACE
    each = WIDTH / max(1, len(page.sheets))
    body = max((sheet.lay_out(each) for sheet in page.sheets), default=0.0)
    height = min(round(head + body + page.below_height + foot), _MOST_PIXELS // SCALE)
    if file.suffix.lower() == ".svg":
        _save_svg(page, file, fonts, head, body, height)
    else:
        _save_png(page, file, fonts, head, body, height)


def _save_svg(page: Page, file: Path, fonts: Fonts, head: float, body: float, height: int) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(file))
    generator.setSize(QSize(WIDTH, height))
    generator.setViewBox(QRect(0, 0, WIDTH, height))
    generator.setTitle(page.title)
    # Points are the screen's, or the letters would not fill the places measured for them.
    generator.setResolution(round(QGuiApplication.primaryScreen().logicalDotsPerInch()))
    painter = QPainter()
    if not painter.begin(generator):
        raise _refused(file)
    _paint(painter, page, fonts, head, body, height)
    painter.end()


def _save_png(page: Page, file: Path, fonts: Fonts, head: float, body: float, height: int) -> None:
    image = QImage(WIDTH * SCALE, height * SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(SCALE)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint(painter, page, fonts, head, body, height)
    painter.end()
    if not image.save(str(file)):
        raise _refused(file)


def _refused(file: Path) -> FileError:
    return FileError(
        f"The picture cannot be written to {file}.",
        "Choose another folder, and a name that ends in .png or .svg.",
    )


def _paint(
    painter: QPainter, page: Page, fonts: Fonts, head: float, body: float, height: int
) -> None:
    theme = current()
    painter.fillRect(QRectF(0, 0, WIDTH, height), theme.color("surface"))
    painter.setFont(fonts.title)
    painter.setPen(theme.color("text"))
    title = QRectF(2 * SPACE, 0, WIDTH - 4 * SPACE, head)
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, page.title)
    each = WIDTH / max(1, len(page.sheets))
    for at, sheet in enumerate(page.sheets):
        painter.save()
        painter.translate(at * each, head)
        painter.setClipRect(QRectF(0, 0, each, body))
        sheet.paint(painter, QRectF(0, 0, each, body))
        painter.restore()
    if page.below is not None:
        painter.save()
        painter.translate(QPointF(0, head + body))
        page.below.render(painter, QPoint(0, 0))
        painter.restore()
    painter.setFont(fonts.small)
    painter.setPen(theme.color("muted"))
    foot = QRectF(2 * SPACE, height - fonts.small_line - SPACE, WIDTH - 4 * SPACE, fonts.small_line)
    painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"ChatLab · {datetime.now():%Y-%m-%d %H:%M}")
