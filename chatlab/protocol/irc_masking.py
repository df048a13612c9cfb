"""Keeps passwords out of consoles, frame lists and logs; the wire itself is not touched."""

import re

from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import ByteRange
from chatlab.protocol.irc import IrcLine, parse, parse_spans

MASK = "••••"
_SERVICES = frozenset({"nickserv", "authserv", "userserv", "accserv", "ns", "q", "x", "chanserv"})
_SECRET_WORDS = frozenset(
    {"IDENTIFY", "ID", "SIDENTIFY", "REGISTER", "LOGIN", "AUTH", "NEWPASS", "SETPASS"}
    | {"RESETPASS", "GHOST", "RECOVER", "RELEASE", "REGAIN", "DROP", "GROUP", "LINK"}
)
_SASL_WORDS = frozenset({"+", "*", "PLAIN", "EXTERNAL", "SCRAM-SHA-256"})
SERVICE_COMMANDS = frozenset({"NICKSERV", "NS", "AUTHSERV", "USERSERV", "CHANSERV", "CS"})
_MASKED_COMMANDS = frozenset({"PASS", "OPER", "AUTHENTICATE", "PRIVMSG", "NOTICE"}) | (
    SERVICE_COMMANDS
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
    if command in SERVICE_COMMANDS:
        return f"{line.command} {_mask_service_text(' '.join(line.parameters))}"
    if command == "AUTHENTICATE" and line.parameters[-1].upper() in _SASL_WORDS:
        return text
    if command == "OPER":
        return f"{line.command} {line.parameters[0]} {MASK}"
    return f"{line.command} {MASK}"


def _replace_end(text: str, line: IrcLine, shown: str) -> str:
    return text[: len(text) - len(line.parameters[-1])] + shown


# --- in bytes, for copies that are handed on -------------------------------------------------------

_HARMLESS_WORDS = frozenset({"HELP", "INFO", "STATUS", "ACC", "LIST", "LISTCHANS", "LOGOUT"})
_PASSWORD_SERVICES = _SERVICES - {"chanserv"}
_ALL_PARAMETERS = frozenset({"PASS", "IDENTIFY", "LOGIN", "REGISTER", "VERIFY", "DIE", "RESTART"})
_LAST_PARAMETERS = {"OPER": 1, "JOIN": 1, "WEBIRC": 0}
"""From which parameter on there are secrets: OPER name password, JOIN channels keys."""
_ANSWERED = frozenset({"JOIN", "REGISTER", "VERIFY"})
"""What servers send, too, with other parameters: the account behind a JOIN is no key."""
_TOLD_PASSWORD = re.compile(
    rb"pass(?:word|code)[\x02\x1f]*(?: is| has been set to|:| =)[: \x02\x1f\"']+([^\s\x02\x1f\"']+)",
    re.IGNORECASE,
)
"""How services repeat a password to its owner."""
_KEYED_MODES = {"MODE": 1, "324": 2}
"""Where the modes of a channel stand; 324 is RPL_CHANNELMODEIS."""
_TAKE_ARGUMENTS = frozenset("beIkqahovlfjLH")
"""Channel modes that take an argument on most networks, ``l`` and others only when set."""
_ONLY_WHEN_SET = frozenset("lfjLH")


def secret_spans(line: bytes) -> list[ByteRange]:
    """Where secrets lie in a line (no line end), which may be cut off; in order.

    Stricter than what consoles hide: keys of channels, all of a SASL exchange in both
    directions, and whatever is said to NickServ belong to it, so that a mistyped command
    gives nothing away. A line that cannot be read counts as one secret.
    """
    try:
        parts = parse_spans(line)
    except RemoteProtocolError:
        return [ByteRange(0, len(line))] if line.strip() else []
    command = next(part.value for part in parts if part.name == "Command").upper()
    spans = [part.span for part in parts if part.name.startswith("Parameter ")]
    words = [line[span.start : span.stop] for span in spans]
    source = next((part.value for part in parts if part.name == "Source"), "")
    is_answer = bool(source) and command in _ANSWERED
    found = [] if is_answer else _secret_parameters(command, words, spans)
    if not found and words and source.partition("!")[0].lower() in _SERVICES:
        told = _TOLD_PASSWORD.finditer(words[-1])
        found = [ByteRange(*each.span(1)).shifted(spans[-1].start) for each in told]
    return [span for span in found if len(span)]


def _secret_parameters(command: str, words: list[bytes], spans: list[ByteRange]) -> list[ByteRange]:
    if command in _ALL_PARAMETERS:
        return spans
    if command in _LAST_PARAMETERS:
        return spans[_LAST_PARAMETERS[command] :]
    if command == "AUTHENTICATE":
        return [s for w, s in zip(words, spans, strict=True) if not _is_mechanism(w)]
    if command in _KEYED_MODES:
        return _keys_of(words, spans, _KEYED_MODES[command])
    if command in SERVICE_COMMANDS and spans:
        said = ByteRange(spans[0].start, spans[-1].stop)
        is_strict = command not in ("CHANSERV", "CS")
        return _said_to_service(b" ".join(words), said, is_strict=is_strict)
    if command in ("PRIVMSG", "NOTICE", "SQUERY") and len(words) > 1:
        service = words[0].decode("latin-1").partition("@")[0].lower()
        if service in _SERVICES:
            is_strict = service in _PASSWORD_SERVICES
            return _said_to_service(words[-1], spans[-1], is_strict=is_strict)
    return []


def _is_mechanism(word: bytes) -> bool:
    name = word.decode("latin-1").upper()
    return name in _SASL_WORDS or name.startswith("SCRAM-") or name == "ECDSA-NIST256P-CHALLENGE"


def _said_to_service(text: bytes, span: ByteRange, *, is_strict: bool) -> list[ByteRange]:
    """Everything behind the first word, or behind two where the first is SET."""
    words = text.split()
    first = words[0].upper().decode("latin-1") if words else ""
    if len(words) < 2 or first in _HARMLESS_WORDS:
        return []
    kept = words[0]
    if first == "SET" and len(words) > 2:
        is_password = words[1].upper() in (b"PASSWORD", b"PASS")
        if not (is_strict or is_password):
            return []
        kept = text[: text.index(words[1], text.index(words[0]) + len(words[0])) + len(words[1])]
    elif not is_strict and first not in _SECRET_WORDS:
        return []
    behind = text.index(kept) + len(kept)
    # Commands in parameters of their own are as long in the line as joined, or longer.
    return [ByteRange(span.start + behind + 1, span.stop)]


def _keys_of(words: list[bytes], spans: list[ByteRange], at: int) -> list[ByteRange]:
    """The keys among the arguments of a channel's modes (``+k``).

    Networks have modes of their own: where the arguments are not as many as they should be, any of
    them may be the key.
    """
    modes = words[at].decode("latin-1") if len(words) > at + 1 else ""
    if "k" not in modes:
        return []
    found, argument, is_set = [], at + 1, True
    for sign in modes:
        if sign in "+-":
            is_set = sign == "+"
        elif sign in _TAKE_ARGUMENTS and (is_set or sign not in _ONLY_WHEN_SET):
            if sign == "k" and argument < len(spans):
                found.append(spans[argument])
            argument += 1
    return found if argument == len(spans) else spans[at + 1 :]
