"""The tables of the history file, and how an older file gets today's."""

import sqlite3

from chatlab.core.errors import FileError

FORMAT = 3
_FIRST = """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    chat TEXT NOT NULL,
    title TEXT NOT NULL,
    time_ns INTEGER NOT NULL,
    kind TEXT NOT NULL,
    application TEXT NOT NULL,
    sender TEXT NOT NULL,
    is_sent INTEGER NOT NULL,
    text TEXT NOT NULL,
    delivery TEXT NOT NULL,
    detail TEXT NOT NULL,
    is_highlight INTEGER NOT NULL,
    message TEXT
);
CREATE INDEX by_chat ON entries (account, chat, time_ns);
CREATE INDEX by_message ON entries (message) WHERE message IS NOT NULL;
"""
_NAMES_AND_REACTIONS = """
ALTER TABLE entries ADD COLUMN msgid TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE entries ADD COLUMN is_corrected INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN is_retracted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
CREATE INDEX by_msgid ON entries (account, chat, msgid) WHERE msgid != '';
"""
_HOW_IT_CAME = """
ALTER TABLE entries ADD COLUMN is_unstyled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN is_sealed INTEGER NOT NULL DEFAULT 0;
"""
STEPS = (_FIRST, _NAMES_AND_REACTIONS, _HOW_IT_CAME)
"""What leads from each format to the next, from an empty file on; a step is never changed."""


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Give a file the tables of ``FORMAT``; each step happens whole or not at all.

    Raises FileError for a file of a newer version, which stays as it is.
    """
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if number > FORMAT:
        raise FileError(
            f"The chat history was written by a newer ChatLab (format {number}).",
            "It is left alone, and nothing is added to it. Update ChatLab to read it.",
        )
    for later, step in enumerate(STEPS[number:], number + 1):
        try:
            connection.executescript(f"BEGIN; {step} PRAGMA user_version = {later}; COMMIT;")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.rollback()
            raise
