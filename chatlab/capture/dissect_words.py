"""How layers and fields are called and how their values read: as Wireshark spells them.

Keyed by scapy's names, but without scapy: tables and plain functions.
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

LAYERS = {
    "Ether": "Ethernet II",
    "Dot1Q": "802.1Q Virtual LAN",
    "CookedLinux": "Linux cooked capture v1",
    "CookedLinuxV2": "Linux cooked capture v2",
    "Loopback": "Null/Loopback",
    "IP": "Internet Protocol Version 4",
    "IPv6": "Internet Protocol Version 6",
    "IPv6ExtHdrFragment": "Fragment Header for IPv6",
    "IPv6ExtHdrHopByHop": "IPv6 Hop-by-Hop Option",
    "IPv6ExtHdrDestOpt": "Destination Options for IPv6",
    "TCP": "Transmission Control Protocol",
    "UDP": "User Datagram Protocol",
    "DNS": "Domain Name System",
}
"""The layers that are taken apart; whatever follows another one is payload."""

_ADDRESSES = {"dst": "Destination Address", "src": "Source Address"}
FIELDS: dict[str, dict[str, str]] = {
    "Ether": {"dst": "Destination", "src": "Source", "type": "Type"},
    "Dot1Q": {"prio": "Priority", "dei": "DEI", "vlan": "ID", "type": "Type"},
    "CookedLinux": {
        "pkttype": "Packet type",
        "lladdrtype": "Link-layer address type",
        "lladdrlen": "Link-layer address length",
        "src": "Source",
        "proto": "Protocol",
        "ifindex": "Interface index",
        "reserved": "Reserved",
    },
    "Loopback": {"type": "Family"},
    "IP": _ADDRESSES
    | {
        "version": "Version",
        "ihl": "Header Length",
        "tos": "Differentiated Services Field",
        "len": "Total Length",
        "id": "Identification",
        "flags": "Flags",
        "frag": "Fragment Offset",
        "ttl": "Time to Live",
        "proto": "Protocol",
        "chksum": "Header Checksum",
        "options": "Options",
    },
    "IPv6": _ADDRESSES
    | {
        "version": "Version",
        "tc": "Traffic Class",
        "fl": "Flow Label",
        "plen": "Payload Length",
        "nh": "Next Header",
        "hlim": "Hop Limit",
    },
    "IPv6ExtHdrFragment": {
        "nh": "Next header",
        "res1": "Reserved octet",
        "offset": "Offset",
        "res2": "Reserved bits",
        "m": "More Fragments",
        "id": "Identification",
    },
    "TCP": {
        "sport": "Source Port",
        "dport": "Destination Port",
        "seq": "Sequence Number (raw)",
        "ack": "Acknowledgment number (raw)",
        "dataofs": "Header Length",
        "reserved": "Reserved",
        "flags": "Flags",
        "window": "Window",
        "chksum": "Checksum",
        "urgptr": "Urgent Pointer",
        "options": "Options",
    },
    "UDP": {
        "sport": "Source Port",
        "dport": "Destination Port",
        "len": "Length",
        "chksum": "Checksum",
    },
    "DNS": {
        "length": "Length",
        "id": "Transaction ID",
        "qr": "Response",
        "opcode": "Opcode",
        "aa": "Authoritative",
        "tc": "Truncated",
        "rd": "Recursion desired",
        "ra": "Recursion available",
        "z": "Z (reserved)",
        "ad": "Answer authenticated",
        "cd": "Non-authenticated data",
        "rcode": "Reply code",
        "qdcount": "Questions",
        "ancount": "Answer RRs",
        "nscount": "Authority RRs",
        "arcount": "Additional RRs",
        "qd": "Queries",
        "an": "Answers",
        "ns": "Authoritative nameservers",
        "ar": "Additional records",
    },
}
FIELDS["CookedLinuxV2"] = FIELDS["CookedLinux"]

_ECN = ("Not-ECT", "ECT(1)", "ECT(0)", "CE")
_DSCP = {0: "CS0", 8: "CS1", 10: "AF11", 16: "CS2", 18: "AF21", 34: "AF41", 46: "EF", 48: "CS6"}
_OPCODES = ("Standard query", "Inverse query", "Server status request")
_REPLY_CODES = (
    "No error",
    "Format error",
    "Server failure",
    "No such name",
    "Not implemented",
    "Refused",
)
_TCP_FLAGS = (
    (0x100, "Accurate ECN", "AE"),
    (0x080, "Congestion Window Reduced", "CWR"),
    (0x040, "ECN-Echo", "ECE"),
    (0x020, "Urgent", "URG"),
    (0x010, "Acknowledgment", "ACK"),
    (0x008, "Push", "PSH"),
    (0x004, "Reset", "RST"),
    (0x002, "Syn", "SYN"),
    (0x001, "Fin", "FIN"),
)
_IP_FLAGS = ((4, "Reserved bit", ""), (2, "Don’t fragment", "DF"), (1, "More fragments", "MF"))


class Part(NamedTuple):
    """A name and a value below a field; offsets count from the field's first byte."""

    name: str
    value: str
    start: int
    stop: int


