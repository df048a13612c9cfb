"""What lines of IRC tell whoever can read them (RFC 2812, Modern IRC, IRCv3)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chatlab.analysis.observer_words import (
    Heard,
    decoded,
    names_mechanism,
    sasl_heard,
    shown,
)
from chatlab.core.errors import RemoteProtocolError
from chatlab.core.flow import ByteRange, Direction
from chatlab.core.frame import Field
from chatlab.core.observing import Topic
from chatlab.protocol.ctcp import decode_ctcp
from chatlab.protocol.irc import parse_spans, split_source
from chatlab.protocol.irc_masking import SERVICE_COMMANDS, mask_text

_CHANNEL_SIGNS = "#&+!"
_ASKING = frozenset({"WHOIS", "WHO", "WHOWAS", "MONITOR", "ISON", "USERHOST", "WATCH", "INVITE"})
_CHUNK = 400
"""Characters of base64 in one AUTHENTICATE; a full one goes on in the next (IRCv3 SASL 3.1)."""


class _Line(NamedTuple):
    """A line with the bytes of each part."""

    source: Field | None
    command: str
    parameters: tuple[Field, ...]
    tags: tuple[Field, ...]

    @property
    def last(self) -> Field | None:
        return self.parameters[-1] if self.parameters else None


def _read(data: bytes) -> _Line | None:
    try:
        fields = parse_spans(data.rstrip(b"\r\n"))
    except RemoteProtocolError:
        return None
    source = next((each for each in fields if each.name == "Source"), None)
    command = next(each.value for each in fields if each.name == "Command")
    tags = next((each.fields for each in fields if each.name == "Tags"), ())
    parameters = tuple(each for each in fields if each.name.startswith("Parameter"))
    return _Line(source, command.upper(), parameters, tags)


class IrcEar:
    """Listens to both directions of one connection; remembers what later lines depend on."""

    def __init__(self) -> None:
        self.nick = ""
        self._mechanism = ""
        self._response = ""
        self._sent: dict[str, Callable[[_Line], list[Heard]]] = {
            "NICK": self._nick,
            "USER": _user,
            "PASS": lambda line: _password(line, "The password for the server"),
            "OPER": lambda line: _password(line, "The password of an IRC operator"),
            "REGISTER": lambda line: _password(line, "The password of a new account"),
            **dict.fromkeys(SERVICE_COMMANDS, _to_service),
            "AUTHENTICATE": self._authenticate,
            "JOIN": _join,
            "PRIVMSG": _sent_text,
            "NOTICE": _sent_text,
            "TAGMSG": _typing,
            "AWAY": lambda line: _spoken(line, 0, Topic.PRESENCE, "Why somebody is away"),
            "QUIT": lambda line: _spoken(line, 0, Topic.PRESENCE, "The words on leaving"),
            "PART": lambda line: _spoken(line, 1, Topic.PRESENCE, "The words on leaving a channel"),
            "TOPIC": lambda line: _spoken(line, 1, Topic.OTHER, "The topic of a channel"),
        }

    def hear(self, direction: Direction, data: bytes) -> list[Heard]:
        """What a whole line says."""
        line = _read(data)
        if line is None:
            return []
        if direction is Direction.SENT:
            found = self._sent.get(line.command)
            if found is not None:
                return found(line)
            return _asked(line) if line.command in _ASKING else []
        return self._received(line)

    # --- what we say -------------------------------------------------------------------------

    def _nick(self, line: _Line) -> list[Heard]:
        if not line.parameters:
            return []
        self.nick = line.parameters[0].value
        return [
            _heard(
                Topic.NICK, line.parameters[0], "The name that we go by in chats", is_passed_on=True
            )
        ]

    def _authenticate(self, line: _Line) -> list[Heard]:
        if line.last is None:
            return []
        text, span = line.last.value, line.last.span
        if not self._mechanism and names_mechanism(text):
            self._mechanism, self._response = text.upper(), ""
            return [Heard(Topic.PROTOCOL, f"SASL {shown(text)}", span, "How the login is proved.")]
        if text == "*":
            self._mechanism = ""
            return []
        self._response += "" if text == "+" else text
        if len(text) == _CHUNK:
            return []
        whole, self._response = self._response, ""
        return sasl_heard(self._mechanism, decoded(whole), span)

    # --- what the server says ----------------------------------------------------------------

    def _received(self, line: _Line) -> list[Heard]:
        found: list[Heard] = []
        if line.source is not None:
            found += self._source(line.source, line.command)
        match line.command:
            case "001" if line.parameters:
                self.nick = line.parameters[0].value
                found.append(
                    _heard(
                        Topic.NICK,
                        line.parameters[0],
                        "The name that we go by in chats",
                        is_passed_on=True,
                    )
                )
            case "PRIVMSG" | "NOTICE":
                found += _received_text(line, self.nick)
            case "353" if line.last is not None:
                found += _members(line, self.nick)
            case "332" if line.last is not None:
                found.append(_heard(Topic.OTHER, line.last, "The topic of a channel"))
            case "396" if len(line.parameters) > 1:
                words = "The host that others are shown instead of the address"
                found.append(_heard(Topic.HOST, line.parameters[1], words, is_passed_on=True))
            case "900" if len(line.parameters) > 2:
                found.append(_heard(Topic.LOGIN, line.parameters[2], "The account logged in to"))
            case "903" | "904" | "905" | "906" | "907" | "908":
                self._mechanism = ""
            case _:
                pass
        return found

    def _source(self, source: Field, command: str) -> list[Heard]:
        """Whoever a line is from: ourselves with the host that others see, a server, a contact."""
        who = split_source(source.value)
        if who.nick == self.nick and who.host:
            start = source.span.start + len(f"{who.nick}!".encode())
            span = ByteRange(start, source.span.stop)
            words = "The user name and host that others are shown with our lines."
            return [Heard(Topic.HOST, shown(who.user_host), span, words, is_passed_on=True)]
        if not who.host and command == "001":
            return [_heard(Topic.SERVER_NAME, source, "The server’s name")]
        if who.host and who.nick != self.nick:
            stop = source.span.start + len(who.nick.encode())
            span = ByteRange(source.span.start, stop)
            return [Heard(Topic.CONTACT, shown(who.nick), span, "Somebody in the same chat.")]
        return []


def _heard(topic: Topic, field: Field, words: str, *, is_passed_on: bool = False) -> Heard:
    return Heard(topic, shown(field.value), field.span, f"{words}.", is_passed_on=is_passed_on)


def _user(line: _Line) -> list[Heard]:
    found: list[Heard] = []
    if line.parameters:
        words = "The user name, which others see before the host"
        found.append(_heard(Topic.USER, line.parameters[0], words, is_passed_on=True))
    if len(line.parameters) > 3:
        words = "The real name, which anyone may ask for (WHOIS)"
        found.append(_heard(Topic.REAL_NAME, line.parameters[3], words, is_passed_on=True))
    return found


def _password(line: _Line, words: str) -> list[Heard]:
    if line.last is None:
        return []
    sentence = f"{words}, as it was typed."
    return [Heard(Topic.PASSWORD, line.last.value, line.last.span, sentence, is_secret=True)]


def _to_service(line: _Line) -> list[Heard]:
    """A command that servers turn into a message to a service, with a password in it or not."""
    text = " ".join(each.value for each in line.parameters)
    if mask_text("NickServ", text) == text:
        return []
    return _password(line, f"The password in a command to a service ({line.command})")


def _join(line: _Line) -> list[Heard]:
    found: list[Heard] = []
    if line.parameters:
        words = "A channel that is joined"
        found += _listed(line.parameters[0], Topic.CHANNEL, words, is_passed_on=True)
    if len(line.parameters) > 1:
        words = "The key of a channel, which is its password"
        found += [
            each._replace(is_secret=True)
            for each in _listed(line.parameters[1], Topic.KEY, words, is_passed_on=False)
        ]
    return found


def _listed(field: Field, topic: Topic, words: str, *, is_passed_on: bool) -> list[Heard]:
    """A parameter that is a list with commas."""
    found: list[Heard] = []
    start = field.span.start
    for name in field.value.split(","):
        stop = start + len(name.encode())
        if name and stop <= field.span.stop:
            heard = Heard(topic, shown(name), ByteRange(start, stop), f"{words}.")
            found.append(heard._replace(is_passed_on=is_passed_on))
        start = stop + 1
    return found


def _sent_text(line: _Line) -> list[Heard]:
    if len(line.parameters) < 2 or line.last is None:
        return []
    target, text = line.parameters[0], line.last
    if mask_text(target.value, text.value) != text.value:
        words = f"A password in a message to {shown(target.value)}, as it was typed."
        return [
            _heard(Topic.CONTACT, target, "Whom a message is for"),
            Heard(Topic.PASSWORD, shown(text.value), text.span, words, is_secret=True),
        ]
    words = f"What we say to {shown(target.value)}"
    return [_target(target), *_words(text, words, is_notice=line.command == "NOTICE")]


def _target(target: Field) -> Heard:
    is_channel = target.value[:1] in _CHANNEL_SIGNS
    topic = Topic.CHANNEL if is_channel else Topic.CONTACT
    words = "The channel of a message" if is_channel else "Whom a message is for"
    return _heard(topic, target, words, is_passed_on=is_channel)


def _words(text: Field, words: str, *, is_notice: bool) -> list[Heard]:
    """The text of a PRIVMSG or NOTICE; ``words`` say who says it to whom."""
    ctcp = decode_ctcp(text.value)
    if ctcp is None:
        return [_heard(Topic.TEXT, text, words, is_passed_on=True)]
    if ctcp.command == "ACTION":
        span = text_span(text)
        value = shown(ctcp.parameter)
        return [Heard(Topic.TEXT, value, span, f"{words}.", is_passed_on=True)]
    if ctcp.command == "DCC":
        words = "An offer of a direct connection, with the address to connect to"
        return [_heard(Topic.ADDRESS, text, words, is_passed_on=True)]
    if is_notice and ctcp.command in ("VERSION", "SOURCE", "USERINFO", "FINGER", "TIME"):
        words = f"The answer of this program to CTCP {ctcp.command}"
        return [_heard(Topic.RESOURCE, text, words, is_passed_on=True)]
    return [_heard(Topic.OTHER, text, f"CTCP {shown(ctcp.command)}", is_passed_on=True)]


def text_span(parameter: Field) -> ByteRange:
    """The words of a PRIVMSG or NOTICE: its last parameter without the wrapping of CTCP ACTION."""
    span, value = parameter.span, parameter.value
    if not value.upper().startswith("\x01ACTION"):
        return span
    start = span.start + len("\x01ACTION ")
    return ByteRange(min(start, span.stop), span.stop - value.endswith("\x01"))


def line_text(data: bytes) -> ByteRange | None:
    """Where the words of a PRIVMSG or NOTICE are in a line; None for any other line."""
    line = _read(data)
    if line is None or line.command not in ("PRIVMSG", "NOTICE") or len(line.parameters) < 2:
        return None
    return text_span(line.parameters[-1])


def _received_text(line: _Line, own: str) -> list[Heard]:
    """What somebody says; our own words come back to us just as others get them (echo-message)."""
    if len(line.parameters) < 2 or line.source is None or "!" not in line.source.value:
        return []
    nick = split_source(line.source.value).nick
    is_echo = nick == own
    target, text = line.parameters[0], line.parameters[-1]
    is_channel = target.value[:1] in _CHANNEL_SIGNS
    found = [_target(target)] if is_channel else []
    words = f"What we say to {shown(target.value)}" if is_echo else f"What {shown(nick)} says"
    found += _words(text, words, is_notice=line.command == "NOTICE")
    return [each._replace(is_passed_on=is_echo) for each in found]


def _typing(line: _Line) -> list[Heard]:
    signs = [tag for tag in line.tags if tag.name.lstrip("+") in ("typing", "draft/typing")]
    words = "Whether we write just now."
    return [
        Heard(Topic.TYPING, shown(tag.value), tag.span, words, is_passed_on=True) for tag in signs
    ]


def _spoken(line: _Line, index: int, topic: Topic, words: str) -> list[Heard]:
    if len(line.parameters) <= index:
        return []
    return [_heard(topic, line.parameters[index], words, is_passed_on=True)]


def _asked(line: _Line) -> list[Heard]:
    """Whom we ask the server about; the parameter that names them differs."""
    at = {"WHO": 0, "INVITE": 0, "MONITOR": 1}.get(line.command, len(line.parameters) - 1)
    if not 0 <= at < len(line.parameters):
        return []
    words = f"Whom we ask about ({line.command})"
    if line.parameters[at].value[:1] in _CHANNEL_SIGNS:
        return _listed(line.parameters[at], Topic.CHANNEL, words, is_passed_on=False)
    return _listed(line.parameters[at], Topic.CONTACT, words, is_passed_on=False)


def _members(line: _Line, own: str) -> list[Heard]:
    """The nicks of RPL_NAMREPLY (353), without their signs and hosts."""
    assert line.last is not None
    found: list[Heard] = []
    start = line.last.span.start
    for word in line.last.value.split(" "):
        stop = start + len(word.encode())
        name = word.lstrip("~&@%+")
        nick = split_source(name).nick
        first = stop - len(name.encode())
        if nick and nick != own and stop <= line.last.span.stop:
            span = ByteRange(first, first + len(nick.encode()))
            found.append(Heard(Topic.CONTACT, shown(nick), span, "Who is in a channel."))
        start = stop + 1
    return found


def command_of(data: bytes) -> tuple[str, Sequence[str]]:
    """The command of a line and its parameters; empty for what is no line."""
    line = _read(data)
    return (line.command, [each.value for each in line.parameters]) if line else ("", ())


def source_of(data: bytes) -> str:
    """Who a line is from, as it says; empty where it does not."""
    line = _read(data)
    return line.source.value if line is not None and line.source is not None else ""
