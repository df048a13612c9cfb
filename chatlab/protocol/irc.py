"""IRC lines: bytes in, values out, and back; no socket, no clock.

The grammar is that of Modern IRC and IRCv3 message-tags (RFC 2812, section 2.3.1, with tags)::

    ["@" tags SPACE] [":" source SPACE] command *(SPACE parameter) [SPACE ":" last parameter]

Reading is tolerant, because a client meets thirty years of servers: runs of blanks separate, any
token is a command, and text that is not UTF-8 is read as Latin-1. Only what has no command at all,
or holds a character that ends lines elsewhere (CR, NUL), is refused. Writing is strict: whatever
the grammar forbids raises before a byte leaves, because one CR in a text is a command of its own.

One cutter (``_cut``) serves the engine and the wire pane, so both always agree on what a line says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from chatlab.core.errors import LocalProtocolError, RemoteProtocolError
from chatlab.core.flow import ByteRange
from chatlab.core.frame import Field

LINE_LIMIT = 512
"""Bytes of a line without its tags, CR LF included (RFC 2812, section 2.3)."""
CLIENT_TAG_LIMIT = 4094
"""Bytes of tag data that a client may send, without ``@`` and the blank (message-tags)."""
TAG_LIMIT = 8191
"""Bytes of the tag section a server may send, ``@`` and blank included (message-tags)."""

_TEXT_AT = {
    "PRIVMSG": 1,
    "NOTICE": 1,
    "TOPIC": 1,
    "PART": 1,
    "KICK": 2,
    "QUIT": 0,
    "AWAY": 0,
    "ERROR": 0,
    "USER": 3,
}
"""Where a command carries free text: that parameter gets its colon even when it could do without,
as every other client writes it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Who a line is from: ``nick!user@host``, or a server's name in ``nick``."""

    nick: str
    user: str = ""
    host: str = ""

    @property
    def user_host(self) -> str:
        return f"{self.user}@{self.host}" if self.user or self.host else ""


def split_source(source: str) -> Source:
    """Take ``nick!user@host`` apart; what is missing is empty."""
    rest, _, host = source.partition("@")
    nick, _, user = rest.partition("!")
    return Source(nick, user, host)


@dataclass(frozen=True, slots=True)
class IrcLine:
    """One line as it was sent; ``command`` keeps its case."""

    tags: dict[str, str] = field(default_factory=dict)
    """Unescaped; a tag without a value has an empty one."""
    source: str = ""
    command: str = ""
    parameters: tuple[str, ...] = ()

    def parameter(self, index: int, default: str = "") -> str:
        return self.parameters[index] if index < len(self.parameters) else default

    @property
    def sender(self) -> Source:
        return split_source(self.source)


class _Cut(NamedTuple):
    """Where the parts of a line lie, without their signs; a start of -1 means absent."""

    tags: tuple[int, int]
    source: tuple[int, int]
    command: tuple[int, int]
    parameters: list[tuple[int, int]]


_ABSENT = (-1, -1)


def parse(line: str) -> IrcLine:
    """Read one line without its line end.

    Raises RemoteProtocolError only where there is no command or a forbidden character.
    """
    cut = _cut(line)
    start, stop = cut.command
    return IrcLine(
        _parse_tags(line[slice(*cut.tags)]) if cut.tags is not _ABSENT else {},
        line[slice(*cut.source)] if cut.source is not _ABSENT else "",
        line[start:stop],
        tuple([line[start:stop] for start, stop in cut.parameters]),
    )


def parse_spans(line: bytes) -> tuple[Field, ...]:
    """The parts of a line (no line end) with the bytes each was read from, for a detail tree.

    Raises RemoteProtocolError as ``parse`` does.
    """
    # One character per byte, so that positions in the text are positions in the line.
    cut = _cut(line.decode("latin-1"))
    encoding = "utf-8" if decode(line)[1] else "latin-1"

    def part(name: str, span: tuple[int, int], fields: tuple[Field, ...] = ()) -> Field:
        return Field(name, line[slice(*span)].decode(encoding), ByteRange(*span), fields)

    parts: list[Field] = []
    if cut.tags is not _ABSENT:
        parts.append(part("Tags", cut.tags, _tag_fields(line, cut.tags[0], cut.tags[1], encoding)))
    if cut.source is not _ABSENT:
        parts.append(part("Source", cut.source))
    parts.append(part("Command", cut.command))
    parts += [part(f"Parameter {n}", span) for n, span in enumerate(cut.parameters, 1)]
    return tuple(parts)


