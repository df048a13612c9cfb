"""Which conversation each frame belongs to, which side sent it, and where its payload lies.

Numbers are those of ``tcp.stream`` and ``udp.stream`` in Wireshark: counted by first appearance,
one per 4-tuple, except that a SYN with another initial sequence number begins a new TCP stream.
Only columns are kept per frame; headers are parsed once, when the frame is indexed.
"""

import ipaddress
from array import array
from dataclasses import dataclass
from typing import NamedTuple

from chatlab.analysis.frame_log import FrameLog
from chatlab.core.flow import ByteRange, Endpoint, FlowKey, Transport
from chatlab.protocol.packet import ACK, SYN, TCP, UDP, PacketHeaders, parse, tcp_options
from chatlab.protocol.tcp import StreamDirection, TcpStream

_Tuple = tuple[bytes, int, bytes, int]
_NOTHING, _TCP, _UDP, _SIDE = 0, 1, 2, 4
_MAX_PAYLOAD_START = 0xFFFF


class Placement(NamedTuple):
    """Where one frame belongs."""

    transport: Transport
    stream: int
    """``tcp.stream`` or ``udp.stream``."""
    side: int
    """0 when the side sent it that sent the first captured frame of the stream."""
    position: int
    """Where its payload begins in the direction's stream (see ``protocol.tcp``); 0 for UDP."""
    payload: ByteRange
    """Its payload in the frame; may reach beyond what was captured."""
    flags: int
    notes: int
    """What is remarkable about the segment: the constants of ``protocol.tcp``."""

    @property
    def span(self) -> ByteRange:
        """Positions of its payload in the stream."""
        return ByteRange(self.position, self.position + len(self.payload))


@dataclass(frozen=True, slots=True)
class Conversation:
    """Traffic between two endpoints, as analysers count it."""

    number: int
    first_frame: int
    endpoints: tuple[tuple[bytes, int], tuple[bytes, int]]
    """Address and port of side 0 and of side 1."""
    tcp: TcpStream | None = None


