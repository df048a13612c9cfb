"""Words sought in the whole history; runs in the history's own thread, and can be given up."""

import sqlite3
from collections.abc import Callable

from chatlab.core.message import Message
from chatlab.store.history_rows import COLUMNS, Row, entry_of

_STEPS = 20_000
"""Steps of SQLite's machine between two questions whether the answer is still wanted."""
_NAMES = ", ".join(COLUMNS)
_FIND = f"""
SELECT id, {_NAMES} FROM entries WHERE kind NOT LIKE 'note:%' AND {{}}
ORDER BY time_ns DESC LIMIT ?
"""
_LIKE = r"text LIKE ? ESCAPE '\'"
_CONTAINS = "contains_folded(text, ?)"


def find_messages(
    connection: sqlite3.Connection, wanted: str, limit: int, is_given_up: Callable[[], bool]
) -> tuple[Message, ...]:
    """The newest ``limit`` messages whose text contains ``wanted`` in any case, newest first.

    Empty when it was given up. SQLite folds the case of ASCII alone, so other words are compared
    by a function of ours, which is slower.
    """
    if wanted.isascii():
        where, argument = _LIKE, f"%{_escaped(wanted)}%"
    else:
        connection.create_function("contains_folded", 2, _contains_folded, deterministic=True)
        where, argument = _CONTAINS, wanted.casefold()
    connection.set_progress_handler(is_given_up, _STEPS)
    try:
        found = connection.execute(_FIND.format(where), (argument, limit)).fetchall()
    except sqlite3.OperationalError:
        if not is_given_up():
            raise
        return ()
    finally:
        connection.set_progress_handler(None, 0)
    entries = (
        entry_of(line[0], Row(**dict(zip(COLUMNS, line[1:], strict=True)))) for line in found
    )
    return tuple(entry for entry in entries if isinstance(entry, Message))


def _escaped(wanted: str) -> str:
    """``wanted`` for LIKE, to which per cent and underscore mean anything."""
    for sign in ("\\", "%", "_"):
        wanted = wanted.replace(sign, f"\\{sign}")
    return wanted


def _contains_folded(text: str, folded: str) -> bool:
    return folded in text.casefold()
