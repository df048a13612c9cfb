"""Coming and going: NICK, USER, PASS, PING, QUIT, and the welcome."""

import re

from chatlab.core.nick import check_nick
from chatlab.server.irc.commands.queries import VERSION, date, send_isupport, send_lusers, send_motd
from chatlab.server.irc.commands.request import Request
from chatlab.server.irc.limits import (
    NETWORK_NAME,
    NICK_LENGTH,
    REAL_NAME_LENGTH,
    REASON_LENGTH,
    SERVER_NAME,
    USER_LENGTH,
)
from chatlab.server.irc.lines import cut_text
from chatlab.server.irc.network import tell
from chatlab.server.irc.numerics import (
    ERR_ALREADYREGISTERED,
    ERR_ERRONEUSNICKNAME,
    ERR_INVALIDUSERNAME,
    ERR_NEEDMOREPARAMS,
    ERR_NICKNAMEINUSE,
    ERR_NONICKNAMEGIVEN,
    ERR_NOORIGIN,
    RPL_CREATED,
    RPL_MYINFO,
    RPL_WELCOME,
    RPL_YOURHOST,
)


def handle_pass(request: Request) -> None:
    """There is no server password, so any is fine; but only before registration."""
    if request.client.is_registered:
        request.reply(ERR_ALREADYREGISTERED)


def handle_nick(request: Request) -> None:
    network, client, nick = request.network, request.client, request.argument(0)
    if not nick:
        request.reply(ERR_NONICKNAMEGIVEN)
        return
    if problem := check_nick(nick, NICK_LENGTH):
        request.reply(ERR_ERRONEUSNICKNAME, nick, text=problem.reason)
        return
    if network.holder(nick) not in (None, client):
        request.reply(ERR_NICKNAMEINUSE, nick)
        return
    if nick == client.nick:
        return
    event = network.event(client, "NICK", text=nick)
    network.rename(client, nick)
    if client.is_registered:
        tell(network.neighbours(client) | {client}, event)
    else:
        complete(request)


def handle_user(request: Request) -> None:
    client = request.client
    if client.is_registered:
        request.reply(ERR_ALREADYREGISTERED)
        return
    if request.count < 4 or not request.argument(3):
        request.reply(ERR_NEEDMOREPARAMS, "USER")
        return
    name = re.sub(r"[^A-Za-z0-9._-]", "", request.argument(0))
    if not name:
        request.reply(ERR_INVALIDUSERNAME)
        return
    # The tilde says, as on every server without ident (RFC 1413), that nobody checked it.
    client.user = f"~{name}"[:USER_LENGTH]
    client.real_name = cut_text(request.argument(3), REAL_NAME_LENGTH)
    complete(request)


def complete(request: Request) -> None:
    """Register the client once it has a nick and a user name and has ended CAP."""
    client = request.client
    is_ready = client.nick and client.user and not client.is_negotiating
    if is_ready and not client.is_registered:
        request.network.registered(client)
        _welcome(request)


def _welcome(request: Request) -> None:
    client, network = request.client, request.network
    request.reply(RPL_WELCOME, text=f"Welcome to the {NETWORK_NAME} network, {client.source}")
    request.reply(RPL_YOURHOST, text=f"Your host is {SERVER_NAME}, running version {VERSION}")
    request.reply(RPL_CREATED, text=f"This server was started {date(network.started)}")
    request.reply(RPL_MYINFO, SERVER_NAME, VERSION, "i", "biklmnostv", "bklov")
    send_isupport(request)
    send_lusers(request)
    send_motd(request)


def handle_setname(request: Request) -> None:
    """IRCv3 setname: a new real name, told to whoever asked to be told."""
    client, network = request.client, request.network
    name = cut_text(request.argument(0), REAL_NAME_LENGTH)
    if not name:
        # Standard replies: FAIL <command> <code> <context>.
        text = "A real name cannot be empty"
        client.send(network.event(None, "FAIL", "SETNAME", "INVALID_REALNAME", text=text))
        return
    client.real_name = name
    event = network.event(client, "SETNAME", text=name, needs="setname")
    tell(network.neighbours(client) | {client}, event)


def handle_ping(request: Request) -> None:
    if not request.argument(0):
        request.reply(ERR_NOORIGIN)
        return
    pong = request.network.event(None, "PONG", SERVER_NAME, text=request.argument(0))
    request.client.send(pong)


def handle_pong(_request: Request) -> None:
    """That bytes came has been noted already; an answer to it would be noise."""


def handle_quit(request: Request) -> None:
    words = cut_text(request.argument(0), REASON_LENGTH)
    request.network.drop(request.client, f"Quit: {words}" if words else "Quit")
