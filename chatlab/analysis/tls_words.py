"""What a frame list says of TLS: records by name, and in brackets what they hold.

The brackets are there where secrets are; an observer of the wire has what stands before them.
"""

from collections.abc import Iterator, Sequence

from chatlab.analysis import irc_words, xmpp_words
from chatlab.analysis.contents import Contents, Part
from chatlab.analysis.decryption import OpenRecord
from chatlab.analysis.irc_words import ELLIPSIS, line_words, read_line
from chatlab.analysis.streams import Placement
from chatlab.protocol.irc import IrcLine
from chatlab.protocol.tls import CONTENT_TYPES, HEADER_SIZE
from chatlab.protocol.tls_handshake import (
    ALERT,
    CLIENT_HELLO,
    HANDSHAKE,
    describe_alert,
    handshake_messages,
    version_name,
)

MAX_PARTS = 12
"""Lines or records of a frame that a row is made from; ten of them mostly fill its Info."""
SEPARATOR = " ┊ "
REASSEMBLED = "[TCP segment of a reassembled PDU]"


class TlsWords:
    """Describes the records of frames."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def info(self, parts: Sequence[Part], place: Placement) -> tuple[str, str]:
        """Names of the records that end in a frame, and the Protocol column."""
        names: list[str] = []
        for part in parts:
            if not part.unit.is_record:
                names.append(clear_words(part, place))
            elif part.ends:
                names += self.record_names(part, place)
        agreed = self._contents.tls(place.stream)
        version = agreed.version if agreed is not None else ""
        if not version:
            data = next((part.data for part in parts if part.data and part.unit.is_record), b"")
            version = version_name(int.from_bytes(data[1:3], "big")) if data else "TLS"
        info = ", ".join(names) or REASSEMBLED
        inside = self.inside(parts, place)
        return (f"{info} [{inside}]" if inside else info), version

    def inside(self, parts: Sequence[Part], place: Placement) -> str:
        """What the records that end in a frame hold, where their secrets are there."""
        ends = max((part.unit.span.stop for part in parts if part.ends), default=0)
        words = [
            name
            for record in self._contents.records(place)
            if record.record.stop <= ends and not len(record.span)
            for name in inner_names(record)
        ]
        for sealed in self._contents.sealed_parts(place, MAX_PARTS):
            if sealed.part.ends:
                whole = sealed.part._replace(begins=True)
                words.append(clear_words(whole, place))
            else:
                words.append(ELLIPSIS)
        return SEPARATOR.join(words[:MAX_PARTS])

    def record_names(self, part: Part, place: Placement) -> list[str]:
        """A TLS record by its name, or a handshake record by those of its messages."""
        kind = part.unit.content_type
        if part.data is None:
            return [CONTENT_TYPES[kind]]
        fragment = part.data[HEADER_SIZE:]
        if kind == ALERT:
            return [describe_alert(fragment)]
        if kind != HANDSHAKE:
            return [CONTENT_TYPES[kind]]
        messages = None if self.is_sealed(part, place) else handshake_messages(fragment)
        if messages is None:
            return ["Encrypted Handshake Message"]
        names = [message.name for message in messages]
        agreed = self._contents.tls(place.stream)
        if messages[0].kind == CLIENT_HELLO and agreed and agreed.hello:
            server_name = agreed.hello.server_name
            names[0] += f" (SNI={server_name})" if server_name else ""
        return names

    def is_sealed(self, part: Part, place: Placement) -> bool:
        """Whether a handshake record lies behind a Change Cipher Spec that means it (TLS 1.2)."""
        agreed = self._contents.tls(place.stream)
        sealed_from = self._contents.units(place.stream)[place.side].sealed_from
        if sealed_from is None or (agreed is not None and agreed.version == "TLSv1.3"):
            return False
        return part.unit.span.start > sealed_from

    def purpose(self, place: Placement) -> str:
        """What the lines or stanzas inside are for, where they can be read."""
        parts = [each.part for each in self._contents.sealed_parts(place, MAX_PARTS)]
        if any(part.unit.is_line for part in parts):
            return irc_words.purpose(list(lines_of(parts)))
        if parts:
            return xmpp_words.purpose(parts)
        return "TLS" if self._contents.records(place) else ""


def inner_names(record: OpenRecord) -> list[str]:
    """What TLS itself says under its seal; empty for application data."""
    kind, plaintext = record.opened.content_type, record.opened.plaintext
    if kind == ALERT:
        return [describe_alert(plaintext)]
    if kind == HANDSHAKE:
        return [message.name for message in handshake_messages(plaintext) or ()]
    return []


def lines_of(parts: Sequence[Part]) -> Iterator[IrcLine]:
    found = (read_line(part.data) for part in parts if part.unit.is_line and part.data)
    return (line for line in found if line is not None)


def clear_words(part: Part, place: Placement) -> str:
    if part.unit.is_line:
        return line_words(part, place.position - place.payload.start)
    return xmpp_words.stanza_words(part)
