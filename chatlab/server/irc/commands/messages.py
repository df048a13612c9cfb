"""What people say: PRIVMSG, NOTICE, TAGMSG; and that they are not there to hear: AWAY."""

from chatlab.server.irc.channel import Channel
from chatlab.server.irc.client import Client
from chatlab.server.irc.commands.request import Request
from chatlab.server.irc.limits import MAX_TARGETS, REASON_LENGTH
from chatlab.server.irc.lines import cut_text
from chatlab.server.irc.network import tell
from chatlab.server.irc.numerics import (
    ERR_CANNOTSENDTOCHAN,
    ERR_NORECIPIENT,
    ERR_NOSUCHCHANNEL,
    ERR_NOSUCHNICK,
    ERR_NOTEXTTOSEND,
    ERR_TOOMANYTARGETS,
    ERR_UNKNOWNCOMMAND,
    RPL_AWAY,
    RPL_NOWAWAY,
    RPL_UNAWAY,
    Numeric,
)

_STATUS_PREFIXES = "@+"


def handle_message(request: Request) -> None:
    """PRIVMSG and NOTICE. A NOTICE is never answered, not even with an error (RFC 2812, 3.3.2)."""
    if not request.argument(0):
        text = f"No recipient given ({request.line.command})"
        _refuse(request, ERR_NORECIPIENT, text=text)
    elif not request.argument(1):
        _refuse(request, ERR_NOTEXTTOSEND)
    else:
        request.client.spoke_at = request.network.monotonic()
        _deliver_to_all(request, request.argument(1))


def handle_tagmsg(request: Request) -> None:
    """A message that is nothing but tags (IRCv3 message-tags)."""
    if not request.client.has("message-tags"):
        request.reply(ERR_UNKNOWNCOMMAND, "TAGMSG")
    elif not request.argument(0):
        request.reply(ERR_NORECIPIENT, text="No recipient given (TAGMSG)")
    else:
        _deliver_to_all(request, None)


def _deliver_to_all(request: Request, text: str | None) -> None:
    targets = list(dict.fromkeys(request.argument(0).split(",")))
    for target in targets[:MAX_TARGETS]:
        name = target.lstrip(_STATUS_PREFIXES)
        if name.startswith("#"):
            _to_channel(request, target.removesuffix(name)[:1], name, text)
        else:
            _to_user(request, target, text)
    for target in targets[MAX_TARGETS:]:
        _refuse(request, ERR_TOOMANYTARGETS, target)


def _to_channel(request: Request, status: str, name: str, text: str | None) -> None:
    network, client, line = request.network, request.client, request.line
    channel = network.channel(name)
    if channel is None:
        _refuse(request, ERR_NOSUCHCHANNEL, name)
        return
    if not channel.may_speak(client):
        _refuse(request, ERR_CANNOTSENDTOCHAN, channel.name)
        return
    event = network.message(client, line.command, status + channel.name, text, line.tags)
    tell((other for other in _listeners(channel, status) if other is not client), event)
    if client.has("echo-message"):
        client.send(event)


def _listeners(channel: Channel, status: str) -> list[Client]:
    """STATUSMSG: ``@#channel`` reaches the operators, ``+#channel`` the voiced, too."""
    return [
        client
        for client, member in channel.members.items()
        if not status or member.is_operator or (status == "+" and member.is_voiced)
    ]


def _to_user(request: Request, nick: str, text: str | None) -> None:
    network, client, line = request.network, request.client, request.line
    whom = network.find(nick)
    if whom is None:
        _refuse(request, ERR_NOSUCHNICK, nick)
        return
    event = network.message(client, line.command, whom.nick, text, line.tags)
    whom.send_apart(event)
    if client.has("echo-message"):
        client.send(event)
    if whom.away is not None and line.command == "PRIVMSG":
        request.reply(RPL_AWAY, whom.nick, text=whom.away)


def _refuse(request: Request, numeric: Numeric, *middle: str, text: str | None = None) -> None:
    if request.line.command != "NOTICE":
        request.reply(numeric, *middle, text=text)


def handle_away(request: Request) -> None:
    client, network = request.client, request.network
    reason = cut_text(request.argument(0), REASON_LENGTH)
    client.away = reason or None
    request.reply(RPL_NOWAWAY if reason else RPL_UNAWAY)
    event = network.event(client, "AWAY", text=client.away, needs="away-notify")
    tell(network.neighbours(client), event)
