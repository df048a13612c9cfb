"""Keeps passwords out of consoles, frame lists and logs; the wire itself is not touched."""

from chatlab.core.errors import RemoteProtocolError
from chatlab.protocol.irc import IrcLine, parse

MASK = "••••"
_SERVICES = frozenset({"nickserv", "authserv", "userserv", "accserv", "ns", "q", "x", "chanserv"})
_SECRET_WORDS = frozenset(
    {"IDENTIFY", "ID", "SIDENTIFY", "REGISTER", "LOGIN", "AUTH", "NEWPASS", "SETPASS"}
    | {"RESETPASS", "GHOST", "RECOVER", "RELEASE", "REGAIN", "DROP", "GROUP", "LINK"}
)
_SASL_WORDS = frozenset({"+", "*", "PLAIN", "EXTERNAL", "SCRAM-SHA-256"})
_SERVICE_COMMANDS = frozenset({"NICKSERV", "NS", "AUTHSERV", "USERSERV", "CHANSERV", "CS"})
_MASKED_COMMANDS = frozenset({"PASS", "OPER", "AUTHENTICATE", "PRIVMSG", "NOTICE"}) | (
    _SERVICE_COMMANDS
)


def mask_text(target: str, text: str) -> str:
    """``text`` as it may be shown when it is sent to ``target``: no password to a service."""
    service = target.partition("@")[0].lower()
    return _mask_service_text(text) if service in _SERVICES else text


def _mask_service_text(text: str) -> str:
    words = text.split()
    first = words[0].upper() if words else ""
    if len(words) > 1 and first in _SECRET_WORDS:
        return f"{words[0]} {MASK}"
    if len(words) > 2 and first == "SET" and words[1].upper() in ("PASSWORD", "PASS"):
        return f"{words[0]} {words[1]} {MASK}"
    return text


def mask_line(text: str, line: IrcLine | None = None) -> str:
    """A protocol line as it may be shown; ``line`` saves parsing it again."""
    if line is None:
        try:
            line = parse(text)
        except RemoteProtocolError:
            return text
    command = line.command.upper()
    if command not in _MASKED_COMMANDS or not line.parameters:
        return text
    if command in ("PRIVMSG", "NOTICE"):
        shown = mask_text(line.parameters[0], line.parameters[-1])
        return text if shown == line.parameters[-1] else _replace_end(text, line, shown)
    if command in _SERVICE_COMMANDS:
        return f"{line.command} {_mask_service_text(' '.join(line.parameters))}"
    if command == "AUTHENTICATE" and line.parameters[-1].upper() in _SASL_WORDS:
        return text
    if command == "OPER":
        return f"{line.command} {line.parameters[0]} {MASK}"
    return f"{line.command} {MASK}"


def _replace_end(text: str, line: IrcLine, shown: str) -> str:
    return text[: len(text) - len(line.parameters[-1])] + shown
