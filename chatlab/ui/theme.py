"""Colours, type scale, spacing and icons: the only place that knows what anything looks like.

Colours are tokens from ``resources/theme/light.toml`` and ``dark.toml``; five of them carry the one
meaning of colour (``core.frame.Exposure``). ``Theme.apply`` gives the application a palette and one
style sheet; everything painted by hand asks ``current()`` at the moment of painting, so a change of
theme needs no more than a repaint. Labels pick their rank by a property that the sheet knows:
``role`` = ``title``, ``heading``, ``muted``, ``small`` or ``error``; the one button that a place is
about has ``primary`` = true, a button that looks like a link ``flat`` = true.
"""

import html
import sys
import tomllib
import weakref
from collections.abc import Callable
from string import Template
from typing import Protocol

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontInfo,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QLabel, QStyle, QWidget

from chatlab import resources
from chatlab.core.frame import Exposure

SPACE = 8
"""The grid, in device-independent pixels."""
HALF = 4
ICON_SIZE = 16
"""The side of an icon beside text."""
_ICON_SIZES = (ICON_SIZE, 20)
_USUAL_PIXELS = 12
"""The height of the font that widths and icons in pixels are meant for."""
_TITLE_SCALE = 1.25
_SMALL_SCALE = 0.9
_CONTROL_EMS = 1.45
"""Height of the text line in a control, in ems of its font."""
_MAX_PIXMAPS = 512

EXPOSURE_ICONS: dict[Exposure, str] = {
    Exposure.READABLE: "eye",
    Exposure.SEALED: "lock",
    Exposure.END_TO_END: "shield",
    Exposure.PLUMBING: "exchange",
    Exposure.ATTENTION: "warning",
}
EXPOSURE_WORDS: dict[Exposure, str] = {
    Exposure.READABLE: "Readable by anyone on the path",
    Exposure.SEALED: "Sealed by TLS",
    Exposure.END_TO_END: "Sealed end to end",
    Exposure.PLUMBING: "Plumbing: carries nobody’s words",
    Exposure.ATTENTION: "Needs attention",
}
_EXPOSURE_TOKENS: dict[Exposure, str] = {
    Exposure.READABLE: "readable",
    Exposure.SEALED: "sealed",
    Exposure.END_TO_END: "end_to_end",
    Exposure.PLUMBING: "plumbing",
    Exposure.ATTENTION: "attention",
}


class _ThemeSignals(QObject):
    """Signals:
    changed: another theme or font size is applied; hand-painted things repaint.
    """

    changed = Signal()


theme_signals = _ThemeSignals()