def value_text(layer: str, field: str, value: object, scapy_text: str) -> str:
    """How a value reads; scapy's own text where there is nothing better."""
    if isinstance(value, int) and (form := _FORMS.get((layer, field))):
        return form(int(value))
    is_enumeration = field in ("type", "proto", "nh") and not scapy_text.isdecimal()
    if isinstance(value, int) and is_enumeration:
        # The name with its number, as IPv4 (0x0800).
        number = f"0x{value:04x}" if field == "type" else str(value)
        return f"{scapy_text.upper() if layer == 'IP' else scapy_text} ({number})"
    if isinstance(value, bytes):
        return value.hex(":")
    return scapy_text


def _flag_text(table: tuple[tuple[int, str, str], ...], digits: int) -> Callable[[int], str]:
    def text(value: int) -> str:
        names = [short for bit, _, short in reversed(table) if value & bit and short]
        return f"0x{value:0{digits}x} ({', '.join(names) or 'none'})"

    return text


def _bit(value: int) -> str:
    return "Yes" if value else "No"


def _named(names: tuple[str, ...]) -> Callable[[int], str]:
    def text(value: int) -> str:
        return f"{names[value] if value < len(names) else 'Unknown'} ({value})"

    return text


def _words_of_32_bits(value: int) -> str:
    return f"{value * 4} bytes ({value})"


def _checksum(value: int) -> str:
    return f"0x{value:04x} [unverified]"


def _services(value: int) -> str:
    class_name = _DSCP.get(value >> 2, str(value >> 2))
    return f"0x{value:02x} (DSCP: {class_name}, ECN: {_ECN[value & 3]})"


_FORMS: dict[tuple[str, str], Callable[[int], str]] = {
    ("IP", "ihl"): _words_of_32_bits,
    ("IP", "tos"): _services,
    ("IP", "id"): lambda value: f"0x{value:04x} ({value})",
    ("IP", "flags"): _flag_text(_IP_FLAGS, 1),
    ("IP", "frag"): lambda value: str(value * 8),
    ("IP", "chksum"): _checksum,
    ("IPv6", "tc"): _services,
    ("IPv6", "fl"): lambda value: f"0x{value:05x}",
    ("IPv6ExtHdrFragment", "offset"): lambda value: str(value * 8),
    ("IPv6ExtHdrFragment", "m"): _bit,
    ("IPv6ExtHdrFragment", "id"): lambda value: f"0x{value:08x}",
    ("TCP", "sport"): str,
    ("TCP", "dport"): str,
    ("TCP", "dataofs"): _words_of_32_bits,
    ("TCP", "flags"): _flag_text(_TCP_FLAGS, 3),
    ("TCP", "chksum"): _checksum,
    ("UDP", "sport"): str,
    ("UDP", "dport"): str,
    ("UDP", "chksum"): _checksum,
    ("DNS", "id"): lambda value: f"0x{value:04x}",
    ("DNS", "qr"): lambda value: "Message is a response" if value else "Message is a query",
    ("DNS", "opcode"): _named(_OPCODES),
    ("DNS", "rcode"): _named(_REPLY_CODES),
}
_FORMS |= {("DNS", bit): _bit for bit in ("aa", "tc", "rd", "ra", "z", "ad", "cd")}


def parts(layer: str, field: str, value: object, data: bytes) -> Iterator[Part]:
    """What is inside a field; ``data`` is the field's own bytes."""
    if not isinstance(value, int):
        if (layer, field) == ("TCP", "options"):
            yield from _tcp_options(data)
        return
    number = int(value)
    if field == "flags" and layer in ("TCP", "IP"):
        for bit, name, _ in _TCP_FLAGS if layer == "TCP" else _IP_FLAGS:
            yield Part(name, "Set" if number & bit else "Not set", 0, len(data))
    elif (layer, field) in (("IP", "tos"), ("IPv6", "tc")):
        dscp = number >> 2
        yield Part(
            "Differentiated Services Codepoint", f"{_DSCP.get(dscp, dscp)} ({dscp})", 0, len(data)
        )
        yield Part(
            "Explicit Congestion Notification", f"{_ECN[number & 3]} ({number & 3})", 0, len(data)
        )


def _tcp_options(data: bytes) -> Iterator[Part]:
    """RFC 9293, section 3.2, and the options that are common today."""
    at = 0
    while at < len(data):
        kind = data[at]
        if kind in (0, 1):
            name = "No-Operation (NOP)" if kind else "End of Option List (EOL)"
            yield Part(name, "", at, at + 1)
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2 or at + length > len(data):
            yield Part("Malformed option", data[at:].hex(":"), at, len(data))
            return
        name, text = _tcp_option(kind, data[at + 2 : at + length])
        yield Part(name, text, at, at + length)
        at += length


def _tcp_option(kind: int, body: bytes) -> tuple[str, str]:
    match kind, len(body):
        case 2, 2:
            return "Maximum segment size", f"{int.from_bytes(body, 'big')} bytes"
        case 3, 1:
            return "Window scale", f"{body[0]} (multiply by {1 << min(body[0], 14)})"
        case 4, 0:
            return "SACK permitted", ""
        case 5, size if size and size % 8 == 0:
            edges = struct.unpack(f">{size // 4}I", body)
            pairs = zip(edges[::2], edges[1::2], strict=True)
            return "SACK", ", ".join(f"{left}–{right}" for left, right in pairs)
        case 8, 8:
            sent, echoed = struct.unpack(">II", body)
            return "Timestamps", f"TSval {sent}, TSecr {echoed}"
    return f"Option {kind}", body.hex(":")
