"""The dissection process: ``python -m chatlab.capture.dissect``. One frame in, one tree out.

Frames are bytes from strangers, so they are taken apart here, where a crash or an endless loop
harms nobody: the parent gives each frame a moment and starts this process anew when it must.

Request: length, id, link type (32 bits each, big-endian), then that many bytes of the frame.
Answer: length, then JSON: ``{"id", "layers": [[name, summary, start, stop, fields]]}`` with fields
``[name, value, start, stop, fields]``, or ``{"id", "error"}``. The first answer has id 0: ready.
"""

import json
import logging
import struct
import sys
from collections.abc import Iterator
from typing import BinaryIO

from scapy.config import conf
from scapy.fields import FlagValue
from scapy.layers.dns import DNS
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import CookedLinux, CookedLinuxV2, Ether, Loopback
from scapy.packet import Packet

from chatlab.capture.dissect_words import FIELDS, LAYERS, parts, value_text

REQUEST = struct.Struct(">III")
ANSWER = struct.Struct(">I")
MAX_MEMORY = 1024 * 1024 * 1024
_MAX_TEXT = 512
_LINK_TYPES = {0: Loopback, 1: Ether, 108: Loopback, 113: CookedLinux, 276: CookedLinuxV2}
_RAW_IP = (12, 14, 101, 228, 229)
_DNS_HEADER = 12
_NAME_STEPS = 128

_log = logging.getLogger(__name__)

Node = list[str | int | list["Node"]]


def dissect(raw: bytes, link_type: int) -> list[Node]:
    """The layers of a frame, from link to transport, and DNS. Raises ValueError when unknown."""
    kind = _LINK_TYPES.get(link_type)
    if kind is None and link_type in _RAW_IP and raw:
        kind = IPv6 if raw[0] >> 4 == 6 else IP
    if kind is None:
        raise ValueError(f"link type {link_type} is not known")
    packet = kind(raw)
    layers: list[Node] = []
    offset = 0
    while (name := type(packet).__name__) in LAYERS:
        data = raw[offset : offset + len(packet.original)]
        nodes, used = _fields(packet, data, offset)
        layers.append([_title(name, packet), _summary(name, packet), offset, offset + used, nodes])
        offset += used
        packet = packet.payload
        if name == "UDP" and not isinstance(packet, DNS):
            packet = _as_dns(raw[offset:]) or packet
    if not layers:
        raise ValueError("it does not hold what its link type promises")
    return layers


def _as_dns(payload: bytes) -> Packet | None:
    """DNS on another port than 53, if it cannot be anything else: one question, all consumed."""
    if len(payload) <= _DNS_HEADER or payload[4:6] != b"\0\1" or payload[3] & 0x40:
        return None
    packet = DNS(payload)
    return packet if packet.qd and not packet.payload else None


