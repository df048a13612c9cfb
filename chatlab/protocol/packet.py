"""Link, network and transport headers of one frame, by position: just enough to place its bytes.

Nothing is taken apart that nobody asks for; the full tree of one frame is the dissector's. Payload
lengths come from IP's own length fields: a frame may be padded (Ethernet's 60 bytes) or cut
(snaplen), and both would lie.
"""

import struct
from typing import NamedTuple

LINK_NULL, LINK_ETHERNET, LINK_LOOP = 0, 1, 108
LINK_RAW = frozenset({12, 14, 101, 228, 229})
LINK_SLL, LINK_SLL2 = 113, 276

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

_IPV4_TYPE, _IPV6_TYPE = 0x0800, 0x86DD
_VLAN_TYPES = frozenset({0x8100, 0x88A8, 0x9100})
_IPV6_FAMILIES = frozenset({10, 23, 24, 28, 30})
"""AF_INET6 of Linux, Windows, NetBSD, FreeBSD and macOS, as a loopback frame may name it."""
_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION = 0, 43, 44, 51, 60
_EXTENSIONS = frozenset({_HOP_BY_HOP, _ROUTING, _AUTHENTICATION, _DESTINATION, 135, 139, 140})
_MAX_EXTENSIONS = 16

_ipv4 = struct.Struct(">BBHHHBBH4s4s").unpack_from
_ipv6 = struct.Struct(">IHBB16s16s").unpack_from
_tcp = struct.Struct(">HHIIBBH").unpack_from
_udp = struct.Struct(">HHH").unpack_from
_word = struct.Struct(">H").unpack_from


class PacketHeaders(NamedTuple):
    """What the headers of one frame say; ports and below are 0 where there are none."""

    network: int
    """Where the IP header begins in the frame."""
    version: int
    """4 or 6."""
    source: bytes
    destination: bytes
    protocol: int
    """IANA protocol number: 6 TCP, 17 UDP."""
    transport: int
    """Where the transport header begins; -1 in a later fragment."""
    source_port: int = 0
    destination_port: int = 0
    sequence: int = 0
    acknowledgement: int = 0
    flags: int = 0
    window: int = 0
    payload: int = -1
    """Where the transport's payload begins; -1 when its header is cut, broken or not known."""
    payload_length: int = 0
    """Bytes of payload on the wire, whether they were captured or not."""


def parse(raw: bytes, link_type: int, wire_length: int = 0) -> PacketHeaders | None:
    """Read the headers of a frame, or of its first bytes; None when it does not hold IP.

    Headers that are cut or malformed end the reading early, never with an exception.
    """
    network = _network_offset(raw, link_type)
    if network < 0 or len(raw) <= network:
        return None
    end = max(len(raw), wire_length)
    version = raw[network] >> 4
    if version == 4:
        return _parse_ipv4(raw, network, end)
    if version == 6:
        return _parse_ipv6(raw, network, end)
    return None


unpack_plain = struct.Struct(">12x3sxH2xHxB2x12sIIBBH").unpack_from
"""What nearly every frame is: TCP in IPv4 without options in Ethernet.

EtherType with IPv4's first byte (``PLAIN_TYPE``), total length, fragment, protocol (``TCP``); both
addresses and both ports in one; sequence, acknowledgement, data offset, flags, window. Who takes
frames in by the million reads those at once, and leaves all others to ``parse``.
"""
PLAIN_TYPE = b"\x08\x00\x45"
PLAIN_NETWORK, PLAIN_TRANSPORT, PLAIN_SIZE = 14, 34, 54


def ether_type(raw: bytes, link_type: int) -> int | None:
    """The EtherType (0x0806 is ARP) where the link layer names one."""
    if link_type == LINK_ETHERNET and len(raw) >= 14:
        return int(_word(raw, 12)[0])
    if link_type == LINK_SLL and len(raw) >= 16:
        return int(_word(raw, 14)[0])
    if link_type == LINK_SLL2 and len(raw) >= 20:
        return int(_word(raw, 0)[0])
    return None


def _behind_vlan(raw: bytes) -> int:
    position = 12
    while len(raw) >= position + 2:
        (kind,) = _word(raw, position)
        if kind in (_IPV4_TYPE, _IPV6_TYPE):
            return position + 2
        if kind not in _VLAN_TYPES:
            return -1
        position += 4
    return -1


def _network_offset(raw: bytes, link_type: int) -> int:
    if link_type == LINK_ETHERNET:
        return _behind_vlan(raw)
    if link_type in LINK_RAW:
        return 0
    if link_type in (LINK_NULL, LINK_LOOP):
        if len(raw) < 4:
            return -1
        # LINKTYPE_NULL is in the byte order of whoever captured, so the value decides.
        family = max(raw[0], raw[3]) if raw[1:3] == b"\0\0" else -1
        return 4 if family == 2 or family in _IPV6_FAMILIES else -1
    if link_type in (LINK_SLL, LINK_SLL2):
        kind = ether_type(raw, link_type)
        length = 16 if link_type == LINK_SLL else 20
        return length if kind in (_IPV4_TYPE, _IPV6_TYPE) else -1
    return -1


