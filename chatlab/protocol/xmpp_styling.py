"""Message Styling (XEP-0393): what people type around words to make them stand out.

The signs stay in the text: nothing that was said disappears, and who reads sees what is styling
and what is not. Time grows with the length of the text, whatever it holds.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from chatlab.protocol.irc_format import PLAIN, Run, Style

QUOTE_COLOUR = 14
"""Quoted lines are grey (mIRC's palette)."""
MAX_QUOTES = 10
"""Quotations within each other that are looked into."""
_FENCE = "```"
_ATTRIBUTES = {"*": "is_bold", "_": "is_italic", "~": "is_struck", "`": "is_monospaced"}
_DIRECTIVE = re.compile(r"[*_~`]")
_ANY_SIGN = re.compile(r"[*_~`>]")
_MARK = re.compile(r">[ \t]*")
_PREFORMATTED = "`"

_Pieces = list[tuple[str, Style]]


def parse_styling(text: str) -> tuple[Run, ...]:
    """The text as runs of one style each; their texts joined are ``text``."""
    if not _ANY_SIGN.search(text):
        return (Run(text),)
    runs: list[Run] = []
    for line in _blocks(text.splitlines(keepends=True), PLAIN, 0):
        for piece, style in line:
            if runs and runs[-1].style == style:
                runs[-1] = Run(runs[-1].text + piece, style)
            elif piece:
                runs.append(Run(piece, style))
    return tuple(runs)


def _blocks(lines: list[str], base: Style, depth: int) -> Iterator[_Pieces]:
    """The pieces of each line."""
    at = 0
    while at < len(lines):
        if lines[at].startswith(_FENCE):
            stop = _end_of_fence(lines, at + 1)
            style = replace(base, is_monospaced=True)
            yield from ([(line, style)] for line in lines[at:stop])
        elif lines[at].startswith(">") and depth < MAX_QUOTES:
            stop = next((n for n in range(at, len(lines)) if lines[n][0] != ">"), len(lines))
            yield from _quotation(lines[at:stop], base, depth)
        else:
            stop = at + 1
            yield list(_spans(lines[at], base))
        at = stop


def _end_of_fence(lines: list[str], start: int) -> int:
    """Behind the line that ends preformatted text; without one it reaches to the end."""
    ends = (n + 1 for n in range(start, len(lines)) if lines[n].rstrip() == _FENCE)
    return next(ends, len(lines))


def _quotation(lines: list[str], base: Style, depth: int) -> Iterator[_Pieces]:
    style = replace(base, foreground=QUOTE_COLOUR)
    marks = [_end_of_mark(line) for line in lines]
    inner = [line[end:] for line, end in zip(lines, marks, strict=True)]
    # A line of nothing but its mark has no line within.
    within = _blocks([line for line in inner if line], style, depth + 1)
    for line, end, rest in zip(lines, marks, inner, strict=True):
        yield [(line[:end], style), *(next(within) if rest else [])]


def _end_of_mark(line: str) -> int:
    found = _MARK.match(line)
    return found.end() if found else 0


def _spans(line: str, base: Style) -> Iterator[tuple[str, Style]]:
    closers: dict[str, list[int]] = {}
    for found in _DIRECTIVE.finditer(line):
        if found.start() and not line[found.start() - 1].isspace():
            closers.setdefault(found[0], []).append(found.start())
    return _within(line, (0, len(line)), base, closers)


def _within(
    line: str, region: tuple[int, int], style: Style, closers: dict[str, list[int]]
) -> Iterator[tuple[str, Style]]:
    """Pieces of a part of a line, which begins at its beginning or behind an opening sign."""
    start, stop = region
    shown = at = start
    while found := _DIRECTIVE.search(line, at, stop):
        at, sign = found.start(), found[0]
        close = _close_of(line, at, region, closers.get(sign, []))
        if close is None:
            at += 1
            continue
        yield line[shown:at], style
        new = replace(style, **{_ATTRIBUTES[sign]: True})
        if sign == _PREFORMATTED:
            yield line[at : close + 1], new
        else:
            yield sign, new
            yield from _within(line, (at + 1, close), new, closers)
            yield sign, new
        shown = at = close + 1
    yield line[shown:stop], style


def _close_of(line: str, at: int, region: tuple[int, int], closers: list[int]) -> int | None:
    """Where the span that a sign opens is closed; None when the sign opens none."""
    start, stop = region
    is_placed = at == start or line[at - 1].isspace()
    after = line[at + 1 : at + 2]
    if not is_placed or not after or after.isspace() or after == line[at]:
        return None
    index = bisect_left(closers, at + 2)
    return closers[index] if index < len(closers) and closers[index] < stop else None
