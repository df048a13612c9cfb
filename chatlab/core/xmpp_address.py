"""``xmpp:`` addresses as people write them (RFC 5122, query types of XEP-0147).

``xmpp:bob@example.org`` is somebody, ``xmpp:lab@rooms.example.org?join`` a room. What else a link
asks for (a text, a password) is read, and done only when the reader says so.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from chatlab.core.errors import UsageError
from chatlab.core.jid import parse_jid

_SCHEME = "xmpp:"
_EXAMPLE = "Examples: xmpp:bob@example.org, xmpp:lab@conference.example.org?join"
_MAX_LENGTH = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class XmppAddress:
    """Whom an address leads to."""

    jid: str
    """Bare, in its normal form."""
    is_room: bool = False
    password: str = ""
    """Of the room, as the address gives it."""
    account: str = ""
    """The account to use, where the address names one (the authority, RFC 5122, section 2.3)."""
    body: str = ""
    """A text to begin with."""


def is_xmpp_link(text: str) -> bool:
    """Whether ``text`` wants to be such an address."""
    return text[: len(_SCHEME)].lower() == _SCHEME


def parse_xmpp_url(url: str) -> XmppAddress:
    """Take an ``xmpp:`` address apart. Raises UsageError naming the part at fault."""
    if len(url) > _MAX_LENGTH:
        raise UsageError(f"“{url[:40]}…” is too long for an address.", _EXAMPLE)
    if not is_xmpp_link(url):
        raise UsageError(f"“{url}” does not begin with xmpp:.", _EXAMPLE)
    if any(char.isspace() or not char.isprintable() for char in url):
        raise UsageError("An address has no blank and no control character in it.", _EXAMPLE)
    rest = url[len(_SCHEME) :].partition("#")[0]
    path, _, query = rest.partition("?")
    account = ""
    if path.startswith("//"):
        account, _, path = path[2:].partition("/")
    if not path:
        raise UsageError(f"“{url}” names nobody.", _EXAMPLE)
    kind, _, pairs = query.partition(";")
    values = dict(_pair(pair) for pair in pairs.split(";") if pair)
    jid = parse_jid(_decoded(path))
    if kind.lower() == "join" and not jid.local:
        raise UsageError(f"“{jid}” is no room: the name before the “@” is missing.", _EXAMPLE)
    return XmppAddress(
        jid=jid.bare,
        is_room=kind.lower() == "join",
        password=values.get("password", ""),
        account=parse_jid(_decoded(account)).bare if account else "",
        body=values.get("body", ""),
    )


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.lower(), _decoded(value)


def _decoded(text: str) -> str:
    decoded = unquote(text)
    if not decoded.replace("\n", "").isprintable():
        raise UsageError("An address has no control character in it.", _EXAMPLE)
    return decoded
