"""Comings and goings in one line: who came, who went, who only looked in.

A busy channel would bury its messages under them. Every single sentence is kept in ``Note.parts``
(and on disk), so nothing is lost but height.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatlab.core.chat import Entry, Note, NoteKind

MAX_GAP_NS = 15 * 60 * 1_000_000_000
"""After so long without anybody, a new line begins."""
MAX_PARTS = 200
MAX_NAMED = 8
"""Nicks of one kind that are named; the rest is counted."""
MAX_REASONS = 3
"""Of leaving, that are told; with more, only who left."""
_SENTENCE = re.compile(r"(\S+) (joined|left|quit|is now)(?: \((.*)\)| (\S+))?")
_OURS = "You"


@dataclass(slots=True)
class _Run:
    """Who did what in a row of sentences: by nick in lower case, in the order of events."""

    came: dict[str, str] = field(default_factory=dict)
    came_back: dict[str, str] = field(default_factory=dict)
    looked_in: dict[str, str] = field(default_factory=dict)
    went: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Nick and how: ``left``, ``quit``, with the reason if there was one."""
    renamed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the new nick: the old one and the new one."""


def condensed(before: Entry, new: Note) -> Note | None:
    """Both as one line; None where they are not of one kind, or too far apart."""
    if not (isinstance(before, Note) and before.kind is new.kind is NoteKind.PRESENCE):
        return None
    parts = (*(before.parts or (before.text,)), *(new.parts or (new.text,)))
    is_far = new.time_ns - before.time_ns > MAX_GAP_NS
    if is_far or len(parts) > MAX_PARTS or not all(map(_read, parts)):
        return None
    return Note(new.time_ns, NoteKind.PRESENCE, summary(parts), parts=parts)


def condense_all(entries: Sequence[Entry]) -> list[Entry]:
    """Entries read from disk, as they looked when they were written."""
    made: list[Entry] = []
    for entry in entries:
        whole = condensed(made[-1], entry) if made and isinstance(entry, Note) else None
        if whole is not None:
            made[-1] = whole
        else:
            made.append(entry)
    return made


def summary(parts: Sequence[str]) -> str:
    """``ann and bob joined · eve left (bye) · dave looked in``."""
    run = _Run()
    for part in parts:
        if found := _read(part):
            _note(run, *found)
    said = [
        _people(run.came.values(), "joined"),
        _people(run.came_back.values(), "came back"),
        *(_people(people, how) for how, people in _by_way(run.went.values()).items()),
        _people(run.looked_in.values(), "looked in"),
        *(f"{old} is now {new}" for old, new in run.renamed.values()),
    ]
    return " · ".join(words for words in said if words) or parts[-1]


def _read(sentence: str) -> tuple[str, str, str] | None:
    """Nick, what happened, and the reason or the new nick; None for any other sentence."""
    found = _SENTENCE.fullmatch(sentence)
    if found is None or found[1] == _OURS:
        return None
    return found[1], found[2], found[3] or found[4] or ""


def _note(run: _Run, nick: str, what: str, detail: str) -> None:
    key = nick.lower()
    if what == "is now":
        _rename(run, nick, detail)
    elif what == "joined":
        is_back = run.went.pop(key, None) is not None
        run.looked_in.pop(key, None)
        (run.came_back if is_back else run.came)[key] = nick
    elif run.came.pop(key, None) is not None:
        run.looked_in[key] = nick
    else:
        run.came_back.pop(key, None)
        run.went[key] = nick, f"{what} ({detail})" if detail else what


def _rename(run: _Run, old: str, new: str) -> None:
    for people in (run.came, run.came_back):
        if people.pop(old.lower(), None) is not None:
            people[new.lower()] = new
            return
    first, _ = run.renamed.pop(old.lower(), (old, ""))
    if first != new:
        run.renamed[new.lower()] = first, new


def _by_way(went: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Those who left in the same way and for the same reason, together."""
    groups: dict[str, list[str]] = {}
    for nick, how in went:
        groups.setdefault(how, []).append(nick)
    if len(groups) > MAX_REASONS:
        return {"left": [nick for nicks in groups.values() for nick in nicks]}
    return groups


def _people(nicks: Iterable[str], what: str) -> str:
    names = list(nicks)
    if not names:
        return ""
    if len(names) > MAX_NAMED:
        names = [*names[:MAX_NAMED], f"{len(names) - MAX_NAMED} more"]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} {what}"
