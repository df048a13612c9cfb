"""Finding by a few letters: ``nxu`` finds “Next unread chat”."""

from dataclasses import dataclass

_WORD_START = 8
_CONSECUTIVE = 5
_FIRST = 6
_GAP = 1
_MAX_GAP = 6


@dataclass(frozen=True, slots=True)
class Found:
    """How well a text fits, and which of its characters were meant."""

    score: int
    positions: tuple[int, ...]


def find(query: str, text: str) -> Found | None:
    """Match ``query`` as a subsequence of ``text``, case apart; None when it is none.

    Words of the query may stand in any order. Letters that begin words or follow one another
    count most, so that what people abbreviate comes first. An empty query fits everything.
    """
    total, positions = 0, set[int]()
    for word in query.casefold().split():
        found = _find_word(word, text.casefold())
        if found is None:
            return None
        total += found.score
        positions.update(found.positions)
    return Found(total, tuple(sorted(positions)))


def _find_word(word: str, text: str) -> Found | None:
    """The best of the matches that begin at each place where the first letter stands."""
    best: Found | None = None
    start = text.find(word[0])
    while start >= 0:
        found = _match_from(word, text, start)
        if found is None:
            break  # A later start has fewer letters behind it.
        if best is None or found.score > best.score:
            best = found
        start = text.find(word[0], start + 1)
    return best


def _match_from(word: str, text: str, start: int) -> Found | None:
    positions = [start]
    score = _WORD_START * _begins_word(text, start) + _FIRST * (start == 0)
    for letter in word[1:]:
        last = positions[-1]
        at = text.find(letter, last + 1)
        if at < 0:
            return None
        # Prefer the start of a later word to a letter in the middle of this one.
        if at != last + 1:
            later = next(
                (i for i in range(at, len(text)) if text[i] == letter and _begins_word(text, i)), at
            )
            at = later if _rest_fits(word, text, len(positions) + 1, later) else at
        score += _CONSECUTIVE if at == last + 1 else -_GAP * min(at - last, _MAX_GAP)
        score += _WORD_START * _begins_word(text, at)
        positions.append(at)
    return Found(score, tuple(positions))


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _rest_fits(word: str, text: str, done: int, after: int) -> bool:
    at = after
    for letter in word[done:]:
        at = text.find(letter, at + 1)
        if at < 0:
            return False
    return True
