"""Questions about the server and its users: WHOIS, WHOWAS, LUSERS, MOTD and smaller ones."""

from datetime import UTC, datetime

from chatlab import __version__
from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.request import Request, is_visible, lines_of_words
from chatlab.server.irc.limits import MAX_TARGETS, NETWORK_NAME, SERVER_NAME, isupport
from chatlab.server.irc.lines import fold
from chatlab.server.irc.numerics import (
    ERR_NEEDMOREPARAMS,
    ERR_NONICKNAMEGIVEN,
    ERR_NOOPERHOST,
    ERR_NOSUCHNICK,
    ERR_WASNOSUCHNICK,
    RPL_AWAY,
    RPL_ENDOFMOTD,
    RPL_ENDOFWHOIS,
    RPL_ENDOFWHOWAS,
    RPL_GLOBALUSERS,
    RPL_ISON,
    RPL_ISUPPORT,
    RPL_LOCALUSERS,
    RPL_LUSERCHANNELS,
    RPL_LUSERCLIENT,
    RPL_LUSERME,
    RPL_LUSEROP,
    RPL_LUSERUNKNOWN,
    RPL_MOTD,
    RPL_MOTDSTART,
    RPL_TIME,
    RPL_USERHOST,
    RPL_VERSION,
    RPL_WHOISACCOUNT,
    RPL_WHOISCHANNELS,
    RPL_WHOISIDLE,
    RPL_WHOISSECURE,
    RPL_WHOISSERVER,
    RPL_WHOISUSER,
    RPL_WHOWASUSER,
)

VERSION = f"chatlab-{__version__}"
_MOTD = (
    "This is the lab server of ChatLab. It is a real IRC server, but it is not connected",
    "to any other: nothing that you say here leaves this network.",
    "Plain and encrypted connections meet in the same channels. Try #lab.",
)
_TOKENS_PER_LINE = 12
"""With the nick, 005 stays within the 15 parameters of a line."""
_MAX_USERHOST = 5
"""RFC 2812, section 4.8."""


def date(seconds: int) -> str:
    """A moment for people to read, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def handle_whois(request: Request) -> None:
    """``WHOIS [server] nick[,nick]``: there is one server, so its name is not looked at."""
    names = request.argument(1) or request.argument(0)
    if not names:
        request.reply(ERR_NONICKNAMEGIVEN)
        return
    for name in names.split(",")[:MAX_TARGETS]:
        if found := request.network.find(name):
            _describe(request, found)
        else:
            request.reply(ERR_NOSUCHNICK, name)
        request.reply(RPL_ENDOFWHOIS, name)


def _describe(request: Request, whom: Client) -> None:
    network, client = request.network, request.client
    request.reply(RPL_WHOISUSER, whom.nick, whom.user, whom.host, "*", text=whom.real_name)
    shown = [
        channel.members[whom].prefixes(every=client.has("multi-prefix")) + channel.name
        for channel in network.channels_of(whom)
        if channel.is_visible_to(client) and (is_visible(client, whom) or client in channel.members)
    ]
    for text in lines_of_words(shown):
        request.reply(RPL_WHOISCHANNELS, whom.nick, text=text)
    request.reply(RPL_WHOISSERVER, whom.nick, SERVER_NAME)
    if whom.away is not None:
        request.reply(RPL_AWAY, whom.nick, text=whom.away)
    if whom.account:
        request.reply(RPL_WHOISACCOUNT, whom.nick, whom.account)
    if whom.is_secure:
        request.reply(RPL_WHOISSECURE, whom.nick)
    idle = int(network.monotonic() - whom.spoke_at)
    request.reply(RPL_WHOISIDLE, whom.nick, str(idle), str(whom.signed_on))


def handle_whowas(request: Request) -> None:
    nick = request.argument(0)
    if not nick:
        request.reply(ERR_NONICKNAMEGIVEN)
        return
    count = request.argument(1)
    most = int(count[:4]) if count.isascii() and count.isdigit() else 0
    found = [past for past in request.network.whowas if fold(past.nick) == fold(nick)]
    for past in found[: most or None]:
        request.reply(RPL_WHOWASUSER, past.nick, past.user, past.host, "*", text=past.real_name)
        request.reply(RPL_WHOISSERVER, past.nick, SERVER_NAME, text=date(past.time))
    if not found:
        request.reply(ERR_WASNOSUCHNICK, nick)
    request.reply(RPL_ENDOFWHOWAS, nick)


def handle_userhost(request: Request) -> None:
    """RFC 2812, section 4.8: ``nick=+user@host``, with ``-`` in front for who is away."""
    answers = []
    for nick in request.line.parameters[:_MAX_USERHOST]:
        if found := request.network.find(nick):
            sign = "+" if found.away is None else "-"
            answers.append(f"{found.nick}={sign}{found.user}@{found.host}")
    request.reply(RPL_USERHOST, text=" ".join(answers))


def handle_ison(request: Request) -> None:
    if not request.count:
        request.reply(ERR_NEEDMOREPARAMS, "ISON")
        return
    asked = " ".join(request.line.parameters).split()
    present = [found.nick for nick in asked if (found := request.network.find(nick))]
    request.reply(RPL_ISON, text=" ".join(present))


def handle_lusers(request: Request) -> None:
    send_lusers(request)


def send_lusers(request: Request) -> None:
    network = request.network
    users = len(network.users)
    hidden = sum(user.is_invisible for user in network.users)
    text = f"There are {users - hidden} users and {hidden} invisible on 1 server"
    request.reply(RPL_LUSERCLIENT, text=text)
    request.reply(RPL_LUSEROP, "0")
    if unknown := len(network.clients) - users:
        request.reply(RPL_LUSERUNKNOWN, str(unknown))
    request.reply(RPL_LUSERCHANNELS, str(len(network.channels)))
    request.reply(RPL_LUSERME, text=f"I have {users} clients and 0 servers")
    numbers = (str(users), str(network.most_users))
    text = f"users {users}, max {network.most_users}"
    request.reply(RPL_LOCALUSERS, *numbers, text=f"Current local {text}")
    request.reply(RPL_GLOBALUSERS, *numbers, text=f"Current global {text}")


def handle_motd(request: Request) -> None:
    send_motd(request)


def send_motd(request: Request) -> None:
    request.reply(RPL_MOTDSTART, text=f"- {SERVER_NAME} Message of the day -")
    for line in _MOTD:
        request.reply(RPL_MOTD, text=f"- {line}")
    request.reply(RPL_ENDOFMOTD)


def handle_version(request: Request) -> None:
    request.reply(RPL_VERSION, VERSION, SERVER_NAME, text=f"The {NETWORK_NAME} lab server")
    send_isupport(request)


def send_isupport(request: Request) -> None:
    tokens = isupport()
    for start in range(0, len(tokens), _TOKENS_PER_LINE):
        request.reply(RPL_ISUPPORT, *tokens[start : start + _TOKENS_PER_LINE])


def handle_time(request: Request) -> None:
    request.reply(RPL_TIME, SERVER_NAME, text=date(request.network.now()))


def handle_oper(request: Request) -> None:
    request.reply(ERR_NOOPERHOST)
