"""Cutting a formatted text: each piece begins in the style in which the one before it ended.

A reader of the second line knows nothing of the codes in the first. What was bold there must be
switched on anew, at the price of a few bytes, and no code may be cut in two.
"""

from chatlab.protocol.irc_format import code_before, codes_of, style_after
from chatlab.protocol.irc_text import split_text

_CODES = frozenset("\x02\x1d\x1f\x1e\x11\x16\x03\x04")


def split_formatted(text: str, budget: int) -> tuple[str, ...]:
    """Pieces of at most ``budget`` bytes of UTF-8 that look, one after the other, like ``text``."""
    pieces: list[str] = []
    while True:
        first, *rest = split_text(text, budget)
        if not rest or not _CODES & set(text):
            return (*pieces, first, *rest)
        first = first[: code_before(text, len(first)) or len(first)]
        start = codes_of(style_after(first))
        if len(start) * 2 >= len(first.encode("utf-8", "replace")):
            return (*pieces, *split_text(text, budget))  # Nothing but codes would be sent.
        pieces.append(first)
        text = start + _guarded(start, text[len(first) :])


def _guarded(start: str, rest: str) -> str:
    """``rest``, kept from being read as a part of the colour that ends ``start``."""
    is_at_risk = rest[:1] == "," and bool({"\x03", "\x04"} & set(start))
    return f"\x02\x02{rest}" if is_at_risk else rest
