"""Lines on the server's side: bytes in, bytes out, whatever their encoding.

A server relays what clients say and must not care whether it is UTF-8. Bytes that are not
become lone surrogates (PEP 383) on the way in and the same bytes on the way out. That is why
this is not ``protocol.irc``, which makes readable text of a line; besides, the embedded server
is the tests' second opinion on the client, which a shared parser could not be.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chatlab.core.errors import RemoteProtocolError
from chatlab.server.irc.limits import CLIENT_TAGS_LENGTH, LINE_LENGTH, MAX_PARAMETERS

_COMMAND = re.compile(r"[A-Za-z]+|[0-9]{3}")
_TAG_KEY = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+")
_CHANNEL = re.compile(r"#[^\x00-\x20\x7f,:]+")
_TAG_ESCAPES = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_TAG_UNESCAPES = {escape[1]: char for char, escape in _TAG_ESCAPES.items()}
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\^"
_RFC1459 = str.maketrans(_UPPER, "abcdefghijklmnopqrstuvwxyz{}|~")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a client; a source is ignored, since the server knows who sent it."""

    command: str
    """In upper case."""
    parameters: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class LineTooLong(RemoteProtocolError):
    """More bytes than RFC 1459 and IRCv3 message-tags allow for a line."""


def fold(name: str) -> str:
    """The name as CASEMAPPING=rfc1459 compares it: ``{}|~`` are small ``[]\\^``."""
    return name.translate(_RFC1459)


def is_channel_name(name: str) -> bool:
    """Whether a channel may be called so: no space, comma, colon or control character."""
    return bool(_CHANNEL.fullmatch(name))


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def cut(data: bytes, length: int) -> bytes:
    """At most ``length`` bytes, without splitting a UTF-8 sequence."""
    if len(data) <= length:
        return data
    end = length
    while end > max(0, length - 3) and data[end] & 0xC0 == 0x80:
        end -= 1
    # No lead byte within reach: this is not UTF-8, so any place is as good.
    return data[: end if data[end] & 0xC0 != 0x80 else length]


def cut_text(text: str, length: int) -> str:
    """``text`` shortened to ``length`` bytes."""
    return to_text(cut(to_bytes(text), length))


def parse(raw: bytes) -> Line:
    """Take one line apart, given without its CR LF (RFC 2812, section 2.3.1; message-tags).

    Raises LineTooLong, or RemoteProtocolError when it holds NUL or CR or has no command.
    """
    if b"\0" in raw or b"\r" in raw:
        raise RemoteProtocolError("The line holds NUL or CR, which IRC forbids.")
    tag_part, body = b"", raw
    if raw.startswith(b"@"):
        tag_part, _, body = raw[1:].partition(b" ")
    if len(tag_part) + 2 > CLIENT_TAGS_LENGTH or len(body) + 2 > LINE_LENGTH:
        raise LineTooLong("The line is too long.")
    text = to_text(body).lstrip(" ")
    if text.startswith(":"):
        text = text.partition(" ")[2].lstrip(" ")
    command, _, rest = text.partition(" ")
    if not _COMMAND.fullmatch(command):
        raise RemoteProtocolError("The line has no command.")
    return Line(command.upper(), _parameters(rest), _parse_tags(to_text(tag_part)))


def _parameters(text: str) -> tuple[str, ...]:
    parameters: list[str] = []
    rest = text.lstrip(" ")
    while rest:
        if rest.startswith(":") or len(parameters) == MAX_PARAMETERS - 1:
            parameters.append(rest.removeprefix(":"))
            break
        word, _, rest = rest.partition(" ")
        parameters.append(word)
        rest = rest.lstrip(" ")
    return tuple(parameters)


def _parse_tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        key, _, value = tag.partition("=")
        if _TAG_KEY.fullmatch(key):
            tags[key] = _unescape(value)
    return tags


def _unescape(value: str) -> str:
    if "\\" not in value:
        return value
    return re.sub(r"\\(.?)", lambda found: _TAG_UNESCAPES.get(found[1], found[1]), value)


def encode_tags(tags: Mapping[str, str]) -> bytes:
    """``@key=value;key2 `` with the space after it, or nothing without tags."""
    if not tags:
        return b""
    parts = (
        f"{key}={''.join(_TAG_ESCAPES.get(c, c) for c in value)}" if value else key
        for key, value in tags.items()
    )
    return to_bytes(f"@{';'.join(parts)} ")


def encode_body(source: str, command: str, middle: tuple[str, ...], text: str | None) -> bytes:
    """A line without tags, cut to 512 bytes; ``text`` is its trailing parameter."""
    words = [command, *(word if is_middle(word) else "*" for word in middle)]
    if source:
        words.insert(0, ":" + source)
    if text is not None:
        words.append(":" + text)
    return cut(to_bytes(" ".join(words)), LINE_LENGTH - 2) + b"\r\n"


def is_middle(word: str) -> bool:
    """Whether it can stand before the last parameter and come out unchanged."""
    return bool(word) and " " not in word and not word.startswith(":")


def matches(mask: str, text: str) -> bool:
    """Whether a mask with ``*`` and ``?`` matches, in time |mask| x |text| at worst."""
    mask, text = fold(mask), fold(text)
    star, resume = -1, 0
    position = mask_position = 0
    while position < len(text):
        wanted = mask[mask_position] if mask_position < len(mask) else ""
        if wanted == "*":
            star, resume = mask_position, position
            mask_position += 1
        elif wanted in ("?", text[position]):
            position += 1
            mask_position += 1
        elif star >= 0:
            resume += 1
            position, mask_position = resume, star + 1
        else:
            return False
    return not mask[mask_position:].strip("*")


class LineBuffer:
    """Cuts a byte stream into lines; keeps at most one line's worth of bytes."""

    _CAPACITY = CLIENT_TAGS_LENGTH + LINE_LENGTH

    def __init__(self) -> None:
        self._pending = b""
        self._is_overlong = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """Complete lines without their line end; None stands for one that was too long."""
        *complete, rest = data.split(b"\n")
        for part in complete:
            line = self._pending + part
            is_overlong = self._is_overlong or len(line) > self._CAPACITY
            self._pending, self._is_overlong = b"", False
            yield None if is_overlong else line.removesuffix(b"\r")
        if len(self._pending) + len(rest) > self._CAPACITY:
            self._pending, self._is_overlong = b"", True
        elif not self._is_overlong:
            self._pending += rest
