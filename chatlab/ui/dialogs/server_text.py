"""What people type or paste where a server's name belongs, and what an observer will read.

Accepted: ``host``, ``host:port``, ``host/+port`` and ``host:+port`` (the plus means TLS, as other
clients write it), ``[::1]:6697``, and whole addresses: ``irc://nick@host:port/%23channel``, ``ircs://``.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from chatlab.core.account import IRC_PORTS, LoginMethod, Security

_HOST = re.compile(r"[^\s/@\[\]?#]+\Z")
_WITH_PORT = re.compile(r"(?P<host>\[[^\]]+\]|[^:/\s]+)(?:[:/](?P<plus>\+)?(?P<port>\d{1,5}))?/?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerText:
    """What was found in the text; None and empty where it says nothing."""

    host: str
    port: int | None = None
    security: Security | None = None
    nick: str = ""
    channel: str = ""


def read_server(text: str) -> ServerText | None:
    """Take a typed server apart; None when no host can be found in it."""
    text = text.strip()
    scheme = text.partition("://")[0].lower()
    if scheme in ("irc", "ircs", "irc+tls") and "://" in text:
        return _read_url(scheme, text)
    if text.count(":") > 1 and not text.startswith("["):
        return ServerText(host=text) if _is_host(text) else None  # An IPv6 address as it is.
    found = _WITH_PORT.match(text)
    if found is None:
        return None
    host = found["host"].strip("[]")
    port = int(found["port"]) if found["port"] else None
    if not _is_host(host) or (port is not None and not 0 < port < 65_536):
        return None
    security = Security.DIRECT_TLS if found["plus"] else None
    return ServerText(host=host, port=port, security=security)


def _read_url(scheme: str, text: str) -> ServerText | None:
    # “#lab” would be a fragment; people write it unquoted all the same.
    head, _, channel = text.partition("#")
    try:
        parts = urlsplit(head)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or not _is_host(parts.hostname):
        return None
    security = Security.PLAIN if scheme == "irc" else Security.DIRECT_TLS
    path = unquote(parts.path.strip("/")).partition(",")[0]
    name = f"#{channel}" if channel else path
    if name and name[0] not in "#&+!":
        name = f"#{name}"
    return ServerText(
        host=parts.hostname,
        port=port or IRC_PORTS[security],
        security=security,
        nick=unquote(parts.username or ""),
        channel=name,
    )


def _is_host(text: str) -> bool:
    return bool(_HOST.match(text)) and not text.startswith((".", "-")) and ".." not in text


def observer_text(
    host: str, security: Security, login: LoginMethod, *, sends_password: bool
) -> str:
    """What anyone on the path could read with these settings, in one or two sentences."""
    name = host or "the server"
    if security is Security.DIRECT_TLS:
        return (
            f"That you talk to {name} (its name crosses in clear in the DNS look-up and in the TLS "
            "handshake), when, and how much. Not your nick, not your password, not one word."
        )
    words = f"Everything: your nick, the channels, each word that you or others say on {name}"
    if sends_password and not login.is_scram:
        return f"{words} – and your password."
    if sends_password:
        return f"{words}. Of the password only a proof crosses (SCRAM), not the password itself."
    return f"{words}."