class Theme:
    """One set of colours. Made by ``load``, put to use by ``apply``."""

    def __init__(self, name: str, is_dark: bool, colors: dict[str, QColor]) -> None:
        self.name = name
        self.is_dark = is_dark
        self._colors = colors

    @classmethod
    def load(cls, name: str) -> "Theme":
        """The theme of ``resources/theme/<name>.toml``: ``light`` or ``dark``."""
        table = tomllib.loads(resources.text(f"theme/{name}.toml"))
        colors = {token: QColor(value) for token, value in table["colors"].items()}
        return cls(name, bool(table["is_dark"]), colors)

    def color(self, token: str) -> QColor:
        """The colour of a token; KeyError names a token that no theme has."""
        return QColor(self._colors[token])

    def exposure_color(self, exposure: Exposure, soft: bool = False) -> QColor:
        """The colour of a meaning; ``soft`` is the one that lies behind text."""
        return self.color(_EXPOSURE_TOKENS[exposure] + ("_soft" if soft else ""))

    def mixed(self, token: str, other: str, share: float) -> QColor:
        """``token`` with ``share`` (0 to 1) of ``other`` in it."""
        first, second = self._colors[token], self._colors[other]
        return QColor.fromRgbF(
            first.redF() + (second.redF() - first.redF()) * share,
            first.greenF() + (second.greenF() - first.greenF()) * share,
            first.blueF() + (second.blueF() - first.blueF()) * share,
        )

    def apply(self, app: QApplication, font_scale: float = 1.0) -> None:
        """Dress the whole application; ``font_scale`` is relative to the system's font."""
        self.prepare(app, font_scale)
        self.put_on(app)
        _refresh_icons()
        theme_signals.changed.emit()

    def prepare(self, app: QApplication, font_scale: float = 1.0) -> None:
        """All but the style sheet: under one, building a window takes half as long again."""
        global _current
        _current = self
        _pixmaps.clear()
        style = app.style()
        if style is None or style.name().lower() != "fusion":
            app.setStyle("Fusion")
        if font_scale != _font_scale_of(app):
            _scale_font(app, font_scale)
        app.setPalette(self._palette())

    def put_on(self, app: QApplication) -> None:
        """The style sheet, once what it dresses has been built."""
        app.setStyleSheet(self._style_sheet(app.font()))

    def _palette(self) -> QPalette:
        palette = QPalette()
        role = QPalette.ColorRole
        tokens = {
            role.Window: "window",
            role.WindowText: "text",
            role.Base: "surface",
            role.AlternateBase: "window",
            role.Text: "text",
            role.Button: "raised",
            role.ButtonText: "text",
            role.BrightText: "on_accent",
            role.Highlight: "selection",
            role.HighlightedText: "text",
            role.Accent: "accent",
            role.Link: "accent",
            role.LinkVisited: "accent",
            role.ToolTipBase: "raised",
            role.ToolTipText: "text",
            role.PlaceholderText: "faint",
            role.Light: "raised",
            role.Midlight: "raised",
            role.Mid: "line",
            role.Dark: "line",
            role.Shadow: "window",
        }
        for which, token in tokens.items():
            palette.setColor(which, self._colors[token])
        for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, which, self._colors["faint"])
        return palette

    def _style_sheet(self, font: QFont) -> str:
        values = {token: color.name() for token, color in self._colors.items()}
        values |= {
            "title_pt": f"{_points(font) * _TITLE_SCALE:.2f}",
            "small_pt": f"{_points(font) * _SMALL_SCALE:.2f}",
            "control_px": str(round(_points(font) * _CONTROL_EMS * 96 / 72)),
            "icon_px": str(scaled(ICON_SIZE)),
            "control_line": self.mixed("line", "faint", 0.35).name(),
            "scroll": self.mixed("line", "faint", 0.45).name(),
            "accent_hover": self.mixed("accent", "text", 0.12).name(),
        }
        return Template(resources.text("theme/base.qss")).substitute(values)


_current: Theme | None = None


def current() -> Theme:
    """The theme in use; the light one before any was applied."""
    global _current
    if _current is None:
        _current = Theme.load("light")
    return _current


def exposure_color(exposure: Exposure, soft: bool = False) -> QColor:
    """The colour of a meaning in the current theme."""
    return current().exposure_color(exposure, soft)


def system_theme_name() -> str:
    """``dark`` or ``light``, as the desktop is set."""
    hints = QGuiApplication.styleHints()
    return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"


def system_theme(choice: str) -> str:
    """The theme that a choice means: ``system`` is the desktop's."""
    return choice if choice in ("light", "dark") else system_theme_name()


def on_theme_changed(callback: Callable[[], object]) -> None:
    """Call ``callback`` after each change; a bound method of a QObject ends with its object."""
    theme_signals.changed.connect(callback)


# Type scale ---------------------------------------------------------------------------------

_FONT_BASE = "chatlab_font_points"
_FONT_SCALE = "chatlab_font_scale"


def _points(font: QFont) -> float:
    """Point size, also of a font that was given in pixels."""
    return font.pointSizeF() if font.pointSizeF() > 0 else font.pixelSize() * 72 / 96


def _font_scale_of(app: QApplication) -> float:
    scale = app.property(_FONT_SCALE)
    return scale if isinstance(scale, float) else 1.0


def _scale_font(app: QApplication, scale: float) -> None:
    font = app.font()
    base = app.property(_FONT_BASE)
    if not isinstance(base, float):
        base = _points(font)
        app.setProperty(_FONT_BASE, base)
    font.setPointSizeF(base * scale)
    app.setFont(font)
    app.setProperty(_FONT_SCALE, scale)


def _sized(scale: float) -> QFont:
    font = QApplication.font()
    font.setPointSizeF(_points(font) * scale)
    return font


def title_font() -> QFont:
    """For the one headline of a place."""
    font = _sized(_TITLE_SCALE)
    font.setWeight(QFont.Weight.DemiBold)
    return font


def small_font() -> QFont:
    """For what is read second: times, counters, captions."""
    return _sized(_SMALL_SCALE)


def mono_font(scale: float = 1.0) -> QFont:
    """For bytes and columns of figures; each system's best fixed-width face."""
    if sys.platform == "darwin":
        font = QFont("Menlo")
    elif sys.platform == "win32":
        font = QFont("Cascadia Mono" if QFontDatabase.hasFamily("Cascadia Mono") else "Consolas")
    else:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFixedPitch(True)
    font.setPointSizeF(_points(QApplication.font()) * scale)
    return font


