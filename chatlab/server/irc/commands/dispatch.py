"""From a line to its handler: the table of commands, and the frame around each of them."""

from dataclasses import dataclass

from chatlab.core.errors import RemoteProtocolError
from chatlab.server.irc.client import Client
from chatlab.server.irc.commands import (
    capabilities,
    channels,
    messages,
    modes,
    queries,
    registration,
    who,
)
from chatlab.server.irc.commands.request import Handler, Request
from chatlab.server.irc.limits import LABEL_LENGTH
from chatlab.server.irc.lines import Line, LineTooLong, parse
from chatlab.server.irc.network import Network
from chatlab.server.irc.numerics import (
    ERR_INPUTTOOLONG,
    ERR_NEEDMOREPARAMS,
    ERR_NOTREGISTERED,
    ERR_UNKNOWNCOMMAND,
)


@dataclass(frozen=True, slots=True)
class Route:
    """A handler, the parameters that it cannot do without, and when it may be called."""

    handler: Handler
    parameters: int = 0
    is_early: bool = False
    """Allowed before registration."""


ROUTES: dict[str, Route] = {
    "AUTHENTICATE": Route(capabilities.handle_authenticate, 1, is_early=True),
    "AWAY": Route(messages.handle_away),
    "CAP": Route(capabilities.handle_cap, 1, is_early=True),
    "INVITE": Route(channels.handle_invite, 2),
    "ISON": Route(queries.handle_ison),
    "JOIN": Route(channels.handle_join, 1),
    "KICK": Route(channels.handle_kick, 2),
    "LIST": Route(channels.handle_list),
    "LUSERS": Route(queries.handle_lusers),
    "MODE": Route(modes.handle_mode, 1),
    "MOTD": Route(queries.handle_motd),
    "NAMES": Route(channels.handle_names),
    "NICK": Route(registration.handle_nick, is_early=True),
    "NOTICE": Route(messages.handle_message),
    "OPER": Route(queries.handle_oper, 2),
    "PART": Route(channels.handle_part, 1),
    "PASS": Route(registration.handle_pass, 1, is_early=True),
    "PING": Route(registration.handle_ping, is_early=True),
    "PONG": Route(registration.handle_pong, is_early=True),
    "PRIVMSG": Route(messages.handle_message),
    "QUIT": Route(registration.handle_quit, is_early=True),
    "SETNAME": Route(registration.handle_setname, 1),
    "TAGMSG": Route(messages.handle_tagmsg),
    "TIME": Route(queries.handle_time),
    "TOPIC": Route(channels.handle_topic, 1),
    "USER": Route(registration.handle_user, is_early=True),
    "USERHOST": Route(queries.handle_userhost, 1),
    "VERSION": Route(queries.handle_version),
    "WHO": Route(who.handle_who),
    "WHOIS": Route(queries.handle_whois),
    "WHOWAS": Route(queries.handle_whowas),
}


def handle(network: Network, client: Client, raw: bytes | None) -> None:
    """Carry out one line, given without CR LF; None stands for one that was too long."""
    if client.is_gone or (raw is not None and not raw.strip(b" ")):
        return
    now = network.timestamp()
    if raw is None:
        client.reply(now, ERR_INPUTTOOLONG)
        return
    try:
        line = parse(raw)
    except LineTooLong:
        client.reply(now, ERR_INPUTTOOLONG)
    except RemoteProtocolError as error:
        client.send(network.event(None, "NOTICE", client.label, text=error.message))
    else:
        _carry_out(network, client, line)


def _carry_out(network: Network, client: Client, line: Line) -> None:
    label = line.tags.get("label", "")
    client.begin_response(label if len(label) <= LABEL_LENGTH else "")
    try:
        _route(Request(network, client, line))
    finally:
        client.end_response(network.timestamp())


def _route(request: Request) -> None:
    command = request.line.command
    route = ROUTES.get(command)
    is_registered = request.client.is_registered
    if not is_registered and (route is None or not route.is_early):
        request.reply(ERR_NOTREGISTERED)
    elif route is None:
        request.reply(ERR_UNKNOWNCOMMAND, command[:50])
    elif request.count < route.parameters:
        request.reply(ERR_NEEDMOREPARAMS, command)
    else:
        route.handler(request)