def _tag_fields(line: bytes, start: int, stop: int, encoding: str) -> tuple[Field, ...]:
    fields: list[Field] = []
    for piece in line[start:stop].split(b";"):
        if piece:
            key, _, value = piece.decode(encoding).partition("=")
            fields.append(Field(key, unescape_tag(value), ByteRange(start, start + len(piece))))
        start += len(piece) + 1
    return tuple(fields)


def _cut(line: str) -> _Cut:
    if "\0" in line or "\r" in line or "\n" in line:
        raise RemoteProtocolError("The line holds a NUL or a line end inside (RFC 2812, 2.3.1).")
    position = _skip_blanks(line, 0)
    tags, position = _cut_marked(line, position, "@")
    source, position = _cut_marked(line, position, ":")
    stop = _token_end(line, position)
    if stop == position:
        raise RemoteProtocolError("The line has no command.")
    command = (position, stop)
    parameters: list[tuple[int, int]] = []
    length = len(line)
    position = _skip_blanks(line, stop)
    while position < length:
        if line[position] == ":":
            parameters.append((position + 1, length))
            break
        stop = _token_end(line, position)
        parameters.append((position, stop))
        position = _skip_blanks(line, stop)
    return _Cut(tags, source, command, parameters)


def _cut_marked(line: str, position: int, mark: str) -> tuple[tuple[int, int], int]:
    if not line.startswith(mark, position):
        return _ABSENT, position
    stop = _token_end(line, position)
    return (position + 1, stop), _skip_blanks(line, stop)


def _token_end(line: str, position: int) -> int:
    stop = line.find(" ", position)
    return len(line) if stop < 0 else stop


def _skip_blanks(line: str, position: int) -> int:
    while line.startswith(" ", position):
        position += 1
    return position


def _parse_tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for piece in text.split(";"):
        key, _, value = piece.partition("=")
        if key:
            tags[key] = unescape_tag(value)
    return tags


_UNESCAPED = {":": ";", "s": " ", "r": "\r", "n": "\n"}
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\:", " ": "\\s", "\r": "\\r", "\n": "\\n"})


def unescape_tag(value: str) -> str:
    """Undo the escapes of a tag value; a lone backslash vanishes (message-tags)."""
    if "\\" not in value:
        return value
    characters = iter(value)
    plain: list[str] = []
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            character = _UNESCAPED.get(escaped, escaped)
        plain.append(character)
    return "".join(plain)


def escape_tag(value: str) -> str:
    """Escape a tag value (message-tags)."""
    return value.translate(_ESCAPES)


def decode(data: bytes) -> tuple[str, bool]:
    """The text of a line, and whether it was UTF-8; everything else is read as Latin-1."""
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return data.decode("latin-1"), False


def format_line(
    command: str,
    *parameters: str,
    source: str = "",
    tags: Mapping[str, str] | None = None,
    limit: int = LINE_LIMIT,
    tag_limit: int = CLIENT_TAG_LIMIT,
) -> bytes:
    """One line, without CR LF, that says exactly this and nothing else.

    ``limit`` counts CR LF but no tags. Raises LocalProtocolError for what the grammar forbids.
    """
    words = [_checked_word(source, "source", prefix=":")] if source else []
    words.append(_checked_command(command))
    for index, parameter in enumerate(parameters):
        _refuse_line_ends(parameter)
        is_last = index == len(parameters) - 1
        if is_last and (_needs_colon(parameter) or index == _TEXT_AT.get(command.upper())):
            words.append(":" + parameter)
        else:
            words.append(_checked_word(parameter, f"parameter {index + 1} of {command}"))
    body = _encode(" ".join(words))
    if len(body) + 2 > limit:
        raise LocalProtocolError(
            f"The line has {len(body) + 2} bytes; the server takes {limit}.", "Shorten it."
        )
    return _format_tags(tags, tag_limit) + body if tags else body


def _checked_command(command: str) -> str:
    if not (command.isascii() and command.isalnum()):
        raise LocalProtocolError(f"“{command}” is not an IRC command: letters or digits only.")
    return command


