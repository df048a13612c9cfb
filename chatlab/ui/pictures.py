"""Pictures that others send: decoded as what they are, within bounds, or not at all."""

from collections import OrderedDict

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QImageReader, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QApplication

from chatlab.ui.theme import current

MAX_PICTURE_BYTES = 256 * 1024
MAX_PICTURE_SIDE = 1024
_FORMATS = (b"png", b"jpeg", b"gif", b"bmp", b"webp")
"""Decoders that take pixels and nothing else; an SVG could ask for more."""
_MAX_AVATARS = 256
_INITIAL_SHARE = 0.42
"""Height of the letter that stands for a missing picture, in parts of its circle."""
_avatars: "OrderedDict[tuple[int, str, int, float, str], QPixmap]" = OrderedDict()


def read_picture(data: bytes) -> QImage | None:
    """A small still picture; None when it is too large, or none at all."""
    if not data or len(data) > MAX_PICTURE_BYTES:
        return None
    for name in _FORMATS:
        buffer = QBuffer()
        buffer.setData(QByteArray(data))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        reader = QImageReader(buffer, QByteArray(name))
        if not reader.canRead():
            continue
        size: QSize = reader.size()
        if not size.isValid() or max(size.width(), size.height()) > MAX_PICTURE_SIDE:
            return None
        image = reader.read()
        return None if image.isNull() else image
    return None


def avatar(data: bytes, name: str, color: QColor, side: int, ratio: float) -> QPixmap:
    """Somebody's picture in a circle, or the first letter of their name; kept for repaints."""
    key = (hash(data), name[:1], side, ratio, f"{color.rgba():x} {current().name}")
    if (found := _avatars.get(key)) is not None:
        _avatars.move_to_end(key)
        return found
    if len(_avatars) >= _MAX_AVATARS:
        _avatars.popitem(last=False)
    made = _avatars[key] = _draw_avatar(read_picture(data), name, color, side, ratio)
    return made


def _draw_avatar(
    image: QImage | None, name: str, color: QColor, side: int, ratio: float
) -> QPixmap:
    made = QPixmap(round(side * ratio), round(side * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    circle = QRectF(0, 0, side, side)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if image is not None:
        path = QPainterPath()
        path.addEllipse(circle)
        painter.setClipPath(path)
        short = min(image.width(), image.height())
        corner = QPointF((image.width() - short) / 2, (image.height() - short) / 2)
        painter.drawImage(circle, image, QRectF(corner.x(), corner.y(), short, short))
    else:
        ground = QColor(color)
        ground.setAlphaF(0.18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawEllipse(circle)
        font = QFont(QApplication.font())
        font.setPixelSize(max(6, round(side * _INITIAL_SHARE)))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, name[:1].upper())
    painter.end()
    return made
