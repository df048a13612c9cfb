"""Colours that texts bring along: nicks by XEP-0392, and the palette of IRC formatting codes.

Both are foreign, so both are tuned: the hue stays, the lightness is what the theme's surface needs
to keep the words legible.
"""

import math
from functools import lru_cache
from hashlib import sha1

from PySide6.QtGui import QColor

from chatlab.protocol.irc_format import EXTENDED_PALETTE, Colour
from chatlab.ui.theme import Theme

_LIGHTNESS = {False: 44.0, True: 74.0}
"""CIE L* of a nick, by whether the theme is dark: about 5:1 against both surfaces."""
_CHROMA = {False: 62.0, True: 52.0}
_WHITE_U, _WHITE_V = 0.19783000664283681, 0.46831999493879100
"""u′ and v′ of D65, the white that sRGB means."""
_KAPPA = 903.2962962962963
_DARK_ENOUGH, _LIGHT_ENOUGH = 0.17, 0.24
"""Relative luminance of text that has about 4.7:1 on a white, on a nearly black surface."""
_GREY_BELOW = 0.15
"""HSL saturation under which a palette colour is no colour, only a shade."""

_CLASSIC_PALETTE = tuple(
    """
    ffffff 000000 00007f 009300 ff0000 7f0000 9c009c fc7f00
    ffff00 00fc00 009393 00ffff 0000fc ff00ff 7f7f7f d2d2d2
    """.split()  # noqa: SIM905 - a list of sixteen strings would be one line each.
)
"""Colours 0 to 15 of mIRC's palette."""


def hue_angle(name: str) -> float:
    """The hue of a name in degrees (XEP-0392, section 5.1)."""
    return int.from_bytes(sha1(name.encode()).digest()[:2], "little") / 65536 * 360


@lru_cache(maxsize=2_048)
def _tuned(hue: float, is_dark: bool) -> int:
    lightness, chroma = _LIGHTNESS[is_dark], _CHROMA[is_dark]
    while chroma > 0:
        red, green, blue = _luv_to_rgb(lightness, chroma, hue)
        if all(-0.001 <= part <= 1.001 for part in (red, green, blue)):
            break
        chroma -= 2
    parts = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return QColor.fromRgbF(*parts).rgb()


def _luv_to_rgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """CIE LCh(uv) to sRGB; parts outside 0 to 1 are colours that no screen shows."""
    u = chroma * math.cos(math.radians(hue)) / (13 * lightness) + _WHITE_U
    v = chroma * math.sin(math.radians(hue)) / (13 * lightness) + _WHITE_V
    y = ((lightness + 16) / 116) ** 3 if lightness > 8 else lightness / _KAPPA
    x = y * 9 * u / (4 * v)
    z = y * (12 - 3 * u - 20 * v) / (4 * v)
    linear = (
        3.2409699419 * x - 1.5373831776 * y - 0.4986107603 * z,
        -0.9692436363 * x + 1.8759675015 * y + 0.0415550574 * z,
        0.0556300797 * x - 0.2039769589 * y + 1.0569715142 * z,
    )
    red, green, blue = (
        12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in linear
    )
    return red, green, blue


def nick_color(nick: str, theme: Theme) -> QColor:
    """The colour of a nick, the same in every chat and at every start."""
    return QColor(_tuned(hue_angle(nick.lower()), theme.is_dark))


def exact_color(colour: Colour) -> QColor:
    """A colour of a formatting code as its sender meant it."""
    if isinstance(colour, str):
        return QColor(colour)
    known = _CLASSIC_PALETTE[colour] if colour < 16 else EXTENDED_PALETTE[colour - 16]
    return QColor(f"#{known}")


def legible_color(colour: Colour, theme: Theme) -> QColor:
    """A colour of a formatting code, as light or dark as the theme's surface needs it."""
    meant = exact_color(colour)
    if meant.hslSaturationF() < _GREY_BELOW:
        return theme.color("muted" if 0.2 < meant.lightnessF() < 0.9 else "text")
    return QColor(_with_luminance(meant.rgb(), theme.is_dark))


@lru_cache(maxsize=256)
def _with_luminance(rgb: int, is_dark: bool) -> int:
    """The nearest shade of a colour that is dark (light) enough to be read."""
    color = QColor(rgb)
    hue, saturation = color.hslHueF(), min(0.75, color.hslSaturationF())
    lightness = 0.55 if is_dark else 0.48
    while 0.1 < lightness < 0.95:
        color = QColor.fromHslF(hue, saturation, lightness)
        luminance = _luminance(color)
        if luminance > _LIGHT_ENOUGH if is_dark else luminance < _DARK_ENOUGH:
            break
        lightness += 0.02 if is_dark else -0.02
    return color.rgb()


def _luminance(color: QColor) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrasting(background: QColor, theme: Theme) -> QColor:
    """Text that stays legible on a background of the sender's choice."""
    is_light = background.lightnessF() * 0.5 + background.greenF() * 0.5 > 0.5
    return theme.color("window" if is_light == theme.is_dark else "text")
