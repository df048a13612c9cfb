"""Foreign text made safe to draw: runs of style, links, nothing that acts.

What others send is never HTML. Formatting codes become runs, control characters disappear,
direction overrides disappear (a text must not reorder what stands beside it), and only a few
schemes become links, each shown whole.
"""

import html
import re
from dataclasses import dataclass, replace

from chatlab.protocol.irc_format import Run, parse_runs, strip_formatting
from chatlab.protocol.xmpp_styling import parse_styling

FOLD_AT = 4_000
"""Characters of one message that are laid out at once: Qt's cost grows with the square."""

FOLD_LINES = 40
"""Lines of one message that are shown at once, so that it does not push all others away."""

_DIRECTION_CONTROLS = dict.fromkeys(
    [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0x80, 0xA0)]
)
_LINE_ENDS = str.maketrans({"\r": " ", "\n": " ", "\t": " ", "\u2028": " ", "\u2029": " "})
_LINK = re.compile(
    r"(?<![\w@])(?:https?://|ircs?://|xmpp:|mailto:)[^\s<>\"“”„«»`\u0000-\u001f]+", re.IGNORECASE
)
_LINK_TAIL = ".,;:!?'’*_~…"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ISOLATE, _POP = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text: characters ``[start, stop)`` and where it leads."""

    start: int
    stop: int
    address: str


@dataclass(frozen=True, slots=True)
class RichText:
    """A piece of a text, ready to be laid out."""

    text: str
    runs: tuple[Run, ...]
    """Their texts joined are ``text``."""
    links: tuple[Link, ...]


def bare(text: str) -> str:
    """Foreign text without codes, control characters and line ends."""
    if text.isascii() and text.isprintable():
        return text
    return strip_formatting(text.translate(_LINE_ENDS)).translate(_DIRECTION_CONTROLS)


def isolated(text: str) -> str:
    """Foreign text to be put into a sentence: whatever its direction, the rest keeps its own."""
    return f"{_ISOLATE}{bare(text)}{_POP}"


def tooltip(text: str) -> str:
    """Foreign text for a tooltip, which would otherwise take it for HTML when it looks like it."""
    return f"<qt>{html.escape(text, quote=False).replace(chr(10), '<br>')}</qt>" if text else ""


def pieces(
    text: str, shown: int = 1, *, is_styled: bool = False
) -> tuple[tuple[RichText, ...], int]:
    """The first ``shown`` pieces of a text, and how many characters follow.

    A piece has at most FOLD_AT characters and FOLD_LINES lines; its line ends are U+2028, which
    Qt takes for what they are. ``is_styled``: signs around words are styling (XEP-0393).
    """
    if is_styled:
        return _styled_pieces(text, shown)
    if len(text) <= FOLD_AT and "\n" not in text:
        return (_rich(text.translate(_LINE_ENDS)),), 0
    made: list[RichText] = []
    start = 0
    while len(made) < shown and (start < len(text) or not made):
        stop = _end_of_piece(text, start)
        lines = text[start:stop].removesuffix("\n" if stop < len(text) else "")
        made.append(_rich("\u2028".join(line.translate(_LINE_ENDS) for line in lines.split("\n"))))
        start = stop
    return tuple(made), len(text) - start


def _styled_pieces(text: str, shown: int) -> tuple[tuple[RichText, ...], int]:
    """As ``pieces``; preformatted text goes on from one piece to the next."""
    made: list[RichText] = []
    runs = list(parse_styling(text[: FOLD_AT * shown]))
    start = 0
    while len(made) < shown and (start < len(text) or not made):
        stop = _end_of_piece(text, start)
        here, runs = split_runs(runs, stop - start)
        if stop < len(text) and here:
            here[-1] = replace(here[-1], text=here[-1].text.removesuffix("\n"))
        drawn = [Run(_drawable(run.text), run.style) for run in here if run.text]
        plain = "".join(run.text for run in drawn)
        made.append(RichText(plain, tuple(drawn), find_links(plain)))
        start = stop
    return tuple(made), len(text) - start


def split_runs(runs: list[Run], length: int) -> tuple[list[Run], list[Run]]:
    """The runs of the first ``length`` characters, and the others."""
    for number, run in enumerate(runs):
        if len(run.text) > length:
            head = [Run(run.text[:length], run.style)] if length else []
            tail = Run(run.text[length:], run.style)
            return runs[:number] + head, [tail, *runs[number + 1 :]]
        length -= len(run.text)
    return runs, []


def _drawable(text: str) -> str:
    """Without what rings, reorders or looks like a code; line ends are U+2028."""
    if text.isascii() and text.isprintable():
        return text
    lines = (strip_formatting(line.translate(_LINE_ENDS)) for line in text.split("\n"))
    return "\u2028".join(lines).translate(_DIRECTION_CONTROLS)


def _end_of_piece(text: str, start: int) -> int:
    stop = min(len(text), start + FOLD_AT)
    end = start
    for _ in range(FOLD_LINES):
        end = text.find("\n", end, stop) + 1
        if not end:
            return stop
    return end


def _rich(text: str) -> RichText:
    if text.isascii() and text.isprintable():
        return RichText(text, (Run(text),), find_links(text))
    runs = tuple(
        Run(run.text.translate(_DIRECTION_CONTROLS), run.style) for run in parse_runs(text)
    )
    plain = "".join(run.text for run in runs)
    return RichText(plain, runs, find_links(plain))


def utf16_length(text: str) -> int:
    """Length as Qt counts it: characters beyond the Basic Multilingual Plane count twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_index(text: str, units: int) -> int:
    """The Python index of a position that Qt counted."""
    if text.isascii():
        return units
    encoded = text.encode("utf-16-le", "surrogatepass")[: 2 * units]
    return len(encoded.decode("utf-16-le", "replace"))


def find_links(text: str) -> tuple[Link, ...]:
    """Addresses of the schemes that may be opened, without the punctuation behind them."""
    if ":" not in text:
        return ()
    links = []
    for match in _LINK.finditer(text):
        address = _without_tail(match[0])
        if len(address) > address.index(":") + 3:
            links.append(Link(match.start(), match.start() + len(address), address))
    return tuple(links)


def _without_tail(address: str) -> str:
    while address:
        last = address[-1]
        unpaired = last in _PAIRS and address.count(last) > address.count(_PAIRS[last])
        if last not in _LINK_TAIL and not unpaired:
            break
        address = address[:-1]
    return address