# Icons --------------------------------------------------------------------------------------


def scaled(pixels: int) -> int:
    """A width, or the side of an icon, that was chosen for usual text, for the text of now."""
    now = QFontInfo(QApplication.font()).pixelSize()
    return round(pixels * max(1.0, now / _USUAL_PIXELS))


class HasIcon(Protocol):
    """A button, an action: what can wear an icon and be forgotten."""

    def setIcon(self, icon: QIcon, /) -> None: ...  # Qt's name


_renderers: dict[str, QSvgRenderer] = {}
_pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
_wearers: "weakref.WeakKeyDictionary[HasIcon, tuple[str, str]]" = weakref.WeakKeyDictionary()


def pixmap(name: str, token: str = "muted", size: int = ICON_SIZE, ratio: float = 0.0) -> QPixmap:
    """An icon painted in the colour of ``token``, for delegates; kept until the theme changes.

    ``ratio`` is the device pixel ratio of where it is painted; 0 means the sharpest screen's.
    """
    ratio = ratio or _screen_ratio()
    key = (name, token, size, ratio)
    if (found := _pixmaps.get(key)) is None:
        if len(_pixmaps) >= _MAX_PIXMAPS:
            _pixmaps.clear()
        found = _pixmaps[key] = _render(name, current().color(token), size, ratio)
    return found


def exposure_pixmap(exposure: Exposure, size: int = ICON_SIZE, ratio: float = 0.0) -> QPixmap:
    """The icon that stands beside the colour of a meaning."""
    return pixmap(EXPOSURE_ICONS[exposure], _EXPOSURE_TOKENS[exposure], size, ratio)


def icon(name: str, token: str = "muted") -> QIcon:
    """An icon in the colours of now. For one that outlives a theme, use ``set_icon``."""
    made = QIcon()
    for size in sorted({*_ICON_SIZES, *map(scaled, _ICON_SIZES)}):
        made.addPixmap(pixmap(name, token, size), QIcon.Mode.Normal)
        made.addPixmap(pixmap(name, "faint", size), QIcon.Mode.Disabled)
    return made


def set_icon(wearer: HasIcon, name: str, token: str = "muted") -> None:
    """Give an action or a button an icon that follows the theme; call again to change it."""
    _wearers[wearer] = (name, token)
    wearer.setIcon(icon(name, token))


def app_icon() -> QIcon:
    """The program's own sign, in its own colours."""
    made = QIcon()
    for size in (16, 32, 64, 128):
        made.addPixmap(_render("chatlab", None, size, 1.0))
    return made


def _refresh_icons() -> None:
    for wearer, (name, token) in list(_wearers.items()):
        try:
            wearer.setIcon(icon(name, token))
        except RuntimeError:  # Its C++ side is already gone; Python will follow.
            _wearers.pop(wearer, None)


def _screen_ratio() -> float:
    screens = QGuiApplication.screens()
    return max((screen.devicePixelRatio() for screen in screens), default=1.0)


def _render(name: str, color: QColor | None, size: int, ratio: float) -> QPixmap:
    """An icon in one colour; None leaves the drawing's own."""
    if (renderer := _renderers.get(name)) is None:
        svg = resources.path(f"icons/{name}.svg").read_bytes()
        renderer = _renderers[name] = QSvgRenderer(QByteArray(svg))
    made = QPixmap(round(size * ratio), round(size * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    box = QRectF(0, 0, size, size)
    renderer.render(painter, box)
    if color is not None:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(box, color)
    painter.end()
    return made


# Small helpers for widgets ------------------------------------------------------------------


def set_role(widget: QWidget, role: str) -> None:
    """Give a label or frame another rank and let the style sheet notice."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    style: QStyle = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def plain_label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """A label that never takes foreign text for HTML."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if role:
        label.setProperty("role", role)
    return label


def isolated(text: str) -> str:
    """Foreign text that cannot turn the words around it (Unicode bidi isolate)."""
    return f"\u2068{text}\u2069"


def plain_tool_tip(text: str) -> str:
    """A tooltip that shows ``text`` as it is, wrapped; tooltips would take ``<b>`` for HTML."""
    return f"<qt>{html.escape(text).replace(chr(10), '<br>')}</qt>" if text else ""
