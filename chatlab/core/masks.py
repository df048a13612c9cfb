"""Masks of people: ``nick!user@host`` with ``*`` for anything and ``?`` for one character.

Matching takes time in proportion to mask times text, whatever either of them holds: both come
from other people.
"""

from dataclasses import dataclass

_FOLD = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")
"""RFC 2812, section 2.2: ``{}|^`` are the small letters of ``[]\\~``."""


@dataclass(frozen=True, slots=True)
class MaskForm:
    """One way to name a person by a mask, and whom else it would hit."""

    mask: str
    words: str


def full_mask(text: str) -> str:
    """``bob`` is ``bob!*@*``, ``user@host`` is ``*!user@host``; a whole mask stays as it is."""
    text = text.strip()
    if "!" in text:
        return text if "@" in text else f"{text}@*"
    if "@" in text:
        return f"*!{text}"
    return f"{text}!*@*"


def matches(mask: str, source: str) -> bool:
    """Whether ``mask`` covers ``nick!user@host``; letters are compared as IRC does."""
    return _matches(mask.translate(_FOLD), source.translate(_FOLD))


def _matches(mask: str, text: str) -> bool:
    """Walk on, and when stuck let the last star swallow one character more."""
    at = position = 0
    star, resume = -1, 0
    while position < len(text):
        if at < len(mask) and mask[at] == "*":
            star, resume = at, position
            at += 1
        elif at < len(mask) and mask[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            resume += 1
            at, position = star + 1, resume
        else:
            return False
    return not mask[at:].strip("*")


def forms_of(nick: str, user_host: str) -> tuple[MaskForm, ...]:
    """The masks that are usual for a person, the most useful first."""
    user, _, host = user_host.rpartition("@")
    by_nick = MaskForm(f"{nick}!*@*", "this nick, wherever it comes from")
    if not host:
        return (by_nick,)
    name = user.lstrip("~") or "*"
    found = [
        MaskForm(f"*!*@{host}", "everybody at this address"),
        MaskForm(f"*!*{name}@{host}", "this user name at this address"),
        by_nick,
    ]
    if (wide := _wider(host)) != host:
        found.append(MaskForm(f"*!*{name}@{wide}", "this user name in the whole neighbourhood"))
    return tuple(found)


def _wider(host: str) -> str:
    """``host.isp.example`` is ``*.isp.example``, ``192.0.2.7`` is ``192.0.2.*``."""
    head, dot, last = host.rpartition(".")
    if dot and last.isdigit():
        return f"{head}.*"
    if ":" in host:
        return ":".join(host.split(":")[:4]) + ":*"
    _, dot, domain = host.partition(".")
    return f"*.{domain}" if "." in domain else host