def _checked_word(word: str, what: str, prefix: str = "") -> str:
    _refuse_line_ends(word)
    if _needs_colon(word):
        raise LocalProtocolError(
            f"“{word}” cannot be {what}: it is empty, holds a blank or begins with “:”.",
            "Leave out the blank or the colon.",
        )
    return prefix + word


def _needs_colon(parameter: str) -> bool:
    return not parameter or parameter[0] == ":" or " " in parameter


def _refuse_line_ends(text: str) -> None:
    if "\r" in text or "\n" in text or "\0" in text:
        raise LocalProtocolError(
            "A line end or NUL inside a text would be a command of its own on IRC.",
            "Send each line by itself.",
        )


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LocalProtocolError(
            "The text holds half a character (a lone surrogate), which UTF-8 cannot carry.",
            "Type or paste it again.",
        ) from error


def _format_tags(tags: Mapping[str, str], tag_limit: int) -> bytes:
    pieces: list[str] = []
    for key, value in tags.items():
        if not key or not key.isascii() or any(sign in key for sign in " ;=\0\r\n@"):
            raise LocalProtocolError(f"“{key}” is not a tag's name (IRCv3 message-tags).")
        if "\0" in value:
            raise LocalProtocolError("NUL cannot be sent on IRC.")
        pieces.append(f"{key}={escape_tag(value)}" if value else key)
    data = _encode(";".join(pieces))
    if len(data) > tag_limit:
        raise LocalProtocolError(f"The tags have {len(data)} bytes; {tag_limit} are allowed.")
    return b"@" + data + b" "


class CaseMapping(Enum):
    """Which letters a server holds for equal (ISUPPORT CASEMAPPING)."""

    ASCII = "ascii"
    RFC1459 = "rfc1459"
    RFC1459_STRICT = "rfc1459-strict"

    def fold(self, name: str) -> str:
        """The form of a nick or channel in which equal names are the same string."""
        return name.translate(_FOLDS[self._value_])


def _fold_table(extra: str, folded: str) -> dict[int, int]:
    upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return str.maketrans(upper + extra, upper.lower() + folded)


_FOLDS = {
    "ascii": _fold_table("", ""),
    "rfc1459": _fold_table("[]\\~", "{}|^"),
    "rfc1459-strict": _fold_table("[]\\", "{}|"),
}


class FramedLine(NamedTuple):
    """One line of a byte stream, without its line end."""

    line: bytes
    span: ByteRange
    """The bytes of the TCP stream that carried it, line end included; under TLS whole records."""
    is_too_long: bool = False
    """Longer than the protocol allows: the rest was dropped."""


class LineFramer:
    """Cuts a byte stream into lines, in linear time and bounded memory.

    LF ends a line, CRs before it belong to the line end; empty lines are no lines.
    """

    LIMIT = TAG_LIMIT + LINE_LIMIT

    def __init__(self) -> None:
        self._pending = bytearray()
        self._start: int | None = None
        self._is_too_long = False

    def feed(self, chunk: bytes, origin: ByteRange, exact: bool) -> list[FramedLine]:
        """Take the next bytes and return the lines that they complete.

        ``exact``: byte i of the chunk lies at ``origin.start + i`` of the stream. Otherwise the
        chunk came out of the TLS records that fill ``origin``, and a line's span reaches from the
        first record that holds a byte of it to the end of the last.
        """
        lines: list[FramedLine] = []
        position = 0
        while (end := chunk.find(b"\n", position)) >= 0:
            self._keep(chunk[position:end], origin.start + position if exact else origin.start)
            stop = origin.start + end + 1 if exact else origin.stop
            if framed := self._take(stop):
                lines.append(framed)
            position = end + 1
        if position < len(chunk):
            self._keep(chunk[position:], origin.start + position if exact else origin.start)
        return lines

    def _keep(self, piece: bytes, start: int) -> None:
        if self._start is None:
            self._start = start
        room = self.LIMIT - len(self._pending)
        if len(piece) > room:
            self._is_too_long = True
        self._pending += piece[:room]

    def _take(self, stop: int) -> FramedLine | None:
        line = bytes(self._pending).rstrip(b"\r")
        start = stop if self._start is None else self._start
        framed = FramedLine(line, ByteRange(start, stop), self._is_too_long)
        self._pending.clear()
        self._start = None
        self._is_too_long = False
        return framed if line else None
