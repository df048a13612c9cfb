"""Cutting a text into IRC messages: by bytes, but never through what a reader sees as one sign.

A server sends our line on with ``:nick!user@host `` before it and cuts the result at 512 bytes,
silently and even inside a UTF-8 character. So the room for text depends on our own prefix.

Borders follow the rules of Unicode's grapheme clusters (UAX #29) that matter in chat: combining
marks, variation selectors, skin tones, joined emoji, flags, keycaps and Hangul jamo. Whatever is
cut, the pieces joined are the text.
"""

import unicodedata
from collections.abc import Iterator

from chatlab.core.errors import LocalProtocolError
from chatlab.protocol.irc import LINE_LIMIT

ACTION_OVERHEAD = len("\x01ACTION \x01")
MIN_BUDGET = 16
"""Bytes of text below which a line makes no sense; the longest UTF-8 character has four."""
_ZERO_WIDTH_JOINER = "\u200d"
_MARK_CATEGORIES = frozenset({"Mn", "Me", "Mc"})


def text_budget(
    command: str, target: str, own_prefix: str, *, overhead: int = 0, limit: int = LINE_LIMIT
) -> int:
    """Bytes of text that reach every reader in one line.

    ``own_prefix`` is ``nick!user@host`` as the server shows us; ``overhead`` what encloses the
    text (ACTION_OVERHEAD). Raises LocalProtocolError when no room is left for text.
    """
    frame = f":{own_prefix} {command} {target} :\r\n"
    budget = limit - len(frame.encode("utf-8", "replace")) - overhead
    if budget < MIN_BUDGET:
        raise LocalProtocolError(
            f"“{target[:40]}…” is too long a name: no room is left for a text.",
            "Use the name as the server writes it.",
        )
    return budget


def split_text(text: str, budget: int) -> tuple[str, ...]:
    """Cut ``text`` into pieces of at most ``budget`` bytes of UTF-8 that join to ``text``.

    Prefers the end of a word where that does not waste half a line; the blank begins the next
    piece, because some servers drop blanks at the end of a line. An empty text is one piece.
    """
    if len(text) * 4 <= budget or len(text.encode("utf-8", "replace")) <= budget:
        return (text,)
    pieces: list[str] = []
    piece: list[str] = []
    size = 0
    for cluster in _fitting_clusters(text, budget):
        length = len(cluster.encode("utf-8", "replace"))
        while size + length > budget:
            kept = _end_of_word(piece, budget)
            pieces.append("".join(piece[:kept]))
            piece = piece[kept:]
            size = sum(len(left.encode("utf-8", "replace")) for left in piece)
        piece.append(cluster)
        size += length
    pieces.append("".join(piece))
    return tuple(pieces)


def _end_of_word(piece: list[str], budget: int) -> int:
    """How many clusters to keep: up to the last blank, unless that is in the first half."""
    size = 0
    for index in range(len(piece) - 1, 0, -1):
        if piece[index] == " " != piece[index - 1]:
            return index
        size += len(piece[index].encode("utf-8", "replace"))
        if size > budget // 2:
            break
    return len(piece)


def _fitting_clusters(text: str, budget: int) -> Iterator[str]:
    """Grapheme clusters; one that exceeds a whole line comes character by character."""
    for cluster in graphemes(text):
        if len(cluster.encode("utf-8", "replace")) > budget:
            yield from cluster
        else:
            yield cluster


def graphemes(text: str) -> Iterator[str]:
    """The signs that a reader sees, in order; joined they are ``text``."""
    if text.isascii():
        yield from text
        return
    start = 0
    flags = 0
    for index in range(1, len(text)):
        before, character = text[index - 1], text[index]
        flags = flags + 1 if _is_regional_indicator(before) else 0
        if not _belongs_together(before, character, flags):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _belongs_together(before: str, character: str, flags: int) -> bool:
    """Whether no border lies between the two; ``flags``: regional indicators up to ``before``."""
    if character < "\u0300" and before < "\u0300":
        return False
    if character == _ZERO_WIDTH_JOINER:
        return True
    if before == _ZERO_WIDTH_JOINER:
        return not character.isascii()  # A blank there still ends a word.
    if _is_regional_indicator(character) and _is_regional_indicator(before):
        return flags % 2 == 1
    if "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f":
        return True
    if "\u1160" <= character <= "\u11ff":
        return "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    return unicodedata.category(character) in _MARK_CATEGORIES


def _is_regional_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
