"""WHO, with WHOX: who is in a channel, or matches a mask."""

from chatlab.server.irc.channel import Channel
from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.request import Request, is_visible
from chatlab.server.irc.limits import SERVER_NAME
from chatlab.server.irc.lines import matches
from chatlab.server.irc.numerics import RPL_ENDOFWHO, RPL_WHOREPLY, RPL_WHOSPCRPL

_WHOX_ORDER = "tcuihsnfdlao"
"""The order in which WHOX gives the fields, however they were asked for; ``r`` comes last."""
_MAX_TOKEN_LENGTH = 3


def handle_who(request: Request) -> None:
    """``WHO #channel``, ``WHO mask``, each with ``%fields[,token]`` for WHOX."""
    mask, options = request.argument(0) or "*", request.argument(1)
    before, percent, fields = options.partition("%")
    # There are no IRC operators, and “o” asks for nobody else.
    found = [] if "o" in before else _found(request, mask)
    for whom, channel in found:
        if percent:
            _send_whox(request, whom, channel, fields)
        else:
            name = channel.name if channel else "*"
            request.reply(
                RPL_WHOREPLY,
                *(name, whom.user, whom.host, SERVER_NAME, whom.nick),
                _flags(request, whom, channel),
                text=f"0 {whom.real_name}",
            )
    request.reply(RPL_ENDOFWHO, mask)


def _found(request: Request, mask: str) -> list[tuple[Client, Channel | None]]:
    network, client = request.network, request.client
    if mask.startswith("#"):
        channel = network.channel(mask)
        if channel is None or not channel.is_visible_to(client):
            return []
        return [(member, channel) for member in channel.members if is_visible(client, member)]
    if exact := network.find(mask):
        return [(exact, _common_channel(request, exact))]
    wanted = "*" if mask == "0" else mask
    return [
        (user, _common_channel(request, user))
        for user in network.users
        if is_visible(client, user) and (matches(wanted, user.nick) or matches(wanted, user.host))
    ]


def _common_channel(request: Request, whom: Client) -> Channel | None:
    shared = (
        channel
        for channel in request.network.channels_of(whom)
        if request.client in channel.members
    )
    return next(shared, None)


def _flags(request: Request, whom: Client, channel: Channel | None) -> str:
    """``H`` for here or ``G`` for gone, then the rank in the channel."""
    presence = "H" if whom.away is None else "G"
    if channel is None:
        return presence
    return presence + channel.members[whom].prefixes(every=request.client.has("multi-prefix"))


def _send_whox(request: Request, whom: Client, channel: Channel | None, options: str) -> None:
    fields, _, token = options.partition(",")
    values = {
        "t": token[:_MAX_TOKEN_LENGTH] or "0",
        "c": channel.name if channel else "*",
        "u": whom.user,
        "i": whom.host,
        "h": whom.host,
        "s": SERVER_NAME,
        "n": whom.nick,
        "f": _flags(request, whom, channel),
        "d": "0",
        "l": str(int(request.network.monotonic() - whom.spoke_at)),
        "a": whom.account or "0",
        "o": "n/a",
    }
    wanted = [values[field] for field in _WHOX_ORDER if field in fields]
    request.reply(RPL_WHOSPCRPL, *wanted, text=whom.real_name if "r" in fields else None)
