"""Chat addresses as people write them: ``irc://alice@host:6667/%23lab`` and its TLS sister.

The form is that of draft-butcher-irc-url, with the nick as user part; ``ircs`` means TLS. An address
given to a command (``parse_irc_url``) means exactly what it says; a link that somebody else wrote
(``parse_irc_link``) follows the customs of the web: ``irc://host/python`` is the channel #python.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, unquote, urlsplit

from chatlab.core.account import IRC_PORTS, Security
from chatlab.core.errors import UsageError
from chatlab.core.nick import check_channel, check_nick

_SCHEMES = {"irc": Security.PLAIN, "ircs": Security.DIRECT_TLS}
_EXAMPLE = "Example: irc://alice@127.0.0.1:6667/%23lab (%23 stands for #)."
_CHANNEL_SIGNS = "#&+!"
_MAX_LENGTH = 1_000
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?|[0-9a-f:.]+(?:%[a-z0-9]+)?")
"""A host name in ASCII (others are written in Punycode), or an IP address. In local networks, names
have no dot, and underscores occur."""
_NICK_FLAGS = frozenset({"isnick", "isuser"})
_KEY_FLAGS = frozenset({"needkey", "needpass"})


@dataclass(frozen=True, slots=True)
class IrcAddress:
    """Where to connect, as whom, and whom to talk to."""

    host: str
    port: int
    security: Security
    nick: str = ""
    target: str = ""
    """A channel, or a nick; empty when the address names only a server."""

    @property
    def is_channel(self) -> bool:
        return self.target[:1] in set(_CHANNEL_SIGNS)


@dataclass(frozen=True, slots=True)
class IrcLink:
    """Where somebody’s link leads; followed only when the reader says so."""

    address: IrcAddress
    needs_key: bool = False
    """It says that the channel has a key, which its reader must know."""


def is_irc_link(text: str) -> bool:
    """Whether ``text`` wants to be such an address."""
    scheme, colon, _ = text.partition(":")
    return bool(colon) and scheme.lower() in _SCHEMES


def parse_irc_url(url: str) -> IrcAddress:
    """Take an ``irc:`` or ``ircs:`` URL apart. Raises UsageError naming the part at fault."""
    parts, server = _parse_server(url)
    address = replace(server, target=_target_of(parts))
    _check_target(address)
    return address


def parse_irc_link(url: str) -> IrcLink:
    """Take a link apart that somebody else wrote. Raises UsageError naming the part at fault."""
    parts, server = _parse_server(url)
    name, *flags = _target_of(parts).split(",")
    known = {flag.lower() for flag in flags}
    if any(flag[:1] in set(_CHANNEL_SIGNS) for flag in flags):
        raise UsageError(f"“{url}” names several channels.", "Join them one by one.")
    if name and name[0] not in _CHANNEL_SIGNS and not known & _NICK_FLAGS:
        name = f"#{name}"
    address = replace(server, target=name)
    _check_target(address)
    return IrcLink(address, needs_key=bool(known & _KEY_FLAGS))


def _parse_server(url: str) -> tuple[SplitResult, IrcAddress]:
    """The parts of a URL, and the server that it names."""
    if len(url) > _MAX_LENGTH:
        raise UsageError(f"“{url[:40]}…” is too long for an address.", _EXAMPLE)
    if any(char.isspace() or not char.isprintable() for char in url):
        # urlsplit() would drop line ends without a word.
        raise UsageError("An address has no blank and no control character in it.", _EXAMPLE)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"“{url}” is not an address: {error}.", _EXAMPLE) from error
    if parts.scheme not in _SCHEMES:
        raise UsageError(f"“{url}” does not begin with irc:// or ircs://.", _EXAMPLE)
    if not parts.hostname:
        raise UsageError(f"“{url}” names no server.", _EXAMPLE)
    if not _HOST.fullmatch(parts.hostname):
        raise UsageError(f"“{parts.hostname}” cannot be the name of a server.", _EXAMPLE)
    if port == 0:
        raise UsageError(f"“{url}”: port 0 cannot be connected to.", _EXAMPLE)
    if parts.password is not None:
        raise UsageError(
            "An address must not carry a password: everybody who sees it could use it.", _EXAMPLE
        )
    nick = unquote(parts.username or "")
    if nick and (problem := check_nick(nick)):
        raise UsageError(
            f"“{nick}” cannot be a nick. {problem.reason}", f"“{problem.suggestion}” can."
        )
    security = _SCHEMES[parts.scheme]
    return parts, IrcAddress(parts.hostname, port or IRC_PORTS[security], security, nick)


def _target_of(parts: SplitResult) -> str:
    # A "#" that was not written as %23 begins the fragment: take it for the channel it is.
    path = unquote(parts.path.removeprefix("/"))
    return path or (f"#{unquote(parts.fragment)}" if parts.fragment else "")


def _check_target(address: IrcAddress) -> None:
    if not address.target:
        return
    if not address.target.isprintable():
        raise UsageError("The name in this address has a control character in it.", _EXAMPLE)
    check = check_channel if address.is_channel else check_nick
    if problem := check(address.target):
        raise UsageError(
            f"“{address.target}” cannot be talked to. {problem.reason}",
            f"“{problem.suggestion}” can.",
        )
