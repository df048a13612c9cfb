"""IRC's formatting codes as a writer puts them into a text. Pure: texts in, texts out.

The codes are characters of the text (Modern IRC, “Formatting”): each costs a byte of the line, so
they are shown while one types, and counted.
"""

import re
from enum import Enum

from chatlab.protocol.irc_format import PLAIN, Style, parse_pieces, strip_formatting


class Code(Enum):
    """A code, by the character that stands for it."""

    BOLD = "\x02"
    ITALIC = "\x1d"
    UNDERLINE = "\x1f"
    STRIKE = "\x1e"
    MONOSPACE = "\x11"
    REVERSE = "\x16"
    COLOUR = "\x03"
    HEX_COLOUR = "\x04"
    RESET = "\x0f"


CODE_NAMES = {
    Code.BOLD: "bold",
    Code.ITALIC: "italic",
    Code.UNDERLINE: "underlined",
    Code.STRIKE: "struck out",
    Code.MONOSPACE: "monospaced",
    Code.REVERSE: "reversed",
    Code.COLOUR: "colour",
    Code.HEX_COLOUR: "colour",
    Code.RESET: "plain",
}
COLOUR_NAMES = (
    *("white", "black", "navy", "green", "red", "maroon", "purple", "orange"),
    *("yellow", "lime", "teal", "cyan", "blue", "magenta", "grey", "light grey"),
)
"""Colours 0 to 15 of mIRC's palette."""
_LABELS = {
    Code.BOLD: "B",
    Code.ITALIC: "I",
    Code.UNDERLINE: "U",
    Code.STRIKE: "S",
    Code.MONOSPACE: "M",
    Code.REVERSE: "R",
    Code.RESET: "O",
}
_KNOWN = {code.value for code in Code}
_OTHER_CONTROLS = str.maketrans(
    dict.fromkeys(
        code for code in (*range(0x20), 0x7F) if code not in (9, 10) and chr(code) not in _KNOWN
    )
)
_AT_END = re.compile(r"(?:\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04[0-9A-Fa-f,]*|[\x00-\x1f])\Z")
_NO_COLOUR = 99


def label_of(code: str) -> str:
    """A code as its mark shows it: ``B``, or the numbers of a colour."""
    if code[:1] in (Code.COLOUR.value, Code.HEX_COLOUR.value):
        numbers = [number.lstrip("0") or "0" for number in code[1:].split(",") if number]
        return ",".join(numbers) or "C"
    return _LABELS[Code(code)] if code in _KNOWN else "?"


def without_other_controls(text: str) -> str:
    """A pasted text: formatting codes stay, bells and escapes do not."""
    return text.translate(_OTHER_CONTROLS)


def style_at_end(text: str) -> Style:
    """How words would look that are written after ``text``; each line begins plain."""
    pieces = parse_pieces(text.rpartition("\n")[2])
    return pieces[-1].style if pieces else PLAIN


def code_before(text: str) -> str:
    """The code that ``text`` ends with, whole; empty when it ends with words."""
    found = _AT_END.search(text)
    return found[0] if found and found[0] not in ("\n", "\t") else ""


def toggled(selected: str, code: Code) -> str:
    """A chosen text between two codes, line by line: a code does not reach into the next line."""
    if code is Code.RESET:
        return "\n".join(strip_formatting(line) for line in selected.split("\n"))
    return "\n".join(
        f"{code.value}{line}{code.value}" if line else "" for line in selected.split("\n")
    )


def colour_code(foreground: int, background: int | None, following: str) -> str:
    """The code of a colour, so written that figures which follow do not become part of it."""
    written = f"{Code.COLOUR.value}{foreground:02}"
    if background is not None:
        return f"{written},{background:02}"
    runs_on = following[:1] == "," and following[1:2].isdigit()
    return f"{written},{_NO_COLOUR}" if runs_on else written


def end_of_colour(following: str) -> str:
    """What ends a colour before ``following``."""
    return f"{Code.COLOUR.value}{_NO_COLOUR if following[:1].isdigit() else ''}"


def coloured(selected: str, foreground: int, background: int | None, following: str) -> str:
    """A chosen text in a colour, line by line."""
    lines = selected.split("\n")
    made = []
    for number, line in enumerate(lines):
        after = following if number == len(lines) - 1 else ""
        code = colour_code(foreground, background, line)
        made.append(f"{code}{line}{end_of_colour(after)}" if line else "")
    return "\n".join(made)