def _fields(packet: Packet, data: bytes, base: int) -> tuple[list[Node], int]:
    """The fields with the bytes that each consumed, by reading them once more one by one."""
    name = type(packet).__name__
    labels = FIELDS.get(name, {})
    nodes: list[Node] = []
    rest: bytes | tuple[bytes, int] = data
    for field in packet.fields_desc:
        before = _bits_read(rest, len(data))
        rest, value = field.getfield(packet, rest)
        after = _bits_read(rest, len(data))
        if after == before:
            continue
        start, stop = before // 8, -(-after // 8)
        if isinstance(value, FlagValue):
            value = int(value)
        nodes.append(
            [
                labels.get(field.name, field.name),
                value_text(name, field.name, value, _scapy_text(field, packet, value))[:_MAX_TEXT],
                base + start,
                base + stop,
                list(_children(packet, field.name, value, data, (base, start, stop))),
            ]
        )
    return nodes, -(-_bits_read(rest, len(data)) // 8)


def _bits_read(rest: bytes | tuple[bytes, int], total: int) -> int:
    """scapy hands on bytes, or bytes and the bits already taken from the first of them."""
    if isinstance(rest, tuple):
        return (total - len(rest[0])) * 8 + rest[1]
    return (total - len(rest)) * 8


def _scapy_text(field: object, packet: Packet, value: object) -> str:
    if isinstance(value, list):
        count = len(value)
        noun = "record" if isinstance(packet, DNS) else "option"
        return f"{count} {noun}{'' if count == 1 else 's'}" if count else ""
    return str(field.i2repr(packet, value)) if hasattr(field, "i2repr") else str(value)


def _children(
    packet: Packet, field: str, value: object, data: bytes, place: tuple[int, int, int]
) -> Iterator[Node]:
    """``place``: where the layer begins in the frame, and the field in the layer, and ends."""
    base, start, stop = place
    if isinstance(packet, DNS) and isinstance(value, list):
        yield from _records(value, data, base, start)
        return
    for part in parts(type(packet).__name__, field, value, data[start:stop]):
        first = base + start
        yield [part.name, part.value[:_MAX_TEXT], first + part.start, first + part.stop, []]


def _records(records: list[Packet], data: bytes, base: int, position: int) -> Iterator[Node]:
    """Questions and resource records (RFC 1035, section 4.1) with their places."""
    for record in records:
        start = position
        position = _behind_name(data, position) + 4
        is_question = not hasattr(record, "rdlen") and not hasattr(record, "ttl")
        if not is_question:
            (length,) = struct.unpack_from(">H", data, position + 4)
            position += 6 + length
        name = record.getfieldval("qname" if is_question else "rrname")
        text = name.decode("ascii", "backslashreplace").rstrip(".") or "<Root>"
        yield [
            text,
            _record_text(record, is_question)[:_MAX_TEXT],
            base + start,
            base + position,
            [],
        ]


def _behind_name(data: bytes, position: int) -> int:
    for _ in range(_NAME_STEPS):
        length = data[position]
        if length & 0xC0:
            return position + 2
        position += 1 + length
        if not length:
            return position
    raise ValueError("a name in it has no end")


def _record_text(record: Packet, is_question: bool) -> str:
    if is_question:
        return str(record.sprintf("type %DNSQR.qtype%, class %DNSQR.qclass%"))
    shown = {key: record.getfieldval(key) for key in ("rdata", "ttl") if hasattr(record, key)}
    kind = record.get_field("type").i2repr(record, record.type)
    data = shown.get("rdata", "")
    if isinstance(data, bytes):
        data = data.decode("ascii", "backslashreplace").rstrip(".")
    return f"type {kind}, TTL {shown.get('ttl', 0)} s{f', {data}' if data else ''}"


def _title(name: str, packet: Packet) -> str:
    if name == "DNS":
        return f"{LAYERS[name]} ({'response' if packet.qr else 'query'})"
    return LAYERS[name]


def _summary(name: str, packet: Packet) -> str:
    match name:
        case "Ether" | "IP" | "IPv6":
            return f"Src: {packet.src}, Dst: {packet.dst}"
        case "TCP":
            words = f"Src Port: {packet.sport}, Dst Port: {packet.dport}, Seq: {packet.seq}"
            length = _segment_length(packet)
            return f"{words}, Ack: {packet.ack}" + (f", Len: {length}" if length >= 0 else "")
        case "UDP":
            return f"Src Port: {packet.sport}, Dst Port: {packet.dport}"
        case "Dot1Q":
            return f"ID: {packet.vlan}"
    return ""


def _segment_length(packet: Packet) -> int:
    """By the IP header, never by what was captured; -1 where that does not say (offload)."""
    below = packet.underlayer
    if isinstance(below, IP):
        return int(below.len - below.ihl * 4 - packet.dataofs * 4) if below.len else -1
    if isinstance(below, IPv6):
        return int(below.plen - packet.dataofs * 4) if below.plen else -1
    return -1


def answer(number: int, link_type: int, raw: bytes) -> dict[str, object]:
    """One request's answer, whatever the frame does."""
    try:
        return {"id": number, "layers": dissect(raw, link_type)}
    except (struct.error, IndexError):
        return {"id": number, "error": "it is cut off"}
    except Exception as error:  # anything can happen to hostile bytes; the parent is told
        _log.warning("frame of %d bytes: %s: %s", len(raw), type(error).__name__, error)
        return {"id": number, "error": f"{error}" or type(error).__name__}


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the parent hangs up."""
    _send(answers, {"id": 0})
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        length, number, link_type = REQUEST.unpack(head)
        raw = requests.read(length)
        if len(raw) < length:
            return
        _send(answers, answer(number, link_type, raw))


def _send(answers: BinaryIO, words: dict[str, object]) -> None:
    body = json.dumps(words).encode()
    answers.write(ANSWER.pack(len(body)) + body)
    answers.flush()


def _confine() -> None:
    """A frame that asks for endless memory gets an error instead."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    conf.debug_dissector = False
    _confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
