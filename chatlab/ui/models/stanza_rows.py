"""One protocol line of the raw console as rows: a stanza can be unfolded to an element a row."""

from typing import NamedTuple

from chatlab.core.events import LineSeen
from chatlab.protocol.xmpp_masking import pretty

MAX_PIECES = 200
"""Rows that one stanza may fill; the clipboard has it whole."""
MAX_FOLDED = 4_000
"""Characters of a stanza that its one row has; more than are drawn."""
UNFOLDED_UP_TO = 32_000
"""Characters of a stanza that unfolds without being asked to."""
UNFOLDED_AT_ONCE = 500
"""Newest stanzas that are unfolded when an account is shown; older ones on demand."""
_BLANK = "(blank: keeps the connection alive)"
_COUNTING = ("<r ", "<r>", "<a ")
_SM = "urn:xmpp:sm:"
_PING = "urn:xmpp:ping"


class RawRow(NamedTuple):
    """A row: a whole line, or one piece of an unfolded stanza."""

    number: int
    """Of the line in its account's log."""
    line: LineSeen
    text: str
    piece: int = 0
    """The first one shows when, which way, and the fold sign."""
    pieces: int = 1
    """Rows that the line fills when it is unfolded."""
    is_folded: bool = False


def stanza_rows(number: int, line: LineSeen, *, is_folded: bool) -> list[RawRow]:
    """The rows of a unit of an XMPP stream."""
    if not line.line.strip():
        return [RawRow(number, line, _BLANK)]
    shown = _one_row(line)
    pieces = pretty(line.line.encode("utf-8", "replace")).split("\n")
    if len(pieces) > MAX_PIECES:
        more = len(pieces) - MAX_PIECES
        pieces[MAX_PIECES:] = [f"… {more:,} more lines: copy the stanza to see them"]
    if is_folded or len(pieces) == 1:
        return [RawRow(number, line, shown, 0, len(pieces), len(pieces) > 1)]
    return [RawRow(number, line, text, at, len(pieces)) for at, text in enumerate(pieces)]


def folded_row(number: int, line: LineSeen) -> RawRow:
    """A stanza as one row, not looked at further: it may have nothing to unfold."""
    return RawRow(number, line, _one_row(line) or _BLANK, 0, 2, is_folded=True)


def _one_row(line: LineSeen) -> str:
    return " ".join(line.line[:MAX_FOLDED].split())


def keeps_alive(text: str) -> bool:
    """Whether a unit of an XMPP stream only keeps it going: blanks, SM counts, pings."""
    shown = text.strip()
    return not shown or (shown.startswith(_COUNTING) and _SM in shown) or _PING in shown[:300]