def _parse_ipv4(raw: bytes, network: int, end: int) -> PacketHeaders | None:
    if len(raw) < network + 20:
        return None
    first, _, total, _, fragment, _, protocol, _, source, destination = _ipv4(raw, network)
    header = (first & 0x0F) * 4
    if header < 20:
        return None
    # Segments that the network card is to cut up are captured with a total length of 0.
    stop = network + total if total else end
    if fragment & 0x1FFF:
        return PacketHeaders(network, 4, source, destination, protocol, -1)
    return _parse_transport(raw, network, 4, source, destination, protocol, network + header, stop)


def _parse_ipv6(raw: bytes, network: int, end: int) -> PacketHeaders | None:
    if len(raw) < network + 40:
        return None
    _, length, protocol, _, source, destination = _ipv6(raw, network)
    position = network + 40
    stop = position + length if length else end
    for _ in range(_MAX_EXTENSIONS):
        if protocol == _FRAGMENT:
            if len(raw) < position + 8:
                return None
            if _word(raw, position + 2)[0] >> 3:
                return PacketHeaders(network, 6, source, destination, raw[position], -1)
            protocol, position = raw[position], position + 8
        elif protocol in _EXTENSIONS:
            if len(raw) < position + 2:
                return None
            following, size = raw[position], raw[position + 1]
            position += (size + 2) * 4 if protocol == _AUTHENTICATION else (size + 1) * 8
            protocol = following
        else:
            break
    return _parse_transport(raw, network, 6, source, destination, protocol, position, stop)


def _parse_transport(
    raw: bytes,
    network: int,
    version: int,
    source: bytes,
    destination: bytes,
    protocol: int,
    start: int,
    stop: int,
) -> PacketHeaders:
    ends = (network, version, source, destination)
    if protocol == TCP and len(raw) >= start + 20:
        from_, to, sequence, acked, words, flags, window = _tcp(raw, start)
        payload = start + (words >> 4) * 4
        length = stop - payload
        if words < 0x50 or length < 0:
            payload, length = -1, 0
        fields = (from_, to, sequence, acked, flags, window)
        return PacketHeaders(*ends, TCP, start, *fields, payload, length)
    if protocol == UDP and len(raw) >= start + 8:
        from_, to, size = _udp(raw, start)
        # A length of 0 is legal in jumbograms only (RFC 2675): the rest of the packet.
        length = (min(size, stop - start) if size else stop - start) - 8
        payload = start + 8 if length >= 0 else -1
        return PacketHeaders(
            *ends, UDP, start, from_, to, payload=payload, payload_length=max(0, length)
        )
    return PacketHeaders(*ends, protocol, start)


class TcpOptions(NamedTuple):
    """The TCP options that explain how a connection behaves (RFC 9293, 7323, 2018)."""

    mss: int | None = None
    window_shift: int | None = None
    sack_permitted: bool = False
    sack_blocks: tuple[tuple[int, int], ...] = ()
    """Left and right edges, as sequence numbers."""
    timestamp: int | None = None
    timestamp_echo: int | None = None


def tcp_options(raw: bytes, headers: PacketHeaders) -> TcpOptions:
    """Read the options between TCP's fixed header and its payload; a broken one ends the list."""
    found: dict[int, bytes] = {}
    stop = min(headers.payload, len(raw))
    position = headers.transport + 20
    while position < stop:
        kind = raw[position]
        if kind == 0:
            break
        if kind == 1:
            position += 1
            continue
        if position + 2 > stop or raw[position + 1] < 2 or position + raw[position + 1] > stop:
            break
        found[kind] = raw[position + 2 : position + raw[position + 1]]
        position += raw[position + 1]
    return _named(found)


def _named(found: dict[int, bytes]) -> TcpOptions:
    mss, shift, stamps = found.get(2, b""), found.get(3, b""), found.get(8, b"")
    edges = found.get(5, b"")
    blocks = struct.iter_unpack(">II", edges[: len(edges) // 8 * 8])
    return TcpOptions(
        mss=int.from_bytes(mss, "big") if len(mss) == 2 else None,
        window_shift=min(14, shift[0]) if len(shift) == 1 else None,
        sack_permitted=4 in found,
        sack_blocks=tuple((left, right) for left, right in blocks),
        timestamp=int.from_bytes(stamps[:4], "big") if len(stamps) == 8 else None,
        timestamp_echo=int.from_bytes(stamps[4:], "big") if len(stamps) == 8 else None,
    )
