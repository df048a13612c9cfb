"""Chat addresses as people write them: ``irc://alice@host:6667/%23lab`` and its TLS sister.

The form is that of draft-butcher-irc-url, with the nick as user part; ``ircs`` means TLS.
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from chatlab.core.account import IRC_PORTS, Security
from chatlab.core.errors import UsageError
from chatlab.core.nick import check_channel, check_nick

_SCHEMES = {"irc": Security.PLAIN, "ircs": Security.DIRECT_TLS}
_EXAMPLE = "Example: irc://alice@127.0.0.1:6667/%23lab (%23 stands for #)."
_CHANNEL_SIGNS = "#&+!"


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


def parse_irc_url(url: str) -> IrcAddress:
    """Take an ``irc:`` or ``ircs:`` URL apart. Raises UsageError naming the part at fault."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"“{url}” is not an address: {error}.", _EXAMPLE) from error
    if parts.scheme not in _SCHEMES:
        raise UsageError(f"“{url}” does not begin with irc:// or ircs://.", _EXAMPLE)
    if not parts.hostname:
        raise UsageError(f"“{url}” names no server.", _EXAMPLE)
    if port == 0:
        raise UsageError(f"“{url}”: port 0 cannot be connected to.", _EXAMPLE)
    nick = unquote(parts.username or "")
    if nick and (problem := check_nick(nick)):
        raise UsageError(
            f"“{nick}” cannot be a nick. {problem.reason}", f"“{problem.suggestion}” can."
        )
    security = _SCHEMES[parts.scheme]
    # A "#" that was not written as %23 begins the fragment: take it for the channel it is.
    path = unquote(parts.path.removeprefix("/"))
    target = path or (f"#{parts.fragment}" if parts.fragment else "")
    address = IrcAddress(parts.hostname, port or IRC_PORTS[security], security, nick, target)
    _check_target(address)
    return address


def _check_target(address: IrcAddress) -> None:
    if not address.target:
        return
    check = check_channel if address.is_channel else check_nick
    if problem := check(address.target):
        raise UsageError(
            f"“{address.target}” cannot be talked to. {problem.reason}",
            f"“{problem.suggestion}” can.",
        )
