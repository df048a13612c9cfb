"""IRC nicknames and channel names: what the grammar allows, and why it refuses the rest.

RFC 2812, section 2.3.1:  nickname = ( letter / special ) *8( letter / digit / special / "-" )
with special = ``[ ] \\ ` _ ^ { | }``. The length of nine is history: servers announce NICKLEN.
"""

import re
import unicodedata
from dataclasses import dataclass

_SPECIAL = "[]\\`_^{|}"
_LEGAL_NICK = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*\Z")
_NOT_IN_CHANNELS = re.compile(r"[\s,\x00\x07]+")
DEFAULT_NICK_LENGTH = 30
"""Used before a server has said NICKLEN; most of today's networks allow 16 to 31."""
_FALLBACK_NICK = "guest"


@dataclass(frozen=True, slots=True)
class NameProblem:
    """Why a name cannot be used, and the nearest one that can."""

    reason: str
    suggestion: str


def check_nick(nick: str, max_length: int = DEFAULT_NICK_LENGTH) -> NameProblem | None:
    """Return what is wrong with ``nick`` by RFC 2812, section 2.3.1, or None when it is legal."""
    if reason := _nick_fault(nick, max_length):
        return NameProblem(reason, legal_nick(nick, max_length))
    return None


def _nick_fault(nick: str, max_length: int) -> str:
    if not nick:
        return "A nick is needed: it is the name that others see."
    if "." in nick:
        return (
            "A dot marks a server name on IRC (irc.example.org), so the grammar of RFC 2812 "
            "keeps it out of nicks. It is fine in an XMPP address."
        )
    if any(char.isspace() for char in nick):
        return "A space ends a parameter on IRC: some servers would keep only the first word."
    if nick[0].isdigit() or nick[0] == "-":
        return f"A nick cannot begin with “{nick[0]}”: the first character is a letter or one of {_SPECIAL}."
    if not nick.isascii():
        odd = next(char for char in nick if not char.isascii())
        return f"“{odd}” is outside ASCII; most IRC servers refuse it in nicks."
    if not _LEGAL_NICK.match(nick):
        odd = next(char for char in nick if not (char.isalnum() or char in _SPECIAL or char == "-"))
        return f"“{odd}” is not allowed: letters, digits, “-” and {_SPECIAL} are."
    if len(nick) > max_length:
        return f"Too long: {len(nick)} characters, the server takes {max_length}."
    return ""


def legal_nick(text: str, max_length: int = DEFAULT_NICK_LENGTH) -> str:
    """The nearest legal nick to ``text``: ``first.last`` becomes ``first_last``."""
    if not _nick_fault(text, max_length):
        return text
    plain = unicodedata.normalize("NFKD", text.strip())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    kept = "".join(
        char if char.isascii() and (char.isalnum() or char in _SPECIAL or char == "-") else "_"
        for char in plain
    )
    kept = re.sub(r"_{2,}", "_", kept)
    if kept and (kept[0].isdigit() or kept[0] == "-"):
        kept = "_" + kept
    kept = kept[:max_length]
    return kept if kept.strip("_") else _FALLBACK_NICK[:max_length]


def check_channel(name: str, prefixes: str = "#&+!", max_length: int = 200) -> NameProblem | None:
    """Return what is wrong with a channel name (RFC 2812, section 1.3), or None."""
    if reason := _channel_fault(name, prefixes, max_length):
        return NameProblem(reason, _legal_channel(name, prefixes, max_length))
    return None


def _channel_fault(name: str, prefixes: str, max_length: int) -> str:
    if not name:
        return "A channel name is needed, for instance #lab."
    if name[0] not in prefixes:
        return f"A channel name begins with one of {prefixes}"
    if len(name) == 1:
        return "The name after the first sign is missing."
    if _NOT_IN_CHANNELS.search(name):
        return "No space, comma or control character is allowed in it."
    if len(name) > max_length:
        return f"Too long: at most {max_length} characters."
    return ""


def _legal_channel(name: str, prefixes: str, max_length: int) -> str:
    """The nearest legal channel name: ``my lab`` becomes ``#my-lab``."""
    fixed = _NOT_IN_CHANNELS.sub("-", name.strip()).strip("-")
    if fixed[:1] not in set(prefixes):
        fixed = prefixes[:1] + fixed
    return fixed[:max_length] if len(fixed) > 1 else fixed + "lab"