class Streams:
    """The conversations of a frame log, kept up to date by ``update``."""

    def __init__(self, log: FrameLog) -> None:
        self.log = log
        self.tcp: list[Conversation] = []
        """By ``tcp.stream``."""
        self.udp: list[Conversation] = []
        """By ``udp.stream``."""
        self._directions: dict[_Tuple, StreamDirection] = {}
        self._datagrams: dict[_Tuple, tuple[int, int]] = {}
        self._by_flow: dict[tuple[Transport, _Tuple], list[int]] = {}
        self._kinds = array("B")
        self._streams = array("I")
        self._positions = array("q")
        self._starts = array("H")
        self._lengths = array("I")
        self._flags = array("B")
        self._notes = array("B")

    def update(self) -> range:
        """Take in what the log has gained: the numbers of the new frames."""
        self.log.pull()
        new = range(len(self._kinds) + 1, len(self.log) + 1)
        kinds, streams = self._kinds.append, self._streams.append
        starts, lengths = self._starts.append, self._lengths.append
        positions, flags, notes = self._positions.append, self._flags.append, self._notes.append
        for number, head, link_type, _, wire in self.log.heads(new):
            found = parse(head, link_type, wire)
            kind = stream = position = note = 0
            if found is not None and 0 <= found.payload <= _MAX_PAYLOAD_START:
                if found.protocol == TCP:
                    direction = self._direction(number, head, found)
                    position, note = direction.take(number, *found[8:12], found.payload_length)
                    kind, stream = _TCP | direction.side << 2, direction.stream
                elif found.protocol == UDP:
                    stream, side = self._datagram(number, found)
                    kind = _UDP | side << 2
                starts(found.payload)
                lengths(found.payload_length)
                flags(found.flags)
            else:
                starts(0)
                lengths(0)
                flags(0)
            kinds(kind)
            streams(stream)
            positions(position)
            notes(note)
        return new

    def _direction(self, number: int, head: bytes, found: PacketHeaders) -> StreamDirection:
        key = (found.source, found.source_port, found.destination, found.destination_port)
        direction = self._directions.get(key)
        if direction is None or (
            found.flags & (SYN | ACK) == SYN
            and direction.reference is not None
            and found.sequence != direction.sequence(-1)
        ):
            stream = TcpStream(len(self.tcp))
            direction = stream.sides[0]
            back = (found.destination, found.destination_port, found.source, found.source_port)
            self._directions[key] = direction
            self._directions[back] = stream.sides[1]
            ends = ((found.source, found.source_port), (found.destination, found.destination_port))
            self.tcp.append(Conversation(stream.number, number, ends, stream))
            self._by_flow.setdefault((Transport.TCP, min(key, back)), []).append(stream.number)
        if found.flags & SYN:
            direction.window_shift = tcp_options(head, found).window_shift
        return direction

    def _datagram(self, number: int, found: PacketHeaders) -> tuple[int, int]:
        key = (found.source, found.source_port, found.destination, found.destination_port)
        known = self._datagrams.get(key)
        if known is None:
            stream = len(self.udp)
            back = (found.destination, found.destination_port, found.source, found.source_port)
            self._datagrams[back] = (stream, 1)
            self._datagrams[key] = known = (stream, 0)
            ends = ((found.source, found.source_port), (found.destination, found.destination_port))
            self.udp.append(Conversation(stream, number, ends))
            self._by_flow.setdefault((Transport.UDP, min(key, back)), []).append(stream)
        return known

    # --- questions ---------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._kinds)

    def place(self, number: int) -> Placement | None:
        """Where a frame belongs; None for what is neither TCP nor UDP."""
        row = number - 1
        kind = self._kinds[row]
        if kind == _NOTHING:
            return None
        start = self._starts[row]
        return Placement(
            Transport.TCP if kind & _TCP else Transport.UDP,
            self._streams[row],
            1 if kind & _SIDE else 0,
            self._positions[row],
            ByteRange(start, start + self._lengths[row]),
            self._flags[row],
            self._notes[row],
        )

    def tcp_stream(self, number: int) -> int | None:
        """``tcp.stream`` of a frame, without the rest of its placement."""
        return self._streams[number - 1] if self._kinds[number - 1] & _TCP else None

    def direction(self, stream: int, side: int) -> StreamDirection:
        """One direction of a TCP stream."""
        tcp = self.tcp[stream].tcp
        assert tcp is not None
        return tcp.sides[side]

    def of_flow(self, flow: FlowKey) -> tuple[Conversation, ...]:
        """The conversations between the two ends of ``flow``, oldest first."""
        local, remote = packed(flow.local), packed(flow.remote)
        key = min((*local, *remote), (*remote, *local))
        table = self.tcp if flow.transport is Transport.TCP else self.udp
        return tuple(table[number] for number in self._by_flow.get((flow.transport, key), ()))

    def read(self, direction: StreamDirection, span: ByteRange) -> bytes | None:
        """The bytes of one direction at these positions; None when some were not captured."""
        if not direction.covers(span):
            return None
        data = bytearray()
        for start, stop, frame in direction.segments(span):
            position = span.start + len(data)
            if start > position:
                return None
            if stop <= position:
                continue
            payload = self._starts[frame - 1]
            piece = self.log.raw(frame)[payload + position - start : payload + stop - start]
            data += piece
            if len(piece) < stop - position and len(data) < len(span):
                return None
            if len(data) >= len(span):
                break
        return bytes(data[: len(span)]) if len(data) >= len(span) else None


def packed(endpoint: Endpoint) -> tuple[bytes, int]:
    """Address and port as packets carry them; an IPv4 address mapped into IPv6 is IPv4."""
    address = ipaddress.ip_address(endpoint.address)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.packed, endpoint.port


def address_text(address: bytes) -> str:
    """An address of a packet as analysers print it."""
    return str(ipaddress.ip_address(address))
