"""IRC lines as the frame list shows them: readable, without tags, without passwords."""

from collections.abc import Iterable

from chatlab.analysis.contents import Part
from chatlab.core.errors import RemoteProtocolError
from chatlab.protocol.irc import IrcLine, decode, parse, split_source
from chatlab.protocol.irc_format import strip_formatting
from chatlab.protocol.irc_masking import mask_line

ELLIPSIS = "…"
EMPTY_LINE = "(empty line)"
_KEEP_ALIVE = frozenset({"PING", "PONG"})
_REGISTRATION = frozenset({"CAP", "NICK", "USER", "PASS", "AUTHENTICATE", "STARTTLS"})
_WELCOME = frozenset(f"{number:03}" for number in (*range(1, 6), *range(251, 256), 265, 266)) | {
    *("372", "375", "376", "422", "670", "691"),
    *(str(number) for number in range(900, 909)),
}
_CHANNEL = frozenset(
    {"JOIN", "PART", "KICK", "INVITE", "TOPIC", "NAMES", "MODE", "WHO"}
    | {"324", "329", "331", "332", "333", "341", "346", "347", "348", "349", "352", "353"}
    | {"354", "315", "366", "367", "368"}
)


def read_line(data: bytes) -> IrcLine | None:
    """A line of a stream; None when it cannot be read as IRC."""
    try:
        return parse(decode(data.rstrip(b"\r\n"))[0])
    except RemoteProtocolError:
        return None


def line_words(part: Part, place_start: int) -> str:
    """What a frame holds of a line: the whole of it, or its piece between ellipses.

    ``place_start`` is the position of the frame's first payload byte minus its place in the
    frame, so that a byte of the frame can be found in the line.
    """
    if part.data is None:
        return ELLIPSIS
    text = decode(part.data.rstrip(b"\r\n"))[0]
    masked = mask_line(text)
    if (part.begins and part.ends) or masked != text:
        return readable(masked).strip() or EMPTY_LINE
    body = len(part.data) - len(_without_tags(part.data))
    start = part.here.start + place_start - part.unit.span.start
    stop = start + len(part.here)
    piece = part.data[max(start, body) : stop].rstrip(b"\r\n").decode("utf-8", "ignore")
    before = "" if part.begins else ELLIPSIS
    after = "" if part.ends else ELLIPSIS
    return f"{before}{_plain(_short_source(piece) if part.begins else piece)}{after}"


def readable(text: str) -> str:
    """One line without its tags and formatting, its source cut to the nick."""
    if text.startswith("@"):
        text = text.partition(" ")[2].lstrip(" ")
    return _plain(_short_source(text))


def _without_tags(data: bytes) -> bytes:
    return data.partition(b" ")[2].lstrip(b" ") if data.startswith(b"@") else data


def _short_source(text: str) -> str:
    if not text.startswith(":"):
        return text
    source, blank, rest = text[1:].partition(" ")
    return f":{split_source(source).nick}{blank}{rest}"


def _plain(text: str) -> str:
    text = strip_formatting(text).replace("\x01", "")
    return "".join(char if char.isprintable() else "�" for char in text)


def is_keep_alive(lines: Iterable[IrcLine]) -> bool:
    """Whether there are lines, and each of them is a PING or a PONG."""
    line = None
    for line in lines:
        if line.command.upper() not in _KEEP_ALIVE:
            return False
    return line is not None


def purpose(lines: list[IrcLine]) -> str:
    """What some lines are for, by their commands; empty for nothing in particular."""
    commands = {line.command.upper() for line in lines}
    if commands and commands <= _KEEP_ALIVE:
        return f"keep-alive ({' and '.join(sorted(commands))})"
    for name in ("ERROR", "QUIT"):
        if name in commands:
            return f"leaving ({name})" if name == "QUIT" else "the server’s last words (ERROR)"
    if commands & _REGISTRATION:
        return "registration"
    if commands & _CHANNEL:
        return "channel"
    if commands & _WELCOME:
        return "registration: the server’s welcome"
    if commands & {"PRIVMSG", "NOTICE", "TAGMSG"}:
        return "message"
    return "IRC"
