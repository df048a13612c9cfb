"""IRCv3 capability negotiation (version 302) and SASL authentication."""

from chatlab.core.errors import RemoteProtocolError
from chatlab.server.irc.client import Event
from chatlab.server.irc.commands.registration import complete
from chatlab.server.irc.commands.request import Request, lines_of_words
from chatlab.server.irc.limits import MAX_SASL_FAILURES
from chatlab.server.irc.lines import LineTooLong, encode_body
from chatlab.server.irc.network import tell
from chatlab.server.irc.numerics import (
    ERR_INVALIDCAPCMD,
    ERR_SASLABORTED,
    ERR_SASLALREADY,
    ERR_SASLFAIL,
    ERR_SASLTOOLONG,
    RPL_LOGGEDIN,
    RPL_SASLMECHS,
    RPL_SASLSUCCESS,
    Numeric,
)
from chatlab.server.irc.sasl import CHUNK_LENGTH, MECHANISMS, SaslExchange, chunks

CAPABILITIES: dict[str, str] = {
    "account-notify": "",
    "account-tag": "",
    "away-notify": "",
    "batch": "",
    "cap-notify": "",
    "echo-message": "",
    "extended-join": "",
    "invite-notify": "",
    "labeled-response": "",
    "message-tags": "",
    "multi-prefix": "",
    "sasl": ",".join(MECHANISMS),
    "server-time": "",
    "setname": "",
    "userhost-in-names": "",
}
"""What is offered; values are for clients that speak version 302."""


def handle_cap(request: Request) -> None:
    """CAP LS, LIST, REQ, END; between the first two and END, registration waits."""
    client, subcommand = request.client, request.argument(0).upper()
    if subcommand in ("LS", "REQ") and not client.is_registered:
        client.is_negotiating = True
    match subcommand:
        case "LS":
            _list_offer(request)
        case "LIST":
            _send_list(request, "LIST", sorted(client.capabilities))
        case "REQ":
            _change(request)
        case "END":
            _end(request)
        case other:
            request.reply(ERR_INVALIDCAPCMD, other)


def _list_offer(request: Request) -> None:
    client, version = request.client, request.argument(1)
    if version.isascii() and version.isdigit():
        client.cap_version = max(client.cap_version, int(version[:4]))
    if client.cap_version < 302:
        _send_list(request, "LS", list(CAPABILITIES))
        return
    # Whoever speaks 302 is told of changes without asking (capability-negotiation, cap-notify).
    client.capabilities.add("cap-notify")
    offer = [f"{name}={value}" if value else name for name, value in CAPABILITIES.items()]
    _send_list(request, "LS", offer)


def _send_list(request: Request, subcommand: str, words: list[str]) -> None:
    """One line, or several with ``*`` in all but the last for those who know 302."""
    lines = list(lines_of_words(words)) or [""]
    can_continue = request.client.cap_version >= 302
    for number, text in enumerate(lines, start=1):
        more = ("*",) if can_continue and number < len(lines) else ()
        _send(request, subcommand, *more, text=text)


def _change(request: Request) -> None:
    """All of the requested changes, or none (NAK)."""
    words = request.argument(1).split()
    if any(word.removeprefix("-") not in CAPABILITIES for word in words):
        for text in lines_of_words(words):
            _send(request, "NAK", text=text)
        return
    for word in words:
        if word.startswith("-"):
            request.client.capabilities.discard(word[1:])
        else:
            request.client.capabilities.add(word)
    for text in lines_of_words(words) if words else [""]:
        _send(request, "ACK", text=text)


def _end(request: Request) -> None:
    client = request.client
    if client.sasl is not None:
        client.sasl = None
        request.reply(ERR_SASLABORTED)
    client.is_negotiating = False
    complete(request)


def _send(request: Request, subcommand: str, *middle: str, text: str) -> None:
    client = request.client
    event = request.network.event(None, "CAP", client.label, subcommand, *middle, text=text)
    client.send(event)


def handle_authenticate(request: Request) -> None:
    """SASL (IRCv3 sasl-3.2): a mechanism, then its messages in chunks; ``*`` gives up."""
    client, word = request.client, request.argument(0)
    if client.account:
        request.reply(ERR_SASLALREADY)
    elif not client.has("sasl"):
        request.reply(ERR_SASLFAIL, text="Request the capability sasl first")
    elif word == "*":
        client.sasl = None
        request.reply(ERR_SASLABORTED)
    elif len(word) > CHUNK_LENGTH:
        _fail(request, ERR_SASLTOOLONG)
    elif client.sasl is None:
        _begin(request, word.upper())
    else:
        _continue(request, client.sasl, word)


def _begin(request: Request, mechanism: str) -> None:
    if mechanism not in MECHANISMS:
        request.reply(RPL_SASLMECHS, ",".join(MECHANISMS))
        _fail(request, ERR_SASLFAIL)
        return
    request.client.sasl = SaslExchange(mechanism, request.network.accounts)
    _send_chunk(request, "+")


def _continue(request: Request, exchange: SaslExchange, chunk: str) -> None:
    try:
        answer = exchange.receive_chunk(chunk)
    except LineTooLong:
        _fail(request, ERR_SASLTOOLONG)
        return
    except RemoteProtocolError:
        # One answer for a wrong name, a wrong password and nonsense: it tells nobody which.
        _fail(request, ERR_SASLFAIL)
        return
    if exchange.account:
        _succeed(request, exchange.account)
    elif answer is not None:
        for part in chunks(answer):
            _send_chunk(request, part)


def _succeed(request: Request, account: str) -> None:
    client, network = request.client, request.network
    client.sasl, client.account = None, account
    text = f"You are now logged in as {account}"
    request.reply(RPL_LOGGEDIN, client.source, account, text=text)
    request.reply(RPL_SASLSUCCESS)
    if client.is_registered:
        event = network.event(client, "ACCOUNT", account, needs="account-notify")
        tell(network.neighbours(client) | {client}, event)


def _fail(request: Request, numeric: Numeric) -> None:
    client = request.client
    client.sasl = None
    client.sasl_failures += 1
    request.reply(numeric)
    if client.sasl_failures >= MAX_SASL_FAILURES:
        request.network.drop(client, "Too many failed log-ins")


def _send_chunk(request: Request, chunk: str) -> None:
    """Without a source, as every server sends it."""
    body = encode_body("", "AUTHENTICATE", (chunk,), None)
    request.client.send(Event(body=body, time=request.network.timestamp()))
