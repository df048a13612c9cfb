"""A protocol line in pieces, each with its colour: IRC lines and what XMPP streams consist of."""

import re

_TAGS = "@…"
_TAG = re.compile(r"(<[^<>]*>?)")
_NAME = re.compile(r"(<[/?]?)([^\s/>?]*)")
_VALUE = re.compile(r"(\"[^\"]*\"|'[^']*')")


def without_tags(line: str) -> str:
    """A line whose tags (IRCv3 message-tags) are only hinted at: ``@… PRIVMSG #lab :hi``."""
    tags, blank, rest = line.partition(" ")
    return f"{_TAGS} {rest}" if tags.startswith("@") and blank else line


def parts_of(line: str) -> list[tuple[str, str, bool]]:
    """A line cut into pieces: words, colour token, and whether they are bold.

    Tags and source step back, the command stands out (the grammar: RFC 1459, section 2.3.1, and
    IRCv3 message-tags).
    """
    rest, parts = line, []
    for sign, token in (("@", "faint"), (":", "muted")):
        if rest.startswith(sign):
            word, blank, rest = rest.partition(" ")
            parts.append((word + blank, token, False))
    command, blank, rest = rest.partition(" ")
    parts.append((command + blank, "text", True))
    middle, colon, last = rest.partition(" :") if not rest.startswith(":") else ("", "", rest)
    if middle:
        parts.append((middle + colon, "muted", False))
    if last:
        parts.append((last, "text", False))
    return parts


def xml_parts(text: str) -> list[tuple[str, str, bool]]:
    """A row of a stanza cut into pieces: signs and attributes step back, names and words do not."""
    parts: list[tuple[str, str, bool]] = []
    for piece in _TAG.split(text):
        if name := _NAME.match(piece):
            parts += [(name[1], "faint", False), (name[2], "text", True)]
            for at, rest in enumerate(_VALUE.split(piece[name.end() :])):
                parts.append((rest, "text" if at % 2 else "muted", False))
        else:
            parts.append((piece, "text", False))
    return [part for part in parts if part[0]]
