"""DNS messages, read for one line of description (RFC 1035, section 4; RFC 3596; RFC 2782)."""

import ipaddress
import struct
from dataclasses import dataclass

_HEADER = struct.Struct(">HHHHHH")
_MAX_NAME = 255
_MAX_JUMPS = 32
_MAX_RECORDS = 64
TYPES = {
    1: "A",
    2: "NS",
    5: "CNAME",
    6: "SOA",
    12: "PTR",
    15: "MX",
    16: "TXT",
    28: "AAAA",
    33: "SRV",
    41: "OPT",
    64: "SVCB",
    65: "HTTPS",
    255: "ANY",
}
_FAULTS = {1: "Format error", 2: "Server failure", 3: "No such name", 5: "Refused"}


@dataclass(frozen=True, slots=True)
class DnsSummary:
    """What a DNS message asks and, when it is a response, what it answers."""

    id: int
    is_response: bool
    name: str
    kind: str
    """Type of the question, e.g. ``AAAA``."""
    fault: str
    """Why there is no answer, in Wireshark's words; empty for success."""
    answers: tuple[tuple[str, str], ...]
    """Type and value of each answer."""

    def __str__(self) -> str:
        words = ["Standard query response" if self.is_response else "Standard query"]
        words += [f"0x{self.id:04x}", self.fault, self.kind, self.name]
        words += [f"{kind} {value}".strip() for kind, value in self.answers]
        return " ".join(word for word in words if word)


class _Malformed(ValueError):
    """The bytes are not a DNS message."""


def summarise(data: bytes) -> DnsSummary | None:
    """Read a standard query or its response; None when the bytes are no such thing."""
    if len(data) < _HEADER.size:
        return None
    id_, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    # Opcode 0 (QUERY), the reserved bit clear, one question: every look-up is like that.
    if questions != 1 or flags & 0x7840 or answers > _MAX_RECORDS:
        return None
    try:
        name, position = _name(data, _HEADER.size)
        kind, class_ = struct.unpack_from(">HH", data, position)
        if class_ & 0x7FFF not in (1, 255):
            return None
        found, position = [], position + 4
        for _ in range(answers):
            answer, position = _record(data, position)
            found.append(answer)
    except (_Malformed, struct.error):
        return None
    return DnsSummary(
        id=id_,
        is_response=bool(flags & 0x8000),
        name=name,
        kind=TYPES.get(kind, f"TYPE{kind}"),
        fault=_FAULTS.get(flags & 15, "") if flags & 0x8000 else "",
        answers=tuple(found),
    )


def _name(data: bytes, position: int) -> tuple[str, int]:
    """A name and the position behind it; compression may jump backwards only."""
    labels: list[str] = []
    behind, limit, length = -1, position, 0
    for _ in range(_MAX_NAME + _MAX_JUMPS):
        if position >= len(data):
            break
        size = data[position]
        if size >= 0xC0:
            if position + 2 > len(data):
                break
            target = (size & 0x3F) << 8 | data[position + 1]
            behind = position + 2 if behind < 0 else behind
            if target >= limit:
                break
            position = limit = target
            continue
        position += 1
        if not size:
            return ".".join(labels) or "<Root>", position if behind < 0 else behind
        length += size + 1
        if size > 63 or length > _MAX_NAME or position + size > len(data):
            break
        labels.append(data[position : position + size].decode("ascii", "replace"))
        position += size
    raise _Malformed


def _record(data: bytes, position: int) -> tuple[tuple[str, str], int]:
    _, position = _name(data, position)
    kind, _, _, size = struct.unpack_from(">HHIH", data, position)
    position += 10
    if position + size > len(data):
        raise _Malformed
    value = ""
    if (kind, size) in ((1, 4), (28, 16)):
        value = str(ipaddress.ip_address(data[position : position + size]))
    elif kind in (2, 5, 12):
        value, _ = _name(data, position)
    elif kind == 33 and size > 6:
        target, _ = _name(data, position + 6)
        value = " ".join(map(str, (*struct.unpack_from(">HHH", data, position), target)))
    return (TYPES.get(kind, f"TYPE{kind}"), value), position + size
