"""Reactions to a message: which there are, and whose (IRCv3 +draft/react, XEP-0444)."""

from dataclasses import dataclass, replace

MAX_KINDS = 40
"""Different reactions to one message; more of them are not kept."""
MAX_PEOPLE = 500
"""People behind one reaction; more of them are not kept."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """One reaction, usually an emoji, and the nicks of those who gave it, first come first."""

    text: str
    people: tuple[str, ...]

    def is_from(self, nick: str) -> bool:
        return nick.lower() in (other.lower() for other in self.people)


Reactions = tuple[Reaction, ...]


def reacted(before: Reactions, text: str, nick: str, *, is_removed: bool = False) -> Reactions:
    """The reactions to a message after ``nick`` gave one, or took it back.

    Whoever says the same twice is counted once, so a replay changes nothing.
    """
    known = next((one for one in before if one.text == text), None)
    if is_removed:
        return _without(before, known, nick) if known is not None else before
    if known is None:
        return (*before, Reaction(text, (nick,))) if len(before) < MAX_KINDS else before
    if known.is_from(nick) or len(known.people) >= MAX_PEOPLE:
        return before
    more = replace(known, people=(*known.people, nick))
    return tuple(more if one is known else one for one in before)


def _without(before: Reactions, known: Reaction, nick: str) -> Reactions:
    people = tuple(other for other in known.people if other.lower() != nick.lower())
    less = replace(known, people=people)
    return tuple(less if one is known else one for one in before if one is not known or people)
