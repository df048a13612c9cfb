"""Which conversation each frame belongs to, which side sent it, and where its payload lies.

Numbers are those of ``tcp.stream`` and ``udp.stream`` in Wireshark: counted by first appearance,
one per 4-tuple, except that a SYN with another initial sequence number begins a new TCP stream.
Only columns are kept per frame; headers are parsed once, when the frame is indexed.
"""

import ipaddress
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from chatlab.analysis.frame_log import HEAD, FrameLog, Heads
from chatlab.core.flow import ByteRange, Endpoint, FlowKey, Transport
from chatlab.protocol.packet import (
    ACK,
    LINK_ETHERNET,
    PLAIN_NETWORK,
    PLAIN_SIZE,
    PLAIN_TRANSPORT,
    PLAIN_TYPE,
    SYN,
    TCP,
    PacketHeaders,
    parse,
    tcp_options,
    unpack_plain,
)
from chatlab.protocol.tcp import StreamDirection, TcpStream

_Tuple = tuple[bytes, int, bytes, int]
_Row = tuple[int, int, int, int, int, int, int]
_NOTHING, _TCP, _UDP, _SIDE = 0, 1, 2, 4
_TCP_SIDES, _UDP_SIDES = (_TCP, _TCP | _SIDE), (_UDP, _UDP | _SIDE)
_OTHER: _Row = (_NOTHING, 0, 0, 0, 0, 0, 0)
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
        self._plain: dict[bytes, StreamDirection] = {}
        """The same, by addresses and ports as ``unpack_plain`` gives them."""
        self._datagrams: dict[_Tuple, tuple[int, int]] = {}
        self._by_flow: dict[tuple[Transport, _Tuple], list[int]] = {}
        self._kinds = array("B")
        self._streams = array("I")
        self._positions = array("q")
        self._starts = array("H")
        self._lengths = array("I")
        self._flags = array("B")
        self._notes = array("B")
        self._columns = (
            self._kinds,
            self._streams,
            self._positions,
            self._starts,
            self._lengths,
            self._flags,
            self._notes,
        )

    def update(self) -> range:
        """Take in what the log has gained: the numbers of the new frames."""
        self.log.pull()
        new = range(len(self._kinds) + 1, len(self.log) + 1)
        for heads in self.log.heads(new):
            self._take(heads)
        return new

    def _take(self, heads: Heads) -> None:
        """Append rows for some frames; like the readers, by whole columns."""
        rows: list[_Row] = []
        numbers, data, *columns = heads
        plain, last = self._plain, len(data) - PLAIN_SIZE
        for number, start, captured, wire, link in zip(numbers, *columns, strict=True):
            if link == LINK_ETHERNET and captured >= PLAIN_SIZE and start <= last:
                kind, total, fragment, protocol, ends, seq, ack, words, flags, window = (
                    unpack_plain(data, start)
                )
                at = PLAIN_TRANSPORT + (words >> 4 << 2)
                size = PLAIN_NETWORK + total - at
                if (
                    kind == PLAIN_TYPE
                    and protocol == TCP
                    and (direction := plain.get(ends)) is not None
                    and not (flags & SYN or fragment & 0x1FFF)
                    and at >= PLAIN_SIZE
                    and size >= 0
                ):
                    position, notes = direction.take(number, seq, ack, flags, window, size)
                    kind = _TCP_SIDES[direction.side]
                    rows.append((kind, direction.stream, position, at, size, flags, notes))
                    continue
            head = data[start : start + min(captured, HEAD)]
            rows.append(self._take_other(number, head, link, wire))
        for column, values in zip(self._columns, zip(*rows, strict=True), strict=True):
            column.extend(values)

    def _take_other(self, number: int, head: bytes, link_type: int, wire: int) -> _Row:
        """The row of a frame of any kind."""
        found = parse(head, link_type, wire)
        if found is None or not 0 <= found.payload <= _MAX_PAYLOAD_START:
            return _OTHER
        _, _, source, target, protocol, _, port, to, seq, ack, flags, window, at, size = found
        key = (source, port, target, to)
        if protocol != TCP:
            stream, side = self._datagrams.get(key) or self._begin_udp(key, number)
            return (_UDP_SIDES[side], stream, 0, at, size, 0, 0)
        direction = self._directions.get(key)
        if direction is None or flags & SYN:
            direction = self._begin_tcp(key, number, head, found)
        position, notes = direction.take(number, seq, ack, flags, window, size)
        return (_TCP_SIDES[direction.side], direction.stream, position, at, size, flags, notes)

    def _begin_tcp(
        self, key: _Tuple, number: int, head: bytes, found: PacketHeaders
    ) -> StreamDirection:
        """The direction that a SYN, or the first segment of a 4-tuple, belongs to."""
        direction = self._directions.get(key)
        if direction is None or (
            found.flags & (SYN | ACK) == SYN
            and direction.reference is not None
            and found.sequence != direction.sequence(-1)
        ):
            stream = TcpStream(len(self.tcp))
            direction = stream.sides[0]
            back = (*key[2:], *key[:2])
            for sender, each in ((key, stream.sides[0]), (back, stream.sides[1])):
                self._directions[sender] = each
                self._plain[_plain_ends(sender)] = each
            self.tcp.append(Conversation(stream.number, number, (key[:2], key[2:]), stream))
            self._by_flow.setdefault((Transport.TCP, min(key, back)), []).append(stream.number)
        if found.flags & SYN:
            options = tcp_options(head, found)
            direction.window_shift, direction.mss = options.window_shift, options.mss
        return direction

    def _begin_udp(self, key: _Tuple, number: int) -> tuple[int, int]:
        stream = len(self.udp)
        back = (*key[2:], *key[:2])
        self._datagrams[back] = (stream, 1)
        self._datagrams[key] = (stream, 0)
        self.udp.append(Conversation(stream, number, (key[:2], key[2:])))
        self._by_flow.setdefault((Transport.UDP, min(key, back)), []).append(stream)
        return self._datagrams[key]

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


def _plain_ends(key: _Tuple) -> bytes:
    """The ends of a segment as ``unpack_plain`` gives them (for IPv6 they are never asked for)."""
    source, port, target, to = key
    return source + target + port.to_bytes(2, "big") + to.to_bytes(2, "big")


def packed(endpoint: Endpoint) -> tuple[bytes, int]:
    """Address and port as packets carry them; an IPv4 address mapped into IPv6 is IPv4."""
    address = ipaddress.ip_address(endpoint.address)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.packed, endpoint.port


@lru_cache(maxsize=1024)
def address_text(address: bytes) -> str:
    """An address of a packet as analysers print it."""
    return str(ipaddress.ip_address(address))
