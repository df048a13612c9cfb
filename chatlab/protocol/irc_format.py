"""Formatting codes in IRC texts (mIRC's, as Modern IRC describes them): read or removed.

Every other control character is dropped as well: no text may ring a bell, move a cursor or look
like two lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

Colour = int | str
"""A number of mIRC's palette (0-98; the window's theme draws 0-15, see EXTENDED_PALETTE for the
rest), or ``#rrggbb``."""
_DEFAULT_COLOUR = 99

_TOKEN = re.compile(
    "\x03(?:(?P<fg>[0-9]{1,2})(?:,(?P<bg>[0-9]{1,2}))?)?"
    "|\x04(?:(?P<hex_fg>[0-9A-Fa-f]{6})(?:,(?P<hex_bg>[0-9A-Fa-f]{6}))?)?"
    "|(?P<control>[\x00-\x1f\x7f])"
)

_TOGGLES = {
    "\x02": "is_bold",
    "\x1d": "is_italic",
    "\x1f": "is_underlined",
    "\x1e": "is_struck",
    "\x11": "is_monospaced",
    "\x16": "is_reversed",
}
_LONGEST_CODE = len("\x04rrggbb,rrggbb")
_RESET = "\x0f"
_TAB = "\t"

_EXTENDED = (
    "470000 472100 474700 324700 004700 00472c 004747 002747 000047 2e0047 470047 47002a "
    "740000 743a00 747400 517400 007400 007449 007474 004074 000074 4b0074 740074 740045 "
    "b50000 b56300 b5b500 7db500 00b500 00b571 00b5b5 0063b5 0000b5 7500b5 b500b5 b5006b "
    "ff0000 ff8c00 ffff00 b2ff00 00ff00 00ffa0 00ffff 008cff 0000ff a500ff ff00ff ff0098 "
    "ff5959 ffb459 ffff71 cfff60 6fff6f 65ffc9 6dffff 59b4ff 5959ff c459ff ff66ff ff59bc "
    "ff9c9c ffd39c ffff9c e2ff9c 9cff9c 9cffdb 9cffff 9cd3ff 9c9cff dc9cff ff9cff ff94d3 "
    "000000 131313 282828 363636 4d4d4d 656565 818181 9f9f9f bcbcbc e2e2e2 ffffff"
)
EXTENDED_PALETTE: tuple[str, ...] = tuple(_EXTENDED.split())
"""Colours 16 to 98 as six hex digits; the same for everybody, unlike 0 to 15."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text is meant to look."""

    is_bold: bool = False
    is_italic: bool = False
    is_underlined: bool = False
    is_struck: bool = False
    is_monospaced: bool = False
    is_reversed: bool = False
    foreground: Colour | None = None
    background: Colour | None = None


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    style: Style = PLAIN


def strip_formatting(text: str) -> str:
    """The bare text: no codes, no control characters but the tab."""
    return "".join(piece for piece, _ in _pieces(text))


def parse_runs(text: str) -> tuple[Run, ...]:
    """The text as runs of one style each; their texts joined are ``strip_formatting(text)``."""
    runs: list[Run] = []
    style = PLAIN
    for piece, code in _pieces(text):
        if piece:
            if runs and runs[-1].style == style:
                runs[-1] = Run(runs[-1].text + piece, style)
            else:
                runs.append(Run(piece, style))
        if code is not None:
            style = _restyled(style, code)
    return tuple(runs)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text as it is written: words in their style, or a code."""

    text: str
    style: Style
    """Of words: how they look. Of a code: how the words after it will."""
    is_code: bool


def parse_pieces(text: str) -> tuple[Piece, ...]:
    """Every character of the text in order, codes included, for those who show both."""
    pieces: list[Piece] = []
    style = PLAIN
    for words, code in _pieces(text):
        if words:
            pieces.append(Piece(words, style, is_code=False))
        if code is not None:
            style = _restyled(style, code)
            pieces.append(Piece(code[0], style, is_code=True))
    return tuple(pieces)


def style_after(text: str) -> Style:
    """The style in which a text that follows would stand."""
    style = PLAIN
    for _, code in _pieces(text):
        if code is not None:
            style = _restyled(style, code)
    return style


def code_before(text: str, position: int) -> int:
    """``position``, or the beginning of the code that a cut there would break."""
    for match in _TOKEN.finditer(text, max(0, position - _LONGEST_CODE), position + _LONGEST_CODE):
        if match.start() < position < match.end():
            return match.start()
    return position


def codes_of(style: Style) -> str:
    """The codes that lead from plain text to a style."""
    toggles = "".join(code for code, name in _TOGGLES.items() if getattr(style, name))
    return toggles + _colour_codes(style.foreground, style.background)


def _colour_codes(foreground: Colour | None, background: Colour | None) -> str:
    number = f"{foreground if isinstance(foreground, int) else _DEFAULT_COLOUR:02}"
    if isinstance(background, str):
        if isinstance(foreground, str):
            return f"\x04{foreground[1:]},{background[1:]}"
        # \x04 cannot name a background alone: the second code corrects the first one's words.
        return f"\x04000000,{background[1:]}\x03{number}"
    ground = "" if background is None else f",{background:02}"
    if isinstance(foreground, str):
        return (f"\x03{number}{ground}" if ground else "") + f"\x04{foreground[1:]}"
    return "" if foreground is None and not ground else f"\x03{number}{ground}"


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Plain text, each piece with the code that follows it."""
    position = 0
    for match in _TOKEN.finditer(text):
        if match["control"] == _TAB:
            continue
        yield text[position : match.start()], match
        position = match.end()
    yield text[position:], None


def _restyled(style: Style, code: re.Match[str]) -> Style:
    control = code["control"]
    if control == _RESET:
        return PLAIN
    if control in _TOGGLES:
        name = _TOGGLES[control]
        return replace(style, **{name: not getattr(style, name)})
    if control:
        return style
    if code[0][0] == "\x03":
        foreground, background = _palette(code["fg"]), _palette(code["bg"])
    else:
        foreground, background = _rgb(code["hex_fg"]), _rgb(code["hex_bg"])
    if code[0] in ("\x03", "\x04"):
        return replace(style, foreground=None, background=None)
    has_background = code["bg"] or code["hex_bg"]
    return replace(
        style,
        foreground=foreground,
        background=background if has_background else style.background,
    )


def _palette(digits: str | None) -> Colour | None:
    return None if digits is None or int(digits) == _DEFAULT_COLOUR else int(digits)


def _rgb(digits: str | None) -> Colour | None:
    return None if digits is None else "#" + digits.lower()
