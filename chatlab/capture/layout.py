"""Where things lie in a captured frame, and how a connection is said in libpcap's words.

Shared by everything that reads frames in the capture process; no IO, no scapy.
"""

import socket

from chatlab.core.flow import Direction, Endpoint, FlowKey

LINKTYPE_ETHERNET = 1
LINKTYPE_RAW = 101
"""Frames that begin with the IP header."""

_HEADER_LENGTHS = {0: 4, LINKTYPE_ETHERNET: 14, 12: 0, 14: 0, LINKTYPE_RAW: 0, 108: 4, 113: 16}
_HEADER_LENGTHS |= {228: 0, 229: 0, 276: 20}
_VLAN_TAGS = (b"\x81\x00", b"\x88\xa8")
_IPV6_FRAGMENT = 44

Buffer = bytes | memoryview


def packed(endpoint: Endpoint) -> tuple[bytes, int]:
    """Address bytes and port. Raises OSError for a text that is no IP address."""
    family = socket.AF_INET6 if ":" in endpoint.address else socket.AF_INET
    return socket.inet_pton(family, endpoint.address), endpoint.port


def network_offset(frame: Buffer, link_type: int) -> int | None:
    """Where the IP header begins; None for a link layer that is not known here."""
    offset = _HEADER_LENGTHS.get(link_type)
    if link_type == LINKTYPE_ETHERNET:
        offset = 14
        while bytes(frame[offset - 2 : offset]) in _VLAN_TAGS:
            offset += 4
    return offset


class Compass:
    """Tells the direction of one connection's frames by their source address and port.

    A remote port of 0 means any: the flow belongs to a socket that listens for one peer.
    """

    def __init__(self, flow: FlowKey) -> None:
        self._local = packed(flow.local)
        self._remote = packed(flow.remote)

    def direction(self, frame: Buffer, network: int) -> Direction | None:
        """``network`` is the offset of the IP header; None for a frame that does not say."""
        source = _source(frame, network)
        if source == self._local:
            return Direction.SENT
        if source == self._remote:
            return Direction.RECEIVED
        if source is not None and source[1] and (source[0], 0) == self._remote:
            return Direction.RECEIVED
        if source is None or self._local[0] == self._remote[0]:
            return None
        # A later fragment has no ports.
        by_address = {self._local[0]: Direction.SENT, self._remote[0]: Direction.RECEIVED}
        return by_address.get(source[0])


def _source(frame: Buffer, network: int) -> tuple[bytes, int] | None:
    if len(frame) < network + 20:
        return None
    if frame[network] >> 4 == 4:
        address = bytes(frame[network + 12 : network + 16])
        at = network + (frame[network] & 0x0F) * 4
        fragment = int.from_bytes(frame[network + 6 : network + 8], "big") & 0x1FFF
    else:
        address = bytes(frame[network + 8 : network + 24])
        at, fragment = network + 40, 0
        if frame[network + 6] == _IPV6_FRAGMENT:
            fragment = int.from_bytes(frame[network + 42 : network + 44], "big") & 0xFFF8
            at += 8
    # Port 0 stands for none; no connection of ours has it.
    return address, 0 if fragment else int.from_bytes(frame[at : at + 2], "big")


def filter_expression(flow: FlowKey) -> str:
    """The filter of ``flow`` in libpcap's language, both directions; port 0 stands for any."""
    return (
        f"{flow.transport.name.lower()} and ("
        f"({_way(flow.local, flow.remote)}) or ({_way(flow.remote, flow.local)}))"
    )


def _way(source: Endpoint, target: Endpoint) -> str:
    return f"{_end('src', source)} and {_end('dst', target)}"


def _end(side: str, endpoint: Endpoint) -> str:
    host = f"{side} host {endpoint.address}"
    return f"{host} and {side} port {endpoint.port}" if endpoint.port else host
